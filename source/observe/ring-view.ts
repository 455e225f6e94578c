/**
One ring under glass: its indices as they lie in the shared page, each slot with what is there, and every request on the ring that has no
answer yet. A slot is the backend's from the moment its request is taken until a response is put there, and responses come in
whatever order the disk completes: so a taken slot may hold the bytes of a request that was answered through another slot
(it is kept for some later answer), and a request may have lost its slot to another's answer. Which requests wait is
therefore read from the frontend's shadow. Read-only.
*/
import type {Engine} from '../engine/engine.js';
import * as blkif from '../sim/channel/blkif.js';
import {type FrontRing, requestEventWord, responseEventWord} from '../sim/channel/ring.js';
import type {Blkfront} from '../sim/frontend/blkfront.js';
import {rowOnRing} from '../sim/frontend/blkfront-shadow.js';
import type {VbdChannel} from '../sim/host/vbd-channel.js';
import type {BlockSlotView, RingView} from './snapshot.js';
import {waitsFor} from './whereabouts.js';

const operationNames = new Map<number, string>(
	Object.entries(blkif.operations).map(([name, number]) => [number, name]),
);

/** Undefined while the channel has no ring. */
export function ringView(engine: Engine, channel: VbdChannel): RingView | undefined {
	const {blkfront, blkback} = channel;
	const ring = blkfront?.ring ?? null;
	if (blkfront === undefined || ring === null) {
		return undefined;
	}

	const {words} = ring;
	let grantsGiven = 0;
	for (const grants of blkfront.shadow.grants) {
		grantsGiven += grants;
	}

	const indices = indicesOf(ring, channel);
	const {responseConsumer, responseProducer, requestConsumer} = indices;
	const requests = unanswered(engine, channel, blkfront, ring, indices);
	const slots: BlockSlotView[] = [];
	for (let slot = 0; slot < ring.size; slot++) {
		slots.push(empty(slot, 'free'));
	}

	for (let n = 0; n < ring.outstanding; n++) {
		const slot = ring.slot(responseConsumer + n);
		slots[slot] = requests.find((each) => each.slot === slot) ?? empty(slot, 'taken');
	}

	return {
		id: channel.id,
		channel: channel.id,
		requestProducer: ring.requestProducer >>> 0,
		responseConsumer: responseConsumer >>> 0,
		requestConsumer: requestConsumer >>> 0,
		responseProducer: responseProducer >>> 0,
		requestEvent: words[requestEventWord] >>> 0,
		responseEvent: words[responseEventWord] >>> 0,
		sharing: {
			grantsGiven,
			grantsMapped: blkback?.grantsMapped ?? 0,
			frontPort: blkfront.port,
			backPort: blkback?.port ?? -1,
			ringReference: blkfront.ringReference,
		},
		slots,
		requests,
	};
}

/** The consumers' private indices and the backend's shared one. Without a backend, nothing has been taken or answered. */
function indicesOf(ring: FrontRing, {blkback}: VbdChannel) {
	const responseProducer = (ring.responseConsumer + ring.unconsumedResponses) | 0;
	return {
		responseConsumer: ring.responseConsumer,
		responseProducer,
		requestConsumer: blkback?.ring?.requestConsumer ?? responseProducer,
	};
}

/** A slot without a request of its own: free, or (taken) kept for the next answer. */
function empty(slot: number, state: 'free' | 'taken'): BlockSlotView {
	const reserved = state === 'taken';
	return {kind: 'block', slot, state, reserved, id: -1, operation: '', sector: 0, segments: 0, waitsFor: '', age: 0};
}

/** Every request on the ring whose answer the frontend has not read, the oldest first. */
function unanswered(
	engine: Engine,
	channel: VbdChannel,
	{shadow}: Blkfront,
	ring: FrontRing,
	{responseConsumer, responseProducer, requestConsumer}: ReturnType<typeof indicesOf>,
): BlockSlotView[] {
	const responses = unreadResponses(ring, responseConsumer);
	const asked = (ring.requestProducer - responseProducer) >>> 0;
	const taken = (requestConsumer - responseProducer) >>> 0;
	return shadow
		.inOrder()
		.filter((row) => shadow.states[row] === rowOnRing)
		.map((row) => {
			const request = shadow.requests[row];
			const own = shadow.slots[row];
			// How far its slot lies behind the last answer: beyond what is asked for, an answer lies there or did.
			const place = (own - responseProducer) & (ring.size - 1);
			const holds = place < asked && channel.identities.slots[own] === request?.identity;
			const answer = responses.get(row);
			const state = answer !== undefined ? 'response' : holds && place >= taken ? 'request' : 'taken';
			const slot = answer ?? (holds ? own : -1);
			return {
				kind: 'block',
				slot,
				state,
				reserved: false,
				id: row,
				operation: nameOf(shadow.operations[row]),
				sector: request?.sector ?? 0,
				segments: request?.segments ?? 0,
				waitsFor: waitsFor(engine, channel, {identity: request?.identity ?? 0, state, slot}),
				age: engine.now - shadow.since[row],
			};
		});
}

/** Slots of the responses that the frontend has not read, by the id that each answers. */
function unreadResponses(ring: FrontRing, responseConsumer: number): Map<number, number> {
	const slots = new Map<number, number>();
	const copy = new Int32Array(4);
	for (let n = 0; n < Math.min(ring.unconsumedResponses, ring.size); n++) {
		const slot = ring.slot(responseConsumer + n);
		blkif.copyResponse(ring.words, ring.entry(slot), copy);
		slots.set(copy[0], slot);
	}

	return slots;
}

function nameOf(operation: number): string {
	return operationNames.get(operation)?.replace('_DISKCACHE', '') ?? `op ${operation}`;
}
