/**
The network interface of Xen's public io/netif.h: requests and responses of the transmit ring (12 bytes an entry) and the receive ring
(8 bytes), and the extra info that takes a slot of its own. One table names every field with its offset and width
(test/conformance holds it against the real header); the accessors below it pack whole 32-bit words.
*/
import type {FieldLayout} from './blkif.js';

/** sizeof(union { request, response }) of each ring. */
export const txEntryBytes = 12;
export const rxEntryBytes = 8;
/** Slots of a one-page ring: 256 for transmit and receive alike. */
export const ringSlots = 256;
/** XEN_NETIF_NR_SLOTS_MIN: slots of one packet that every backend takes. */
export const slotsMinimum = 18;
/** XEN_NETIF_MAX_TX_SIZE: most bytes of one packet. */
export const maximumSize = 65_535;

/** NETTXF_*: flags of a transmit request. */
export const txChecksumBlank = 1;
export const txDataValidated = 2;
export const txMoreData = 4;
export const txExtraInfo = 8;
export const txFlags = {
	csum_blank: txChecksumBlank,
	data_validated: txDataValidated,
	more_data: txMoreData,
	extra_info: txExtraInfo,
} as const;

/** NETRXF_*: flags of a receive response. */
export const rxDataValidated = 1;
export const rxChecksumBlank = 2;
export const rxMoreData = 4;
export const rxExtraInfo = 8;
export const rxFlags = {
	data_validated: rxDataValidated,
	csum_blank: rxChecksumBlank,
	more_data: rxMoreData,
	extra_info: rxExtraInfo,
	gso_prefix: 16,
} as const;

export const responseDropped = -2;
export const responseError = -1;
export const responseOkay = 0;
/** In the slot of an extra info: no response of its own. */
export const responseNull = 1;
/** NETIF_RSP_* by the header's names. */
export const responseStatus = {
	DROPPED: responseDropped,
	ERROR: responseError,
	OKAY: responseOkay,
	NULL: responseNull,
} as const;

/** XEN_NETIF_EXTRA_TYPE_*. */
export const extraGso = 1;
export const extraMulticastAdd = 2;
export const extraMulticastDelete = 3;
export const extraHash = 4;
/** XEN_NETIF_EXTRA_TYPE_MAX: the first number that is no type. */
export const extraTypes = 5;
/** XEN_NETIF_EXTRA_FLAG_MORE: another extra info follows. */
export const extraMore = 1;
/** XEN_NETIF_GSO_TYPE_*. */
export const gsoTcp4 = 1;
export const gsoTcp6 = 2;

/** What a vif may do beyond one plain frame in one slot. An end that leaves one out does without, and so does the other. */
export interface VifFeatures {
	/** Packets of several slots. */
	readonly sg: boolean;
	/** TCP packets to be cut into segments by whoever puts them on a wire (needs both others). */
	readonly gso: boolean;
	/** Transport checksums left blank. */
	readonly csum: boolean;
}

export const txRequestLayout: Readonly<Record<string, FieldLayout>> = {
	gref: {offset: 0, bytes: 4},
	offset: {offset: 4, bytes: 2},
	flags: {offset: 6, bytes: 2},
	id: {offset: 8, bytes: 2},
	size: {offset: 10, bytes: 2},
};
export const txResponseLayout: Readonly<Record<string, FieldLayout>> = {
	id: {offset: 0, bytes: 2},
	status: {offset: 2, bytes: 2},
};
export const rxRequestLayout: Readonly<Record<string, FieldLayout>> = {
	id: {offset: 0, bytes: 2},
	pad: {offset: 2, bytes: 2},
	gref: {offset: 4, bytes: 4},
};
export const rxResponseLayout: Readonly<Record<string, FieldLayout>> = {
	id: {offset: 0, bytes: 2},
	offset: {offset: 2, bytes: 2},
	flags: {offset: 4, bytes: 2},
	status: {offset: 6, bytes: 2},
};
export const extraLayout: Readonly<Record<string, FieldLayout>> = {
	type: {offset: 0, bytes: 1},
	flags: {offset: 1, bytes: 1},
	'u.gso.size': {offset: 2, bytes: 2},
	'u.gso.type': {offset: 4, bytes: 1},
	'u.gso.pad': {offset: 5, bytes: 1},
	'u.gso.features': {offset: 6, bytes: 2},
};

/** Words of a private copy of a transmit slot. */
export const txWords = txEntryBytes / 4;

/** `size` is the whole packet's in its first slot, a fragment's own in the others. */
export function writeTxRequest(
	words: Int32Array,
	entry: number,
	reference: number,
	offset: number,
	flags: number,
	id: number,
	size: number,
): void {
	words[entry] = reference;
	words[entry + 1] = offset | (flags << 16);
	words[entry + 2] = id | (size << 16);
}

/** A segmentation extra info: what follows are TCP segments of `size` bytes of payload. The slot's last four bytes, if any, stay. */
export function writeGso(words: Int32Array, entry: number, size: number, type: number): void {
	words[entry] = extraGso | (size << 16);
	words[entry + 1] = type;
}

/** RING_COPY_REQUEST: copies a transmit slot, each word once, to words `at` … of `copy`. A request or an extra info. */
export function copyTxSlot(words: Int32Array, entry: number, copy: Int32Array, at: number): void {
	copy[at] = words[entry];
	copy[at + 1] = words[entry + 1];
	copy[at + 2] = words[entry + 2];
}

export function txReference(copy: Int32Array, at: number): number {
	return copy[at] >>> 0;
}

export function txOffset(copy: Int32Array, at: number): number {
	return copy[at + 1] & 0xffff;
}

export function txFlagsOf(copy: Int32Array, at: number): number {
	return copy[at + 1] >>> 16;
}

export function txId(copy: Int32Array, at: number): number {
	return copy[at + 2] & 0xffff;
}

export function txSize(copy: Int32Array, at: number): number {
	return copy[at + 2] >>> 16;
}

/** Of any extra info, copied to `at`. */
export function extraType(copy: Int32Array, at: number): number {
	return copy[at] & 0xff;
}

export function extraFlags(copy: Int32Array, at: number): number {
	return (copy[at] >>> 8) & 0xff;
}

export function gsoSize(copy: Int32Array, at: number): number {
	return copy[at] >>> 16;
}

export function gsoType(copy: Int32Array, at: number): number {
	return copy[at + 1] & 0xff;
}

/** A transmit response; the slot's other bytes keep what the frontend wrote. */
export function writeTxResponse(words: Int32Array, entry: number, id: number, status: number): void {
	words[entry] = id | (status << 16);
}

/** The response of an extra info's slot: its status alone. */
export function writeTxNull(words: Int32Array, entry: number): void {
	words[entry] = (words[entry] & 0xffff) | (responseNull << 16);
}

/** Id and status of a transmit response that was copied out of the page as one word. */
export function txResponseId(response: number): number {
	return response & 0xffff;
}

export function txResponseStatus(response: number): number {
	return response >> 16;
}

export function writeRxRequest(words: Int32Array, entry: number, id: number, reference: number): void {
	words[entry] = (words[entry] & 0xffff0000) | id;
	words[entry + 1] = reference;
}

/** Id of a receive request copied out of the page as its first word; the second word is the reference. */
export function rxRequestId(first: number): number {
	return first & 0xffff;
}

/** `status`: bytes from `offset` on, or a negative GNTST_* or NETIF_RSP_*. */
export function writeRxResponse(
	words: Int32Array,
	entry: number,
	id: number,
	offset: number,
	flags: number,
	status: number,
): void {
	words[entry] = id | (offset << 16);
	words[entry + 1] = flags | (status << 16);
}

/** Fields of a receive response copied out of the page as two words. */
export function rxResponseId(first: number): number {
	return first & 0xffff;
}

export function rxResponseOffset(first: number): number {
	return first >>> 16;
}

export function rxResponseFlags(second: number): number {
	return second & 0xffff;
}

/** Signed 16 bits. */
export function rxResponseStatus(second: number): number {
	return second >> 16;
}
