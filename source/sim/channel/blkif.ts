/**
The block interface of Xen's public io/blkif.h in its x86_64 ABI: request and response as they lie in a ring slot, 112 bytes an
entry. One table names every field with its offset and width (test/conformance holds it against the real header); the accessors
below it pack whole 32-bit words. Padding bytes keep what the slot held before, as stores of single fields in C leave them.
*/
import {assert} from '../../engine/assert.js';

export const operationRead = 0;
export const operationWrite = 1;
export const operationWriteBarrier = 2;
export const operationFlushDiskcache = 3;
export const operationReserved1 = 4;
export const operationDiscard = 5;
export const operationIndirect = 6;

/** BLKIF_OP_* by the header's names. */
export const operations = {
	READ: operationRead,
	WRITE: operationWrite,
	WRITE_BARRIER: operationWriteBarrier,
	FLUSH_DISKCACHE: operationFlushDiskcache,
	RESERVED_1: operationReserved1,
	DISCARD: operationDiscard,
	INDIRECT: operationIndirect,
} as const;

export const responseOkay = 0;
export const responseError = -1;
export const responseNotSupported = -2;

/** BLKIF_RSP_* by the header's names. */
export const responseStatus = {OKAY: responseOkay, ERROR: responseError, EOPNOTSUPP: responseNotSupported} as const;

/** BLKIF_MAX_SEGMENTS_PER_REQUEST: direct segments of one request. */
export const maximumSegments = 11;
/** Most bytes one request moves: a page for each segment. */
export const maximumRequestBytes = maximumSegments * 4096;
/** Sectors of a page: first_sect and last_sect lie in 0 … 7, always in 512-byte units. */
export const sectorsPerPage = 8;

/** VDISK_*: the bits of the XenStore key `info`. */
export const vdiskFlags = {CDROM: 1, REMOVABLE: 2, READONLY: 4} as const;

/** `protocol` in XenStore: XEN_IO_PROTO_ABI_X86_64. */
export const protocol = 'x86_64-abi';

export interface FieldLayout {
	readonly offset: number;
	readonly bytes: 1 | 2 | 4 | 8;
}

/** sizeof(union { request, response }): what a ring slot takes. */
export const entryBytes = 112;
const segmentsOffset = 24;
const segmentBytes = 8;

export const requestLayout: Readonly<Record<string, FieldLayout>> = {
	operation: {offset: 0, bytes: 1},
	nr_segments: {offset: 1, bytes: 1},
	handle: {offset: 2, bytes: 2},
	id: {offset: 8, bytes: 8},
	sector_number: {offset: 16, bytes: 8},
};
export const requestSegments = {offset: segmentsOffset, count: maximumSegments, bytes: segmentBytes} as const;
export const segmentLayout: Readonly<Record<string, FieldLayout>> = {
	gref: {offset: 0, bytes: 4},
	first_sect: {offset: 4, bytes: 1},
	last_sect: {offset: 5, bytes: 1},
};
export const responseLayout: Readonly<Record<string, FieldLayout>> = {
	id: {offset: 0, bytes: 8},
	operation: {offset: 8, bytes: 1},
	status: {offset: 10, bytes: 2},
};
export const responseBytes = 16;

/** Words of a private copy of a request. */
export const requestWords = entryBytes / 4;
const firstSegmentWord = segmentsOffset / 4;
const firstSectorsWord = firstSegmentWord + 1;
const twoTo32 = 4_294_967_296;
// Not the exported constants: V8 folds those that stay in the module.
const segmentLimit = 11;
const entryWords = 28;

/** Writes the fixed part of a request at word `entry`. `id` fits 32 bits here; `sector` is below 2^53. */
export function writeRequest(
	words: Int32Array,
	entry: number,
	operation: number,
	segments: number,
	handle: number,
	id: number,
	sector: number,
): void {
	assert(segments <= segmentLimit, 'at most 11 direct segments');
	words[entry] = operation | (segments << 8) | (handle << 16);
	words[entry + 2] = id;
	words[entry + 3] = 0;
	words[entry + 4] = sector | 0;
	words[entry + 5] = (sector / twoTo32) | 0;
}

/** Writes segment `index`: sectors `first` to `last`, both included, of the page granted by `reference`. */
export function writeSegment(
	words: Int32Array,
	entry: number,
	index: number,
	reference: number,
	first: number,
	last: number,
): void {
	const at = entry + firstSegmentWord + 2 * index;
	words[at] = reference;
	words[at + 1] = (words[at + 1] & 0xffff0000) | first | (last << 8);
}

/**
RING_COPY_REQUEST: copies the whole slot out of the shared page, each word once. All that is decided afterwards is decided by the
copy, never by a second look at the page; what lies behind the segments in use is what the slot held before.
*/
export function copyRequest(words: Int32Array, entry: number, copy: Int32Array): void {
	// Four words a turn: fewer turns than one by one, and still short enough to be inlined.
	for (let word = 0; word < entryWords; word += 4) {
		const from = entry + word;
		copy[word] = words[from];
		copy[word + 1] = words[from + 1];
		copy[word + 2] = words[from + 2];
		copy[word + 3] = words[from + 3];
	}
}

export function requestOperation(request: Int32Array): number {
	return request[0] & 0xff;
}

export function requestSegmentCount(request: Int32Array): number {
	return (request[0] >>> 8) & 0xff;
}

export function requestHandle(request: Int32Array): number {
	return request[0] >>> 16;
}

/** First sector, 512-byte units. Values of 2^53 and more lose low bits: they lie beyond any disk. */
export function requestSector(request: Int32Array): number {
	return (request[5] >>> 0) * twoTo32 + (request[4] >>> 0);
}

export function segmentReference(request: Int32Array, index: number): number {
	return request[2 * index + firstSegmentWord] >>> 0;
}

export function segmentFirst(request: Int32Array, index: number): number {
	return request[2 * index + firstSectorsWord] & 0xff;
}

export function segmentLast(request: Int32Array, index: number): number {
	return (request[2 * index + firstSectorsWord] >>> 8) & 0xff;
}

/** Writes a response at word `entry`, field by field: the padding keeps the frontend's own old bytes and leaks nothing of ours. */
export function writeResponse(
	words: Int32Array,
	entry: number,
	idLow: number,
	idHigh: number,
	operation: number,
	status: number,
): void {
	words[entry] = idLow;
	words[entry + 1] = idHigh;
	words[entry + 2] = (words[entry + 2] & 0xff00) | operation | (status << 16);
}

/** RING_COPY_RESPONSE into four words. */
export function copyResponse(words: Int32Array, entry: number, copy: Int32Array): void {
	copy[0] = words[entry];
	copy[1] = words[entry + 1];
	copy[2] = words[entry + 2];
}

export function responseOperation(response: Int32Array): number {
	return response[2] & 0xff;
}

/** Signed 16 bits. */
export function responseStatusOf(response: Int32Array): number {
	return response[2] >> 16;
}
