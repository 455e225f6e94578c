/** The two ends of a virtual interface in the words of the protocol they speak: netif and xenbus, or Xen 1.0's rings. Totals as the backend has them. */
import {ringSlots} from '../sim/channel/netif.js';
import {ringSlots as vif1Slots} from '../sim/channel/vif1.js';
import {xenbusStateNames} from '../sim/channel/xenbus.js';
import type {NetChannel} from '../sim/host/channels.js';
import type {VifChannel} from '../sim/host/vif-channel.js';
import type {Xen1VifChannel} from '../sim/host/xen1-vif-channel.js';
import {gone} from './disk-ends.js';
import {oldestSlot} from './net-ring-view.js';
import type {PartView, VifChannelView, VifView} from './snapshot.js';

type Part = Pick<PartView, 'title' | 'used' | 'size' | 'entry' | 'state' | 'counters'> & {readonly failed: boolean};

export interface NetEnds {
	readonly frontState: string;
	readonly backState: string;
	/** Both ends are there and can work. */
	readonly connected: boolean;
	/** The guest takes nothing, and its backend has given up waiting. */
	readonly stalled: boolean;
	/** Nothing more fits on the ring it sends with. */
	readonly full: boolean;
	/** Of the ring it sends with. */
	readonly size: number;
	readonly inFlight: number;
	readonly unread: number;
	/** When its oldest packet without an answer was put there, virtual ns; undefined when there is none. */
	readonly oldest: number | undefined;
	readonly receive: VifChannelView['receive'];
	/** When the last packet was put into a receive buffer, virtual ns. */
	readonly lastPlaced: number | undefined;
	readonly limit: number | undefined;
	readonly throttled: boolean;
	readonly front: Part;
	readonly back: Part;
	/** What the interface is called in the backend's domain; undefined where it has no name there. */
	readonly backName: string | undefined;
	readonly totals: Pick<VifView, 'received' | 'sent'>;
}

/** Before an end has come to life the store holds what the toolstack wrote for it. */
const [, initialising, , , connected] = xenbusStateNames;
const second = 1_000_000_000;

export function netEnds(channel: NetChannel): NetEnds {
	return channel.protocol === 'netif' ? netifEnds(channel) : vif1Ends(channel);
}

function netifEnds({
	netfront,
	netback,
	port,
	words,
	transmitIdentities,
	counts,
	frontKernel,
	backKernel,
}: VifChannel): NetEnds {
	const frontState = frontKernel.alive ? stateName(netfront?.xenbus.state) : gone;
	const backState = backKernel.alive ? stateName(netback?.xenbus.state) : gone;
	const ring = netfront?.sending.ring ?? null;
	const received = netfront?.receiving.ring ?? null;
	const credit = netback?.credit;
	const limited = credit !== undefined && credit.window > 0;
	const oldest =
		netfront === undefined || ring === null ? -1 : oldestSlot(ring, (id) => netfront.sending.referenceOf(id));
	const disabled = netback?.disabled === true;
	const failed = netfront?.state === 'error';
	const drops = (netback?.txDropped ?? 0) + (port?.txDropped ?? 0);
	return {
		frontState,
		backState,
		connected: frontState === connected && backState === connected,
		stalled: netback?.toGuest.stalled === true,
		// The frontend's queue stops while a packet of the largest size might not fit.
		full: netfront?.carrier === true && !netfront.sending.hasRoom,
		size: ring?.size ?? ringSlots,
		inFlight: ring?.outstanding ?? 0,
		unread: netfront?.sending.waiting ?? 0,
		oldest: oldest < 0 ? undefined : transmitIdentities.since[oldest],
		receive: {
			size: received?.size ?? ringSlots,
			posted: received === null ? 0 : received.outstanding - (netfront?.receiving.waiting ?? 0),
			unread: netfront?.receiving.waiting ?? 0,
			queued: netback?.toGuest.queue.length ?? 0,
			dropped: counts.receivedDrops,
		},
		lastPlaced: netback?.toGuest.lastPlaced,
		backName: netback?.name,
		limit: limited ? (8 * credit.bytes * second) / credit.window : undefined,
		throttled: credit?.refuses ?? false,
		front: {
			title: `eth${words.device}`,
			used: ring?.outstanding ?? 0,
			size: ring?.size ?? ringSlots,
			entry: 'slot',
			state: failed ? 'disabled' : frontState,
			counters: [
				['tx errors', netfront?.sending.errors ?? 0],
				['tx drops', netfront?.sending.dropped ?? 0],
				['rx errors', netfront?.receiving.errors ?? 0],
				['deferred grants', netfront?.deferredGrants ?? 0],
			],
			failed,
		},
		back: {
			title: 'netback',
			used: netback?.toGuest.queue.length,
			size: undefined,
			entry: 'packet',
			state: disabled ? 'disabled' : backState,
			counters: [
				['rx errors', netback?.rxErrors ?? 0],
				['tx drops', drops],
				['tx errors', netback?.txErrors ?? 0],
				['mapped grants', netback?.fromGuest.grantsMapped ?? 0],
			],
			failed: disabled,
		},
		totals: {
			received: {
				bytes: netback?.rxBytes ?? 0,
				packets: netback?.rxPackets ?? 0,
				errors: netback?.rxErrors ?? 0,
				drops: netback?.rxDropped ?? 0,
			},
			sent: {
				bytes: netback?.txBytes ?? 0,
				packets: netback?.txPackets ?? 0,
				errors: netback?.txErrors ?? 0,
				drops,
			},
		},
	};
}

function vif1Ends({front, back, port, words, ended, frontKernel, backKernel}: Xen1VifChannel): NetEnds {
	const frontState = !frontKernel.alive ? gone : front === undefined ? 'not probed' : 'probed';
	const {sending, receiving} = front ?? {};
	const inFlight = sending?.ring.outstanding ?? 0;
	const unread = receiving?.ring.unconsumedResponses ?? 0;
	const drops = back.receivedDropped + port.txDropped;
	return {
		frontState,
		backState: backKernel.alive ? 'created' : gone,
		connected: front !== undefined && !ended,
		stalled: false,
		full: sending !== undefined && sending.free === 0,
		size: vif1Slots,
		inFlight,
		unread: sending?.ring.unconsumedResponses ?? 0,
		oldest: undefined,
		receive: {size: vif1Slots, posted: (receiving?.ring.outstanding ?? 0) - unread, unread, queued: 0, dropped: drops},
		lastPlaced: undefined,
		backName: undefined,
		limit: undefined,
		throttled: false,
		front: {
			title: `eth${words.device}`,
			used: inFlight,
			size: vif1Slots,
			entry: 'slot',
			state: frontState,
			counters: [['tx errors', sending?.errors ?? 0]],
			failed: false,
		},
		back: {
			title: 'net',
			used: back.waiting,
			size: undefined,
			entry: 'packet',
			state: '',
			counters: [
				['flipped', back.flipped],
				['refused', back.refused],
				['tx drops', drops],
				['events', back.events],
			],
			failed: false,
		},
		totals: {
			received: {bytes: back.sentBytes, packets: back.sentPackets, errors: back.refused, drops: back.sentDropped},
			sent: {bytes: back.receivedBytes, packets: back.receivedPackets, errors: 0, drops},
		},
	};
}

function stateName(state: number | undefined): string {
	const name = xenbusStateNames[state ?? 0];
	return name === 'Unknown' ? initialising : name;
}
