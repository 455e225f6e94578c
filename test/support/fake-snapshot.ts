/**
 * A snapshot without a simulation, for tests of the console: its figures add up (domains + Xen = physical CPUs, rate ×
 * latency = outstanding, bytes at the rings = those at the medium, bits at the vif = those at the NIC). Never shipped.
 */
import type {
	DomainView,
	FaultView,
	JobView,
	PartView,
	Snapshot,
	VbdChannelView,
} from '../../source/observe/snapshot.js';
import {history, wave} from './fake-history.js';
import {fakeNet} from './fake-net.js';
import {fakeRing} from './fake-ring.js';

export interface FakeOptions {
	/** Guests besides web and db, each with one idle-ish disk. */
	readonly extraGuests?: number;
	readonly cpus?: number;
	/** db's ring is asleep since so many ns. */
	readonly asleep?: number;
	/** db's ring is full. */
	readonly full?: boolean;
	/** web posts no receive buffers since so many ns. */
	readonly stalled?: number;
	/** web's disk is not connected. */
	readonly closed?: boolean;
	readonly died?: boolean;
	/** Simulated ns the figures are over. */
	readonly window?: number;
	readonly finished?: boolean;
	readonly ring?: string;
	readonly faults?: readonly FaultView[];
}

interface Load {
	readonly name: string;
	readonly id: number;
	readonly iops: number;
	readonly bytes: number;
	readonly latency: number;
	readonly outstanding: number;
	readonly run: number;
}

/** One snapshot at `time` ns. */
export function fakeSnapshot(time: number, options: FakeOptions = {}): Snapshot {
	const {extraGuests = 0, cpus = 2, asleep, stalled, full = false, closed = false, died = false} = options;
	const webRate = (at: number) => 1900 + 200 * wave(at, 3);
	const dbRate = (at: number) => (asleep === undefined ? (full ? 9000 : 180 + 1800 * wave(at, 7) ** 8) : 0);
	const load = (name: string, id: number, iops: number, bytes: number, latency: number, run: number): Load => ({
		name,
		id,
		iops,
		bytes: iops * bytes,
		latency,
		outstanding: Math.round(iops * latency * 1e-9),
		run,
	});
	const loads = [
		load('web', 1, closed ? 0 : webRate(time), 4096, 133_000, 31.2),
		load('db', 2, dbRate(time), 16384, full ? 3_555_000 : 1_200_000, asleep === undefined ? 0.9 : 0),
		...Array.from({length: extraGuests}, (_, index) => load(`guest${index + 1}`, index + 3, 40, 4096, 131_000, 0.4)),
	];
	const xenRun = 3.7;
	const zeroRun = 40.8;
	const busy = loads.reduce((sum, {run}) => sum + run, xenRun + zeroRun);
	const size = 32;
	const disks = loads.map((each): VbdChannelView => {
		const sleeps = each.name === 'db' && asleep !== undefined;
		const isFull = each.name === 'db' && full;
		const isClosed = each.name === 'web' && closed;
		const inFlight = sleeps || isFull ? size : isClosed ? 0 : Math.min(size, Math.max(1, each.outstanding));
		return {
			kind: 'vbd',
			id: `${each.name}.xvda`,
			rings: [{id: `${each.name}.xvda`, title: 'ring'}],
			label: 'vbd 51712',
			frontend: each.name,
			backend: 'Domain-0',
			frontPart: `${each.name}/xvda`,
			backPart: `Domain-0/blkback/${each.name}/xvda`,
			frontState: isClosed ? 'Initialised' : 'Connected',
			backState: isClosed ? 'InitWait' : 'Connected',
			look: sleeps ? 'asleep' : isClosed ? 'closed' : isFull ? 'full' : each.iops > 100 ? 'busy' : 'idle',
			since: sleeps ? (asleep ?? 0) : 4_000_000,
			size,
			inFlight,
			unread: 0,
			oldest: sleeps ? (asleep ?? 0) : each.latency * 2,
			requestRate: each.iops,
			bytesPerSecond: each.bytes,
			history: history(time, each.name === 'web' ? webRate : each.name === 'db' ? dbRate : () => 40),
			latency: each.iops > 0 ? each.latency : undefined,
			p99: each.iops > 0 ? each.latency * 3 : undefined,
			frontSent: each.iops * 0.2,
			frontHeld: each.iops * 0.8,
			backSent: each.iops * 0.3,
			backHeld: each.iops * 0.7,
		};
	});
	const bytes = loads.reduce((sum, each) => sum + each.bytes, 0);
	const iops = loads.reduce((sum, each) => sum + each.iops, 0);
	const queued = loads.reduce(
		(sum, each) => sum + (each.name === 'db' && asleep !== undefined ? 0 : each.outstanding),
		0,
	);
	const part = (value: Partial<PartView> & Pick<PartView, 'id' | 'kind' | 'title'>): PartView => ({
		subject: '',
		rate: undefined,
		unit: 'req/s',
		history: [],
		used: undefined,
		size: undefined,
		entry: '',
		latency: undefined,
		p99: undefined,
		state: '',
		counters: [],
		channel: undefined,
		trouble: false,
		...value,
	});
	const net = fakeNet(time, part, stalled);
	const [web, ...others] = disks;
	const channels = [web, net.channel, ...others];
	const vcpu = (run: number, wait: number, id = 0) => ({
		id,
		state: run > 20 ? ('running' as const) : ('blocked' as const),
		cpu: id,
		cpuTime: (time * run) / 100,
		run,
		wait,
		blocked: 100 - run - wait,
		priority: 'under' as const,
		credits: 120,
	});
	const domain = (value: Partial<DomainView> & Pick<DomainView, 'id' | 'name' | 'run' | 'wait'>): DomainView => ({
		state: value.run > 20 ? 'r-----' : '-b----',
		role: 'guest',
		died: undefined,
		booting: false,
		pausedByXl: false,
		cpuTime: (time * value.run) / 100,
		history: history(time, (at) => value.run * (0.8 + 0.4 * wave(at, 2, value.id))),
		memory: 536_870_912,
		maximumMemory: 537_919_488,
		vcpus: [vcpu(value.run, value.wait)],
		weight: 256,
		cap: 0,
		parts: [],
		vbds: [],
		vifs: [],
		jobs: [],
		oracle: undefined,
		...value,
	});
	const job = (value: Partial<JobView> & Pick<JobView, 'name' | 'summary'>): JobView => ({
		kind: 'disk',
		measures: 'latency',
		counters: [],
		on: 'xvda',
		rate: 0,
		bytesPerSecond: 0,
		outstanding: 0,
		iodepth: 32,
		mean: undefined,
		p50: undefined,
		p99: undefined,
		p999: undefined,
		errors: 0,
		oldest: 0,
		silence: value.oldest ?? 0,
		latencyOf: / fsync=/.test(value.summary) ? 'commit' : '',
		verified: true,
		connection: undefined,
		compared: true,
		...value,
	});
	const zero = domain({
		id: 0,
		name: 'Domain-0',
		state: 'r-----',
		role: 'control',
		run: zeroRun,
		wait: 2.1,
		memory: 1_073_741_824,
		maximumMemory: undefined,
		parts: [
			...disks.map((channel) =>
				part({
					id: channel.backPart,
					kind: 'blkback',
					title: 'blkback',
					subject: `${channel.frontend} xvda`,
					rate: channel.requestRate,
					history: channel.history,
					state: channel.backState,
					channel: channel.id,
					counters: [
						['rd_req', 12_345],
						['wr_req', 678],
						['oo_req', 0],
					],
				}),
			),
			net.netback,
			net.bridge,
			part({
				id: 'Domain-0/xenstored',
				kind: 'xenstored',
				title: 'xenstored',
				state: `${40 + 28 * loads.length} nodes, ${6 + 4 * loads.length} watches`,
			}),
			part({
				id: 'Domain-0/nvme0',
				kind: 'driver',
				title: 'nvme',
				subject: 'nvme0',
				rate: iops * 0.7,
				unit: 'irq/s',
				used: queued,
				size: 1023,
				entry: 'command',
				state: 'live',
				counters: [['timeouts', 0]],
			}),
			net.driver,
		],
	});
	const guests = loads.map((each, index): DomainView => {
		const channel = disks[index];
		const jobs =
			each.name === 'web'
				? [
						job({
							name: 'pages',
							summary: 'randread 4k',
							rate: each.iops,
							bytesPerSecond: each.bytes,
							outstanding: channel.inFlight,
							iodepth: 64,
							mean: each.latency,
							p50: 120_000,
							p99: channel.p99,
							p999: 900_000,
						}),
						net.job,
					]
				: each.name === 'db'
					? [
							job({
								name: 'log',
								summary: 'write 4k fsync=1',
								rate: 180,
								outstanding: 1,
								iodepth: 1,
								p99: 2_900_000,
								mean: 900_000,
							}),
							job({
								name: 'checkpoint',
								summary: 'randwrite 16k',
								rate: Math.max(0, each.iops - 180),
								outstanding: asleep === undefined ? channel.inFlight - 1 : 31,
								p99: 4_100_000,
								oldest: asleep ?? 0,
							}),
						]
					: [job({name: 'trickle', summary: 'randread 4k', rate: each.iops, outstanding: 0, p99: 402_000})];
		return domain({
			id: each.id,
			name: each.name,
			run: each.run,
			wait: each.name === 'web' ? 0.9 : 0,
			parts: [
				part({
					id: channel.frontPart,
					kind: 'blkfront',
					title: 'xvda',
					subject: 'vbd 51712',
					rate: each.iops,
					used: channel.inFlight,
					size,
					entry: 'slot',
					latency: channel.latency,
					p99: channel.p99,
					state: channel.frontState,
					channel: channel.id,
					trouble: channel.look === 'asleep',
				}),
				...(each.name === 'web' ? [net.netfront] : []),
			],
			vifs: each.name === 'web' ? [net.vif] : [],
			vbds: [
				{
					device: 51712,
					name: 'xvda',
					backend: 'Domain-0',
					outOfRequests: 0,
					reads: Math.floor((time / 1e9) * 1000),
					writes: Math.floor((time / 1e9) * 200),
					readSectors: Math.floor((time / 1e9) * 8000),
					writeSectors: Math.floor((time / 1e9) * 1600),
					p99: channel.p99,
				},
			],
			jobs,
			oracle: {sectorsChecked: 100_000, violations: 0},
			...(died && each.name === 'db'
				? {died: {cause: 'crashed', time: 11_020_000_000, zombiePages: 19}, state: '---c--', run: 0, wait: 0}
				: {}),
		});
	});
	const share = busy / cpus;
	const texts = [
		['timeline', 'say', 'info', 'web reads, db commits. Domain-0 carries every request to the one disk.'],
		['Domain-0', 'kernel', 'info', 'nvme0: queue of 1024 entries, 1 interrupt'],
		['db', 'kernel', 'info', 'checkpoint: 2048 × 16k'],
		['timeline', 'fault', 'notice', 'evt.lost  db → Domain-0, port 9: 1 of 1 lost, rule spent'],
		['ringtop', 'check', 'warning', 'db xvda: ring full (32/32)'],
		['nvme0', 'kernel', 'error', 'command 17 timed out, aborting'],
	] as const;
	const lines = 3 * texts.length;
	return {
		scenario: {
			name: 'web-and-db',
			about: 'A web server and a database share one SSD.',
			question: 'Which guest suffers?',
			architecture: 'Xen 2.0: drivers in domain zero',
			seed: 42,
			runtime: 60e9,
		},
		time,
		executed: Math.floor(time / 1000),
		window: options.window ?? Math.min(time, 1e9),
		host: {memoryTotal: 4 * 1_073_741_824, memoryFree: 1_610_612_736, cpuHz: 2_400_000_000, xenVersion: '4.17'},
		cpus: Array.from({length: cpus}, (_, id) => ({
			id,
			running: id === 0 ? 'Domain-0' : id === 1 ? 'web' : 'idle',
			busy: share + (id === 0 ? 3.6 : id === 1 ? -3.6 : 0),
			top: {name: id === 0 ? 'Domain-0' : 'web', share: share - 4},
			history: history(time, (at) => 30 + 20 * wave(at, 4, id)),
		})),
		domains: [zero, ...guests],
		xen: {
			run: xenRun,
			parts: [],
			hypercallRate: 58_000,
			eventsSentRate: 21_400,
			eventsHeldOff: 58,
			grantsGiven: 401,
			grantsMapped: 21,
			contextSwitchRate: 9_800,
			accounts: [],
		},
		channels,
		devices: [
			{
				address: '00:04.0',
				name: 'nvme0',
				model: 'SSD, 8 channels',
				owner: 'Domain-0',
				state: 'ready',
				trouble: false,
				rates: [
					{label: 'read', perSecond: loads[0].bytes, unit: 'B/s'},
					{label: 'write', perSecond: bytes - loads[0].bytes, unit: 'B/s'},
				],
				history: history(time, (at) => webRate(at) + dbRate(at)),
				queue: {entry: 'command', used: queued, size: 1023, oldest: 131_000},
				interruptRate: iops * 0.7,
				alarms: [],
				counters: [],
				busy: 21.4,
			},
			net.device,
		],
		lan: net.lan,
		faults: options.faults ?? [],
		log: Array.from({length: lines}, (_, number) => {
			const [source, topic, severity, text] = texts[number % texts.length];
			return {number, time: Math.floor((time * number) / lines), source, topic, severity, text};
		}),
		logCount: lines,
		expectations: [
			{text: 'oracle.violations == 0', met: true, measured: '0'},
			{text: 'db.xvda.outstanding.max == 32, from 4s to 5s', met: true, measured: '32'},
			{text: 'web.xvda.read.p99 < 1ms, from 2s to 4s', met: false, measured: '1.2 ms'},
		],
		findings: [],
		ring: net.ring(options.ring) ?? fakeRing(disks.find(({id}) => id === options.ring)),
		down: undefined,
		next: {what: 'nvme0 completes', inNanoseconds: 74_000},
	};
}
