/** One ring in detail for fake snapshots: as many slots in use as its channel has requests in flight. */
import type {
	BlockSlotView,
	ChannelView,
	PacketSlotView,
	RingView,
	VifChannelView,
} from '../../source/observe/snapshot.js';

export function fakeRing(channel: ChannelView | undefined): RingView | undefined {
	if (channel === undefined) return undefined;
	const {id, size, inFlight} = channel;
	const slots = Array.from({length: size}, (_, slot): BlockSlotView => {
		const age = inFlight - ((slot + size - 8) % size);
		const used = age > 0;
		return {
			kind: 'block',
			slot,
			state: !used ? 'free' : age < 3 ? 'request' : age > 22 ? 'response' : 'taken',
			reserved: false,
			id: 200 + slot,
			operation: 'WRITE',
			sector: 4096 * (slot + 1),
			segments: 4,
			waitsFor: age < 3 ? 'Domain-0 to run' : `nvme0 queue, entry ${slot + 9}`,
			age: used ? age * 27_500 : 0,
		};
	});
	return {
		id,
		channel: id,
		requestProducer: 5504,
		responseConsumer: 5480,
		requestConsumer: 5502,
		responseProducer: 5482,
		requestEvent: 5505,
		responseEvent: 5481,
		sharing: {
			grantsGiven: 96,
			grantsMapped: 96,
			frontPort: 7,
			backPort: 12,
			ringReference: 8,
		},
		slots,
		requests: slots.filter(({state}) => state !== 'free').sort((a, b) => b.age - a.age),
	};
}

/** TX or RX of a network: packets under way, or buffers posted and packets that the guest has not read. */
export function fakeNetRing(channel: VifChannelView, title: string): RingView {
	const {id, size, inFlight, receive} = channel;
	const transmit = title === 'TX';
	const used = transmit ? inFlight : receive.posted + receive.unread;
	const slots = Array.from({length: size}, (_, slot): PacketSlotView => {
		const there = slot < used;
		const state = transmit ? (slot < 3 ? 'taken' : 'request') : slot < receive.unread ? 'response' : 'posted';
		const extra = transmit && slot % 6 === 1;
		return {
			kind: 'packet',
			slot,
			state: there ? state : 'free',
			reserved: false,
			id: there && !extra ? slot : -1,
			size: !there || extra || state === 'posted' ? 0 : 1514,
			offset: extra ? 0 : 128,
			grant: !there || extra ? -1 : 700 + slot,
			flags: !there || !transmit ? '' : extra ? 'GSO 1448' : 'csum_blank more_data extra_info',
			waitsFor: !there ? '' : state === 'posted' ? 'a packet' : 'netback in Domain-0 to take it',
			age: there && transmit ? (used - slot) * 9000 : undefined,
		};
	});
	return {
		id: `${id} ${title}`,
		channel: id,
		requestProducer: 90_112 + used,
		responseConsumer: 90_112,
		requestConsumer: 90_115,
		responseProducer: 90_112,
		requestEvent: 90_116,
		responseEvent: 90_113,
		sharing: {
			grantsGiven: used,
			grantsMapped: transmit ? 3 : 0,
			frontPort: 8,
			backPort: 13,
			ringReference: transmit ? 9 : 10,
		},
		slots,
		requests: slots.filter(({state}) => state !== 'free'),
	};
}
