/**
A descriptor ring of an 82540EM: base, length, head and tail, and the chip's store of descriptors read ahead, up to 64 in one access.
After SDM §3.2.3 to 3.2.6, §3.4 and §13.4.25 to 13.4.40: the low bits of base and length are no bits, head = tail is an empty ring. What
the SDM leaves undefined is as the counters make it come out: a tail beyond the length is never met, so the ring never runs empty; a
head beyond it goes on to 0; a ring of length 0 has no descriptors; a write of the head throws the descriptors read ahead away.
*/
import {type Dma, frameOf, refused} from '../dma.js';
import {ringBaseHigh, ringBaseLow, ringHead, ringLength, ringTail} from './e1000-registers.js';

const onChip = 64;
const perFrame = 256;

export class E1000Ring {
	/** First word of the first descriptor read ahead and not yet taken, in `words`; four words each. */
	at = 0;
	/** Descriptors read ahead: consecutive ones, the first of them the head's. */
	words = new Int32Array(onChip * 4);
	head = 0;
	private announced = 0;
	private count = 0;
	private baseLow = 0;
	private baseHigh = 0;
	private bytes = 0;
	private readonly dma: Dma;

	constructor(dma: Dma) {
		this.dma = dma;
	}

	reset(): void {
		this.head = 0;
		this.announced = 0;
		this.baseLow = 0;
		this.baseHigh = 0;
		this.bytes = 0;
		this.count = 0;
	}

	get tail(): number {
		return this.announced;
	}

	/** Descriptors of the ring. */
	get size(): number {
		return this.bytes >> 4;
	}

	/** Reads one of the ring's registers; 0 for an offset that is none of them. */
	readRegister(register: number): number {
		switch (register) {
			case ringBaseLow:
				return this.baseLow | 0;
			case ringBaseHigh:
				return this.baseHigh | 0;
			case ringLength:
				return this.bytes;
			case ringHead:
				return this.head;
			case ringTail:
				return this.announced;
			default:
				return 0;
		}
	}

	/** Writes one of the ring's registers. All but the tail throw away what was read ahead. */
	writeRegister(register: number, value: number): void {
		switch (register) {
			case ringTail:
				this.announced = value & 0xffff;
				return;
			case ringHead:
				this.head = value & 0xffff;
				break;
			case ringLength:
				this.bytes = value & 0x000f_ff80;
				break;
			case ringBaseLow:
				this.baseLow = (value & ~15) >>> 0;
				break;
			case ringBaseHigh:
				this.baseHigh = value >>> 0;
				break;
			default:
				return;
		}

		this.count = 0;
	}

	/** Descriptors that are the hardware's: from the head to the tail. */
	get available(): number {
		const size = this.bytes >> 4;
		if (size === 0) {
			return 0;
		}

		const distance = this.announced - this.head;
		return distance >= 0 ? distance : Math.max(1, size - this.head) + this.announced;
	}

	/** Sees to it that the head's descriptor is on the chip. Not on an empty ring. False when memory refused the read. */
	readAhead(): boolean {
		if (this.count > 0) {
			return true;
		}

		const {head} = this;
		const frame = this.dma.reach(this.frameAt(head), false);
		if (frame === refused) {
			return false;
		}

		const from = this.slotAt(head);
		const toEnd = Math.max(1, this.size - head);
		const count = Math.min(onChip, this.available, toEnd, perFrame - from);
		const source = this.dma.memory.words(frame);
		const {words} = this;
		for (let i = 0; i < count * 4; i++) {
			words[i] = source[from * 4 + i];
		}

		this.count = count;
		this.at = 0;
		return true;
	}

	/** The head's descriptor is used: on to the next. */
	advance(): void {
		this.count--;
		this.at += 4;
		const next = this.head + 1;
		this.head = next >= this.size ? 0 : next;
	}

	/** Writes the third and fourth word of a descriptor back. False when memory refused. */
	writeBack(descriptor: number, third: number, fourth: number): boolean {
		const frame = this.dma.reach(this.frameAt(descriptor), true);
		if (frame === refused) {
			return false;
		}

		const words = this.dma.memory.words(frame);
		const at = this.slotAt(descriptor) * 4;
		words[at + 2] = third;
		words[at + 3] = fourth;
		return true;
	}

	/** The machine frame a descriptor lies in. */
	private frameAt(descriptor: number): number {
		const low = this.baseLow + descriptor * 16;
		return low < 4_294_967_296 ? frameOf(low, this.baseHigh) : frameOf(low - 4_294_967_296, this.baseHigh + 1);
	}

	/** Which of its frame's descriptors it is. */
	private slotAt(descriptor: number): number {
		return ((this.baseLow >>> 4) + descriptor) & (perFrame - 1);
	}
}
