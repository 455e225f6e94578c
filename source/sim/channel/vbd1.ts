/**
The block ring of Xen 1.0, to the byte (i386; hypervisor-ifs/block.h): one page for all disks of a domain, two indices, then 64 slots of 60
bytes. Indices are kept modulo 64, so that at most 63 requests are out, and no side says when it wants to be told. Requests name
memory by machine address. Accessors pack whole 32-bit words; every store that the other side sees is a method of its own.
*/
import {assert} from '../../engine/assert.js';
import type {FieldLayout} from './blkif.js';
import {type RingOptions, type WatchedStores, watched} from './ring.js';

export const ringSlots = 64;
/** Where the slots begin, and the bytes of each. */
export const slotsOffset = 8;
export const slotBytes = 60;
/** Requests that can be out at once: a full ring would look like an empty one. */
export const mostOutstanding = ringSlots - 1;
/** MAX_BLK_SEGS. */
export const maximumSegments = 12;
/** Sectors of one segment at most: nine bits. */
export const maximumSegmentSectors = 511;
/** Words of a private copy of a request. */
export const requestWords = slotBytes / 4;

export const indexLayout: Readonly<Record<string, FieldLayout>> = {
	req_prod: {offset: 0, bytes: 4},
	resp_prod: {offset: 4, bytes: 4},
};
export const requestLayout: Readonly<Record<string, FieldLayout>> = {
	id: {offset: 0, bytes: 4},
	sector_number: {offset: 4, bytes: 4},
	device: {offset: 8, bytes: 2},
	operation: {offset: 10, bytes: 1},
	nr_segments: {offset: 11, bytes: 1},
	buffer_and_sects: {offset: 12, bytes: 4},
};
export const responseLayout: Readonly<Record<string, FieldLayout>> = {
	id: {offset: 0, bytes: 4},
	operation: {offset: 4, bytes: 2},
	status: {offset: 8, bytes: 4},
};

export const operationRead = 0;
export const operationWrite = 1;
/** XEN_BLOCK_* by the header's names. */
export const operations = {
	READ: operationRead,
	WRITE: operationWrite,
	PROBE_BLK: 5,
	SEG_CREATE: 7,
	SEG_DELETE: 8,
	PROBE_SEG: 9,
	PHYSDEV_GRANT: 10,
} as const;

/** Status of a response: done; a request that cannot be; the device failed. */
export const statusOkay = 0;
export const statusBad = 1;
export const statusError = 2;

/** A device number: its type and its index among them (XENDEV_*). */
export const deviceTypes = {IDE: 1, SCSI: 2, VIRTUAL: 3} as const;

/** The number of a domain's virtual disk. */
export function virtualDisk(index: number): number {
	assert(index >= 0 && index < 4096, 'a device index has 12 bits');
	return (deviceTypes.VIRTUAL << 12) | index;
}

const requestProducerWord = 0;
const responseProducerWord = 1;
const firstWord = slotsOffset / 4;
const firstSegmentWord = 3;
const sectorMask = 511;
const indexMask = ringSlots - 1;

/** Writes the fixed part of a request. `sector` is in 512-byte units and has 32 bits. */
export function writeRequest(
	words: Int32Array,
	entry: number,
	id: number,
	sector: number,
	device: number,
	operation: number,
	segments: number,
): void {
	assert(segments <= maximumSegments, 'at most 12 segments');
	words[entry] = id;
	words[entry + 1] = sector;
	words[entry + 2] = device | (operation << 16) | (segments << 24);
}

/** Segment `index`: `sectors` sectors of memory from machine address `address` on, a multiple of 512 below 2^32. */
export function writeSegment(words: Int32Array, entry: number, index: number, address: number, sectors: number): void {
	words[entry + firstSegmentWord + index] = address | 0 | sectors;
}

/** Copies the whole slot out of the shared page, each word once: what is decided afterwards is decided by the copy. */
export function copyRequest(words: Int32Array, entry: number, copy: Int32Array): void {
	for (let word = 0; word < requestWords; word++) copy[word] = words[entry + word];
}

export function requestSector(request: Int32Array): number {
	return request[1] >>> 0;
}

export function requestDevice(request: Int32Array): number {
	return request[2] & 0xffff;
}

export function requestOperation(request: Int32Array): number {
	return (request[2] >>> 16) & 0xff;
}

export function requestSegments(request: Int32Array): number {
	return request[2] >>> 24;
}

/** Machine address of a segment, bytes. */
export function segmentAddress(request: Int32Array, index: number): number {
	return (request[firstSegmentWord + index] & ~sectorMask) >>> 0;
}

export function segmentSectors(request: Int32Array, index: number): number {
	return request[firstSegmentWord + index] & sectorMask;
}

/** A response; the slot's other bytes keep what the request had there. */
export function writeResponse(words: Int32Array, entry: number, id: number, operation: number, status: number): void {
	words[entry] = id;
	words[entry + 1] = (words[entry + 1] & 0xffff0000) | operation;
	words[entry + 2] = status;
}

/** Copies a response's three words. */
export function copyResponse(words: Int32Array, entry: number, copy: Int32Array): void {
	copy[0] = words[entry];
	copy[1] = words[entry + 1];
	copy[2] = words[entry + 2];
}

/** Where a slot begins, in words. */
export function entryOf(index: number): number {
	return firstWord + index * requestWords;
}

/** The guest's face: puts requests, takes responses. */
export class VbdFrontRing {
	/** Where the next request goes and the next response is, modulo 64. */
	requestProducer = 0;
	responseConsumer = 0;
	/** Publications of requests. */
	pushes = 0;
	private readonly stores: WatchedStores | null;

	/** @param words the shared page, zeroed. */
	constructor(
		readonly words: Int32Array,
		options: RingOptions = {},
	) {
		this.stores = watched(words, options);
	}

	/** Requests put whose response has not been taken. */
	get outstanding(): number {
		return (this.requestProducer - this.responseConsumer) & indexMask;
	}

	get full(): boolean {
		return this.outstanding === mostOutstanding;
	}

	/** Takes the next request slot; the caller fills it, and nobody sees it before `publishRequests`. */
	nextRequest(): number {
		assert(!this.full, 'a request is only put where there is room');
		const index = this.requestProducer;
		this.requestProducer = (index + 1) & indexMask;
		return entryOf(index);
	}

	publishRequests(): void {
		this.pushes++;
		if (this.stores === null) this.words[requestProducerWord] = this.requestProducer;
		else this.stores.store(requestProducerWord, this.requestProducer);
	}

	get unconsumedResponses(): number {
		return (this.words[responseProducerWord] - this.responseConsumer) & indexMask;
	}

	nextResponse(): number {
		const index = this.responseConsumer;
		this.responseConsumer = (index + 1) & indexMask;
		return entryOf(index);
	}
}

/** Xen's face: takes requests, puts responses over the slots of requests taken before. */
export class VbdBackRing {
	responseProducer = 0;
	requestConsumer = 0;
	/** Publications of responses. */
	pushes = 0;
	private readonly stores: WatchedStores | null;

	constructor(
		readonly words: Int32Array,
		options: RingOptions = {},
	) {
		this.stores = watched(words, options);
	}

	/**
	Whether there is a request to take: the guest's index says so, and not so many are out that another could be none of its own.
	Whatever the guest writes there is read modulo 64.
	*/
	get hasRequest(): boolean {
		const index = this.requestConsumer;
		return (
			((this.words[requestProducerWord] - index) & indexMask) !== 0 &&
			((this.responseProducer - index) & indexMask) !== 1
		);
	}

	/** Requests published and not taken. */
	get unconsumedRequests(): number {
		return this.hasRequest ? (this.words[requestProducerWord] - this.requestConsumer) & indexMask : 0;
	}

	/** Takes the next request: where it begins, in words. Copy it once, then look at the copy only. */
	nextRequest(): number {
		const index = this.requestConsumer;
		this.requestConsumer = (index + 1) & indexMask;
		return entryOf(index);
	}

	/** Takes the next response slot. */
	nextResponse(): number {
		const index = this.responseProducer;
		assert(index !== this.requestConsumer, 'a response answers a request that was taken');
		this.responseProducer = (index + 1) & indexMask;
		return entryOf(index);
	}

	publishResponses(): void {
		this.pushes++;
		if (this.stores === null) this.words[responseProducerWord] = this.responseProducer;
		else this.stores.store(responseProducerWord, this.responseProducer);
	}
}
