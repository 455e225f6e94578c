/**
One ring under glass: its indices as they lie in the shared page, and each slot with what its bytes say. A slot is the backend's from
the moment its request is taken until a response is put there, and responses come in whatever order the disk completes: so the bytes
of a taken slot may describe a request that has been answered through another slot already. Read-only.
*/
import type {Engine} from '../engine/engine.js';
import * as blkif from '../sim/channel/blkif.js';
import {type FrontRing, requestEventWord, requestProducerWord, responseEventWord} from '../sim/channel/ring.js';
import type {Blkfront} from '../sim/frontend/blkfront.js';
import {rowOnRing} from '../sim/frontend/blkfront-shadow.js';
import type {VbdChannel} from '../sim/host/vbd-channel.js';
import type {RingView, SlotView} from './snapshot.js';
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
	const slots: SlotView[] = [];
	for (let slot = 0; slot < ring.size; slot++) {
		slots.push(free(slot));
	}

	const {responseConsumer, responseProducer, requestConsumer} = indices;
	for (let n = 0; n < ring.outstanding; n++) {
		const index = responseConsumer + n;
		const slot = ring.slot(index);
		if (n < ring.unconsumedResponses) {
			slots[slot] = responseSlot(engine, channel, blkfront, ring, slot);
		} else {
			const taken = (index - responseProducer) >>> 0 < (requestConsumer - responseProducer) >>> 0;
			slots[slot] = requestSlot(engine, channel, blkfront, ring, slot, taken ? 'taken' : 'request');
		}
	}

	return {
		channel: channel.id,
		requestProducer: ring.requestProducer >>> 0,
		responseConsumer: responseConsumer >>> 0,
		requestConsumer: requestConsumer >>> 0,
		responseProducer: responseProducer >>> 0,
		requestEvent: words[requestEventWord] >>> 0,
		responseEvent: words[responseEventWord] >>> 0,
		grantsGiven,
		grantsMapped: blkback?.grantsMapped ?? 0,
		frontPort: blkfront.port,
		backPort: blkback?.port ?? -1,
		ringReference: blkfront.ringReference,
		slots,
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

function free(slot: number): SlotView {
	return {slot, state: 'free', id: 0, operation: '', sector: 0, segments: 0, waitsFor: '', age: 0};
}

function requestSlot(
	engine: Engine,
	channel: VbdChannel,
	{shadow}: Blkfront,
	ring: FrontRing,
	slot: number,
	state: 'request' | 'taken',
): SlotView {
	const copy = new Int32Array(blkif.requestWords);
	blkif.copyRequest(ring.words, ring.entry(slot), copy);
	const id = copy[2];
	const onRing = id >= 0 && id < shadow.size && shadow.states[id] === rowOnRing && shadow.slots[id] === slot;
	const published = (ring.words[requestProducerWord] - ring.responseConsumer) >>> 0;
	const pushed = ((slot - ring.responseConsumer) & (ring.size - 1)) < published;
	return {
		slot,
		state,
		id,
		operation: nameOf(blkif.requestOperation(copy)),
		sector: blkif.requestSector(copy),
		segments: blkif.requestSegmentCount(copy),
		waitsFor: onRing
			? waitsFor(engine, channel, channel.identities.slots[slot])
			: pushed
				? 'the next answer: its own went through another slot'
				: '',
		age: engine.now - channel.identities.since[slot],
	};
}

/** A response covers the start of the request that lay in its slot; what it answers is in the frontend's shadow. */
function responseSlot(
	engine: Engine,
	channel: VbdChannel,
	{shadow}: Blkfront,
	ring: FrontRing,
	slot: number,
): SlotView {
	const copy = new Int32Array(4);
	blkif.copyResponse(ring.words, ring.entry(slot), copy);
	const id = copy[0];
	const request = id >= 0 && id < shadow.size ? shadow.requests[id] : null;
	return {
		slot,
		state: 'response',
		id,
		operation: nameOf(blkif.responseOperation(copy)),
		sector: request?.sector ?? 0,
		segments: request?.segments ?? 0,
		waitsFor: request === null ? '' : waitsFor(engine, channel, request.identity),
		age: request === null ? 0 : engine.now - shadow.since[id],
	};
}

function nameOf(operation: number): string {
	return operationNames.get(operation)?.replace('_DISKCACHE', '') ?? `op ${operation}`;
}
