/**
Submission and completion queues of an NVMe controller: base, size, head, tail and phase of each, in typed arrays by queue
identifier; and what doorbells do to them. After NVMe base specification 1.4 §4.1 (circular, full at size - 1 entries) and §3.1.24.
*/
export const doorbellIgnored = 0;
export const doorbellTaken = 1;
/** The register belongs to no queue: event "Write to Invalid Doorbell Register". */
export const doorbellNoQueue = 2;
/** The value is beyond the queue, adds to a full queue or removes from an empty one: event "Invalid Doorbell Write Value". */
export const doorbellBadValue = 3;
export type DoorbellResult =
	| typeof doorbellIgnored
	| typeof doorbellTaken
	| typeof doorbellNoQueue
	| typeof doorbellBadValue;

const cidWords = 65_536 / 32;

export class NvmeQueues {
	/** Submission queues, by identifier; 0 is the admin queue. Size 0: there is none. */
	readonly sqSize: Int32Array;
	readonly sqFrame: Int32Array;
	readonly sqHead: Int32Array;
	readonly sqTail: Int32Array;
	readonly sqCompletion: Int32Array;
	/** Commands fetched and not completed. */
	readonly sqInFlight: Int32Array;
	/** Being deleted: nothing is fetched any more. */
	readonly sqDeleting: Uint8Array;

	readonly cqSize: Int32Array;
	readonly cqFrame: Int32Array;
	readonly cqHead: Int32Array;
	readonly cqTail: Int32Array;
	readonly cqPhase: Uint8Array;
	readonly cqInterrupts: Uint8Array;
	readonly cqVector: Int32Array;
	/** Submission queues that complete here. */
	readonly cqUsers: Int32Array;

	/** One past the highest submission queue there is: nobody need look at identifiers beyond. */
	sqEnd = 0;

	/** A bit for each command identifier in use, by submission queue. */
	private readonly cids: Int32Array;

	/** @param pairs number of identifiers, the admin queue's included. */
	constructor(readonly pairs: number) {
		this.sqSize = new Int32Array(pairs);
		this.sqFrame = new Int32Array(pairs);
		this.sqHead = new Int32Array(pairs);
		this.sqTail = new Int32Array(pairs);
		this.sqCompletion = new Int32Array(pairs);
		this.sqInFlight = new Int32Array(pairs);
		this.sqDeleting = new Uint8Array(pairs);
		this.cqSize = new Int32Array(pairs);
		this.cqFrame = new Int32Array(pairs);
		this.cqHead = new Int32Array(pairs);
		this.cqTail = new Int32Array(pairs);
		this.cqPhase = new Uint8Array(pairs);
		this.cqInterrupts = new Uint8Array(pairs);
		this.cqVector = new Int32Array(pairs);
		this.cqUsers = new Int32Array(pairs);
		this.cids = new Int32Array(pairs * cidWords);
	}

	createSubmission(id: number, frame: number, size: number, completion: number): void {
		this.sqSize[id] = size;
		this.sqFrame[id] = frame;
		this.sqHead[id] = 0;
		this.sqTail[id] = 0;
		this.sqCompletion[id] = completion;
		this.sqInFlight[id] = 0;
		this.sqDeleting[id] = 0;
		this.sqEnd = Math.max(this.sqEnd, id + 1);
		this.cqUsers[completion]++;
	}

	deleteSubmission(id: number): void {
		this.sqSize[id] = 0;
		this.sqDeleting[id] = 0;
		this.cqUsers[this.sqCompletion[id]]--;
		while (this.sqEnd > 0 && this.sqSize[this.sqEnd - 1] === 0) {
			this.sqEnd--;
		}
	}

	createCompletion(id: number, frame: number, size: number, interrupts: boolean, vector: number): void {
		this.cqSize[id] = size;
		this.cqFrame[id] = frame;
		this.cqHead[id] = 0;
		this.cqTail[id] = 0;
		this.cqPhase[id] = 1;
		this.cqInterrupts[id] = interrupts ? 1 : 0;
		this.cqVector[id] = vector;
		this.cqUsers[id] = 0;
	}

	deleteCompletion(id: number): void {
		this.cqSize[id] = 0;
	}

	/** As after a controller reset: no queue exists. */
	clear(): void {
		this.sqSize.fill(0);
		this.sqEnd = 0;
		this.cqSize.fill(0);
		this.sqInFlight.fill(0);
		this.sqDeleting.fill(0);
		this.cqUsers.fill(0);
		this.cids.fill(0);
	}

	/** The driver wrote `value` to a submission queue's tail doorbell. Repeating the tail changes nothing. */
	ringTail(id: number, value: number): DoorbellResult {
		const size = id < this.pairs ? this.sqSize[id] : 0;
		if (size === 0) {
			return doorbellNoQueue;
		}

		const tail = this.sqTail[id];
		const target = value & 0xffff;
		if (target === tail) {
			return doorbellIgnored;
		}

		const used = tail - this.sqHead[id];
		const added = target - tail;
		if (target >= size || (used < 0 ? used + size : used) + (added < 0 ? added + size : added) > size - 1) {
			return doorbellBadValue;
		}

		this.sqTail[id] = target;
		return doorbellTaken;
	}

	/** The driver wrote `value` to a completion queue's head doorbell. */
	ringHead(id: number, value: number): DoorbellResult {
		const size = id < this.pairs ? this.cqSize[id] : 0;
		if (size === 0) {
			return doorbellNoQueue;
		}

		const head = this.cqHead[id];
		const target = value & 0xffff;
		if (target === head) {
			return doorbellIgnored;
		}

		const posted = this.cqTail[id] - head;
		const consumed = target - head;
		if (target >= size || (consumed < 0 ? consumed + size : consumed) > (posted < 0 ? posted + size : posted)) {
			return doorbellBadValue;
		}

		this.cqHead[id] = target;
		return doorbellTaken;
	}

	/** There is a command to fetch. */
	hasWork(id: number): boolean {
		return this.sqHead[id] !== this.sqTail[id] && this.sqSize[id] !== 0 && this.sqDeleting[id] === 0;
	}

	advanceHead(id: number): void {
		const next = this.sqHead[id] + 1;
		this.sqHead[id] = next === this.sqSize[id] ? 0 : next;
	}

	completionFull(id: number): boolean {
		const next = this.cqTail[id] + 1;
		return (next === this.cqSize[id] ? 0 : next) === this.cqHead[id];
	}

	/** Moves a completion queue's tail on; the phase flips at each wrap. */
	advanceTail(id: number): void {
		const next = this.cqTail[id] + 1;
		if (next === this.cqSize[id]) {
			this.cqTail[id] = 0;
			this.cqPhase[id] ^= 1;
		} else {
			this.cqTail[id] = next;
		}
	}

	/** Marks a command identifier as in use; false when it was already. */
	takeCid(id: number, cid: number): boolean {
		const word = id * cidWords + (cid >> 5);
		const bit = 1 << (cid & 31);
		if ((this.cids[word] & bit) !== 0) {
			return false;
		}

		this.cids[word] |= bit;
		return true;
	}

	releaseCid(id: number, cid: number): void {
		this.cids[id * cidWords + (cid >> 5)] &= ~(1 << (cid & 31));
	}
}
