/**
What a person, a program or a test may see of a host at one instant: plain data, made at the screen's pace. Gauges (a ring's
fill, who is on a CPU, ages) are the state at this instant; figures (rates, shares, percentiles) are over `window`
nanoseconds of simulated time. Drawing order of domains: Domain-0, driver domains, guests by creation.
*/
import type {LogEntry} from '../engine/log.js';

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
	readonly faults: readonly FaultView[];
	/** Log entries numbered from the view's `logFrom`, oldest first. */
	readonly log: readonly LogEntry[];
	readonly logCount: number;
	/** Met or not so far; `undefined` = not decided yet. */
	readonly expectations: readonly ExpectationView[];
	readonly findings: readonly FindingView[];
	/** The ring under glass, when the view asked for one. */
	readonly ring: RingView | undefined;
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

/** A figure's recent history for a sparkline: oldest first, one value per 100 ms of simulated time, at most 60. */
export type History = readonly number[];

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
	readonly jobs: readonly JobView[];
	/** What the oracle says of this domain's disks. */
	readonly oracle: {readonly sectorsChecked: number; readonly violations: number} | undefined;
}

/** A part placed in a domain or in Xen: a backend, a driver, a frontend's disk, xenstored. */
export interface PartView {
	/** Stable and unique, e.g. `Domain-0/blkback/web/xvda`, `web/xvda`, `Domain-0/nvme0`. */
	readonly id: string;
	readonly kind: 'blkback' | 'blkfront' | 'driver' | 'xenstored' | 'job' | 'disk';
	/** First word(s) on its line: `blkback`, `nvme`, `xvda`. */
	readonly title: string;
	/** Whom it serves or what it drives: `web xvda`, `nvme0`. */
	readonly subject: string;
	/** A rate with unit, or undefined where there is none: requests per second. */
	readonly rate: number | undefined;
	readonly unit: string;
	readonly history: History;
	/** Fill of what it queues in: entries used of size. */
	readonly used: number | undefined;
	readonly size: number | undefined;
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
	readonly name: string;
	/** fio's words: `randread 4k`, `write 4k fsync=1`, `hog`. */
	readonly summary: string;
	readonly on: string;
	/** Completed operations per second over the window. */
	readonly rate: number;
	readonly bytesPerSecond: number;
	readonly outstanding: number;
	readonly iodepth: number;
	/** The latencies are of commits: from a write's arrival to the end of the flush that covers it. Else of each operation. */
	readonly commits: boolean;
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

export type ChannelLook = 'idle' | 'busy' | 'full' | 'asleep' | 'closed';

export interface ChannelView {
	/** `db.xvda`: what commands name it. */
	readonly id: string;
	/** `vbd 51712` */
	readonly label: string;
	readonly frontend: string;
	readonly backend: string;
	readonly frontPart: string;
	readonly backPart: string;
	/** xenbus states in words. */
	readonly frontState: string;
	readonly backState: string;
	readonly look: ChannelLook;
	/** How long it has looked so (full, asleep), ns. */
	readonly since: number;
	readonly size: number;
	/** Requests on the ring without a response consumed. */
	readonly inFlight: number;
	/** Responses the frontend has not read. */
	readonly unread: number;
	/** Age of the oldest request in flight, ns. */
	readonly oldest: number;
	readonly requestRate: number;
	readonly bytesPerSecond: number;
	readonly history: History;
	readonly latency: number | undefined;
	readonly p99: number | undefined;
	/** Notifications per second: sent, and held off (pushes that needed none). */
	readonly frontSent: number;
	readonly frontHeld: number;
	readonly backSent: number;
	readonly backHeld: number;
}

/** One ring in detail. */
export interface RingView {
	readonly channel: string;
	readonly requestProducer: number;
	readonly responseConsumer: number;
	readonly requestConsumer: number;
	readonly responseProducer: number;
	readonly requestEvent: number;
	readonly responseEvent: number;
	readonly grantsGiven: number;
	readonly grantsMapped: number;
	readonly frontPort: number;
	readonly backPort: number;
	readonly ringReference: number;
	/** One per slot. */
	readonly slots: readonly SlotView[];
	/** Requests on the ring without an answer read, the oldest first; those whose slot another's answer took have slot -1. */
	readonly requests: readonly SlotView[];
}

/** A slot of the ring, or a request on it. */
export interface SlotView {
	/** -1: a request whose slot was used for another's answer. */
	readonly slot: number;
	readonly state: 'free' | 'request' | 'taken' | 'response';
	/** Taken, and what was asked there is answered through another slot: kept for the next answer, nobody's request. */
	readonly reserved: boolean;
	/** -1: no request is here. */
	readonly id: number;
	/** `READ`, `WRITE`, `FLUSH`. */
	readonly operation: string;
	readonly sector: number;
	readonly segments: number;
	/** Where it is, in words: `nvme0 queue, entry 17`. */
	readonly waitsFor: string;
	/** ns since the frontend took the request. */
	readonly age: number;
}

export interface DeviceView {
	/** `00:04.0` */
	readonly address: string;
	readonly name: string;
	/** In the device's own words: `SSD, 8 channels`. */
	readonly model: string;
	readonly owner: string;
	readonly state: string;
	readonly readBytesPerSecond: number;
	readonly writeBytesPerSecond: number;
	readonly history: History;
	readonly queued: number;
	readonly queueSize: number;
	/** Age of the oldest command it has not completed, ns. */
	readonly oldest: number;
	readonly interruptRate: number;
	readonly counters: readonly (readonly [name: string, value: number])[];
	/** Share of the window its busiest and mean unit (flash die, disk arm) was busy, percent. */
	readonly busy: number;
}

export interface XenView {
	/** Percent of one CPU that Xen itself used (interrupts, scheduling; hypercalls are the callers'). */
	readonly run: number;
	readonly parts: readonly PartView[];
	readonly hypercallRate: number;
	readonly eventsSentRate: number;
	/** Share in percent of ring pushes that needed no event. */
	readonly eventsHeldOff: number;
	readonly grantsGiven: number;
	readonly grantsMapped: number;
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
