/** A frame's bytes between memory and the chip, page by page, each page asked of bus and IOMMU at the moment it is reached. Addresses are two words. */
import {copyBytes} from '../../engine/bytes.js';
import {type Dma, frameOf, refused} from '../dma.js';

const pageBytes = 4096;

/** Reads `length` bytes from memory to `target` at `at`. False when memory refused; the pages before that are read. */
export function readMemory(dma: Dma, target: Buffer, at: number, low: number, high: number, length: number): boolean {
	let frame = frameOf(low, high);
	let offset = low & (pageBytes - 1);
	for (let done = 0; done < length; frame++) {
		const reached = dma.reach(frame, false);
		if (reached === refused) {
			return false;
		}

		const part = Math.min(length - done, pageBytes - offset);
		copyBytes(dma.memory.bytes(reached), offset, target, at + done, part);
		done += part;
		offset = 0;
	}

	return true;
}

/** Writes `length` bytes of `source` from `at` on to memory. False when memory refused; the pages before that are written. */
export function writeMemory(dma: Dma, source: Buffer, at: number, low: number, high: number, length: number): boolean {
	let frame = frameOf(low, high);
	let offset = low & (pageBytes - 1);
	for (let done = 0; done < length; frame++) {
		const reached = dma.reach(frame, true);
		if (reached === refused) {
			return false;
		}

		const part = Math.min(length - done, pageBytes - offset);
		copyBytes(source, at + done, dma.memory.bytes(reached), offset, part);
		done += part;
		offset = 0;
	}

	return true;
}
