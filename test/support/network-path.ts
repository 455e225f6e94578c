/** Whole hosts with a guest, a bridge, a NIC and a host on its LAN, for tests that hold what comes of them beside arithmetic. */
import type {SeenFrame} from '../../source/net/frame-tap.js';
import {costGroups} from '../../source/sim/host/cost-names.js';
import {Host} from '../../source/sim/host.js';
import {scenarioOf, second} from './hosts.js';

/** When slow start, ARP and the guest's boot are over: everything is measured after it. */
export const steady = 0.5 * second;
const forever = Number.POSITIVE_INFINITY;

export interface PathWords {
	/** Physical CPUs; the guest and domain zero have one vCPU each. */
	readonly cpus?: number;
	/** What stands in `lan: { … }` beside its host. */
	readonly lan?: string;
	/** What stands in the host's map beside its address. */
	readonly client?: string;
	/** What stands in a domain's map beside its memory. */
	readonly zero?: string;
	readonly web?: string;
	/** Further domains, lines of the map `domains`. */
	readonly others?: string;
	/** What stands in the guest's interface beside its address. */
	readonly vif?: string;
	/** `{ … }` */
	readonly costs?: string;
	readonly seed?: number;
	/** The guest's jobs. */
	readonly jobs: string;
}

const more = (words: string) => (words === '' ? '' : `, ${words}`);

/** web - xenbr0 - eth0 - switch - client: a guest, domain zero, and a host on a LAN of 1 Gb/s. */
export function pathOf(words: PathWords): Host {
	const {cpus = 2, lan = '', client = '', zero = '', web = '', others = '', vif = '', costs = '{}', seed = 1} = words;
	return new Host(
		scenarioOf(`name: path
seed: ${seed}
host: { cpus: ${cpus}, memory: 1GiB, devices: { eth0: { model: 82540EM, pci: "00:05.0" } } }
lan: { hosts: { client: { ip: 10.0.0.9${more(client)} } }${more(lan)} }
costs: ${costs}
domains:
  Domain-0: { memory: 256MiB${more(zero)} }
  web: { memory: 64MiB, vif: [{ ip: 10.0.0.1${more(vif)} }], jobs: { ${words.jobs} }${more(web)} }
${others}`),
	);
}

/** What a job and the NIC have counted. */
export function countsOf(host: Host, id: string) {
	const job = host.workloads.network.jobs.find((each) => each.id === id);
	if (job === undefined) {
		throw new Error(`there is a job ${id}`);
	}

	return {...job.counts(), nic: {...host.boot.network.nics[0].counts}};
}

/** Per second of simulated time, from `steady` on: payload bits each way, and the NIC's frames. */
export function ratesOf(host: Host, id: string, nanoseconds: number, from = steady) {
	host.advance(from, forever);
	const before = countsOf(host, id);
	host.advance(from + nanoseconds, forever);
	const after = countsOf(host, id);
	const perSecond = (count: number) => (count * second) / nanoseconds;
	return {
		out: perSecond((after.bytesOut - before.bytesOut) * 8),
		in: perSecond((after.bytesIn - before.bytesIn) * 8),
		sentFrames: perSecond(after.nic.sentPackets - before.nic.sentPackets),
		receivedFrames: perSecond(after.nic.receivedPackets - before.nic.receivedPackets),
		counts: after,
	};
}

/** CPU time of a domain so far, Xen's on its behalf included, ns. */
export function cpuTimeOf(host: Host, name: string): number {
	const domain = host.boot.xen.domainByName(name);
	if (domain === undefined) {
		throw new Error(`there is a domain ${name}`);
	}

	return domain.vcpus.reduce((sum, vcpu) => sum + vcpu.cpuTimes.reduce((a, b) => a + b, 0), 0);
}

const costs = new Map(costGroups.flatMap((group) => group.costs.map(({name, ns}) => [name, ns] as const)));

/** What named costs are together, ns. */
export function sumOfCosts(...names: readonly string[]): number {
	return names.reduce((sum, name) => {
		const ns = costs.get(name);
		if (ns === undefined) {
			throw new Error(`there is a cost ${name}`);
		}

		return sum + ns;
	}, 0);
}

/** Shows every frame that passes the NIC's end of the wire. */
export function watchWire(host: Host, see: (frame: SeenFrame) => void): void {
	const tap = host.taps.find(({name}) => name === 'eth0');
	if (tap === undefined) {
		throw new Error('the NIC has a tap');
	}

	tap.onFrame = see;
}
