/**
When a job's I/Os may begin: fio's rate_iops with its linear or Poisson process (arrivals that do not wait for answers, held in a queue
while the depth is reached), thinktime, and the end by runtime or number_ios. Where on the disk each goes, and whether it reads:
a job that only writes and verifies reads back, in the same order, what it wrote in each pass over its region.
*/
import type {RandomStream} from '../../engine/random.js';
import type {JobOptions} from './job-options.js';

/** Arrivals that wait for depth; more are skipped and counted. */
const arrivalLimit = 1 << 16;
/** Writes after which a job that verifies reads back, if its region is larger. */
const passLimit = 1 << 16;
const second = 1_000_000_000;

export class JobPace {
	/** When the next I/O arrives, if it is for arrivals to say; nanoseconds. */
	nextArrival = 0;
	/** I/Os begun. */
	issued = 0;
	/** Arrivals that found 65536 others waiting. */
	skipped = 0;
	#start = 0;
	#arrivals = 0;
	#issuedThisTurn = 0;
	readonly #waiting: Float64Array;
	#from = 0;
	#length = 0;
	readonly #blocks: number;
	#nextRead = 0;
	#nextWrite = 0;
	/** Blocks written in this pass, to be read back, and where reading back is; -1 while writing. */
	readonly #written: Int32Array;
	#writtenCount = 0;
	#readBack = -1;
	#readBacks = 0;

	/** @param size bytes of the region. */
	constructor(
		readonly options: JobOptions,
		size: number,
		private readonly random: RandomStream,
	) {
		this.#blocks = Math.floor(size / options.bs);
		const {rw, verify} = options;
		const readsBack = verify !== undefined && (rw === 'write' || rw === 'randwrite');
		this.#written = new Int32Array(readsBack ? Math.min(this.#blocks, passLimit) : 0);
		this.#waiting = new Float64Array(options.rateIops > 0 ? arrivalLimit : 0);
	}

	/** The job begins at `now`. */
	begin(now: number): void {
		this.#start = now;
		this.nextArrival = now;
		this.#advance();
	}

	get isOpenLoop(): boolean {
		return this.options.rateIops > 0;
	}

	/** Arrived and not begun. */
	get backlog(): number {
		return this.#length;
	}

	/** When the oldest arrival that has not begun came; undefined when none waits. */
	get oldestArrival(): number | undefined {
		return this.#length === 0 ? undefined : this.#waiting[this.#from & (arrivalLimit - 1)];
	}

	/** No I/O begins any more. */
	isOver(now: number): boolean {
		const {runtime, numberIos} = this.options;
		return (
			(runtime > 0 && now >= this.#start + runtime) ||
			(numberIos > 0 && this.issued - this.#readBacks >= numberIos && this.#readBack < 0)
		);
	}

	/** Everything that has arrived by `now` joins the queue. */
	arrive(now: number): void {
		while (this.nextArrival <= now) {
			if (this.#length < arrivalLimit) {
				this.#waiting[(this.#from + this.#length++) & (arrivalLimit - 1)] = this.nextArrival;
			} else {
				this.skipped++;
			}

			this.#advance();
		}
	}

	/** An I/O may begin now as far as arrivals go. */
	get isReady(): boolean {
		return !this.isOpenLoop || this.#length > 0;
	}

	/** Begins an I/O; returns since when it counts. */
	take(now: number): number {
		this.issued++;
		this.#issuedThisTurn++;
		if (!this.isOpenLoop) {
			return now;
		}

		this.#length--;
		return this.#waiting[this.#from++ & (arrivalLimit - 1)];
	}

	/** The turn's I/Os have all begun: when they are answered, the job pauses. */
	get isPauseDue(): boolean {
		return this.options.thinktime > 0 && this.#issuedThisTurn >= Math.max(1, this.options.thinktimeBlocks);
	}

	resume(): void {
		this.#issuedThisTurn = 0;
	}

	/** Whether the next I/O is a write. */
	isWrite(): boolean {
		if (this.#readBack >= 0) {
			return false;
		}

		switch (this.options.rw) {
			case 'read':
			case 'randread':
				return false;
			case 'write':
			case 'randwrite':
				return true;
			default:
				return this.random.below(100) >= this.options.rwmixread;
		}
	}

	/** Byte offset from the region's start of the next I/O. */
	offset(write: boolean): number {
		const {rw, bs} = this.options;
		if (this.#readBack >= 0) {
			const block = this.#written[this.#readBack++];
			this.#readBacks++;
			if (this.#readBack === this.#writtenCount) {
				this.#readBack = -1;
				this.#writtenCount = 0;
			}

			return block * bs;
		}

		if (rw === 'randread' || rw === 'randwrite' || rw === 'randrw') {
			const block = this.random.below(this.#blocks);
			this.#note(block);
			return block * bs;
		}

		const block = write ? this.#nextWrite : this.#nextRead;
		const next = (block + 1) % this.#blocks;
		if (write) {
			this.#nextWrite = next;
			this.#note(block);
		} else {
			this.#nextRead = next;
		}

		return block * bs;
	}

	/** Remembers what is to be read back; at the end of a pass, reading back begins. */
	#note(block: number): void {
		if (this.#written.length > 0) {
			this.#written[this.#writtenCount++] = block;
			if (this.#writtenCount === this.#written.length || this.issued - this.#readBacks === this.options.numberIos) {
				this.#readBack = 0;
			}
		}
	}

	#advance(): void {
		const {rateIops, rateProcess} = this.options;
		if (rateIops === 0) {
			return;
		}

		this.#arrivals++;
		if (rateProcess === 'poisson') {
			this.nextArrival += Math.max(1, this.random.exponential(second / rateIops));
		} else {
			this.nextArrival = this.#start + Math.round((this.#arrivals * second) / rateIops);
		}
	}
}
