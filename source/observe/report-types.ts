/**
What a report of a run says, as plain data (`run --json` prints it as it is). Times are integer nanoseconds of virtual time; nothing in
it depends on the machine it ran on.
*/
import type {FaultRule} from '../sim/faults/rules.js';
import type {OperationName} from '../sim/host/meters.js';
import type {NetworkReport} from './report-network.js';

export const reportSchema = 'ringtop.report/1';

/** How a run ended: at its end (the scenario's runtime, or where the recording stopped), earlier by wish, by a signal, by an error. */
export type Ending = 'end' | 'until' | 'interrupted' | 'failed';

export interface RunFacts {
	readonly version: string;
	readonly ending: Ending;
	/** What stopped it, when it failed. */
	readonly failure?: string;
	/** The command line that runs the same again. */
	readonly reproduce: string;
	/** All bytes moved entered the state hash. */
	readonly fullHash: boolean;
}

/** Latencies in nanoseconds; quantiles to within 1/128. */
export interface OperationReport {
	/** `commit`: of a job with fsync, from a write's arrival to the end of the flush that covers it. */
	readonly operation: OperationName | 'commit';
	readonly count: number;
	readonly bytes: number;
	readonly errors: number;
	readonly mean: number;
	readonly p50: number;
	readonly p99: number;
	readonly p999: number;
	readonly max: number;
}

export interface JobReport {
	readonly domain: string;
	readonly job: string;
	/** fio's words: `randread 4k`. */
	readonly summary: string;
	readonly on: string;
	/** From the I/O's arrival (its issue, for a closed loop) to its completion. */
	readonly operations: readonly OperationReport[];
}

export interface DiskReport {
	/** `web.xvda` */
	readonly disk: string;
	/** From blkfront taking a request to its answer. */
	readonly operations: readonly OperationReport[];
}

/** CPU time by who it was for and who executed it, ns. */
export interface CpuReport {
	readonly cpus: number;
	readonly domains: readonly {
		readonly name: string;
		readonly self: number;
		readonly xen: number;
		readonly waited: number;
	}[];
	/** Xen's own work: interrupts, scheduling. */
	readonly xen: number;
	readonly idle: number;
	/** All of the above but `waited`: cpus × time. */
	readonly total: number;
	readonly contextSwitches: number;
	readonly interrupts: number;
	readonly hypercalls: number;
	readonly events: number;
	readonly eventsLost: number;
}

export interface ChannelReport {
	readonly channel: string;
	readonly requests: number;
	readonly responses: number;
	/** Publications by each end; those that notified the other, and those that needed not to. */
	readonly front: {readonly pushes: number; readonly sent: number; readonly heldOff: number};
	readonly back: {readonly pushes: number; readonly sent: number; readonly heldOff: number};
	/** Requests on the ring, averaged over time. */
	readonly meanOutstanding: number;
	readonly mostOutstanding: number;
	/** ns in which every slot was taken; in which the channel slept with work on its ring. */
	readonly full: number;
	readonly asleep: number;
	/** Longest time without an answer while requests waited, ns. */
	readonly outage: number;
}

export interface DeviceReport {
	readonly device: string;
	readonly model: string;
	readonly bytesRead: number;
	readonly bytesWritten: number;
	readonly commands: number;
	readonly interrupts: number;
	/** ns in which at least one operation was under way. */
	readonly busy: number;
	readonly mediumErrors: number;
	/** Everything the driver counted. */
	readonly driver: Readonly<Record<string, number>>;
}

export interface ExpectationReport {
	readonly text: string;
	/** Undefined when the run ended before its window did. */
	readonly met: boolean | undefined;
	/** With its unit. */
	readonly measured: string;
}

export interface FaultReport {
	readonly id: string;
	readonly fault: string;
	/** What it was aimed at, and its parameters in words. */
	readonly target: string;
	readonly text: string;
	readonly state: FaultRule['state'];
	/** ns. */
	readonly armedAt: number;
	/** How often it acted, and when first: ns, -1 when it has not. */
	readonly fired: number;
	readonly firedAt: number;
	/** Kinds of finding it explains, each with how many came, and whether one must have come when it has acted. */
	readonly declared: readonly {readonly kind: string; readonly must: boolean; readonly findings: number}[];
}

export interface FindingReport {
	readonly kind: string;
	/** ns. */
	readonly time: number;
	/** ns; 0 when it lasts or was an instant. */
	readonly ended: number;
	readonly parties: readonly string[];
	readonly text: string;
	/** Id of the fault, or text of the expectation, that explains it; '' when nothing does. */
	readonly explainedBy: string;
}

export interface CheckedRecording {
	/** The version of ringtop that wrote it. */
	readonly version: string;
	/** Hashes compared, and how many there were to compare. */
	readonly checked: number;
	readonly total: number;
	/** The first that differs. */
	readonly differs: HashDifference | undefined;
}

export interface HashDifference {
	/** Of the recording, ns and events executed. */
	readonly at: number;
	readonly event: number;
	readonly recorded: string;
	/** What this run has there. */
	readonly found: string;
	/** Events this run had executed by then. */
	readonly foundEvent: number;
}

export interface Report {
	readonly schema: typeof reportSchema;
	readonly version: string;
	readonly scenario: string;
	readonly about: string;
	readonly architecture: string;
	readonly seed: number;
	/** Virtual time reached and the scenario's own, ns. */
	readonly time: number;
	readonly runtime: number;
	readonly events: number;
	readonly stateHash: string;
	readonly fullHash: boolean;
	readonly ending: Ending;
	/** False when the run did not come to its end. */
	readonly complete: boolean;
	readonly failure: string | undefined;
	readonly jobs: readonly JobReport[];
	readonly disks: readonly DiskReport[];
	readonly cpu: CpuReport;
	readonly channels: readonly ChannelReport[];
	readonly devices: readonly DeviceReport[];
	readonly network: NetworkReport;
	readonly oracle: {readonly checked: number; readonly violations: number; readonly lost: number};
	readonly faults: readonly FaultReport[];
	readonly findings: readonly FindingReport[];
	readonly expectations: readonly ExpectationReport[];
	readonly recording: CheckedRecording | undefined;
	/** Named costs that the scenario overrides, ns. */
	readonly costs: Readonly<Record<string, number>>;
	readonly reproduce: string;
	readonly verdict: {
		/** undefined: a signal ended the run before anything had failed, so nothing is decided. */
		readonly met: boolean | undefined;
		/** Why not, a sentence each. */
		readonly problems: readonly string[];
	};
}
