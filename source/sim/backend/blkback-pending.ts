/**
blkback's pending requests: a fixed pool, 32 for a one-page ring as in Linux's xen-blkback. Each holds the private copy of its
slot, the handles of its mapped grants, and the block request it becomes. Nothing is made per I/O.
*/
import {assert} from '../../engine/assert.js';
import {maximumSegments, requestWords} from '../channel/blkif.js';
import {BlockRequest} from '../kernel/block-device.js';

export class PendingRequests {
	/** RING_COPY_REQUEST's destination, one for each. */
	readonly copies: readonly Int32Array[];
	readonly requests: readonly BlockRequest[];
	/** Grant handles of request r's segments from r * 11, -1 where none; `mapped` says how many are in use. */
	readonly handles: Int32Array;
	readonly mapped: Uint8Array;
	/** BLKIF_RSP_* to answer. */
	readonly statuses: Int8Array;
	/** Identity for the trace. */
	readonly identities: Int32Array;
	free: number;
	readonly #free: Int32Array;
	readonly #inUse: Uint8Array;

	constructor(
		readonly size: number,
		done: (request: BlockRequest, status: number) => void,
	) {
		const copies: Int32Array[] = [];
		const requests: BlockRequest[] = [];
		this.handles = new Int32Array(size * maximumSegments).fill(-1);
		this.mapped = new Uint8Array(size);
		this.statuses = new Int8Array(size);
		this.identities = new Int32Array(size);
		this.#free = new Int32Array(size);
		this.#inUse = new Uint8Array(size);
		this.free = size;
		for (let i = 0; i < size; i++) {
			copies.push(new Int32Array(requestWords));
			requests.push(new BlockRequest(maximumSegments, i, done));
			this.#free[i] = size - 1 - i;
		}

		this.copies = copies;
		this.requests = requests;
	}

	take(): number {
		assert(this.free > 0, 'a pending request is free');
		const index = this.#free[--this.free];
		this.#inUse[index] = 1;
		this.mapped[index] = 0;
		return index;
	}

	release(index: number): void {
		assert(this.#inUse[index] === 1, 'a pending request is freed once');
		this.#inUse[index] = 0;
		this.#free[this.free++] = index;
	}

	get inUse(): number {
		return this.size - this.free;
	}
}
