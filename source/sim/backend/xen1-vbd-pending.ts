/**
Block requests of all domains that Xen 1.0 has under way: 64 at most (MAX_PENDING_REQS). Each holds the private copy of its slot, pins the
pages it names, and becomes block requests one after the other, each as large as the device takes. Nothing is made per I/O.
*/
import {assert} from '../../engine/assert.js';
import {frameBytes} from '../../hw/memory.js';
import {
	maximumSegments,
	operationRead,
	requestOperation,
	requestSector,
	requestSegments,
	requestWords,
	segmentAddress,
	segmentSectors,
} from '../channel/vbd1.js';
import {type BlockLimits, BlockRequest, readOperation, sectorBytes, writeOperation} from '../kernel/block-device.js';
import type {XenKernel} from '../kernel/xen-kernel.js';
import type {BlockClient} from './xen1-vbd-client.js';

/** Pieces of one block request: every segment of a page may lie across two. */
const mostPieces = 2 * maximumSegments;

export class Xen1Pending {
	readonly copies: readonly Int32Array[];
	readonly requests: readonly BlockRequest[];
	readonly clients: (BlockClient | null)[];
	/** Status to answer, and identity for the trace. */
	readonly statuses: Uint8Array;
	readonly identities: Int32Array;
	/** Pages pinned, and sectors handed to the device so far. */
	readonly pinned: Int32Array;
	readonly handed: Int32Array;
	/** Block requests handed to the device so far. */
	readonly parts: Int32Array;
	free: number;
	private readonly freeOnes: Int32Array;

	constructor(
		private readonly kernel: XenKernel,
		readonly size: number,
		done: (request: BlockRequest, status: number) => void,
	) {
		this.copies = Array.from({length: size}, () => new Int32Array(requestWords));
		this.requests = Array.from({length: size}, (_, index) => new BlockRequest(mostPieces, index, done));
		this.clients = new Array(size).fill(null);
		this.statuses = new Uint8Array(size);
		this.identities = new Int32Array(size);
		this.pinned = new Int32Array(size);
		this.handed = new Int32Array(size);
		this.parts = new Int32Array(size);
		this.freeOnes = Int32Array.from({length: size}, (_, index) => size - 1 - index);
		this.free = size;
	}

	get inUse(): number {
		return this.size - this.free;
	}

	take(client: BlockClient): number {
		assert(this.free > 0, 'a pending request is free');
		const index = this.freeOnes[--this.free];
		this.clients[index] = client;
		this.pinned[index] = 0;
		this.handed[index] = 0;
		this.parts[index] = 0;
		this.requests[index].segments = 0;
		return index;
	}

	release(index: number): void {
		assert(this.clients[index] !== null && this.pinned[index] === 0, 'a pending request ends once, without pages');
		this.clients[index] = null;
		this.freeOnes[this.free++] = index;
	}

	/** Sectors of a request; 0 when one of its segments is empty. */
	sectors(index: number): number {
		const copy = this.copies[index];
		let sectors = 0;
		for (let i = 0; i < requestSegments(copy); i++) {
			const count = segmentSectors(copy, i);
			if (count === 0) return 0;
			sectors += count;
		}

		return sectors;
	}

	pages(index: number): number {
		const copy = this.copies[index];
		let pages = 0;
		for (let i = 0; i < requestSegments(copy); i++) pages += lastPage(copy, i) - firstPage(copy, i) + 1;
		return pages;
	}

	/** Pins every page of the request for its domain; false at the first that is not the domain's. `unpin` undoes what was done. */
	pin(index: number, domid: number): boolean {
		const copy = this.copies[index];
		const writable = requestOperation(copy) === operationRead;
		for (let i = 0; i < requestSegments(copy); i++) {
			const last = lastPage(copy, i);
			for (let page = firstPage(copy, i); page <= last; page++) {
				if (!this.kernel.pin(domid, page, writable)) return false;
				this.pinned[index]++;
			}
		}

		return true;
	}

	unpin(index: number): void {
		const copy = this.copies[index];
		const writable = requestOperation(copy) === operationRead;
		for (let i = 0; this.pinned[index] > 0; i++) {
			const last = lastPage(copy, i);
			for (let page = firstPage(copy, i); page <= last && this.pinned[index] > 0; page++) {
				this.kernel.unpin(page, writable);
				this.pinned[index]--;
			}
		}
	}

	/** Makes the next block request of what is left, within what the device takes. False when nothing is left. */
	fill(index: number, limits: BlockLimits): boolean {
		const copy = this.copies[index];
		const request = this.requests[index];
		const segments = requestSegments(copy);
		let segment = 0;
		let sector = this.handed[index];
		while (segment < segments && sector >= segmentSectors(copy, segment)) sector -= segmentSectors(copy, segment++);
		if (segment === segments) return false;
		request.operation = requestOperation(copy) === operationRead ? readOperation : writeOperation;
		request.sector = requestSector(copy) + this.handed[index];
		request.identity = this.identities[index];
		const most = Math.min(mostPieces, limits.segments);
		let pieces = 0;
		let bytes = 0;
		while (segment < segments && pieces < most && bytes < limits.bytes) {
			const address = segmentAddress(copy, segment) + sector * sectorBytes;
			const offset = address % frameBytes;
			const left = (segmentSectors(copy, segment) - sector) * sectorBytes;
			const length = Math.min(left, frameBytes - offset, limits.bytes - bytes);
			request.pages[pieces] = Math.floor(address / frameBytes);
			request.offsets[pieces] = offset;
			request.lengths[pieces++] = length;
			bytes += length;
			sector += length / sectorBytes;
			if (length === left) {
				segment++;
				sector = 0;
			}
		}

		// What goes on in another request must begin at a whole logical block.
		let extra = segment < segments ? bytes % limits.logicalBlock : 0;
		bytes -= extra;
		while (extra > 0) {
			const cut = Math.min(extra, request.lengths[pieces - 1]);
			request.lengths[pieces - 1] -= cut;
			if (request.lengths[pieces - 1] === 0) pieces--;
			extra -= cut;
		}

		request.segments = pieces;
		this.handed[index] += bytes / sectorBytes;
		return true;
	}
}

function firstPage(copy: Int32Array, segment: number): number {
	return Math.floor(segmentAddress(copy, segment) / frameBytes);
}

function lastPage(copy: Int32Array, segment: number): number {
	const end = segmentAddress(copy, segment) + segmentSectors(copy, segment) * sectorBytes;
	return Math.floor((end - 1) / frameBytes);
}
