/**
The registers of an NVMe controller below the doorbells, as they read: 1000h bytes of which the first 38h mean something. After NVMe
base specification 1.4 §3.1. What a write of CC or the interrupt masks sets off is the controller's business.
*/
import {frameOf} from '../dma.js';
import {
	adminCompletionHigh,
	adminCompletionLow,
	adminQueueAttributes,
	adminSubmissionHigh,
	adminSubmissionLow,
	capabilitiesHigh,
	capabilitiesLow,
	capHigh,
	capLow,
	configuration,
	controllerStatus,
	interruptMaskClear,
	interruptMaskSet,
	version,
	versionRegister,
} from './nvme-registers.js';

const words = 0x38 / 4;

export class NvmeRegisters {
	private readonly words = new Int32Array(words);
	private readonly entries: number;
	private readonly timeout: number;

	/** @param entries largest queue. @param timeout nanoseconds CSTS.RDY may take to follow CC.EN. */
	constructor(entries: number, timeout: number) {
		this.entries = entries;
		this.timeout = timeout;
		this.reset();
	}

	/** As after power-on. */
	reset(): void {
		this.words.fill(0);
		this.words[capLow >> 2] = capabilitiesLow(this.entries, this.timeout);
		this.words[capHigh >> 2] = capabilitiesHigh;
		this.words[versionRegister >> 2] = version;
	}

	/** A 32-bit word; reserved ones read zero. */
	read(offset: number): number {
		return offset < words * 4 ? this.words[offset >> 2] : 0;
	}

	/** AQA, ASQ, ACQ: reserved bits stay zero; anything else is ignored. */
	writeQueue(offset: number, value: number): void {
		if (offset === adminQueueAttributes) {
			this.words[offset >> 2] = value & 0x0fff_0fff;
		} else if (offset === adminSubmissionLow || offset === adminCompletionLow) {
			this.words[offset >> 2] = value & ~4095;
		} else if (offset === adminSubmissionHigh || offset === adminCompletionHigh) {
			this.words[offset >> 2] = value;
		}
	}

	/** INTMS and INTMC: sets and clears bits of the one mask both read as. */
	mask(set: number, clear: number): void {
		const mask = (this.intms | set) & ~clear;
		this.words[interruptMaskSet >> 2] = mask;
		this.words[interruptMaskClear >> 2] = mask;
	}

	get intms(): number {
		return this.words[interruptMaskSet >> 2];
	}

	get cc(): number {
		return this.words[configuration >> 2];
	}

	set cc(value: number) {
		this.words[configuration >> 2] = value;
	}

	get csts(): number {
		return this.words[controllerStatus >> 2];
	}

	set csts(value: number) {
		this.words[controllerStatus >> 2] = value;
	}

	/** Entries of the admin queues; less than 2 is not valid. */
	get adminSubmissionSize(): number {
		return (this.words[adminQueueAttributes >> 2] & 0xfff) + 1;
	}

	get adminCompletionSize(): number {
		return ((this.words[adminQueueAttributes >> 2] >>> 16) & 0xfff) + 1;
	}

	get adminSubmissionFrame(): number {
		return frameOf(this.words[adminSubmissionLow >> 2], this.words[adminSubmissionHigh >> 2]);
	}

	get adminCompletionFrame(): number {
		return frameOf(this.words[adminCompletionLow >> 2], this.words[adminCompletionHigh >> 2]);
	}
}
