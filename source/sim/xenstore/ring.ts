/**
A domain's xenstore page: struct xenstore_domain_interface of Xen public/io/xs_wire.h to the byte. Two byte rings of 1024,
one each way, with free-running 32-bit indices that are masked only to find a byte. No event index: each side notifies.
*/
import {assert} from '../../engine/assert.js';

export const ringBytes = 1024;
export const requestOffset = 0;
export const responseOffset = 1024;
/** Word numbers (byte offset / 4) of the fields after the two rings. */
export const requestConsumer = 2048 >> 2;
export const requestProducer = 2052 >> 2;
export const responseConsumer = 2056 >> 2;
export const responseProducer = 2060 >> 2;
export const serverFeatures = 2064 >> 2;
export const connectionState = 2068 >> 2;
export const errorField = 2072 >> 2;

/** XENSTORE_SERVER_FEATURE_ERROR: the error field means something. */
export const featureError = 2;
/** XENSTORE_ERROR_*. */
export const errorCommunication = 1;
export const errorRingIndex = 2;
export const errorProtocol = 3;

/** One side's view of the page: what it produces and what it consumes. Answers -1 when the indices are impossible. */
export class StoreRingEnd {
	readonly #bytes: Buffer;
	readonly #outOffset: number;
	readonly #outConsumer: number;
	readonly #outProducer: number;
	readonly #inOffset: number;
	readonly #inConsumer: number;
	readonly #inProducer: number;

	/** @param words the page's 1024 little-endian words. */
	constructor(
		readonly words: Int32Array,
		side: 'domain' | 'xenstored',
	) {
		assert(words.byteLength === 4096, 'the xenstore interface is one page');
		this.#bytes = Buffer.from(words.buffer, words.byteOffset, words.byteLength);
		const domain = side === 'domain';
		this.#outOffset = domain ? requestOffset : responseOffset;
		this.#outConsumer = domain ? requestConsumer : responseConsumer;
		this.#outProducer = domain ? requestProducer : responseProducer;
		this.#inOffset = domain ? responseOffset : requestOffset;
		this.#inConsumer = domain ? responseConsumer : requestConsumer;
		this.#inProducer = domain ? responseProducer : requestProducer;
	}

	/** Bytes waiting to be read; -1 when the peer's index is impossible. */
	get readable(): number {
		const ready = (this.words[this.#inProducer] - this.words[this.#inConsumer]) >>> 0;
		return ready > ringBytes ? -1 : ready;
	}

	/** Room to write into; -1 when the peer's index is impossible. */
	get writable(): number {
		const used = (this.words[this.#outProducer] - this.words[this.#outConsumer]) >>> 0;
		return used > ringBytes ? -1 : ringBytes - used;
	}

	/** Writes as much of `data` from `from` on as there is room for: the bytes first, then the producer index. Returns how many. */
	write(data: Buffer, from: number): number {
		const room = this.writable;
		if (room <= 0) {
			return room;
		}

		const count = Math.min(room, data.length - from);
		const producer = this.words[this.#outProducer];
		const at = producer & (ringBytes - 1);
		const first = Math.min(count, ringBytes - at);
		data.copy(this.#bytes, this.#outOffset + at, from, from + first);
		data.copy(this.#bytes, this.#outOffset, from + first, from + count);
		this.words[this.#outProducer] = (producer + count) | 0;
		return count;
	}

	/** Moves at most `limit` bytes to `target` at `at`, then gives their room back. Returns how many. */
	read(target: Buffer, at: number, limit: number): number {
		const ready = this.readable;
		if (ready <= 0) {
			return ready;
		}

		const count = Math.min(ready, limit);
		const consumer = this.words[this.#inConsumer];
		const from = this.#inOffset + (consumer & (ringBytes - 1));
		const first = Math.min(count, this.#inOffset + ringBytes - from);
		this.#bytes.copy(target, at, from, from + first);
		this.#bytes.copy(target, at + first, this.#inOffset, this.#inOffset + count - first);
		this.words[this.#inConsumer] = (consumer + count) | 0;
		return count;
	}
}
