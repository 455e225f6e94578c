/**
Physical region pages: which frames a command's data lies in. The first entry may start inside a page, all others must not; beyond
two pages the second entry points to a list, whose pages chain through their last entry. After NVMe base specification 1.4 §4.3.
*/
import {type Dma, frameOf, refused} from '../dma.js';
import {dataTransferError, invalidPrpOffset, success} from './nvme-status.js';

const pageBytes = 4096;
const entriesPerPage = pageBytes / 8;

export class PrpWalker {
	/** List pages read by the last `walk`: each is a read across the link. */
	listPages = 0;
	private readonly dma: Dma;

	constructor(dma: Dma) {
		this.dma = dma;
	}

	/**
	Resolves `bytes` bytes (at least 1) described by PRP 1 and 2, given as low and high words, into frame numbers in `frames` from index `at`.
	@returns a status: `invalidPrpOffset` for a misaligned entry, `dataTransferError` when a list page cannot be read.
	*/
	walk(
		prp1Low: number,
		prp1High: number,
		prp2Low: number,
		prp2High: number,
		bytes: number,
		frames: Int32Array,
		at: number,
	): number {
		this.listPages = 0;
		if ((prp1Low & 3) !== 0) {
			return invalidPrpOffset;
		}

		frames[at] = frameOf(prp1Low, prp1High);
		const rest = bytes - (pageBytes - (prp1Low & (pageBytes - 1)));
		if (rest <= 0) {
			return success;
		}

		if (rest <= pageBytes) {
			frames[at + 1] = frameOf(prp2Low, prp2High);
			return (prp2Low & (pageBytes - 1)) === 0 ? success : invalidPrpOffset;
		}

		return this.walkList(prp2Low, prp2High, Math.ceil(rest / pageBytes), frames, at + 1);
	}

	private walkList(low: number, high: number, pages: number, frames: Int32Array, at: number): number {
		if ((low & 7) !== 0) {
			return invalidPrpOffset;
		}

		let listFrame = frameOf(low, high);
		let index = (low & (pageBytes - 1)) >> 3;
		let left = pages;
		let to = at;
		while (left > 0) {
			this.listPages++;
			const frame = this.dma.reach(listFrame, false);
			if (frame === refused) {
				return dataTransferError;
			}

			const words = this.dma.memory.words(frame);
			while (left > 0) {
				const entryLow = words[2 * index];
				const entryFrame = frameOf(entryLow, words[2 * index + 1]);
				if ((entryLow & (pageBytes - 1)) !== 0) {
					return invalidPrpOffset;
				}

				if (index === entriesPerPage - 1 && left > 1) {
					listFrame = entryFrame;
					index = 0;
					break;
				}

				frames[to++] = entryFrame;
				left--;
				index++;
			}
		}

		return success;
	}
}
