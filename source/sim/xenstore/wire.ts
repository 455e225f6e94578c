/**
The XenStore wire protocol to the byte (Xen public/io/xs_wire.h, docs/misc/xenstore.txt): a 16-byte little-endian header
(type, request id, transaction id, length), then a payload of NUL-terminated strings and raw data. Both ends use it, over
a domain's ring page or a socket, where a message may arrive in pieces of any size.
*/
import {assert} from '../../engine/assert.js';

/** enum xsd_sockmsg_type. 20 was RESTRICT and is no longer used. */
export const messageType = {
	control: 0,
	directory: 1,
	read: 2,
	getPermissions: 3,
	watch: 4,
	unwatch: 5,
	transactionStart: 6,
	transactionEnd: 7,
	introduce: 8,
	release: 9,
	getDomainPath: 10,
	write: 11,
	makeDirectory: 12,
	remove: 13,
	setPermissions: 14,
	watchEvent: 15,
	error: 16,
	isDomainIntroduced: 17,
	resume: 18,
	setTarget: 19,
	resetWatches: 21,
	directoryPart: 22,
} as const;

export const headerBytes = 16;
/** XENSTORE_PAYLOAD_MAX: a longer payload ends the connection. */
export const payloadMaximum = 4096;
/** XENSTORE_ABS_PATH_MAX and XENSTORE_REL_PATH_MAX. */
export const absolutePathMaximum = 3072;
export const relativePathMaximum = 2048;

export interface Message {
	readonly type: number;
	/** Chosen by the client, echoed in the answer. 0 in watch events. */
	readonly requestId: number;
	/** 0 when not part of a transaction. */
	readonly transaction: number;
	readonly payload: Buffer;
}

/** The bytes of a message. */
export function encodeMessage(type: number, requestId: number, transaction: number, payload: Buffer): Buffer {
	assert(payload.length <= payloadMaximum, 'a payload is at most 4096 bytes');
	const bytes = Buffer.alloc(headerBytes + payload.length);
	bytes.writeUInt32LE(type, 0);
	bytes.writeUInt32LE(requestId, 4);
	bytes.writeUInt32LE(transaction, 8);
	bytes.writeUInt32LE(payload.length, 12);
	payload.copy(bytes, headerBytes);
	return bytes;
}

/** Puts a message together from the pieces in which it arrives: first exactly the header, then exactly the payload. */
export class MessageAssembler {
	/** Where the next bytes go, at `used`. */
	readonly buffer = Buffer.alloc(headerBytes + payloadMaximum);
	used = 0;

	/** How many bytes to read next; never beyond the message under way. 0 when it is complete. */
	get wanted(): number {
		return this.used < headerBytes ? headerBytes - this.used : headerBytes + this.#length - this.used;
	}

	/** The header announces more than a payload may hold: the peer does not speak the protocol. */
	get broken(): boolean {
		return this.used >= headerBytes && this.#length > payloadMaximum;
	}

	get complete(): boolean {
		return this.used >= headerBytes && !this.broken && this.wanted === 0;
	}

	/** The complete message; the assembler is empty again. */
	take(): Message {
		assert(this.complete, 'a message is taken when it is complete');
		const message: Message = {
			type: this.buffer.readUInt32LE(0),
			requestId: this.buffer.readUInt32LE(4),
			transaction: this.buffer.readUInt32LE(8),
			payload: Buffer.from(this.buffer.subarray(headerBytes, this.used)),
		};
		this.used = 0;
		return message;
	}

	get #length(): number {
		return this.buffer.readUInt32LE(12);
	}
}

/** The NUL-terminated strings of a payload; what follows the last NUL is not one. Bytes become code units one to one. */
export function stringsOf(payload: Buffer): string[] {
	const strings = payload.toString('latin1').split('\0');
	strings.pop();
	return strings;
}

/** Each string with its NUL. `encoding` is latin1 where the strings came off the wire (bytes), utf8 where people's text begins. */
export function payloadOf(strings: readonly string[], encoding: 'latin1' | 'utf8' = 'latin1'): Buffer {
	return Buffer.from(strings.map((string) => `${string}\0`).join(''), encoding);
}
