/**
A guest's end of Xen 1.0's block ring, which all its disks share: rows for requests that are out, slots that name their pages by machine
address, one hypercall for each batch, responses when the BLKDEV event comes. After XenoLinux's xl_block.c. Nothing is granted: Xen
checks and pins what a slot names.
*/
import {assert} from '../../engine/assert.js';
import type {Occupancy} from '../../engine/occupancy.js';
import type {Step} from '../../engine/step.js';
import {frameBytes} from '../../hw/memory.js';
import type {ChannelEnd} from '../channel/channel-end.js';
import type {RingOptions} from '../channel/ring.js';
import type {RingIdentities} from '../channel/ring-identities.js';
import * as vbd1 from '../channel/vbd1.js';
import {
	type BlockRequest,
	flushOperation,
	ioError,
	notSupported,
	okay,
	readOperation,
	sectorBytes,
} from '../kernel/block-device.js';
import type {Cost} from '../kernel/cost.js';
import type {CallingKernel} from '../kernel/kernel.js';
import type {Xen1Events} from '../kernel/xen1-events.js';
import {eventBlkdev} from '../xen/shared-info1.js';
import {vbd1FrontCosts} from './xen1-vbd-costs.js';

/** What the domain asks of Xen by hypercall. */
export interface BlockIoHypercall {
	/** block_io_op: there are requests on the domain's ring. */
	blockIo(domid: number): void;
}

/** A request on the ring without an answer read. */
export interface BlockRow {
	/** What the slot calls it. */
	readonly id: number;
	readonly slot: number;
	readonly request: BlockRequest;
	/** When it was taken, virtual ns. */
	readonly since: number;
}

export interface Xen1BlockOptions extends RingOptions {
	/** The ring's name for traces, `web.blk`. */
	readonly channel: string;
	/** The page that Xen shares for it. */
	readonly words: Int32Array;
	readonly identities: RingIdentities;
}

/** Machine addresses on the ring have 32 bits. */
const addressLimit = 4_294_967_296;
const rows = vbd1.mostOutstanding;

export class Xen1Block implements ChannelEnd {
	readonly ring: vbd1.VbdFrontRing;
	looking = false;
	notifying = false;
	readonly port = -1;
	/** Doorbells rung: hypercalls made. */
	notifications = 0;
	/** Responses that answered nothing, and were left alone. */
	strays = 0;
	/** Told how many requests are on the ring whenever that changes. For observers; changes nothing. */
	occupancy: Occupancy | null = null;
	free = rows;
	private readonly freeRows = Int32Array.from({length: rows}, (_, row) => rows - 1 - row);
	private readonly requests: (BlockRequest | null)[] = new Array(rows).fill(null);
	/** Of a row: the disk's device number, when it was submitted, whether it is on the ring, and whom to tell of its end. */
	private readonly devices = new Uint16Array(rows);
	private readonly since = new Float64Array(rows);
	private readonly onRing = new Uint8Array(rows);
	private readonly slots = new Uint8Array(rows);
	private readonly finished: ((request: BlockRequest, status: number, nanoseconds: number) => void)[] = new Array(rows);
	/** Status of rows answered without the ring. */
	private readonly outcomes = new Int32Array(rows);
	private readonly response = new Int32Array(3);
	/** Requests asked for and not yet filled: the last of a batch pushes. */
	private unfilled = 0;
	/** Where requests were last published up to. */
	private published = 0;
	private readonly waiters: (() => void)[] = [];
	private readonly fill: Step;
	private readonly push: Step;
	private readonly blockIo: Step;
	private readonly reap: Step;
	private readonly refuse: Step;
	private readonly atSubmit: number;
	private readonly atSlot: number;
	private readonly atPush: number;
	private readonly atReap: number;

	constructor(
		private readonly kernel: CallingKernel,
		events: Xen1Events,
		hypercalls: BlockIoHypercall,
		private readonly options: Xen1BlockOptions,
	) {
		const {channel, words} = options;
		this.ring = new vbd1.VbdFrontRing(words, options);
		const define = (what: string, cost: Cost, run: (argument: number) => void) =>
			kernel.define(`${channel} ${what}`, cost, run);
		this.fill = define('fill', vbd1FrontCosts.fill, (row) => this.fillSlot(row));
		this.push = define('push', vbd1FrontCosts.push, () => this.pushRequests());
		this.blockIo = kernel.hypercall(`${channel} block_io_op`, vbd1FrontCosts.blockIo, () => {
			this.notifying = false;
			this.notifications++;
			hypercalls.blockIo(kernel.domid);
		});
		this.reap = define('reap', vbd1FrontCosts.reap, () => this.takeResponse());
		this.refuse = define('refuse', vbd1FrontCosts.refuse, (row) => this.finish(row, this.outcomes[row]));
		events.handle(
			eventBlkdev,
			define('interrupt', vbd1FrontCosts.interrupt, () => this.look()),
		);
		this.atSubmit = kernel.trace.point(`${channel} front`);
		this.atSlot = kernel.trace.point(`${channel} slot`);
		this.atPush = kernel.trace.point(`${channel} ring`);
		this.atReap = kernel.trace.point(`${channel} answered`);
	}

	get waiting(): number {
		return this.ring.unconsumedResponses;
	}

	/** Requests on the ring and not answered. */
	get inFlight(): number {
		return this.ring.outstanding;
	}

	/**
	Takes a request for a disk; `finished` hears of its end. False when 63 are out.
	A flush cannot be asked of Xen 1.0, which has no word for it.
	*/
	submit(
		request: BlockRequest,
		device: number,
		finished: (request: BlockRequest, status: number, nanoseconds: number) => void,
	): boolean {
		if (this.free === 0) return false;
		const {kernel} = this;
		const row = this.freeRows[--this.free];
		this.requests[row] = request;
		this.devices[row] = device;
		this.finished[row] = finished;
		this.since[row] = kernel.now();
		kernel.trace.hop(kernel.now(), request.identity, this.atSubmit, row);
		if (request.operation === flushOperation) {
			this.outcomes[row] = notSupported;
			kernel.step(this.refuse, row);
			return true;
		}

		const {segments} = request;
		assert(segments >= 1 && segments <= vbd1.maximumSegments, 'a request has 1 to 12 segments');
		this.unfilled++;
		kernel.step(this.fill, row);
		return true;
	}

	whenRoom(wake: () => void): void {
		this.waiters.push(wake);
	}

	/** Requests of all disks that are on the ring, the oldest first. */
	rowsOnRing(): BlockRow[] {
		const found: BlockRow[] = [];
		for (const [id, request] of this.requests.entries()) {
			if (request !== null && this.onRing[id] === 1) {
				found.push({id, slot: this.slots[id], request, since: this.since[id]});
			}
		}

		return found.sort((one, other) => one.since - other.since || one.id - other.id);
	}

	/** When the oldest request of a disk without an answer was taken, virtual ns; undefined when there is none. */
	oldestOf(device: number): number | undefined {
		let oldest: number | undefined;
		for (let row = 0; row < rows; row++) {
			if (this.requests[row] !== null && this.devices[row] === device) {
				oldest = Math.min(oldest ?? this.since[row], this.since[row]);
			}
		}

		return oldest;
	}

	/** Virtual ns. */
	now(): number {
		return this.kernel.now();
	}

	/** Looks at the ring as if an event had come: the operator's kick. The caller is inside no step. */
	kick(): void {
		this.kernel.task(this.reap);
	}

	private fillSlot(row: number): void {
		const {kernel, ring, options} = this;
		const request = this.requests[row];
		assert(request !== null, 'a row being filled has its request');
		const slot = ring.requestProducer;
		const entry = ring.nextRequest();
		if (this.occupancy !== null) this.occupancy.set(kernel.now(), ring.outstanding);
		const operation = request.operation === readOperation ? vbd1.operationRead : vbd1.operationWrite;
		vbd1.writeRequest(ring.words, entry, row, request.sector, this.devices[row], operation, request.segments);
		for (let i = 0; i < request.segments; i++) {
			const address = request.pages[i] * frameBytes + request.offsets[i];
			const bytes = request.lengths[i];
			assert(((address | bytes) & (sectorBytes - 1)) === 0, 'segments are whole sectors');
			assert(address + bytes <= addressLimit, 'Xen 1.0 knows machine addresses of 32 bits');
			vbd1.writeSegment(ring.words, entry, i, address, bytes / sectorBytes);
		}

		options.hash?.words(ring.words, entry, 3 + request.segments);
		options.identities.slots[slot] = request.identity;
		options.identities.since[slot] = kernel.now();
		this.slots[row] = slot;
		this.onRing[row] = 1;
		kernel.trace.hop(kernel.now(), request.identity, this.atSlot, slot);
		if (--this.unfilled === 0) kernel.step(this.push);
	}

	private pushRequests(): void {
		const {ring, kernel, options} = this;
		if (this.published === ring.requestProducer) return;
		while (this.published !== ring.requestProducer) {
			kernel.trace.hop(kernel.now(), options.identities.slots[this.published], this.atPush, this.published);
			this.published = (this.published + 1) % vbd1.ringSlots;
		}

		ring.publishRequests();
		this.notifying = true;
		kernel.step(this.blockIo);
	}

	private look(): void {
		if (this.looking) return;
		if (this.ring.unconsumedResponses > 0) {
			this.looking = true;
			this.kernel.step(this.reap);
		}
	}

	/** Takes one response; then the next, if there is one. */
	private takeResponse(): void {
		const {ring, kernel} = this;
		this.looking = false;
		if (ring.unconsumedResponses === 0) return;
		vbd1.copyResponse(ring.words, ring.nextResponse(), this.response);
		if (this.occupancy !== null) this.occupancy.set(kernel.now(), ring.outstanding);
		const row = this.response[0];
		if (row < 0 || row >= rows || this.onRing[row] === 0) {
			this.strays++;
			kernel.log('error', `${this.options.channel}: response references no pending request (${row >>> 0})`);
		} else {
			this.onRing[row] = 0;
			this.finish(row, this.response[2] === vbd1.statusOkay ? okay : ioError);
		}

		this.look();
	}

	private finish(row: number, status: number): void {
		const {kernel} = this;
		const request = this.requests[row];
		assert(request !== null, 'a request is answered once');
		this.requests[row] = null;
		this.freeRows[this.free++] = row;
		kernel.trace.hop(kernel.now(), request.identity, this.atReap, row);
		// Whoever has waited longest comes before what the completed request's owner may submit now.
		for (let count = this.waiters.length; count > 0 && this.free > 0; count--) this.waiters.shift()?.();
		this.finished[row](request, status, kernel.now() - this.since[row]);
	}
}
