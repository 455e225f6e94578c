/**
Watches a host and says what a person may see of it. Reads counters and state, never changes them: a host that is watched runs
exactly as one that is not. Figures change at `refresh`; gauges are the state at the instant of the snapshot.
*/
import {frameBytes} from '../hw/memory.js';
import type {HostDevice, HostNic} from '../sim/host/devices.js';
import type {Host} from '../sim/host.js';
import {evaluateExpectations} from '../sim/scenario/expectation.js';
import {DOMID_XEN} from '../sim/xen/domid.js';
import {BridgeFigures} from './bridge-figures.js';
import {ChannelFigures} from './channel-figures.js';
import {HostCpuFigures} from './cpu-figures.js';
import {DeviceFigures} from './device-figures.js';
import {type DeviceMeter, diskMeter, nicMeter} from './device-meter.js';
import {DomainFigures, driverParts, type Inhabitants, servingParts} from './domain-figures.js';
import {JobFigures} from './job-figures.js';
import {LanFigures} from './lan-figures.js';
import {NetJobFigures} from './net-job-figures.js';
import {nextEvent, nextOfReboot} from './next-event.js';
import {ringView} from './ring-view.js';
import {type Counter, Samples} from './samples.js';
import type {ChannelView, ExpectationView, FaultView, PartView, RingView, Snapshot, XenView} from './snapshot.js';
import {vbd1RingView} from './vbd1-ring-view.js';
import {VifFigures} from './vif-figures.js';

/** Virtual time between two samples, ns. */
const period = 100_000_000;
/** Log entries of one snapshot at most: who asks for more gets the newest. */
const logLimit = 1000;
/** The Xen release whose ABI is modelled. */
const xenVersion = '4.17';
/** Costs are in nanoseconds, so the modelled CPU does one cycle in each. */
const cpuHz = 1_000_000_000;
const roles = ['control', 'driver', 'guest'];

export class Observer {
	/** Virtual time at which the next sample is due, ns. */
	nextSample: number;
	readonly #samples = new Samples();
	readonly #cpus: HostCpuFigures;
	#domains: DomainFigures[] = [];
	/** Every domain's name that there was, in the order of their first creation. */
	readonly #names: string[] = [];
	#channels: ChannelFigures[] = [];
	readonly #devices: DeviceFigures[];
	readonly #jobs: JobFigures[] = [];
	#vifs: VifFigures[] = [];
	#bridges: BridgeFigures[] = [];
	readonly #netJobs: NetJobFigures[] = [];
	readonly #lan: LanFigures | undefined;
	readonly #storeRequests: Counter;
	readonly #eventsSent: Counter;
	readonly #contextSwitches: Counter;
	#ring: string | undefined;
	#logFrom = 0;

	constructor(private readonly host: Host) {
		const {boot, engine, scenario} = host;
		const samples = this.#samples;
		this.#cpus = new HostCpuFigures(boot.xen.cpus, samples);
		const figures = (device: HostDevice | HostNic, meter: DeviceMeter) =>
			new DeviceFigures(
				engine,
				device,
				meter,
				() => host.boot.drivers.find((each) => each.device === device),
				() => host.boot.driverCounts(device.name).interrupts ?? 0,
				samples,
			);
		this.#devices = [
			...boot.devices.map((disk) => figures(disk, diskMeter(disk))),
			...boot.network.nics.map((nic) => figures(nic, nicMeter(nic))),
		];
		const {lan} = boot.network;
		this.#lan = lan && new LanFigures(lan, scenario.lan?.hosts ?? [], scenario, samples);
		this.#storeRequests = samples.counter(() => host.boot.counts.storeRequests);
		this.#eventsSent = samples.counter(() => host.boot.counts.sends);
		this.#contextSwitches = samples.counter(() => host.boot.counts.contextSwitches);
		this.nextSample = engine.now;
		this.sample();
		this.refresh();
	}

	/** Takes the sample that is due. Called when virtual time has reached `nextSample`. */
	sample(): void {
		this.#discover();
		const {now} = this.host;
		for (const vif of this.#vifs) {
			vif.notice();
		}

		for (const job of this.#netJobs) {
			job.notice(now);
		}

		this.#samples.take(now);
		this.nextSample = (Math.floor(now / period) + 1) * period;
	}

	/** Figures change: they are over the simulated time since they last did, but at least the last simulated second. */
	refresh(): void {
		this.#discover();
		this.#samples.refresh(this.host.now);
	}

	/** What is looked at closely: a ring by its channel's name, the log from an entry's number on. */
	watch(ring: string | undefined, logFrom: number): void {
		this.#ring = ring;
		this.#logFrom = logFrom;
	}

	snapshot(): Snapshot {
		this.#discover();
		const {host} = this;
		const {engine, boot, scenario, architecture} = host;
		const inhabitants = {
			channels: this.#channels,
			devices: this.#devices,
			jobs: this.#jobs,
			vifs: this.#vifs,
			bridges: this.#bridges,
			netJobs: this.#netJobs,
		};
		const xenstored = this.#xenstored();
		return {
			scenario: {
				name: scenario.name,
				about: scenario.about,
				question: scenario.question,
				architecture: architecture.title,
				seed: scenario.seed,
				runtime: scenario.runtime,
			},
			time: engine.now,
			executed: engine.executed,
			window: this.#samples.window,
			host: {
				memoryTotal: boot.xen.frames.frames * frameBytes,
				memoryFree: boot.xen.frames.freeFrames * frameBytes,
				cpuHz,
				xenVersion,
			},
			cpus: this.#cpus.views(this.#domains.map(({cpu}) => cpu)),
			domains: this.#inDrawingOrder().map((domain) => domain.view(inhabitants, xenstored)),
			xen: this.#xen(inhabitants),
			channels: this.#channelViews(),
			devices: this.#devices.map((device) => device.view()),
			lan: this.#lan?.view((name) =>
				this.#netJobs.filter(({job}) => job.station === `lan.${name}`).map((job) => job.view(engine.now)),
			),
			faults: this.#faults(),
			log: engine.log.since(Math.max(this.#logFrom, engine.log.count - logLimit)),
			logCount: engine.log.count,
			expectations: this.#expectations(),
			findings: engine.findings.all.map(({kind, time, text, explainedBy}) => ({kind, time, text, explainedBy})),
			ring: this.#ringView(),
			down: nextOfReboot(engine, host.past.downSince),
			next: nextEvent(engine, boot.xen.cpus),
		};
	}

	/** Parts that have come to be since the last look. */
	#discover(): void {
		const {host} = this;
		const {boot, workloads} = host;
		const known = new Map(this.#domains.map((figures) => [figures.domain, figures]));
		this.#domains = boot.domains.map((domain) => known.get(domain) ?? new DomainFigures(host, domain, this.#samples));
		this.#channels = boot.channels.map((channel) => {
			const figures =
				this.#channels.find((each) => each.channel.id === channel.id) ??
				new ChannelFigures(host.engine, channel, this.#samples);
			figures.channel = channel;
			return figures;
		});
		const {network} = boot;
		this.#vifs = network.vifs.map((vif) => {
			const figures =
				this.#vifs.find((each) => each.channel.id === vif.id) ?? new VifFigures(host.engine, vif, this.#samples);
			figures.channel = vif;
			return figures;
		});
		this.#bridges = network.bridges.map((bridge) => {
			const figures =
				this.#bridges.find((each) => each.host.words === bridge.words) ?? new BridgeFigures(bridge, this.#samples);
			figures.host = bridge;
			return figures;
		});

		for (let i = this.#netJobs.length; i < workloads.network.jobs.length; i++) {
			this.#netJobs.push(new NetJobFigures(workloads.network.jobs[i], this.#samples));
		}

		for (let i = this.#jobs.length; i < workloads.jobs.length; i++) {
			this.#jobs.push(new JobFigures(workloads.jobs[i], this.#samples));
		}
	}

	/** As a guest has them: its disks, then its networks. */
	#channelViews(): ChannelView[] {
		const guests = [...this.#channels, ...this.#vifs].map(({channel}) => channel.frontKernel);
		return [...new Set(guests)].flatMap((guest): ChannelView[] => [
			...this.#channels.filter(({channel}) => channel.frontKernel === guest).map((channel) => channel.view()),
			...this.#vifs.filter(({channel}) => channel.frontKernel === guest).map((vif) => vif.view()),
		]);
	}

	#ringView(): RingView | undefined {
		const id = this.#ring;
		if (id === undefined) {
			return undefined;
		}

		const disk = this.#channels.find(({channel}) => channel.id === id);
		return disk === undefined
			? this.#vifs.find(({channel}) => id.startsWith(`${channel.id} `))?.ringView(id)
			: disk.channel.protocol === 'blkif'
				? ringView(this.host.engine, disk.channel)
				: vbd1RingView(this.host.engine, disk.channel);
	}

	/** Domain-0, driver domains, guests by creation; one that comes back under its name has the place it had. */
	#inDrawingOrder(): DomainFigures[] {
		for (const {domain} of this.#domains) {
			if (!this.#names.includes(domain.name)) {
				this.#names.push(domain.name);
			}
		}

		const place = ({domain}: DomainFigures) => this.#names.indexOf(domain.name);
		const role = ({domain}: DomainFigures) => roles.indexOf(domain.role);
		return [...this.#domains].sort((a, b) => role(a) - role(b) || place(a) - place(b));
	}

	/** Undefined where domains know of no store. */
	#xenstored(): PartView | undefined {
		const {xenstored} = this.host.boot;
		if (xenstored === undefined) {
			return undefined;
		}

		const {store} = xenstored;
		return {
			id: 'Domain-0/xenstored',
			kind: 'xenstored',
			title: 'xenstored',
			subject: '',
			rate: this.#storeRequests.perSecond,
			unit: 'req/s',
			history: this.#storeRequests.history,
			used: undefined,
			size: undefined,
			entry: '',
			latency: undefined,
			p99: undefined,
			state: `${store.nodes} nodes, ${store.watches} watches`,
			counters: [
				['requests', store.requests],
				['events', store.events],
				['conflicts', store.conflicts],
			],
			channel: undefined,
			trouble: false,
		};
	}

	#xen(inhabitants: Inhabitants): XenView {
		const {xen, control, xenstored} = this.host.boot;
		let pushes = 0;
		let sent = 0;
		for (const channel of [...this.#channels, ...this.#vifs]) {
			pushes += channel.pushes;
			sent += channel.sent;
		}

		let grantsGiven = 0;
		let grantsMapped = 0;
		for (const [domid, {grants}] of control.kernels) {
			grantsGiven += grants.used;
			grantsMapped += xen.grants.counters(domid).mappings;
		}

		return {
			run: this.#cpus.xen.percent,
			parts: [...servingParts(inhabitants, DOMID_XEN), ...driverParts(inhabitants, DOMID_XEN)],
			hypercallRate: this.#domains.reduce((sum, {hypercalls}) => sum + hypercalls.perSecond, 0),
			eventsSentRate: this.#eventsSent.perSecond,
			eventsHeldOff: pushes === 0 ? 0 : (100 * (pushes - sent)) / pushes,
			// Grants and the store came together: where there is no store, nothing is granted.
			grantsGiven: xenstored === undefined ? undefined : grantsGiven,
			grantsMapped: xenstored === undefined ? undefined : grantsMapped,
			contextSwitchRate: this.#contextSwitches.perSecond,
			accounts: [
				...this.#inDrawingOrder().map(({cpu}) => cpu.account()),
				{owner: 'Xen', self: 0, xen: this.#cpus.xen.percent},
			],
		};
	}

	#faults(): FaultView[] {
		return this.host.rules.all.map(({options: {id, entry, target, text}, state, fired}) => ({
			id,
			fault: entry.id,
			target,
			text,
			state,
			fired,
		}));
	}

	/** Judged when the run is over; until then every one is open. */
	#expectations(): ExpectationView[] {
		const {scenario, finished, metrics, now} = this.host;
		if (!finished) {
			return scenario.expect
				.filter(({under}) => under === undefined || under.includes(scenario.arch))
				.map(({text}) => ({text, met: undefined, measured: ''}));
		}

		return evaluateExpectations(scenario, metrics, now).map(({text, met, reached, measured}) => ({
			text,
			met: reached ? met : undefined,
			measured,
		}));
	}
}
