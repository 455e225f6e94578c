/** One ring in detail for fake snapshots: as many slots in use as its channel has requests in flight. */
import type {ChannelView, RingView, SlotView} from '../../source/observe/snapshot.js';

export function fakeRing(channel: ChannelView | undefined): RingView | undefined {
	if (channel === undefined) return undefined;
	const {id, size, inFlight} = channel;
	const slots = Array.from({length: size}, (_, slot): SlotView => {
		const age = inFlight - ((slot + size - 8) % size);
		const used = age > 0;
		return {
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
		channel: id,
		requestProducer: 5504,
		responseConsumer: 5480,
		requestConsumer: 5502,
		responseProducer: 5482,
		requestEvent: 5505,
		responseEvent: 5481,
		grantsGiven: 96,
		grantsMapped: 96,
		frontPort: 7,
		backPort: 12,
		ringReference: 8,
		slots,
		requests: slots.filter(({state}) => state !== 'free').sort((a, b) => b.age - a.age),
	};
}
