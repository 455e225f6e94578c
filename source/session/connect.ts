/** The console's end of the worker thread: starts it, passes messages, ends it. */
import {Worker} from 'node:worker_threads';
import type {CaptureWords} from '../doors/capture.js';
import type {Scenario} from '../sim/scenario/types.js';
import type {Variant} from './catch-up.js';
import type {Command, Message} from './messages.js';

/** What the worker needs to build the host. Plain data: it is cloned into the thread. */
export interface WorkerInput {
	/** Checked, with every option of the command line applied. */
	readonly scenario: Scenario;
	/** The same under every architecture, in the order of the key that changes it; none for a replay. */
	readonly variants: readonly Variant[];
	/** Simulated ns per real second; Infinity = as fast as it can. */
	readonly speed: number;
	/** ringtop's own version, for recordings. */
	readonly version: string;
	/** Interfaces whose frames are handed out in `capture` messages. */
	readonly captures: readonly CaptureWords[];
	/** The command line that shows the same run again, but for the architecture where there are several. */
	readonly reproduce: string;
}

export interface Connection {
	send(command: Command): void;
	/** Ends the worker; resolves when it is gone. A recording under way arrives before. */
	close(): Promise<void>;
}

export function connect(input: WorkerInput, message: (message: Message) => void): Connection {
	const worker = new Worker(new URL('worker.js', import.meta.url), {workerData: input});
	const gone = new Promise<void>((resolve) => {
		worker.once('exit', () => resolve());
	});
	worker.on('message', message);
	worker.on('error', (error) => {
		message({type: 'failed', text: `the simulation stopped: ${error.message} (${input.reproduce})`});
	});
	return {
		send: (command) => worker.postMessage(command),
		close: async () => {
			worker.postMessage({type: 'quit'} satisfies Command);
			const slow = setTimeout(() => void worker.terminate(), 1000);
			await gone;
			clearTimeout(slow);
		},
	};
}
