/**
The shared-memory I/O ring of Xen's public io/ring.h, to the byte: one page, two faces. Indices run freely over 32 bits and are
reduced only to find a slot; each side tells the other at which index it wants to be woken (the event indexes). Every store that
the other side can see is a method of its own, so that callers can put steps of CPU work between any two of them.
*/
import {assert} from '../../engine/assert.js';
import {alter, drop, type FaultPoint} from '../../engine/fault-points.js';
import type {StateHash} from '../../engine/state-hash.js';

/** Words of the shared page before the first entry: four indices, then padding to 64 bytes. */
export const ringHeaderWords = 16;
/** The shared indices, in words from the start of the page; also the subject that a fault point of ring writes is asked about. */
export const requestProducerWord = 0;
export const requestEventWord = 1;
export const responseProducerWord = 2;
export const responseEventWord = 3;

// The same for this module alone: V8 folds constants that are not exported, which the hot path of a ring feels. It also inlines
// by the length of bytecode, so the faces below keep short methods.
const header = 16;
const reqProd = 0;
const reqEvent = 1;
const rspProd = 2;
const rspEvent = 3;

export interface RingOptions {
	/** Every store of an index is mixed into it. */
	readonly hash?: StateHash;
	/** Asked before each store of an index. `drop`: not stored; `alter`: stored with the fault's value added; else stored. */
	readonly writes?: FaultPoint;
}

/** Entries of a ring of `pages` pages: the largest power of two that fits behind the 64-byte header. */
export function ringEntries(pages: number, entryBytes: number): number {
	const fit = Math.floor((pages * 4096 - header * 4) / entryBytes);
	assert(fit >= 1, 'at least one entry fits');
	return 1 << (31 - Math.clz32(fit));
}

/** True when `event` lies in (`before`, `now`]: the consumer asked to be told of one of the entries just published. */
export function wantsNotification(before: number, now: number, event: number): boolean {
	return (now - event) >>> 0 < (now - before) >>> 0;
}

/** The frontend's face: puts requests, takes responses. Only the frontend initialises the page. */
export class FrontRing {
	readonly words: Int32Array;
	readonly size: number;
	/** req_prod_pvt: requests filled so far, published or not. Signed 32-bit, wraps. */
	requestProducer = 0;
	/** rsp_cons: responses taken so far. */
	responseConsumer = 0;
	/** Publications of requests, and how many of them the backend had asked to be told of. */
	pushes = 0;
	notifications = 0;
	private readonly mask: number;
	private readonly entryWords: number;
	/** null: an index is stored as it is. */
	private readonly stores: WatchedStores | null;
	/** Shared req_prod before the last publication. */
	private publishedBefore = 0;

	/** @param words the shared page; @param entryBytes size of one entry, a multiple of 4. */
	constructor(words: Int32Array, entryBytes: number, options: RingOptions = {}) {
		this.words = words;
		this.size = ringEntries(words.length >> 10, entryBytes);
		this.mask = this.size - 1;
		this.entryWords = entryBytes >> 2;
		this.stores = watched(words, options);
	}

	/** SHARED_RING_INIT and FRONT_RING_INIT: indices 0, events 1, padding zero. The entries keep what the page held. */
	initialise(): void {
		const words = this.words;
		words.fill(0, 0, header);
		words[reqEvent] = 1;
		words[rspEvent] = 1;
		this.attach(0);
	}

	/** FRONT_RING_ATTACH: goes on with both private indices at `index`; the page is not touched. */
	attach(index: number): void {
		this.requestProducer = index | 0;
		this.responseConsumer = index | 0;
		this.publishedBefore = index | 0;
	}

	/** Slots in which a request may be put. */
	get free(): number {
		return this.size - ((this.requestProducer - this.responseConsumer) >>> 0);
	}

	get full(): boolean {
		return (this.requestProducer - this.responseConsumer) >>> 0 === this.size;
	}

	/** Requests put whose response has not been taken. */
	get outstanding(): number {
		return (this.requestProducer - this.responseConsumer) >>> 0;
	}

	/** The slot, 0 … size-1, that an index falls in. */
	slot(index: number): number {
		return index & this.mask;
	}

	/** Where an index's entry begins, in words from the start of the page. */
	entry(index: number): number {
		return (index & this.mask) * this.entryWords + header;
	}

	/** Takes the next request slot: where it begins, in words. The caller fills it; nobody sees it before `publishRequests`. */
	nextRequest(): number {
		const index = this.requestProducer;
		assert((index - this.responseConsumer) >>> 0 !== this.size, 'a request is only put where there is room');
		this.requestProducer = (index + 1) | 0;
		return (index & this.mask) * this.entryWords + header;
	}

	/** First half of RING_PUSH_REQUESTS_AND_CHECK_NOTIFY: makes the filled requests visible. */
	publishRequests(): void {
		this.publishedBefore = this.words[reqProd];
		this.pushes++;
		this.storeIndex(reqProd, this.requestProducer);
	}

	/** Second half: whether the backend asked to be told of one of the requests last published. */
	mustNotify(): boolean {
		const now = this.requestProducer;
		if (wantsNotification(this.publishedBefore, now, this.words[reqEvent])) {
			this.notifications++;
			return true;
		}

		return false;
	}

	/** RING_PUSH_REQUESTS_AND_CHECK_NOTIFY as one. */
	pushRequests(): boolean {
		const words = this.words;
		const before = words[reqProd];
		const now = this.requestProducer;
		this.pushes++;
		if (this.stores === null) words[reqProd] = now;
		else this.stores.store(reqProd, now);
		if ((now - words[reqEvent]) >>> 0 < (now - before) >>> 0) {
			this.notifications++;
			return true;
		}

		return false;
	}

	/** RING_HAS_UNCONSUMED_RESPONSES. */
	get unconsumedResponses(): number {
		return (this.words[rspProd] - this.responseConsumer) >>> 0;
	}

	/** RING_RESPONSE_PROD_OVERFLOW: the backend claims more responses than there is room for. */
	get responsesOverflow(): boolean {
		return (this.words[rspProd] - this.responseConsumer) >>> 0 > this.size;
	}

	/** Takes the next response: where it begins, in words. Copy it once, then look at the copy only. */
	nextResponse(): number {
		const index = this.responseConsumer;
		this.responseConsumer = (index + 1) | 0;
		return (index & this.mask) * this.entryWords + header;
	}

	/** Asks to be told when `ahead` more responses than those taken are there. */
	armResponseEvent(ahead = 1): void {
		this.storeIndex(rspEvent, (this.responseConsumer + ahead) | 0);
	}

	/** True when the next response will be told of: arming again would change nothing. */
	get responseEventArmed(): boolean {
		return this.words[rspEvent] === ((this.responseConsumer + 1) | 0);
	}

	/** RING_FINAL_CHECK_FOR_RESPONSES as one: is there work, else arm and look again. */
	finalCheckForResponses(): boolean {
		const words = this.words;
		const taken = this.responseConsumer;
		if (words[rspProd] !== taken) {
			return true;
		}

		if (this.stores === null) words[rspEvent] = (taken + 1) | 0;
		else this.stores.store(rspEvent, (taken + 1) | 0);
		return words[rspProd] !== taken;
	}

	private storeIndex(word: number, value: number): void {
		if (this.stores === null) this.words[word] = value;
		else this.stores.store(word, value);
	}
}

/** The backend's face: takes requests, puts responses over the slots of requests already taken. */
export class BackRing {
	readonly words: Int32Array;
	readonly size: number;
	/** rsp_prod_pvt: responses filled so far, published or not. Signed 32-bit, wraps. */
	responseProducer = 0;
	/** req_cons: requests taken so far. */
	requestConsumer = 0;
	/** Publications of responses, and how many of them the frontend had asked to be told of. */
	pushes = 0;
	notifications = 0;
	private readonly mask: number;
	private readonly entryWords: number;
	/** null: an index is stored as it is. */
	private readonly stores: WatchedStores | null;
	private publishedBefore = 0;

	/** @param words the shared page, as mapped by the backend; @param entryBytes size of one entry, a multiple of 4. */
	constructor(words: Int32Array, entryBytes: number, options: RingOptions = {}) {
		this.words = words;
		this.size = ringEntries(words.length >> 10, entryBytes);
		this.mask = this.size - 1;
		this.entryWords = entryBytes >> 2;
		this.stores = watched(words, options);
	}

	/** BACK_RING_ATTACH: goes on with both private indices at `index`. */
	attach(index: number): void {
		this.requestConsumer = index | 0;
		this.responseProducer = index | 0;
		this.publishedBefore = index | 0;
	}

	/**
	Attaches where the shared page says, so that every request not yet answered there is taken (again).
	@returns false, and nothing done, when the page's indices cannot be true.
	*/
	attachShared(): boolean {
		const answered = this.words[rspProd];
		if ((this.words[reqProd] - answered) >>> 0 > this.size) {
			return false;
		}

		this.attach(answered);
		return true;
	}

	slot(index: number): number {
		return index & this.mask;
	}

	entry(index: number): number {
		return (index & this.mask) * this.entryWords + header;
	}

	/** RING_HAS_UNCONSUMED_REQUESTS: what is published, but never more than could have been put without overwriting. */
	get unconsumedRequests(): number {
		const taken = this.requestConsumer;
		const requests = (this.words[reqProd] - taken) >>> 0;
		const room = (this.size - (taken - this.responseProducer)) >>> 0;
		return Math.min(requests, room);
	}

	/** RING_REQUEST_PROD_OVERFLOW: the frontend claims more requests than there is room for. */
	get requestsOverflow(): boolean {
		return (this.words[reqProd] - this.responseProducer) >>> 0 > this.size;
	}

	/** RING_REQUEST_CONS_OVERFLOW: as many requests taken and unanswered as there are slots. */
	get consumerOverflow(): boolean {
		return (this.requestConsumer - this.responseProducer) >>> 0 >= this.size;
	}

	/** Takes the next request: where it begins, in words. Copy it once, then look at the copy only. */
	nextRequest(): number {
		const index = this.requestConsumer;
		this.requestConsumer = (index + 1) | 0;
		return (index & this.mask) * this.entryWords + header;
	}

	/** Asks to be told when `ahead` more requests than those taken are there. */
	armRequestEvent(ahead = 1): void {
		this.storeIndex(reqEvent, (this.requestConsumer + ahead) | 0);
	}

	/** True when the next request will be told of: arming again would change nothing. */
	get requestEventArmed(): boolean {
		return this.words[reqEvent] === ((this.requestConsumer + 1) | 0);
	}

	/** RING_FINAL_CHECK_FOR_REQUESTS as one: is there work, else arm and look again. */
	finalCheckForRequests(): boolean {
		const words = this.words;
		const taken = this.requestConsumer;
		if (words[reqProd] !== taken && this.unconsumedRequests > 0) {
			return true;
		}

		if (this.stores === null) words[reqEvent] = (taken + 1) | 0;
		else this.stores.store(reqEvent, (taken + 1) | 0);
		return words[reqProd] !== taken && this.unconsumedRequests > 0;
	}

	/** Takes the next response slot: where it begins, in words. Nobody sees it before `publishResponses`. */
	nextResponse(): number {
		const index = this.responseProducer;
		assert(index !== this.requestConsumer, 'a response answers a request that was taken');
		this.responseProducer = (index + 1) | 0;
		return (index & this.mask) * this.entryWords + header;
	}

	/** First half of RING_PUSH_RESPONSES_AND_CHECK_NOTIFY: makes the filled responses visible. */
	publishResponses(): void {
		this.publishedBefore = this.words[rspProd];
		this.pushes++;
		this.storeIndex(rspProd, this.responseProducer);
	}

	/** Second half: whether the frontend asked to be told of one of the responses last published. */
	mustNotify(): boolean {
		const now = this.responseProducer;
		if (wantsNotification(this.publishedBefore, now, this.words[rspEvent])) {
			this.notifications++;
			return true;
		}

		return false;
	}

	/** RING_PUSH_RESPONSES_AND_CHECK_NOTIFY as one. */
	pushResponses(): boolean {
		const words = this.words;
		const before = words[rspProd];
		const now = this.responseProducer;
		this.pushes++;
		if (this.stores === null) words[rspProd] = now;
		else this.stores.store(rspProd, now);
		if ((now - words[rspEvent]) >>> 0 < (now - before) >>> 0) {
			this.notifications++;
			return true;
		}

		return false;
	}

	private storeIndex(word: number, value: number): void {
		if (this.stores === null) this.words[word] = value;
		else this.stores.store(word, value);
	}
}

/** Stores of indices that somebody looks at: the fault point decides, the state hash sees what the other side will see. */
export class WatchedStores {
	constructor(
		private readonly words: Int32Array,
		private readonly hash: StateHash | null,
		private readonly writes: FaultPoint | null,
	) {}

	store(word: number, value: number): void {
		const {hash, writes} = this;
		let stored = value;
		if (writes !== null && writes.armed !== null) {
			const verdict = writes.armed.decide(word);
			if (verdict === drop) {
				return;
			}

			if (verdict === alter) {
				stored = (value + writes.armed.value) | 0;
			}
		}

		this.words[word] = stored;
		if (hash !== null) {
			hash.word(stored ^ (word << 30));
		}
	}
}

/** null where nobody looks. */
export function watched(words: Int32Array, {hash, writes}: RingOptions): WatchedStores | null {
	return hash === undefined && writes === undefined ? null : new WatchedStores(words, hash ?? null, writes ?? null);
}
