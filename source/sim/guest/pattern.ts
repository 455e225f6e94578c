/**
What a write puts into a sector: 16 bytes that say whose they are (disk, sector, number of the write, check word), then a slice of a
fixed pool of pseudo-random bytes that the number chooses. Content is a function of the three, so every byte of a read can be
foretold, and bytes found where they should not be say where they come from.
*/
import {RandomStream} from '../../engine/random.js';

export const sectorBytes = 512;
export const sectorWords = 128;
export const sectorsPerBlock = 8;
export const blockBytes = 4096;
export const headerWords = 4;
const poolPages = 16;
const blockWords = 1024;

/** Whose bytes a sector holds. */
export interface Origin {
	/** Tag of the disk. */
	readonly tag: number;
	readonly sector: number;
	readonly number: number;
}

export class Pattern {
	readonly #bytes: Buffer[] = [];
	readonly #words: Int32Array[] = [];
	readonly zero: Buffer = Buffer.alloc(blockBytes);

	constructor() {
		const random = new RandomStream(20_030_419, 'oracle/pattern');
		for (let page = 0; page < poolPages; page++) {
			const words = new Int32Array(blockWords);
			for (let i = 0; i < blockWords; i++) {
				words[i] = random.next();
			}

			this.#words.push(words);
			this.#bytes.push(Buffer.from(words.buffer));
		}
	}

	/** The eight sectors of an aligned block, all of write `number` (0: never written). Valid until the next call of this object. */
	block(tag: number, sector: number, number: number): Buffer {
		if (number === 0) {
			return this.zero;
		}

		const page = number & (poolPages - 1);
		const words = this.#words[page];
		const low = sector | 0;
		const seed = seedOf(tag, sector, number);
		for (let i = 0; i < sectorsPerBlock; i++) {
			const at = i * sectorWords;
			words[at] = tag;
			words[at + 1] = low + i;
			words[at + 2] = number;
			words[at + 3] = checkOf(seed, low + i);
		}

		return this.#bytes[page];
	}

	/** A buffer that holds the bytes of one sector as write `number` leaves it, at `offsetOf(sector)`. Valid until the next call. */
	sector(tag: number, sector: number, number: number): Buffer {
		if (number === 0) {
			return this.zero;
		}

		const page = number & (poolPages - 1);
		const words = this.#words[page];
		const at = (sector % sectorsPerBlock) * sectorWords;
		const low = sector | 0;
		words[at] = tag;
		words[at + 1] = low;
		words[at + 2] = number;
		words[at + 3] = checkOf(seedOf(tag, sector, number), low);
		return this.#bytes[page];
	}

	/** Writes the content of `sectors` sectors from `sector` on, as write `number` leaves them, at byte `offset` of a page. */
	fill(
		tag: number,
		sector: number,
		sectors: number,
		number: number,
		bytes: Buffer,
		words: Int32Array,
		offset: number,
	): void {
		if (sectors === sectorsPerBlock && offset === 0 && sector % sectorsPerBlock === 0) {
			bytes.set(this.block(tag, sector, number));
			return;
		}

		const pool = this.#words[number & (poolPages - 1)];
		for (let i = 0; i < sectors; i++) {
			this.sector(tag, sector + i, number);
			const from = ((sector + i) % sectorsPerBlock) * sectorWords;
			const to = offset / 4 + i * sectorWords;
			for (let word = 0; word < sectorWords; word++) {
				words[to + word] = pool[from + word];
			}
		}
	}

	/** Whose header a sector carries, when its check word says that it is one; the body may still be anything. */
	originOf(words: Int32Array, at: number): Origin | undefined {
		const tag = words[at];
		const low = words[at + 1];
		const number = words[at + 2];
		// Sectors above 2^32 differ in the check word only; disks are smaller than 2^35 sectors.
		for (let high = 0; high < 8; high++) {
			const sector = high * 4_294_967_296 + (low >>> 0);
			if (words[at + 3] === checkOf(seedOf(tag, sector, number), low)) {
				return {tag, sector, number};
			}
		}

		return undefined;
	}

	/** True when the sector's bytes from `from` on are those of some write's body or zeros. */
	isSomeTail(bytes: Buffer, offset: number, sector: number, from: number): boolean {
		const within = (sector % sectorsPerBlock) * sectorBytes;
		for (const page of [this.zero, ...this.#bytes]) {
			if (bytes.compare(page, within + from, within + sectorBytes, offset + from, offset + sectorBytes) === 0) {
				return true;
			}
		}

		return false;
	}
}

/** Byte offset of a sector within its block. */
export function offsetOf(sector: number): number {
	return (sector % sectorsPerBlock) * sectorBytes;
}

/** All that enters the check word but the low word of the sector. */
function seedOf(tag: number, sector: number, number: number): number {
	const high = Math.floor(sector / 4_294_967_296);
	return Math.imul(Math.imul(number ^ 0x5bd1e995, 0x9e3779b1) ^ tag, 0x85ebca6b) + Math.imul(high, 0x27d4eb2f);
}

function checkOf(seed: number, low: number): number {
	const mixed = Math.imul(seed ^ Math.imul(low, 0xc2b2ae35), 0x2c1b3c6d);
	return mixed ^ (mixed >>> 15);
}
