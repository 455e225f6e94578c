/**
What blkback asks of a request before it touches anything, in the order of Linux's xen-blkback (dispatch_rw_block_io,
xen_vbd_translate): number of segments, their sectors, the disk's end and whether it may be written, whole logical blocks. Looks
at the private copy only, and fills the block request from it.
*/
import {
	maximumSegments,
	requestSector,
	requestSegmentCount,
	sectorsPerPage,
	segmentFirst,
	segmentLast,
} from '../channel/blkif.js';
import {
	type BlockLimits,
	type BlockRequest,
	flushOperation,
	readOperation,
	sectorBytes,
} from '../kernel/block-device.js';

export const requestValid = 0;
/** Segments that cannot be. */
export const requestMalformed = 1;
/** Beyond the disk, or a write to one that is read-only. */
export const requestDenied = 2;
/** Not whole logical blocks. */
export const requestMisaligned = 3;
export type Verdict = typeof requestValid | typeof requestMalformed | typeof requestDenied | typeof requestMisaligned;

export class RequestCheck {
	readonly #sectors: number;
	/** Sectors of a logical block, less one. */
	readonly #mask: number;

	constructor(limits: BlockLimits) {
		this.#sectors = limits.sectors;
		this.#mask = limits.logicalBlock / sectorBytes - 1;
	}

	/** `request.operation` is set; fills sector, segments, offsets and lengths. */
	check(copy: Int32Array, request: BlockRequest, readonly: boolean): Verdict {
		const segments = requestSegmentCount(copy);
		const flush = request.operation === flushOperation;
		request.segments = 0;
		if (flush ? segments !== 0 : segments === 0 || segments > maximumSegments) {
			return requestMalformed;
		}

		request.segments = segments;
		let sectors = 0;
		let sizes = 0;
		for (let i = 0; i < segments; i++) {
			const first = segmentFirst(copy, i);
			const last = segmentLast(copy, i);
			if (last >= sectorsPerPage || last < first) {
				return requestMalformed;
			}

			const count = last - first + 1;
			request.offsets[i] = first * sectorBytes;
			request.lengths[i] = count * sectorBytes;
			sectors += count;
			sizes |= count;
		}

		const sector = requestSector(copy);
		request.sector = flush ? 0 : sector;
		if (readonly && request.operation !== readOperation) {
			return requestDenied;
		}

		if (sectors > 0 && sector + sectors > this.#sectors) {
			return requestDenied;
		}

		const mask = this.#mask;
		if (mask !== 0 && !flush && (sector % (mask + 1) !== 0 || (sizes & mask) !== 0)) {
			return requestMisaligned;
		}

		return requestValid;
	}
}
