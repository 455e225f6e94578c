/**
What a person, a program or a test may see of a host at one instant: plain data, made at the screen's pace. Gauges (a ring's
fill, who is on a CPU, ages) are the state at this instant; figures (rates, shares, percentiles) are over `window`
nanoseconds of simulated time. Drawing order of domains: Domain-0, driver domains, guests by creation.
*/
import type {LogEntry} from '../engine/log.js';
import type {ChannelView, History, RingView, TrafficRate} from './snapshot-channels.js';

export type * from './snapshot-channels.js';

export interface Snapshot {
	readonly scenario: ScenarioFacts;
	/** Virtual time, ns. */
	readonly time: number;
	/** Events executed since time 0. */
	readonly executed: number;
	/** Simulated nanoseconds the figures are over: at least a second once that long has passed. */
	readonly window: number;
	readonly host: HostFacts;
	readonly cpus: readonly CpuView[];
	readonly domains: readonly DomainView[];
	readonly xen: XenView;
	readonly channels: readonly ChannelView[];
	readonly devices: readonly DeviceView[];
	/** What is at the other end of the wires; undefined for a host without a NIC. */
	readonly lan: LanView | undefined;
	readonly faults: readonly FaultView[];
	/** Log entries numbered from the view's `logFrom`, oldest first. */
	readonly log: readonly LogEntry[];
	readonly logCount: number;
	/** Met or not so far; `undefined` = not decided yet. */
	readonly expectations: readonly ExpectationView[];
	readonly findings: readonly FindingView[];
	/** The ring under glass, when the view asked for one. */
	readonly ring: RingView | undefined;
	/** The host is down since a time (ns), and what brings it back comes so many ns from now; undefined while it is up. */
	readonly down: {readonly since: number; readonly next: string; readonly inNanoseconds: number} | undefined;
	/** What will happen next and when, ns from now; undefined when nothing will. */
	readonly next: {readonly what: string; readonly inNanoseconds: number} | undefined;
}

export interface ScenarioFacts {
	readonly name: string;
	readonly about: string;
	readonly question: string;
	/** `Xen 2.0: drivers in domain zero` */
	readonly architecture: string;
	readonly seed: number;
	/** ns; the host halts here. */
	readonly runtime: number;
}

export interface HostFacts {
	readonly memoryTotal: number;
	readonly memoryFree: number;
	readonly cpuHz: number;
	/** `4.17` as xentop prints; the release whose ABI is modelled. */
	readonly xenVersion: string;
}

export interface CpuView {
	readonly id: number;
	/** Who runs on it at this instant: a domain's name, `Xen` or `idle`. */
	readonly running: string;
	/** Percent of the window that it was not idle. */
	readonly busy: number;
	/** Who used it most over the window, and that share in percent. */
	readonly top: {readonly name: string; readonly share: number};
	readonly history: History;
}

export interface VcpuView {
	readonly id: number;
	readonly state: 'running' | 'runnable' | 'blocked' | 'offline';
	/** pCPU it is on or was last on. */
	readonly cpu: number;
	/** CPU time since creation, ns. */
	readonly cpuTime: number;
	/** Percent of the window. */
	readonly run: number;
	readonly wait: number;
	readonly blocked: number;
	readonly priority: 'boost' | 'under' | 'over' | 'idle';
	readonly credits: number;
}

export interface DomainView {
	readonly id: number;
	readonly name: string;
	/** xentop's six: d s b c p r in order, '-' where not set. */
	readonly state: string;
	readonly role: 'control' | 'driver' | 'guest';
	/** Set once it is dead: cause and time; the frame stays until it is gone. */
	readonly died: {readonly cause: string; readonly time: number; readonly zombiePages: number} | undefined;
	/** Its kernel is there, and nothing in it works yet. */
	readonly booting: boolean;
	readonly pausedByXl: boolean;
	/** CPU time since creation, ns: as xentop counts it (hypercalls included). */
	readonly cpuTime: number;
	/** Percent of one physical CPU over the window: 100 = one CPU. */
	readonly run: number;
	/** Runnable but not running, percent of the window, summed over vCPUs. */
	readonly wait: number;
	readonly history: History;
	readonly memory: number;
	/** Bytes; undefined = no limit. */
	readonly maximumMemory: number | undefined;
	readonly vcpus: readonly VcpuView[];
	readonly weight: number;
	readonly cap: number;
	/** Parts drawn inside its frame, in order. */
	readonly parts: readonly PartView[];
	readonly vbds: readonly VbdView[];
	readonly vifs: readonly VifView[];
	readonly jobs: readonly JobView[];
	/** What the oracle says of this domain's disks. */
	readonly oracle: {readonly sectorsChecked: number; readonly violations: number} | undefined;
}

/** A part placed in a domain or in Xen: a backend, a bridge, a driver, a frontend's disk or network, xenstored. */
export interface PartView {
	/** Stable and unique, e.g. `Domain-0/blkback/web/xvda`, `web/xvda`, `Domain-0/nvme0`. */
	readonly id: string;
	readonly kind: 'blkback' | 'blkfront' | 'netback' | 'netfront' | 'bridge' | 'driver' | 'xenstored' | 'job' | 'disk';
	/** First word(s) on its line: `blkback`, `nvme`, `xvda`. */
	readonly title: string;
	/** Whom it serves or what it drives: `web xvda`, `nvme0`, `3 ports`. */
	readonly subject: string;
	/** A rate, or undefined where there is none, and its unit: `req/s`, `irq/s`, `frames/s`, `b/s`. */
	readonly rate: number | undefined;
	readonly unit: string;
	readonly history: History;
	/** Fill of what it queues in: entries used of size. */
	readonly used: number | undefined;
	readonly size: number | undefined;
	/** What one entry is: `command`, `frame`, `slot`. */
	readonly entry: string;
	/** Mean latency over the window, ns; undefined when nothing completed. */
	readonly latency: number | undefined;
	readonly p99: number | undefined;
	/** State in words: `live`, `resetting`, `Connected`, `12 nodes, 4 watches`. */
	readonly state: string;
	/** A few counters of its own, by name. */
	readonly counters: readonly (readonly [name: string, value: number])[];
	/** Channel it ends, if any. */
	readonly channel: string | undefined;
	readonly trouble: boolean;
}

export interface JobView {
	/** A disk's operations, CPU burnt, or packets and what they carry. */
	readonly kind: 'disk' | 'cpu' | 'net';
	readonly name: string;
	/** fio's, ping's or iperf3's words: `randread 4k`, `write 4k fsync=1`, `hog`, `ping client`. */
	readonly summary: string;
	readonly on: string;
	/** What its line says of it: how long each operation takes, how much passes, or how many packets. */
	readonly measures: 'latency' | 'throughput' | 'rate';
	/** Completed operations (echoes, requests, packets) per second over the window. */
	readonly rate: number;
	readonly bytesPerSecond: number;
	readonly outstanding: number;
	/** Operations it keeps under way at most; 0 for one that burns CPU, and where there is no such number. */
	readonly iodepth: number;
	/**
	What the latencies are of: each operation (''); commits, from a write's arrival to the end of the flush that covers it; round
	trips of packets.
	*/
	readonly latencyOf: '' | 'commit' | 'rtt';
	readonly mean: number | undefined;
	readonly p50: number | undefined;
	readonly p99: number | undefined;
	readonly p999: number | undefined;
	readonly errors: number;
	/** Age of the oldest operation without an answer, ns. */
	readonly oldest: number;
	/** How long nothing at all has been answered while something waits, ns: at most `oldest`, and 0 when nothing waits. */
	readonly silence: number;
	/** Every block read so far compared equal with what was written. */
	readonly verified: boolean;
	/** It has read and compared something at all. */
	readonly compared: boolean;
	/** Of a job over TCP: what paces the first of its connections that sends. */
	readonly connection: ConnectionView | undefined;
	/** A few counts of its own, by name: `retransmits`, `lost`. */
	readonly counters: readonly (readonly [name: string, value: number])[];
}

/** The sending half of a TCP connection. */
export interface ConnectionView {
	/** Congestion window and slow start threshold, bytes; no threshold before the first loss. */
	readonly window: number;
	readonly threshold: number | undefined;
	/** Smoothed, ns; 0 before the first measurement. */
	readonly roundTrip: number;
	/** A loss was found and is being repaired. */
	readonly repairs: boolean;
}

/** One virtual disk, as xentop's VBD row: totals since start, from the backend's counters. */
export interface VbdView {
	readonly device: number;
	readonly name: string;
	readonly backend: string;
	readonly outOfRequests: number;
	readonly reads: number;
	readonly writes: number;
	readonly readSectors: number;
	readonly writeSectors: number;
	readonly p99: number | undefined;
}

/**
One virtual network, as xentop's Net line: totals since start, from the counters of `vif<domid>.<devid>` in the backend's domain. Seen
from there: what the guest sends is received.
*/
export interface VifView {
	readonly device: number;
	/** `eth0` */
	readonly name: string;
	readonly backend: string;
	readonly received: TrafficView;
	readonly sent: TrafficView;
}

export interface TrafficView {
	readonly bytes: number;
	readonly packets: number;
	readonly errors: number;
	readonly drops: number;
}

/** A device in its own and its driver's words: what a screen shows of it, whatever it is. */
export interface DeviceView {
	/** `00:04.0` */
	readonly address: string;
	readonly name: string;
	/** `SSD, 8 channels`, `82540EM, 1 Gb/s`. */
	readonly model: string;
	readonly owner: string;
	readonly state: string;
	/** Its driver resets it or has given it up, or it has no link. */
	readonly trouble: boolean;
	/** What moves through it each way: `read` and `write`, `out` and `in`. */
	readonly rates: readonly DeviceRate[];
	readonly history: History;
	/** What its driver has given it and it has not finished. */
	readonly queue: {
		/** What one entry is: `command`, `frame`. */
		readonly entry: string;
		readonly used: number;
		readonly size: number;
		/** Age of the oldest, ns; 0 where it is not known. */
		readonly oldest: number;
	};
	readonly interruptRate: number;
	/** Counts that belong on its line wherever there is room: `drops`. */
	readonly alarms: readonly (readonly [name: string, value: number])[];
	readonly counters: readonly (readonly [name: string, value: number])[];
	/** Share of the window its busiest unit (flash die, disk arm, direction of the wire) was busy, percent. */
	readonly busy: number;
}

export interface DeviceRate {
	readonly label: string;
	readonly perSecond: number;
	readonly unit: 'B/s' | 'b/s';
}

/** The wire that NICs hang on, and who else does. */
export interface LanView {
	/** Bits per second. */
	readonly rate: number;
	/** Frames lost on all its wires together, so far. */
	readonly lost: number;
	readonly hosts: readonly LanHostView[];
}

export interface LanHostView {
	readonly name: string;
	/** `10.0.0.9` */
	readonly ip: string;
	/** Its part in the jobs of guests, in words: `asks web`; '' when it has none. */
	readonly doing: string;
	/** Jobs of its own. */
	readonly jobs: readonly JobView[];
	/** As it sees it. */
	readonly sent: TrafficRate;
	readonly received: TrafficRate;
	readonly history: History;
}

export interface XenView {
	/** Percent of one CPU that Xen itself used (interrupts, scheduling; hypercalls are the callers'). */
	readonly run: number;
	readonly parts: readonly PartView[];
	readonly hypercallRate: number;
	readonly eventsSentRate: number;
	/** Share in percent of ring pushes that needed no event. */
	readonly eventsHeldOff: number;
	/** Undefined where domains give no grants. */
	readonly grantsGiven: number | undefined;
	readonly grantsMapped: number | undefined;
	readonly contextSwitchRate: number;
	/** CPU time by owner × executor over the window, percent of one CPU. */
	readonly accounts: readonly {readonly owner: string; readonly self: number; readonly xen: number}[];
}

export interface FaultView {
	readonly id: string;
	readonly fault: string;
	readonly target: string;
	readonly text: string;
	readonly state: 'armed' | 'active' | 'spent' | 'cleared';
	readonly fired: number;
}

export interface ExpectationView {
	readonly text: string;
	readonly met: boolean | undefined;
	readonly measured: string;
}

export interface FindingView {
	readonly kind: string;
	readonly time: number;
	readonly text: string;
	readonly explainedBy: string;
}
