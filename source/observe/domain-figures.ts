/** A domain with what runs in it: its shares of the CPUs, its parts in drawing order, its disks and jobs, and how it ended. */

import {frameBytes} from '../hw/memory.js';
import type {HostDomain} from '../sim/host/host-domain.js';
import type {Host} from '../sim/host.js';
import type {BridgeFigures} from './bridge-figures.js';
import type {ChannelFigures} from './channel-figures.js';
import {DomainCpuFigures, percentOfSecond} from './cpu-figures.js';
import type {DeviceFigures} from './device-figures.js';
import type {JobFigures} from './job-figures.js';
import {restingJobView} from './job-figures.js';
import type {NetJobFigures} from './net-job-figures.js';
import type {Counter, Samples} from './samples.js';
import type {DomainView, JobView, PartView} from './snapshot.js';
import type {VifFigures} from './vif-figures.js';

/** The figures of everything that may run in a domain. */
export interface Inhabitants {
	readonly channels: readonly ChannelFigures[];
	readonly devices: readonly DeviceFigures[];
	readonly jobs: readonly JobFigures[];
	readonly vifs: readonly VifFigures[];
	readonly bridges: readonly BridgeFigures[];
	readonly netJobs: readonly NetJobFigures[];
}

export class DomainFigures {
	readonly cpu: DomainCpuFigures;
	readonly hypercalls: Counter;

	constructor(
		private readonly host: Host,
		readonly domain: HostDomain,
		samples: Samples,
	) {
		const {domain: xenDomain} = domain.kernel;
		this.cpu = new DomainCpuFigures(host.boot.xen.cpus, xenDomain, samples);
		this.hypercalls = samples.counter(() => xenDomain.hypercalls);
	}

	view(inhabitants: Inhabitants, xenstored: PartView | undefined): DomainView {
		const {host, domain, cpu} = this;
		const {kernel, role, name} = domain;
		const {domain: xenDomain, domid} = kernel;
		const {frames} = host.boot.xen;
		const own = inhabitants.channels.filter(({channel}) => channel.frontKernel === kernel);
		const networks = inhabitants.vifs.filter(({channel}) => channel.frontKernel === kernel);
		const maximum = frames.maximum(domid);
		return {
			id: domid,
			name,
			state: xenDomain.stateLetters,
			role,
			died: this.#died(),
			booting: this.#isBooting(own, networks),
			pausedByXl: xenDomain.pauseCount > 0,
			cpuTime: host.boot.xen.cpus.timeOf(xenDomain),
			run: cpu.time.percent,
			wait: cpu.wait.percent,
			history: cpu.time.history.map(percentOfSecond),
			memory: frames.pages(domid) * frameBytes,
			maximumMemory: maximum === Number.POSITIVE_INFINITY ? undefined : maximum * frameBytes,
			vcpus: cpu.vcpuViews(),
			weight: xenDomain.weight,
			cap: xenDomain.cap,
			parts: this.#parts(inhabitants, own, networks, xenstored),
			vbds: own.map((channel) => channel.vbdView()),
			vifs: networks.map((network) => network.vifView()),
			jobs: this.#jobs(inhabitants),
			oracle: this.#oracle(),
		};
	}

	/** Backends first, then bridges, the store, the drivers, and what the domain itself uses. */
	#parts(
		inhabitants: Inhabitants,
		own: readonly ChannelFigures[],
		networks: readonly VifFigures[],
		xenstored: PartView | undefined,
	): PartView[] {
		const {kernel, role} = this.domain;
		const parts = servingParts(inhabitants, kernel.domid);
		if (role === 'control' && xenstored !== undefined) {
			parts.push(xenstored);
		}

		parts.push(...driverParts(inhabitants, kernel.domid));
		for (const front of [...own, ...networks]) {
			parts.push(front.frontPartView());
		}

		if (role === 'control') {
			parts.push(...this.#ownDisks(inhabitants.jobs, own));
		}

		return parts;
	}

	/** Partitions that the domain's jobs use without a channel between. */
	#ownDisks(jobs: readonly JobFigures[], channels: readonly ChannelFigures[]): PartView[] {
		const {domain, host} = this;
		const direct = [...domain.disks.keys()].filter((disk) => !channels.some(({channel}) => channel.vdev === disk));
		return direct.map((disk) => {
			const views = jobs
				.filter(({job}) => job.host === domain && job.words.on === disk)
				.map((job) => job.view(host.now));
			return {
				id: `${domain.name}/${disk}`,
				kind: 'disk',
				title: disk,
				subject: 'used directly',
				rate: views.reduce((sum, {rate}) => sum + rate, 0),
				unit: 'req/s',
				history: [],
				used: views.reduce((sum, {outstanding}) => sum + outstanding, 0),
				size: views.reduce((sum, {iodepth}) => sum + iodepth, 0),
				entry: 'slot',
				latency: views.length === 1 ? views[0].mean : undefined,
				p99: views.length === 1 ? views[0].p99 : undefined,
				state: '',
				counters: [],
				channel: undefined,
				trouble: false,
			};
		});
	}

	/** Every job that the scenario gives it, started or not. */
	#jobs({jobs, netJobs}: Inhabitants): JobView[] {
		const {domain, host} = this;
		const own = domain.words.jobs.map((words) => {
			const figures = jobs.find(({job}) => job.host === domain && job.words === words);
			return (
				figures?.view(host.now) ??
				restingJobView(
					words,
					host.workloads.hogs.find(({host: of, hog}) => of === domain && hog.options.name === words.name),
				)
			);
		});
		const ofNetworks = netJobs.filter(({job}) => domain.words.netJobs.includes(job.words));
		return [...own, ...ofNetworks.map((job) => job.view(host.now))];
	}

	/** Its kernel is there, and nothing in it works yet. */
	#isBooting(own: readonly ChannelFigures[], networks: readonly VifFigures[]): boolean {
		const {domain, host} = this;
		const {boot, architecture} = host;
		const {kernel, role, name} = domain;
		if (!kernel.alive) {
			return false;
		}

		if (role === 'control') {
			return boot.domains.length === 1;
		}

		if (role === 'driver') {
			const devices = architecture.driverDomains.find((each) => each.name === name)?.devices.length ?? 0;
			return boot.drivers.filter((placed) => placed.kernel === kernel).length < devices;
		}

		const fronts = [...own, ...networks];
		return fronts.length > 0 && fronts.every(({channel}) => !channel.isFound);
	}

	#oracle(): DomainView['oracle'] {
		let oracle: DomainView['oracle'];
		for (const {parties, sectorsChecked, violations} of this.host.oracle.disks) {
			if (parties[0] === this.domain.name) {
				oracle = {
					sectorsChecked: (oracle?.sectorsChecked ?? 0) + sectorsChecked,
					violations: (oracle?.violations ?? 0) + violations,
				};
			}
		}

		return oracle;
	}

	#died(): DomainView['died'] {
		const {domain, domid} = this.domain.kernel;
		const {downSince} = this.host.past;
		if (domain.stoppedAt < 0 && downSince < 0) {
			return undefined;
		}

		if (downSince >= 0 && (domain.stoppedAt < 0 || domain.shutdown === undefined)) {
			const cause = domain.shutdown === 'crash' ? 'crashed' : 'went down with the host';
			return {cause, time: downSince, zombiePages: 0};
		}

		const cause = domain.shutdown === 'crash' ? 'crashed' : (domain.shutdown ?? 'destroyed');
		return {cause, time: domain.stoppedAt, zombiePages: this.host.boot.xen.grants.counters(domid).active};
	}
}

/** Backends, then bridges, that run in a domain; in the hypervisor for DOMID_XEN. */
export function servingParts({channels, vifs, bridges}: Inhabitants, domid: number): PartView[] {
	return [
		...[...channels, ...vifs]
			.filter(({channel}) => channel.backKernel.domid === domid)
			.map((each) => each.backPartView()),
		...bridges.filter(({host}) => host.kernel.domid === domid).map((bridge) => bridge.partView()),
	];
}

/** Native drivers that run in a domain; in the hypervisor for DOMID_XEN. */
export function driverParts({devices}: Inhabitants, domid: number): PartView[] {
	return devices
		.filter(({owner}) => owner?.domid === domid)
		.map((device) => device.driverPartView())
		.filter((part) => part !== undefined);
}
