/**
The block ring of Xen 1.0 under glass, which all disks of a domain share: indices modulo 64 as they lie in the shared page, no event index, no
grants. As on any ring a response takes the slot of some request taken before: which requests wait is read from the domain's rows. Read-only.
*/
import type {Engine} from '../engine/engine.js';
import * as vbd1 from '../sim/channel/vbd1.js';
import type {BlockRow} from '../sim/frontend/xen1-block.js';
import type {Xen1VbdChannel} from '../sim/host/xen1-vbd-channel.js';
import {readOperation} from '../sim/kernel/block-device.js';
import type {BlockSlotView, RingView} from './snapshot.js';
import {atDevice, toRun} from './whereabouts.js';

const mask = vbd1.ringSlots - 1;

/** Undefined before the domain has found its disks. */
export function vbd1RingView(engine: Engine, channel: Xen1VbdChannel): RingView | undefined {
	const {block, domain} = channel;
	if (block === undefined) {
		return undefined;
	}

	const {ring} = block;
	const responseProducer = (ring.responseConsumer + ring.unconsumedResponses) & mask;
	const requestConsumer = domain.block.ring?.requestConsumer ?? responseProducer;
	const answers = unreadResponses(ring);
	const asked = (ring.requestProducer - responseProducer) & mask;
	const taken = (requestConsumer - responseProducer) & mask;
	const requests = block.rowsOnRing().map((row): BlockSlotView => {
		const place = (row.slot - responseProducer) & mask;
		const answer = answers.get(row.id);
		const holds = place < asked && channel.identities.slots[row.slot] === row.request.identity;
		const state = answer !== undefined ? 'response' : holds && place >= taken ? 'request' : 'taken';
		return {
			kind: 'block',
			slot: answer ?? (holds ? row.slot : -1),
			state,
			reserved: false,
			id: row.id,
			operation: row.request.operation === readOperation ? 'READ' : 'WRITE',
			sector: row.request.sector,
			segments: row.request.segments,
			waitsFor: waitsFor(engine, channel, row, state),
			age: engine.now - row.since,
		};
	});
	const slots: BlockSlotView[] = [];
	for (let slot = 0; slot < vbd1.ringSlots; slot++) {
		const out = ((slot - ring.responseConsumer) & mask) < ring.outstanding;
		slots.push(requests.find((each) => each.slot === slot) ?? empty(slot, out));
	}

	return {
		id: channel.id,
		channel: channel.id,
		requestProducer: ring.requestProducer,
		responseConsumer: ring.responseConsumer,
		requestConsumer,
		responseProducer,
		requestEvent: undefined,
		responseEvent: undefined,
		sharing: undefined,
		slots,
		requests,
	};
}

function empty(slot: number, reserved: boolean): BlockSlotView {
	const state = reserved ? 'taken' : 'free';
	return {kind: 'block', slot, state, reserved, id: -1, operation: '', sector: 0, segments: 0, waitsFor: '', age: 0};
}

/** Slots of the responses that the domain has not read, by the id that each answers. */
function unreadResponses(ring: vbd1.VbdFrontRing): Map<number, number> {
	const slots = new Map<number, number>();
	const copy = new Int32Array(3);
	for (let n = 0; n < ring.unconsumedResponses; n++) {
		const slot = (ring.responseConsumer + n) & mask;
		vbd1.copyResponse(ring.words, vbd1.entryOf(slot), copy);
		slots.set(copy[0], slot);
	}

	return slots;
}

function waitsFor(engine: Engine, channel: Xen1VbdChannel, {request}: BlockRow, state: BlockSlotView['state']): string {
	const {frontKernel, asleepSince, id} = channel;
	if (state === 'request') {
		return channel.front.notifying ? `${frontKernel.name} to call block_io_op` : "its domain's turn in Xen";
	}

	if (state === 'response') {
		return asleepSince >= 0
			? `${frontKernel.name} to look: its event was lost`
			: (toRun(frontKernel) ?? `${frontKernel.name} to read the answer`);
	}

	const place = engine.trace.whereIs(request.identity);
	const own = `${id.slice(0, id.indexOf('.'))}.blk `;
	return place === undefined || place.point.startsWith(own)
		? 'the backend in Xen'
		: atDevice(() => undefined, place.point, place.detail);
}
