/**
The two rings of a network under glass: indices and slots as they lie in the shared page, in the words of netif.h. On TX a slot is the
backend's from the moment it is taken until some response is written there, and responses may come in another order: a taken slot whose
request was answered through another one is kept for a later answer. On RX a response lies where its buffer was posted. Read-only.
*/
import * as netif from '../sim/channel/netif.js';
import {type BackRing, type FrontRing, requestEventWord, responseEventWord} from '../sim/channel/ring.js';
import type {RingIdentities} from '../sim/channel/ring-identities.js';
import type {PacketSlotView, RingView} from './snapshot.js';

/** A ring with both its ends, as far as they exist. */
export interface NetRing {
	readonly front: FrontRing;
	/** Null while the backend has not mapped it. */
	readonly back: BackRing | null;
	readonly identities: RingIdentities;
	/** Where a packet or buffer is and what it waits for, in words. */
	readonly waitsFor: (place: RingPlace) => string;
}

/** What of a slot tells where its packet is: the trace's identity or 0, whose turn it is, and the slot. */
export interface RingPlace {
	readonly identity: number;
	readonly state: PacketSlotView['state'];
	readonly slot: number;
}

type Slots = Pick<RingView, 'slots' | 'requests'>;
type Indices = Pick<
	RingView,
	'requestProducer' | 'responseConsumer' | 'requestConsumer' | 'responseProducer' | 'requestEvent' | 'responseEvent'
>;

export function netIndices({front, back}: NetRing): Indices {
	const {read, answered, taken, put} = boundsOf(front, back);
	return {
		requestProducer: put >>> 0,
		responseConsumer: read >>> 0,
		requestConsumer: taken >>> 0,
		responseProducer: answered >>> 0,
		requestEvent: front.words[requestEventWord] >>> 0,
		responseEvent: front.words[responseEventWord] >>> 0,
	};
}

/**
@param referenceOf grant of the frontend's request of an id whose answer it has not read; -1 when there is none.
@param now virtual ns.
*/
export function transmitSlots(ring: NetRing, referenceOf: (id: number) => number, now: number): Slots {
	const {front, back, identities} = ring;
	const {words} = front;
	const {read, answered, taken, put} = boundsOf(front, back);
	const slots = freeSlots(front.size);
	const requests: PacketSlotView[] = [];
	const unread = new Set<number>();
	const places = placesOf(front, answered, referenceOf);
	/** The slot before carries a first request that an extra info follows. */
	let extra = false;
	const show = (view: PacketSlotView) => {
		const identity = identities.slots[view.slot];
		const whole = {...view, waitsFor: ring.waitsFor({identity, state: view.state, slot: view.slot})};
		slots[view.slot] = whole;
		requests.push(whole);
	};
	for (let index = read; index !== put; index = (index + 1) | 0) {
		const slot = front.slot(index);
		const at = front.entry(index);
		if (isBefore(index, answered, read)) {
			const status = netif.txResponseStatus(words[at]);
			const id = status === netif.responseNull ? -1 : netif.txResponseId(words[at]);
			unread.add(id);
			show({...empty(slot), state: 'response', id, flags: statusWord(status)});
			continue;
		}

		const state = isBefore(index, taken, read) ? 'taken' : 'request';
		const age = now - identities.since[slot];
		const id = netif.txId(words, at);
		if (places.get(id) === index && !unread.has(id)) {
			const flags = netif.txFlagsOf(words, at);
			const [offset, size, grant] = [netif.txOffset(words, at), netif.txSize(words, at), netif.txReference(words, at)];
			extra = (flags & netif.txExtraInfo) !== 0;
			show({...empty(slot), state, id, size, offset, grant, flags: flagWords(flags, netif.txFlags), age});
		} else if (extra) {
			extra = (netif.extraFlags(words, at) & netif.extraMore) !== 0;
			show({...empty(slot), state, flags: extraWords(words, at), age});
		} else {
			// What was asked here is answered through another slot, or another's answer is written over it.
			slots[slot] = {...empty(slot), state, reserved: true};
		}
	}

	for (let id = 0; id < front.size; id++) {
		const grant = referenceOf(id);
		if (grant >= 0 && !unread.has(id) && !places.has(id)) {
			const waitsFor = ring.waitsFor({identity: 0, state: 'taken', slot: -1});
			requests.push({...empty(-1), state: 'taken', id, grant, waitsFor});
		}
	}

	return {slots, requests};
}

/** The slot of the oldest request without an answer on a TX ring that still lies where it was put; -1 for none. */
export function oldestSlot(front: FrontRing, referenceOf: (id: number) => number): number {
	const {words} = front;
	for (let index = front.responseConsumer; index !== front.requestProducer; index = (index + 1) | 0) {
		const at = front.entry(index);
		if (netif.txReference(words, at) === referenceOf(netif.txId(words, at))) {
			return front.slot(index);
		}
	}

	return -1;
}

/** Where each request without an answer lies, by id: the newest slot that still says what the frontend knows of it. */
function placesOf(front: FrontRing, answered: number, referenceOf: (id: number) => number): Map<number, number> {
	const {words} = front;
	const places = new Map<number, number>();
	for (let index = front.requestProducer; index !== answered; ) {
		index = (index - 1) | 0;
		const at = front.entry(index);
		const id = netif.txId(words, at);
		if (netif.txReference(words, at) === referenceOf(id) && !places.has(id)) {
			places.set(id, index);
		}
	}

	return places;
}

/** @param now virtual ns. */
export function receiveSlots(ring: NetRing, now: number): Slots {
	const {front, back, identities} = ring;
	const {words} = front;
	const {read, answered, taken, put} = boundsOf(front, back);
	const overwritten = back?.responseProducer ?? answered;
	const slots = freeSlots(front.size);
	const requests: PacketSlotView[] = [];
	let extra = false;
	let more = false;
	let identity = 0;
	let since: number | undefined;
	for (let index = read; index !== put; index = (index + 1) | 0) {
		const slot = front.slot(index);
		const at = front.entry(index);
		let view: PacketSlotView;
		if (isBefore(index, answered, read)) {
			if (!more && !extra) {
				identity = identities.slots[slot];
				since = identities.since[slot];
			}

			if (extra) {
				extra = (netif.extraFlags(words, at) & netif.extraMore) !== 0;
				view = {...empty(slot), state: 'response', flags: extraWords(words, at), age: ageOf(now, since)};
			} else {
				const status = netif.rxResponseStatus(words[at + 1]);
				const flags = netif.rxResponseFlags(words[at + 1]);
				more = (flags & netif.rxMoreData) !== 0;
				extra = (flags & netif.rxExtraInfo) !== 0;
				view = {
					...empty(slot),
					state: 'response',
					id: netif.rxResponseId(words[at]),
					size: Math.max(0, status),
					offset: netif.rxResponseOffset(words[at]),
					flags: status < 0 ? `status ${status}` : flagWords(flags, netif.rxFlags),
					age: ageOf(now, since),
				};
			}
		} else {
			identity = 0;
			const state = isBefore(index, taken, read) ? 'taken' : 'posted';
			// Of a response that is written and not published only the id still stands where the request's stood.
			const grant = isBefore(index, overwritten, read) ? -1 : words[at + 1];
			view = {...empty(slot), state, id: netif.rxRequestId(words[at]), grant};
		}

		const whole = {...view, waitsFor: ring.waitsFor({identity, state: view.state, slot})};
		slots[slot] = whole;
		requests.push(whole);
	}

	return {slots, requests};
}

/** From the oldest response that is not read to the newest request: indices, of which each is not before the one left of it. */
function boundsOf(front: FrontRing, back: BackRing | null) {
	const read = front.responseConsumer;
	const answered = (read + Math.min(front.unconsumedResponses, front.size)) | 0;
	return {read, answered, taken: back?.requestConsumer ?? answered, put: front.requestProducer};
}

/** Whether a free-running index lies before another, both counted from `from`. */
function isBefore(index: number, other: number, from: number): boolean {
	return (index - from) >>> 0 < (other - from) >>> 0;
}

function ageOf(now: number, since: number | undefined): number | undefined {
	return since === undefined ? undefined : now - since;
}

function freeSlots(size: number): PacketSlotView[] {
	const slots: PacketSlotView[] = [];
	for (let slot = 0; slot < size; slot++) {
		slots.push(empty(slot));
	}

	return slots;
}

function empty(slot: number): PacketSlotView {
	return {
		kind: 'packet',
		slot,
		state: 'free',
		reserved: false,
		id: -1,
		size: 0,
		offset: 0,
		grant: -1,
		flags: '',
		waitsFor: '',
		age: undefined,
	};
}

function flagWords(flags: number, names: Readonly<Record<string, number>>): string {
	return Object.entries(names)
		.filter(([, bit]) => (flags & bit) !== 0)
		.map(([name]) => name)
		.join(' ');
}

function statusWord(status: number): string {
	return Object.entries(netif.responseStatus).find(([, value]) => value === status)?.[0] ?? `status ${status}`;
}

/** `GSO 1448` of a segmentation extra info, else its type. */
function extraWords(words: Int32Array, at: number): string {
	const type = netif.extraType(words, at);
	return type === netif.extraGso ? `GSO ${netif.gsoSize(words, at)}` : `extra info of type ${type}`;
}
