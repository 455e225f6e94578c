/**
The network rings of Xen 1.0, to the byte (i386; hypervisor-ifs/network.h): a page for each virtual interface with 256 transmit and 256
receive descriptors of 8 bytes, and six indices in the domain's shared_info. Indices are kept modulo 256; each side of a ring has an
event index, at which the guest wants to be told of responses. Accessors pack whole 32-bit words.
*/
import {assert} from '../../engine/assert.js';
import {netIndexBytes, netIndexOffset, vifLimit} from '../xen/shared-info1.js';
import type {FieldLayout} from './blkif.js';
import {type RingOptions, type WatchedStores, watched} from './ring.js';

export const ringSlots = 256;
export const descriptorBytes = 8;
export const txRingOffset = 0;
export const rxRingOffset = ringSlots * descriptorBytes;
/** Requests that can be out at once on a ring, and as many as Linux's driver of the time put there (TX_RING_SIZE - 2). */
export const mostOutstanding = ringSlots - 1;
export const driverOutstanding = ringSlots - 2;
/** PKT_PROT_LEN: what Xen copies of every packet to look at it, Ethernet and IP headers; also the shortest packet. */
export const headerBytes = 34;
/** Largest packet. */
export const maximumBytes = 1514;

/** RING_STATUS_*. */
export const statusOkay = 0;
export const statusBadPage = 1;
export const statusDropped = 2;

/** Of one interface's entry in net_idx. */
export const indexLayout: Readonly<Record<string, FieldLayout>> = {
	tx_req_prod: {offset: 0, bytes: 4},
	tx_resp_prod: {offset: 4, bytes: 4},
	tx_event: {offset: 8, bytes: 4},
	rx_req_prod: {offset: 12, bytes: 4},
	rx_resp_prod: {offset: 16, bytes: 4},
	rx_event: {offset: 20, bytes: 4},
};
export const txRequestLayout: Readonly<Record<string, FieldLayout>> = {
	id: {offset: 0, bytes: 2},
	size: {offset: 2, bytes: 2},
	addr: {offset: 4, bytes: 4},
};
export const txResponseLayout: Readonly<Record<string, FieldLayout>> = {
	id: {offset: 0, bytes: 2},
	status: {offset: 2, bytes: 1},
};
/** `addr` is the machine address of the page table entry whose page is offered. */
export const rxRequestLayout: Readonly<Record<string, FieldLayout>> = {
	id: {offset: 0, bytes: 2},
	addr: {offset: 4, bytes: 4},
};
export const rxResponseLayout: Readonly<Record<string, FieldLayout>> = {
	id: {offset: 0, bytes: 2},
	size: {offset: 2, bytes: 2},
	status: {offset: 4, bytes: 1},
	offset: {offset: 5, bytes: 1},
};

/** Bits of a page table entry: there, and writable. The rest is a machine frame's number, from bit 12 on. */
export const ptePresent = 1;
export const pteWritable = 2;

/** A request of either ring: its second word is a machine address, of 32 bits. */
export function writeTxRequest(words: Int32Array, entry: number, id: number, size: number, address: number): void {
	assert(address < addressLimit, 'Xen 1.0 knows machine addresses of 32 bits');
	words[entry] = id | (size << 16);
	words[entry + 1] = address | 0;
}

export function writeRxRequest(words: Int32Array, entry: number, id: number, address: number): void {
	assert(address < addressLimit, 'Xen 1.0 knows machine addresses of 32 bits');
	words[entry] = (words[entry] & 0xffff0000) | id;
	words[entry + 1] = address | 0;
}

/** Fields of a descriptor's first word. */
export function idOf(first: number): number {
	return first & 0xffff;
}

export function sizeOf(first: number): number {
	return first >>> 16;
}

export function writeTxResponse(words: Int32Array, entry: number, id: number, status: number): void {
	words[entry] = (words[entry] & 0xff000000) | id | (status << 16);
}

export function txStatusOf(first: number): number {
	return (first >>> 16) & 0xff;
}

export function writeRxResponse(
	words: Int32Array,
	entry: number,
	id: number,
	size: number,
	status: number,
	offset: number,
): void {
	words[entry] = id | (size << 16);
	words[entry + 1] = (words[entry + 1] & 0xffff0000) | status | (offset << 8);
}

/** Fields of a receive response's second word. */
export function rxStatusOf(second: number): number {
	return second & 0xff;
}

export function rxOffsetOf(second: number): number {
	return (second >>> 8) & 0xff;
}

/** Which of an interface's two rings. */
export type Direction = 'transmit' | 'receive';

const indexMask = ringSlots - 1;
const addressLimit = 4_294_967_296;
const descriptorWords = descriptorBytes / 4;

/** Where a ring's descriptors and its three indices (request producer, response producer, event) lie, in words. */
function places(direction: Direction, vif: number): {first: number; indices: number} {
	assert(vif >= 0 && vif < vifLimit, 'a domain has at most eight interfaces');
	const indices = (netIndexOffset + vif * netIndexBytes) / 4;
	return direction === 'transmit'
		? {first: txRingOffset / 4, indices}
		: {first: rxRingOffset / 4, indices: indices + 3};
}

/** The guest's face of one ring. */
export class VifFrontRing {
	requestProducer = 0;
	responseConsumer = 0;
	private readonly first: number;
	private readonly indices: number;
	private readonly stores: WatchedStores | null;

	/** @param words the interface's page. @param info words of shared_info. */
	constructor(
		readonly words: Int32Array,
		readonly info: Int32Array,
		vif: number,
		direction: Direction,
		options: RingOptions = {},
	) {
		const {first, indices} = places(direction, vif);
		this.first = first;
		this.indices = indices;
		this.stores = watched(info, options);
	}

	get outstanding(): number {
		return (this.requestProducer - this.responseConsumer) & indexMask;
	}

	/** Takes the next slot: where it begins, in words. Nobody sees it before `publishRequests`. */
	nextRequest(): number {
		const index = this.requestProducer;
		assert(this.outstanding < mostOutstanding, 'a request is only put where there is room');
		this.requestProducer = (index + 1) & indexMask;
		return this.first + index * descriptorWords;
	}

	publishRequests(): void {
		this.store(this.indices, this.requestProducer);
	}

	get unconsumedResponses(): number {
		return (this.info[this.indices + 1] - this.responseConsumer) & indexMask;
	}

	nextResponse(): number {
		const index = this.responseConsumer;
		this.responseConsumer = (index + 1) & indexMask;
		return this.first + index * descriptorWords;
	}

	/** Responses that are there, once the one is among them of which this end asked to be told; 0 while it is content to wait. */
	get dueResponses(): number {
		const there = this.unconsumedResponses;
		const ahead = (this.info[this.indices + 2] - this.responseConsumer) & indexMask;
		return ahead <= there ? there : 0;
	}

	/** Asks to be told when `ahead` more responses than those taken are there. */
	armEvent(ahead = 1): void {
		this.store(this.indices + 2, (this.responseConsumer + ahead) & indexMask);
	}

	private store(word: number, value: number): void {
		if (this.stores === null) this.info[word] = value;
		else this.stores.store(word, value);
	}
}

/** Xen's face of one ring. */
export class VifBackRing {
	requestConsumer = 0;
	responseProducer = 0;
	private readonly first: number;
	private readonly indices: number;
	private readonly stores: WatchedStores | null;

	constructor(
		readonly words: Int32Array,
		readonly info: Int32Array,
		vif: number,
		direction: Direction,
		options: RingOptions = {},
	) {
		const {first, indices} = places(direction, vif);
		this.first = first;
		this.indices = indices;
		this.stores = watched(info, options);
	}

	/** As of VbdBackRing: whatever the guest writes is read modulo the ring, and never more are out than it has put. */
	get hasRequest(): boolean {
		const index = this.requestConsumer;
		return ((this.info[this.indices] - index) & indexMask) !== 0 && ((this.responseProducer - index) & indexMask) !== 1;
	}

	/** Requests published and not taken. */
	get unconsumedRequests(): number {
		return this.hasRequest ? (this.info[this.indices] - this.requestConsumer) & indexMask : 0;
	}

	nextRequest(): number {
		const index = this.requestConsumer;
		this.requestConsumer = (index + 1) & indexMask;
		return this.first + index * descriptorWords;
	}

	nextResponse(): number {
		const index = this.responseProducer;
		assert(index !== this.requestConsumer, 'a response answers a request that was taken');
		this.responseProducer = (index + 1) & indexMask;
		return this.first + index * descriptorWords;
	}

	/** Publishes one response. @returns true when the guest asked to be told of it. */
	publishResponse(): boolean {
		const {info} = this;
		const word = this.indices + 1;
		if (this.stores === null) info[word] = this.responseProducer;
		else this.stores.store(word, this.responseProducer);
		return (info[this.indices + 2] & indexMask) === this.responseProducer;
	}
}
