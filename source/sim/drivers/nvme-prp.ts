/**
Physical region pages as the host writes them (NVM Express base specification 1.4 §4.3): the first may start inside a page, only
the last may end inside one, and beyond two pages the second entry points to a list. A segment list that does not fit that rule
becomes several commands.
*/
import {assert} from '../../engine/assert.js';
import type {BlockRequest} from '../kernel/block-device.js';
import type {Direction, DmaMemory, Kernel} from '../kernel/kernel.js';

const pageBytes = 4096;
const chunkBytes = 131_072;
const highUnit = 4_294_967_296;

/** Index after the last segment that can share a command with segment `first`, at most `maximum` bytes. */
export function commandEnd(request: BlockRequest, first: number, maximum: number): number {
	const {pages, offsets, lengths, segments} = request;
	let bytes = lengths[first];
	let end = offsets[first] + lengths[first];
	let i = first + 1;
	while (i < segments) {
		const follows = end === pageBytes ? offsets[i] === 0 : pages[i] === pages[i - 1] && offsets[i] === end;
		bytes += lengths[i];
		if (!follows || bytes > maximum) break;
		end = offsets[i] + lengths[i];
		i++;
	}

	return i;
}

export class NvmePrpLists {
	readonly #kernel: Kernel;
	/** Words of one command's list: a power of two, so that no list crosses a page. */
	readonly #listWords: number;
	readonly #listsPerChunk: number;
	readonly #chunks: DmaMemory[] = [];

	/** @param maximum bytes of the largest transfer. */
	constructor(kernel: Kernel, commands: number, maximum: number) {
		this.#kernel = kernel;
		let entries = 1;
		while (entries < maximum / pageBytes) entries *= 2;
		assert(entries * 8 <= pageBytes, 'a list fits in a page');
		this.#listWords = entries * 2;
		this.#listsPerChunk = Math.min(commands, chunkBytes / (entries * 8));
		for (let lists = 0; lists < commands; lists += this.#listsPerChunk) {
			this.#chunks.push(kernel.dmaMemory(Math.ceil((this.#listsPerChunk * entries * 8) / pageBytes) * pageBytes));
		}
	}

	/** Writes PRP 1 and 2 of a submission entry at `words[at]` for some segments of a request; `command` has the list. */
	describe(
		words: Int32Array,
		at: number,
		request: BlockRequest,
		first: number,
		count: number,
		direction: Direction,
		command: number,
	): void {
		const {pages, offsets, lengths} = request;
		const address = this.#kernel.dmaAddress(pages[first], direction) + offsets[first];
		words[at + 6] = address | 0;
		words[at + 7] = Math.floor(address / highUnit);
		words[at + 8] = 0;
		words[at + 9] = 0;
		let end = offsets[first] + lengths[first];
		let entries = 0;
		for (let i = first + 1; i < first + count; i++) {
			if (end === pageBytes) this.#add(words, at, entries++, this.#kernel.dmaAddress(pages[i], direction), command);
			end = offsets[i] + lengths[i];
		}
	}

	/** The same for `bytes` of DMA memory at a page's start. */
	describeMemory(words: Int32Array, at: number, address: number, bytes: number, command: number): void {
		words[at + 6] = address | 0;
		words[at + 7] = Math.floor(address / highUnit);
		words[at + 8] = 0;
		words[at + 9] = 0;
		for (let done = pageBytes, entries = 0; done < bytes; done += pageBytes) {
			this.#add(words, at, entries++, address + done, command);
		}
	}

	/** One more page: the second goes into PRP 2 itself, a third makes PRP 2 point to a list of all but the first. */
	#add(words: Int32Array, at: number, index: number, address: number, command: number): void {
		if (index === 0) {
			words[at + 8] = address | 0;
			words[at + 9] = Math.floor(address / highUnit);
			return;
		}

		const chunk = this.#chunks[Math.floor(command / this.#listsPerChunk)];
		const list = (command % this.#listsPerChunk) * this.#listWords;
		if (index === 1) {
			chunk.words[list] = words[at + 8];
			chunk.words[list + 1] = words[at + 9];
			const listAddress = chunk.address + list * 4;
			words[at + 8] = listAddress | 0;
			words[at + 9] = Math.floor(listAddress / highUnit);
		}

		chunk.words[list + index * 2] = address | 0;
		chunk.words[list + index * 2 + 1] = Math.floor(address / highUnit);
	}
}
