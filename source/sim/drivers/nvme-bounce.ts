/**
Bounce buffers for drives with blocks of 4096 bytes: a request whose segments cannot be cut into commands of whole blocks is copied
through memory of the driver's own. Taken only where the drive forces it; the copy is a step of its own and counted.
*/
import type {BlockRequest} from '../kernel/block-device.js';
import type {DmaMemory, Kernel} from '../kernel/kernel.js';
import {commandEnd} from './nvme-prp.js';

const buffers = 4;

export class NvmeBounce {
	readonly #kernel: Kernel;
	readonly #logicalBlock: number;
	readonly #memory: DmaMemory[] = [];
	readonly #free: number[] = [];

	/** @param bytes of the largest request. */
	constructor(kernel: Kernel, bytes: number, logicalBlock: number) {
		this.#kernel = kernel;
		this.#logicalBlock = logicalBlock;
		for (let i = 0; i < buffers; i++) {
			this.#memory.push(kernel.dmaMemory(bytes));
			this.#free.push(buffers - 1 - i);
		}
	}

	/** Whether some command of the request would not be whole blocks. */
	isNeeded(request: BlockRequest, maximum: number): boolean {
		let from = 0;
		while (from < request.segments) {
			const end = commandEnd(request, from, maximum);
			let bytes = 0;
			for (let i = from; i < end; i++) bytes += request.lengths[i];
			if (bytes % this.#logicalBlock !== 0) return true;
			from = end;
		}

		return false;
	}

	/** A buffer; -1 when all are in use. */
	take(): number {
		return this.#free.pop() ?? -1;
	}

	give(buffer: number): void {
		this.#free.push(buffer);
	}

	address(buffer: number): number {
		return this.#memory[buffer].address;
	}

	/** Copies the request's segments into a buffer, or out of it. */
	copy(request: BlockRequest, buffer: number, into: boolean): void {
		const {words} = this.#memory[buffer];
		let at = 0;
		for (let i = 0; i < request.segments; i++) {
			const page = this.#kernel.words(request.pages[i]);
			const first = request.offsets[i] >> 2;
			const count = request.lengths[i] >> 2;
			for (let word = 0; word < count; word++) {
				if (into) words[at + word] = page[first + word];
				else page[first + word] = words[at + word];
			}

			at += count;
		}
	}
}
