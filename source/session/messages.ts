/**
What passes between the console and the worker that runs the simulation: commands in, snapshots out. Commands that change the
simulated world (`operator`) are stamped with virtual time and event count when they are taken, and enter a recording;
the others only change what is watched and how fast.
*/
import type {Snapshot} from '../observe/snapshot.js';

/** One line of the timeline's grammar, as the keyboard writes it. */
export type OperatorLine =
	| {readonly verb: 'kick'; readonly target: string}
	| {
			readonly verb: 'fault';
			readonly fault: string;
			readonly target: string;
			readonly parameters: Readonly<Record<string, string | number>>;
	  }
	| {readonly verb: 'clear'; readonly id: string}
	| {readonly verb: 'xl'; readonly line: string};

export type Command =
	| {readonly type: 'operator'; readonly line: OperatorLine}
	/** Simulated nanoseconds per real second; Infinity = as fast as it can. */
	| {readonly type: 'speed'; readonly speed: number}
	| {readonly type: 'freeze'; readonly frozen: boolean}
	/** Runs to the next hop of any request, a simulated second at most, then freezes. */
	| {readonly type: 'step'}
	| {readonly type: 'restart'}
	/** Runs the same under the next architecture up to this moment, and goes on from there. */
	| {readonly type: 'architecture'}
	/** Stays with the architecture that is shown while another one catches up. */
	| {readonly type: 'keep'}
	/** Begins or ends writing a recording; the file is written by the console's side from `recording` messages. */
	| {readonly type: 'record'; readonly on: boolean}
	/** What the view needs beyond the host picture. */
	| {
			readonly type: 'watch';
			readonly ring: string | undefined;
			readonly logFrom: number /** Real seconds between figures. */;
			readonly delay: number;
	  }
	| {readonly type: 'quit'};

/** How time passes, beside each snapshot. */
export interface ClockView {
	/** Simulated ns per real second asked for; Infinity = max. */
	readonly speed: number;
	/** The share of it reached, 1 = keeps up. */
	readonly reached: number;
	readonly frozen: boolean;
	/** The runtime is over; the last state stays. */
	readonly finished: boolean;
	readonly recording: boolean;
	readonly replaying: boolean;
	/**
	State hashes of the recording that is replayed: compared so far, how many there are, and when (ns) the first was that differs.
	Undefined when no recording is replayed.
	*/
	readonly hashes: {readonly compared: number; readonly of: number; readonly differsAt: number | undefined} | undefined;
	/** Counts figure changes: figures are the same while it is. */
	readonly figures: number;
	/** Counts restarts and changes of architecture: another host, with a log of its own, while it is another. */
	readonly run: number;
	/** The same run under another architecture, on its way to the present moment (ns). */
	readonly catchingUp: {readonly title: string; readonly now: number; readonly until: number} | undefined;
}

export type Message =
	| {readonly type: 'snapshot'; readonly snapshot: Snapshot; readonly clock: ClockView}
	/** Text for the status line: what a command did, or why it was refused. */
	| {readonly type: 'notice'; readonly text: string; readonly severity: 'info' | 'error'}
	/** The recording so far, whenever recording is switched off or the run ends. */
	| {readonly type: 'recording'; readonly text: string}
	/** Bytes of a capture file from `at` on: behind those before, or from 0 on in a file begun anew after a restart. */
	| {readonly type: 'capture'; readonly file: string; readonly bytes: Uint8Array; readonly at: number}
	/** The simulation stopped on an error of its own; the text says what and how to reproduce it. */
	| {readonly type: 'failed'; readonly text: string};
