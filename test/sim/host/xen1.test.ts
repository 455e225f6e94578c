/** A whole host as Xen 1.0 has it: the scenario's words are the same, and everything that differs follows from where drivers and backends run. */
import {readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {Observer} from '../../../source/observe/observer.js';
import {Host} from '../../../source/sim/host.js';
import {parseScenario} from '../../../source/sim/scenario/parse.js';
import type {Architecture} from '../../../source/sim/scenario/types.js';

const millisecond = 1_000_000;

const base = `
name: xen1
seed: 7
runtime: 10s
toolstack: { host_reboot: 5s, firmware: 300ms, xen_boot: 200ms, domain_zero_boot: 100ms, guest_boot: 50ms }
host:
  cpus: 2
  memory: 512MiB
  devices:
    nvme0: { model: nvme, pci: "00:04.0", partitions: { p1: 64MiB, p2: 64MiB, p3: 64MiB } }
    eth0: { model: 82540EM, pci: "00:05.0" }
  bridges: { xenbr0: { nics: [eth0], ip: 10.0.0.254 } }
lan: { hosts: { client: { ip: 10.0.0.9 } } }
domains:
  Domain-0:
    memory: 128MiB
    jobs: { scrub: { on: nvme0p2, rw: randrw, bs: 4k, rate_iops: 200, verify: crc32c } }
  web:
    memory: 64MiB
    disk: [{ vdev: xvda, target: nvme0p1 }, { vdev: xvdb, target: nvme0p3, access: ro }]
    vif: [{ ip: 10.0.0.1 }]
    jobs:
      pages: { on: xvda, rw: randrw, bs: 4k, iodepth: 8, rate_iops: 1000, verify: crc32c }
      echo: { ping: client, interval: 5ms, count: 100000 }
      zero: { ping: xenbr0, interval: 5ms, count: 100000 }
`;

function hostOf(more = '', arch: Architecture = 'xen1'): Host {
	return new Host(parseScenario(base + more, 'xen1.yaml', {arch}));
}

function run(host: Host, milliseconds: number): Host {
	host.advance(host.now + milliseconds * millisecond, Number.POSITIVE_INFINITY);
	return host;
}

function logOf(host: Host): string[] {
	return host.engine.log.since(0).map(({source, text}) => `${source}: ${text}`);
}

function answersOf(host: Host): number[] {
	return [
		...[...host.workloads.meters].map((job) => job.counts().read.latency.count + job.counts().write.latency.count),
		...host.workloads.network.jobs.map((job) => job.counts().latency.count),
	];
}

describe('a host of Xen 1.0', () => {
	it('drives its devices in the hypervisor, with the very same native drivers as domain zero', () => {
		const [xen2, xen1] = [run(hostOf('', 'xen2'), 300), run(hostOf(), 300)];
		expect(xen1.boot.drivers.map(({device, kernel}) => [device.name, kernel.name])).toEqual([
			['nvme0', 'Xen'],
			['eth0', 'Xen'],
		]);
		const modules = ({boot}: Host) => boot.drivers.map(({driver}) => driver.constructor);
		expect(modules(xen1)).toEqual(modules(xen2));
		for (const name of ['nvme0', 'eth0']) {
			expect(xen1.hardware.machine.iommu.device(name).guarded).toBe(false);
			expect(xen2.hardware.machine.iommu.device(name).guarded).toBe(true);
		}
	});

	it('runs the jobs of all domains over virtual devices, domain zero’s included, and every byte is as it was written', () => {
		const host = run(hostOf(), 600);
		expect(host.boot.channels.map(({id, protocol}) => [id, protocol])).toEqual([
			['Domain-0.nvme0p2', 'vbd1'],
			['web.xvda', 'vbd1'],
			['web.xvdb', 'vbd1'],
		]);
		expect(host.boot.network.vifs.map(({id}) => id)).toEqual(['Domain-0.xenbr0', 'web.vif0']);
		const answers = answersOf(host);
		expect(answers.length).toBe(4);
		for (const count of answers) expect(count).toBeGreaterThan(50);
		expect(host.oracle.sectorsChecked).toBeGreaterThan(500);
		expect(host.oracle.violations).toBe(0);
		expect(host.engine.findings.all).toEqual([]);
		host.boot.xen.cpus.checkAccounts();
	});

	it('runs the default scenario as it is', () => {
		const text = readFileSync('scenarios/web-and-db.yaml', 'utf8');
		const host = run(new Host(parseScenario(text, 'web-and-db.yaml', {arch: 'xen1'})), 1500);
		expect(host.oracle.sectorsChecked).toBeGreaterThan(1000);
		expect(host.oracle.violations).toBe(0);
		expect(host.engine.findings.all).toEqual([]);
	});

	it('moves along the same path whether it is watched or not', () => {
		const alone = run(hostOf(), 400);
		const watched = hostOf();
		const observer = new Observer(watched);
		for (let i = 0; i < 4; i++) {
			run(watched, 100);
			observer.sample();
			observer.refresh();
			observer.snapshot();
		}

		expect(watched.engine.hash.toString()).toBe(alone.engine.hash.toString());
	});

	it('shows backends, bridge and drivers inside Xen, and neither store nor grants', () => {
		const host = hostOf();
		const observer = new Observer(host);
		run(host, 500);
		observer.sample();
		observer.refresh();
		const {xen, domains, channels, devices} = observer.snapshot();
		expect(xen.parts.map(({kind, title, subject}) => `${kind}: ${title} ${subject}`)).toEqual([
			'blkback: disk Domain-0 nvme0p2',
			'blkback: disk web xvda',
			'blkback: disk web xvdb',
			'netback: net Domain-0 eth0',
			'netback: net web eth0',
			'bridge: xenbr0 3 ports',
			'driver: nvme nvme0',
			'driver: e1000 eth0',
		]);
		expect(devices.map(({owner}) => owner)).toEqual(['Xen', 'Xen']);
		expect(domains.map(({name, parts}) => [name, parts.map(({kind}) => kind)])).toEqual([
			['Domain-0', ['blkfront', 'netfront']],
			['web', ['blkfront', 'blkfront', 'netfront']],
		]);
		expect(channels.every(({backend}) => backend === 'Xen')).toBe(true);
		expect(channels.filter(({kind}) => kind === 'vbd').map(({size}) => size)).toEqual([64, 64, 64]);
		expect([xen.grantsGiven, xen.grantsMapped]).toEqual([undefined, undefined]);
		expect(xen.run).toBeGreaterThan(0.5);
	});

	it('shows a domain’s block ring with indices modulo 64, no event index, and what each request waits for', () => {
		const host = hostOf();
		const observer = new Observer(host);
		observer.watch('web.xvda', 0);
		const states = new Set<string>();
		const places = new Set<string>();
		run(host, 200);
		for (let i = 0; i < 400; i++) {
			host.advance(host.now + 100_000, Number.POSITIVE_INFINITY);
			const {ring} = observer.snapshot();
			if (ring === undefined) throw new Error('web has found its disks');
			expect(ring.requestProducer).toBeLessThan(64);
			expect((ring.requestProducer - ring.responseConsumer) & 63).toBe(ring.requests.length);
			expect([ring.slots.length, ring.requestEvent, ring.responseEvent, ring.sharing]).toEqual([
				64,
				undefined,
				undefined,
				undefined,
			]);
			for (const {state, waitsFor} of ring.requests) {
				states.add(state);
				places.add(waitsFor.replace(/\d+/g, 'N'));
			}
		}

		expect(states).toContain('taken');
		expect([...places].some((place) => place.startsWith('nvmeN'))).toBe(true);
		expect(places).not.toContain('');
	});

	it('dies whole of a native driver’s crash, and comes back after five seconds with what was acknowledged', () => {
		const crash = 'timeline: [{ at: 400ms, fault: drv.crash, target: nvme0, id: crash }]\n';
		const host = run(hostOf(crash), 1000);
		expect(host.boot.domains.map(({kernel}) => kernel.alive)).toEqual([false, false]);
		expect(host.past.lost).toBe(2);
		expect(logOf(host)).toEqual(
			expect.arrayContaining([
				'Xen: nvme: driver crashed',
				'Xen: Panic on CPU 0: nvme: unable to handle kernel NULL pointer dereference',
				'Xen: Reboot in 5 seconds...',
			]),
		);
		const before = answersOf(host);
		run(host, 5600);
		expect(host.boot.domains.map(({kernel}) => kernel.alive)).toEqual([true, true]);
		for (const [i, count] of answersOf(host).entries()) expect(count).toBeGreaterThan(before[i] + 10);
		expect([host.oracle.violations, host.oracle.sectorsLost]).toEqual([0, 0]);
		expect(host.engine.findings.all.filter(({explainedBy}) => explainedBy === '')).toEqual([]);
	});

	it('loses no other domain with a guest that crashes', () => {
		const host = run(hostOf('timeline: [{ at: 400ms, fault: guest.crash, target: web, id: crash }]\n'), 400);
		const [zero] = answersOf(host);
		run(host, 400);
		expect(host.boot.domains.map(({kernel}) => kernel.alive)).toEqual([true, false]);
		expect(answersOf(host)[0]).toBeGreaterThan(zero + 20);
		expect(host.engine.findings.all.filter(({explainedBy}) => explainedBy === '')).toEqual([]);
	});

	it('carries out xl’s verbs by the hypercalls of its time, and refuses by name what has none', () => {
		const host = run(hostOf(), 300);
		const xl = (command: 'pause' | 'unpause') => host.operate({verb: 'xl', xl: {command, domain: 'web'}});
		xl('pause');
		run(host, 50);
		const [, pages] = answersOf(host);
		run(host, 200);
		expect(answersOf(host)[1]).toBe(pages);
		xl('unpause');
		run(host, 200);
		expect(answersOf(host)[1]).toBeGreaterThan(pages + 100);
		host.operate({verb: 'xl', xl: {command: 'sched-credit', domain: 'web', weight: 512, cap: undefined}});
		run(host, 50);
		expect(logOf(host)).toContain('Domain-0: xl sched-credit: Xen 1.0 has no such operation');
	});

	it('sleeps when the event for a guest is lost, until it is kicked', () => {
		const host = run(hostOf(), 300);
		const target = {domain: 'web', vdev: 'xvda'};
		const fault = {fault: 'evt.lost', id: 'lost', target, times: 1, for: 0} as const;
		expect(host.operate({verb: 'fault', fault: {...fault, direction: 'to-backend'}})).toEqual({
			text: 'web.xvda rings by hypercall: that cannot be lost',
			refused: true,
		});
		expect(host.operate({verb: 'fault', fault: {...fault, direction: 'to-frontend'}}).refused).toBe(false);
		run(host, 100);
		expect(host.rules.find('lost')?.fired).toBe(1);
		expect(host.engine.findings.all.every(({explainedBy}) => explainedBy !== '')).toBe(true);
	});
});
