/**
Whose turn it is to have commands fetched: round robin among the submission queues, the admin queue an equal among them, each
turn a burst (NVMe base specification 1.4 §4.13.1). A queue without a free command slot is passed over.
*/
import type {NvmeCommands} from './nvme-commands.js';
import type {NvmeQueues} from './nvme-queues.js';

export class NvmeArbiter {
	/** Commands one queue may have fetched in its turn: feature 01h. */
	burst = 8;
	/** The queue served last. */
	turn = 0;
	/** Work was left in a queue because slots had run out. */
	starved = false;
	private readonly queues: NvmeQueues;
	private readonly commands: NvmeCommands;

	constructor(queues: NvmeQueues, commands: NvmeCommands) {
		this.queues = queues;
		this.commands = commands;
	}

	reset(): void {
		this.turn = 0;
		this.starved = false;
	}

	canFetch(queue: number): boolean {
		return this.queues.hasWork(queue) && this.commands.hasFree(queue === 0);
	}

	/** The next queue after the one served last that has a command and a slot to take it; -1 when none. */
	next(): number {
		const queues = this.queues;
		this.starved = false;
		let queue = this.turn;
		for (let n = 0; n < queues.sqEnd; n++) {
			queue = queue + 1 < queues.sqEnd ? queue + 1 : 0;
			if (queues.hasWork(queue)) {
				if (this.commands.hasFree(queue === 0)) {
					return queue;
				}

				this.starved = true;
			}
		}

		return -1;
	}
}
