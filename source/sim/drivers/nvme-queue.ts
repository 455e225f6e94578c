/**
One submission and completion queue pair in DMA memory, as the host keeps it: tail of the one, head and phase of the other. After
NVM Express base specification 1.4 §4.1 and §4.6 (phase tag).
*/
import type {DmaMemory, Kernel} from '../kernel/kernel.js';
import {completionWords, submissionWords} from './nvme-registers.js';

export class NvmeQueuePair {
	readonly submission: DmaMemory;
	readonly completion: DmaMemory;
	/** Next submission entry to write, and the tail the controller was last told. */
	tail = 0;
	announced = 0;
	/** Next completion entry to look at. */
	head = 0;
	/** Entries were taken and the controller does not know yet. */
	taken = false;
	#phase = 1;

	/** @param entries of each queue; one fewer commands can be outstanding. */
	constructor(
		kernel: Kernel,
		readonly id: number,
		readonly entries: number,
	) {
		this.submission = kernel.dmaMemory(entries * submissionWords * 4);
		this.completion = kernel.dmaMemory(entries * completionWords * 4);
	}

	/** As after creation: everything zero, phase 1. */
	clear(): void {
		this.submission.words.fill(0);
		this.completion.words.fill(0);
		this.tail = 0;
		this.announced = 0;
		this.head = 0;
		this.taken = false;
		this.#phase = 1;
	}

	/** Index of the first word of the next submission entry. */
	get entry(): number {
		return this.tail * submissionWords;
	}

	/** The entry is written: the tail moves past it. */
	push(): void {
		this.tail = this.tail + 1 === this.entries ? 0 : this.tail + 1;
	}

	/** Whether a new completion entry lies at the head: its phase tag is the one expected. */
	get pending(): boolean {
		return ((this.completion.words[this.head * completionWords + 3] >>> 16) & 1) === this.#phase;
	}

	/** Command-specific result of the completion at the head. */
	get result(): number {
		return this.completion.words[this.head * completionWords];
	}

	/** Last word of the completion at the head: command identifier, phase, status. */
	get status(): number {
		return this.completion.words[this.head * completionWords + 3];
	}

	/** Done with the completion at the head. */
	pop(): void {
		this.taken = true;
		if (this.head + 1 === this.entries) {
			this.head = 0;
			this.#phase ^= 1;
		} else {
			this.head++;
		}
	}
}
