/**
blkfront's shadow: one row for each request it has taken and not yet answered. The row's number is the request's id on the ring.
Like Linux's blkfront it is what a response is checked against, and what is issued again when a new backend comes.
*/
import {assert} from '../../engine/assert.js';
import {maximumSegments, sectorsPerPage, writeRequest, writeSegment} from '../channel/blkif.js';
import {type BlockRequest, sectorBytes} from '../kernel/block-device.js';

/** A row's state: nobody's; submitted and waiting for its slot; on the ring; about to be answered without the ring. */
export const rowFree = 0;
export const rowAsked = 1;
export const rowOnRing = 2;
export const rowRefused = 3;

export class Shadow {
	readonly requests: (BlockRequest | null)[];
	readonly states: Uint8Array;
	/** BLKIF_OP_* as put on the ring. */
	readonly operations: Uint8Array;
	/** Grant references of row r's segments from r * 11; `grants` says how many. */
	readonly references: Int32Array;
	readonly grants: Uint8Array;
	/** Ring slot of a row on the ring. */
	readonly slots: Uint8Array;
	/** When it was submitted, virtual nanoseconds. */
	readonly since: Float64Array;
	/** Order of submission. */
	readonly order: Float64Array;
	free: number;
	readonly #free: Int32Array;
	#submitted = 0;

	constructor(readonly size: number) {
		this.requests = new Array(size).fill(null);
		this.states = new Uint8Array(size);
		this.operations = new Uint8Array(size);
		this.references = new Int32Array(size * maximumSegments);
		this.grants = new Uint8Array(size);
		this.slots = new Uint8Array(size);
		this.since = new Float64Array(size);
		this.order = new Float64Array(size);
		this.#free = new Int32Array(size);
		this.free = size;
		for (let i = 0; i < size; i++) {
			this.#free[i] = size - 1 - i;
		}
	}

	/** A row for `request`. There must be a free one. */
	take(request: BlockRequest, now: number): number {
		assert(this.free > 0, 'a request is only taken where a shadow row is free');
		const row = this.#free[--this.free];
		this.requests[row] = request;
		this.states[row] = rowAsked;
		this.grants[row] = 0;
		this.since[row] = now;
		this.order[row] = this.#submitted++;
		return row;
	}

	/** Writes a row's request, whose pages are granted, into its ring slot. */
	describe(row: number, request: BlockRequest, words: Int32Array, entry: number, handle: number): void {
		const {segments, offsets, lengths} = request;
		writeRequest(words, entry, this.operations[row], segments, handle, row, request.sector);
		const base = row * maximumSegments;
		for (let i = 0; i < segments; i++) {
			const offset = offsets[i];
			const end = offset + lengths[i];
			assert(((offset | end) & (sectorBytes - 1)) === 0, 'segments are whole sectors');
			const first = offset >> 9;
			const last = (end >> 9) - 1;
			assert(last < sectorsPerPage && last >= first, 'a segment lies within its page');
			writeSegment(words, entry, i, this.references[base + i], first, last);
		}
	}

	release(row: number): BlockRequest {
		const request = this.requests[row];
		assert(request !== null, 'a request is answered once');
		this.requests[row] = null;
		this.states[row] = rowFree;
		this.#free[this.free++] = row;
		return request;
	}

	/** Rows in use, by order of submission. For reconnecting and for reports, not for the hot path. */
	inOrder(): number[] {
		const rows: number[] = [];
		for (let row = 0; row < this.size; row++) {
			if (this.states[row] !== rowFree) rows.push(row);
		}

		return rows.sort((a, b) => this.order[a] - this.order[b]);
	}

	/** Rows submitted and not on the ring, with their requests, by order of submission: what a new backend is to be given. */
	asked(): (readonly [number, BlockRequest])[] {
		return this.inOrder().flatMap((row) => {
			const request = this.requests[row];
			return request === null || this.states[row] !== rowAsked ? [] : [[row, request] as const];
		});
	}
}
