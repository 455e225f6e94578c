/** A connected vif whose transmit ring the test fills by hand, as a frontend with ideas of its own would. */
import * as netif from '../../source/sim/channel/netif.js';
import {inKernel} from './disk-channel.js';
import {type NetChannelOptions, netChannel, pattern} from './net-channel.js';

export interface Slot {
	readonly reference?: number;
	readonly offset?: number;
	readonly flags?: number;
	readonly size: number;
}

export interface Extra {
	readonly type: number;
	readonly more?: boolean;
	readonly size?: number;
	readonly gso?: number;
}

export function handmadeVif(options: NetChannelOptions = {}) {
	const channel = netChannel(options);
	channel.connect();
	const {front, guest, settle} = channel;
	const {ring} = front.sending;
	if (ring === null) throw new Error('the channel is connected');
	/** The frontend itself looks away; the test reads the responses. */
	front.sending.looking = true;
	const {words} = ring;
	const page = guest.page();
	pattern(4096).copy(guest.bytes(page));
	/** A page that the backend may read, granted once for all slots that name no other. */
	const granted = guest.grant(0, page, true);
	let id = 0;

	/** Fills slots without publishing them; ids count up. */
	const put = (...slots: readonly (Slot | Extra)[]) => {
		for (const slot of slots) {
			const entry = ring.nextRequest();
			if ('type' in slot) {
				words[entry] = slot.type | ((slot.more === true ? netif.extraMore : 0) << 8) | ((slot.size ?? 0) << 16);
				words[entry + 1] = slot.gso ?? 0;
			} else {
				const {reference = granted, offset = 0, flags = 0, size} = slot;
				netif.writeTxRequest(words, entry, reference, offset, flags, id++, size);
			}
		}
	};

	const tell = () => {
		inKernel(guest, () => guest.notify(front.port));
		settle();
	};

	/** The responses since last asked: `id status`, and `null` for the slot of an extra info. */
	const answers = () => {
		const found: string[] = [];
		while (ring.unconsumedResponses > 0) {
			const response = words[ring.nextResponse()];
			const status = netif.txResponseStatus(response);
			found.push(status === netif.responseNull ? 'null' : `${netif.txResponseId(response)} ${status}`);
		}

		return found;
	};

	const send = (...slots: readonly (Slot | Extra)[]) => {
		put(...slots);
		ring.publishRequests();
		tell();
		return answers();
	};

	return {...channel, ring, words, page, granted, put, tell, send, answers};
}

export const more = netif.txMoreData;
export const extra = netif.txExtraInfo;

/** A packet of so many slots: each behind the first has 10 bytes, the first what is left of the total. */
export function manySlots(count: number): Slot[] {
	return Array.from({length: count}, (_, i) => ({
		size: i === 0 ? 100 + (count - 1) * 10 : 10,
		flags: i + 1 < count ? more : 0,
	}));
}
