/**
The completion side of an NVMe controller: entries with their phase, posted where there is room, kept waiting where there is
none (NVMe base specification 1.4 §4.6, §4.1.2). Fault point `disk.completion <name>` (drop: the entry is not written; alter 1: it is written
twice; alter 2: its phase is stale).
*/
import type {Engine} from '../../engine/engine.js';
import {alter, drop, type FaultPoint} from '../../engine/fault-points.js';
import {type Dma, refused} from '../dma.js';
import {type NvmeCommands, slotWaiting} from './nvme-commands.js';
import type {NvmeLog} from './nvme-log.js';
import type {NvmeQueues} from './nvme-queues.js';
import {doNotRetry, success} from './nvme-status.js';

export interface CompletionsOwner {
	/** An entry was posted to this completion queue. */
	posted(completionQueue: number): void;
	/** The controller cannot go on: CSTS.CFS. */
	fatal(): void;
}

export class NvmeCompletions {
	/** The command in `slot` is complete and its slot no longer needed. */
	onRelease: (slot: number) => void = () => {};
	private readonly engine: Engine;
	private readonly dma: Dma;
	private readonly queues: NvmeQueues;
	private readonly commands: NvmeCommands;
	private readonly log: NvmeLog;
	private readonly owner: CompletionsOwner;
	private readonly faults: FaultPoint;
	private readonly point: number;
	/** First and last slot waiting for room, by completion queue; -1 when none. */
	private readonly waitingFirst: Int32Array;
	private readonly waitingLast: Int32Array;

	constructor(
		engine: Engine,
		dma: Dma,
		queues: NvmeQueues,
		commands: NvmeCommands,
		log: NvmeLog,
		owner: CompletionsOwner,
		name: string,
	) {
		this.engine = engine;
		this.dma = dma;
		this.queues = queues;
		this.commands = commands;
		this.log = log;
		this.owner = owner;
		this.faults = engine.faults.point(`disk.completion ${name}`, [name]);
		this.point = engine.trace.point(`${name} completion`);
		this.waitingFirst = new Int32Array(queues.pairs).fill(-1);
		this.waitingLast = new Int32Array(queues.pairs).fill(-1);
	}

	/** Nothing waits any more. */
	clear(): void {
		this.waitingFirst.fill(-1);
		this.waitingLast.fill(-1);
	}

	/** Writes the completion entry and says so; or waits for room. */
	post(slot: number): void {
		const commands = this.commands;
		const queues = this.queues;
		const queue = commands.queue[slot];
		const completion = queues.sqCompletion[queue];
		if (queues.completionFull(completion)) {
			this.wait(slot, completion);
			return;
		}

		const status = commands.status[slot];
		if (status !== success) {
			this.log.addError(queue, commands.cid[slot], status, commands.sector[slot], queue === 0 ? 0 : 1);
		}

		let copies = 1;
		let phase = queues.cqPhase[completion];
		const armed = this.faults.armed;
		if (armed !== null) {
			const verdict = armed.decide(commands.cid[slot]);
			copies = verdict === drop ? 0 : verdict === alter && armed.value !== 2 ? 2 : 1;
			phase ^= verdict === alter && armed.value === 2 ? 1 : 0;
		}

		for (let n = 0; n < copies && !queues.completionFull(completion); n++) {
			const tail = queues.cqTail[completion];
			const frame = this.dma.reach(queues.cqFrame[completion] + (tail >> 8), true);
			if (frame === refused) {
				this.owner.fatal();
				return;
			}

			const words = this.dma.memory.words(frame);
			const at = (tail & 255) * 4;
			words[at] = commands.result[slot];
			words[at + 1] = 0;
			words[at + 2] = queues.sqHead[queue] | (queue << 16);
			words[at + 3] = commands.cid[slot] | (phase << 16) | (status << 17) | (doNotRetry(status) ? 1 << 31 : 0);
			queues.advanceTail(completion);
			phase = queues.cqPhase[completion];
		}

		this.engine.hash.word((queue << 16) | commands.cid[slot]);
		this.engine.hash.word(status);
		if (commands.identity[slot] !== 0) {
			this.engine.trace.hop(this.engine.now, commands.identity[slot], this.point, slot);
		}

		this.onRelease(slot);
		if (copies > 0) {
			this.owner.posted(completion);
		}
	}

	/** The driver consumed entries: posts what waited for room. */
	roomIn(completionQueue: number): void {
		const commands = this.commands;
		let slot = this.waitingFirst[completionQueue];
		while (slot >= 0 && commands.state[slot] === slotWaiting && !this.queues.completionFull(completionQueue)) {
			const next = commands.next[slot];
			this.waitingFirst[completionQueue] = next;
			this.post(slot);
			slot = next;
		}

		if (this.waitingFirst[completionQueue] < 0) {
			this.waitingLast[completionQueue] = -1;
		}
	}

	/** Forgets the waiting completions of a submission queue that is being deleted: they count as implicitly completed (§5.6). */
	drop(queue: number): void {
		const commands = this.commands;
		const completion = this.queues.sqCompletion[queue];
		let before = -1;
		let slot = this.waitingFirst[completion];
		while (slot >= 0) {
			const next = commands.next[slot];
			if (commands.queue[slot] === queue) {
				if (before < 0) {
					this.waitingFirst[completion] = next;
				} else {
					commands.next[before] = next;
				}

				if (next < 0) {
					this.waitingLast[completion] = before;
				}

				this.onRelease(slot);
			} else {
				before = slot;
			}

			slot = next;
		}
	}

	private wait(slot: number, completion: number): void {
		const commands = this.commands;
		commands.state[slot] = slotWaiting;
		commands.next[slot] = -1;
		const last = this.waitingLast[completion];
		if (last < 0) {
			this.waitingFirst[completion] = slot;
		} else {
			commands.next[last] = slot;
		}

		this.waitingLast[completion] = slot;
	}
}
