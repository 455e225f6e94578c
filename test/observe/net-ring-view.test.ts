/** TX and RX under glass, on real rings: every slot says what is there, and nothing is counted twice. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {type NetRing, netIndices, receiveSlots, transmitSlots} from '../../source/observe/net-ring-view.js';
import type {PacketSlotView, SlotView} from '../../source/observe/snapshot.js';
import {netChannel, packetOf, pattern, pieces} from '../support/net-channel.js';

type Channel = ReturnType<typeof netChannel>;

const isPacket = (slot: SlotView): slot is PacketSlotView => slot.kind === 'packet';

function viewsOf({front, back, engine, transmitIdentities, receiveIdentities}: Channel) {
	const waitsFor: NetRing['waitsFor'] = ({state, slot}) => `${state} ${slot}`;
	const tx = {front: front.sending.ring, back: back.fromGuest.ring, identities: transmitIdentities, waitsFor};
	const rx = {front: front.receiving.ring, back: back.toGuest.ring, identities: receiveIdentities, waitsFor};
	if (tx.front === null || rx.front === null) throw new Error('the channel is connected');
	const transmit = transmitSlots({...tx, front: tx.front}, (id) => front.sending.referenceOf(id), engine.now);
	const receive = receiveSlots({...rx, front: rx.front}, engine.now);
	return {
		transmit: transmit.requests.filter(isPacket),
		transmitMap: transmit.slots.filter(isPacket),
		receive: receive.requests.filter(isPacket),
		receiveMap: receive.slots.filter(isPacket),
		indices: netIndices({...tx, front: tx.front}),
		transmitRing: tx.front,
		receiveRing: rx.front,
	};
}

function connected(): Channel {
	const channel = netChannel();
	channel.connect();
	return channel;
}

const packet = (channel: Channel, bytes: number, segmentSize = 0, ...cuts: number[]) =>
	packetOf(channel.guest, pieces(pattern(bytes), ...cuts), {checksum: segmentSize > 0 ? 1 : 0, segmentSize});

describe('TX', () => {
	test('shows a packet as it was described: first slot, segmentation, fragments', () => {
		const channel = connected();
		channel.atBack.hold = true;
		channel.fromGuest(packet(channel, 9000, 1448, 1000, 4000), packet(channel, 600));
		channel.settle();
		const {transmit, transmitMap, indices} = viewsOf(channel);
		expect(transmit.map(({size, flags}) => [size, flags])).toEqual([
			[9000, 'csum_blank data_validated more_data extra_info'],
			[0, 'GSO 1448'],
			[4000, 'more_data'],
			[4000, ''],
			[600, ''],
		]);
		expect(transmit.every(({state, reserved}) => state === 'taken' && !reserved)).toBe(true);
		expect(transmit.map(({waitsFor}) => waitsFor)).toEqual([0, 1, 2, 3, 4].map((slot) => `taken ${slot}`));
		expect(transmitMap.filter(({state}) => state === 'free')).toHaveLength(251);
		expect(indices).toMatchObject({requestProducer: 5, requestConsumer: 5, responseProducer: 0, responseConsumer: 0});
		const [first, gso, second, third] = transmit;
		expect(first.age).toBeGreaterThan(0);
		expect([gso.age, second.age, third.age]).toEqual([first.age, first.age, first.age]);
		expect(gso.grant).toBe(-1);
		expect(new Set([first.grant, second.grant, third.grant]).size).toBe(3);
	});

	test('keeps the slots of a packet that was answered before an older one, whose own slot an answer took', () => {
		const channel = connected();
		channel.atBack.hold = true;
		channel.fromGuest(packet(channel, 200), packet(channel, 300), packet(channel, 400));
		channel.settle();
		const [oldest, ...others] = channel.atBack.held.splice(0);
		channel.atBack.held.push(...others);
		channel.atBack.letGo();
		channel.settle();
		expect(oldest.bytes).toBe(200);
		const {transmit, transmitMap} = viewsOf(channel);
		// Both answers were written, and read, in slots 0 and 1.
		expect(transmitMap.map(({state}) => state).slice(0, 4)).toEqual(['free', 'free', 'taken', 'free']);
		expect(transmitMap[2].reserved).toBe(true);
		expect(transmit).toHaveLength(1);
		expect(transmit[0]).toMatchObject({slot: -1, state: 'taken', size: 0});
		expect(channel.front.sending.referenceOf(transmit[0].id)).toBe(transmit[0].grant);
	});

	test('at every instant of any traffic as many slots are in use as the ring has, each with one owner', () => {
		const sizes = fc.array(fc.record({bytes: fc.integer({min: 60, max: 9000}), gso: fc.boolean()}), {
			minLength: 1,
			maxLength: 12,
		});
		fc.assert(
			fc.property(sizes, fc.integer({min: 200, max: 4000}), (packets, pause) => {
				const channel = connected();
				channel.fromGuest(...packets.map(({bytes, gso}) => packet(channel, bytes, gso ? 1448 : 0, 900, 3000, 4000)));
				let asked = 0;
				for (let look = 0; look < 60; look++) {
					channel.run(pause);
					const {transmit, transmitMap, transmitRing} = viewsOf(channel);
					expect(transmitMap.filter(({state}) => state !== 'free')).toHaveLength(transmitRing.outstanding);
					const ids = transmit.filter(({state, id}) => state !== 'response' && id >= 0).map(({id}) => id);
					expect(new Set(ids).size).toBe(ids.length);
					for (const id of ids) expect(channel.front.sending.referenceOf(id)).toBeGreaterThanOrEqual(0);
					const own = transmit.filter(({slot, state}) => slot >= 0 && state !== 'response');
					for (const each of own) expect(transmitMap[each.slot]).toEqual(each);
					asked += ids.length;
				}
				expect(asked).toBeGreaterThan(0);
			}),
			{numRuns: 20},
		);
	});
});

describe('RX', () => {
	test('is full of posted buffers, each with its grant, as long as nothing comes', () => {
		const {receive, receiveMap, receiveRing} = viewsOf(connected());
		expect(receiveRing.outstanding).toBe(256);
		expect(receiveMap.every(({state, size}) => state === 'posted' && size === 0)).toBe(true);
		expect(new Set(receive.map(({grant}) => grant)).size).toBe(256);
		expect(receive.map(({id}) => id)).toEqual(receive.map(({slot}) => slot));
	});

	test('shows what was filled and not read: bytes, flags, segmentation', () => {
		const channel = connected();
		channel.guest.domain.pauseCount++;
		const whole = packetOf(channel.domainZero, pieces(pattern(6000), 3000), {checksum: 1, segmentSize: 1448});
		channel.toGuest(whole);
		channel.run(200_000);
		const {receive, receiveRing} = viewsOf(channel);
		const filled = receive.filter(({state}) => state === 'response');
		expect(filled.length).toBe(receiveRing.unconsumedResponses);
		expect(filled[0].flags).toBe('data_validated csum_blank more_data extra_info');
		expect(filled[1].flags).toBe('GSO 1448');
		expect(filled.reduce((sum, {size}) => sum + size, 0)).toBe(6000);
		expect(receive.filter(({state}) => state === 'posted')).toHaveLength(256 - filled.length);
	});
});
