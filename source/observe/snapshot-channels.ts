/** Device channels in a snapshot: how both ends of one are, what passes over it, and its rings slot by slot. Plain data. */

/** A figure's recent history for a sparkline: oldest first, one value per 100 ms of simulated time, at most 60. */
export type History = readonly number[];

/**
`limited`: what the guest sends was held back by the rate limit of its vif within the window; `starved`: the guest posts no receive buffers, and
packets for it wait; `stalled`: the backend has given up waiting for them.
*/
export type ChannelLook = 'idle' | 'busy' | 'full' | 'limited' | 'asleep' | 'starved' | 'stalled' | 'closed';

export type ChannelView = VbdChannelView | VifChannelView;

export interface VbdChannelView extends ChannelEnds {
	readonly kind: 'vbd';
}

/** Of a network's two rings, what both kinds of channel have is said of the one its guest sends with. */
export interface VifChannelView extends ChannelEnds {
	readonly kind: 'vif';
	/** As the guest sees it: what it sent and received. */
	readonly sent: TrafficRate;
	readonly received: TrafficRate;
	/** The ring of receive buffers, and packets that wait in the backend for one. */
	readonly receive: {
		readonly size: number;
		/** Buffers posted and not used. */
		readonly posted: number;
		/** Packets the guest has not read. */
		readonly unread: number;
		readonly queued: number;
		/** Packets for the guest that the backend and its bridge's port have dropped since it was attached. */
		readonly dropped: number;
	};
	/** Bits per second it may send; undefined = no limit. */
	readonly limit: number | undefined;
	/** Its next packet waits until the limit allows it. */
	readonly throttled: boolean;
}

export interface TrafficRate {
	readonly bitsPerSecond: number;
	readonly packetsPerSecond: number;
}

interface ChannelEnds {
	/** `db.xvda`: what commands name it. */
	readonly id: string;
	/** `vbd 51712`, `vif 0` */
	readonly label: string;
	/** Its rings: what `RingView` can be asked for, each by a name of its own (`ring`, `TX`, `RX`). */
	readonly rings: readonly {readonly id: string; readonly title: string}[];
	readonly frontend: string;
	readonly backend: string;
	readonly frontPart: string;
	readonly backPart: string;
	/** xenbus states in words. */
	readonly frontState: string;
	readonly backState: string;
	readonly look: ChannelLook;
	/** How long it has looked so (full, asleep, starved, stalled), ns. */
	readonly since: number;
	readonly size: number;
	/** Requests on the ring without a response consumed. */
	readonly inFlight: number;
	/** Responses the frontend has not read. */
	readonly unread: number;
	/** Age of the oldest request in flight, ns. */
	readonly oldest: number;
	/** Requests, or packets of both directions, per second. */
	readonly requestRate: number;
	readonly bytesPerSecond: number;
	readonly history: History;
	readonly latency: number | undefined;
	readonly p99: number | undefined;
	/** Notifications per second: sent, and held off (pushes that needed none). */
	readonly frontSent: number;
	readonly frontHeld: number;
	readonly backSent: number;
	readonly backHeld: number;
}

/** One ring in detail. */
export interface RingView {
	/** As its channel lists it. */
	readonly id: string;
	readonly channel: string;
	readonly requestProducer: number;
	readonly responseConsumer: number;
	readonly requestConsumer: number;
	readonly responseProducer: number;
	/** Undefined on a ring that has none: then each batch is told of. */
	readonly requestEvent: number | undefined;
	readonly responseEvent: number | undefined;
	/** Grants and the event channel; undefined where there are none. */
	readonly sharing:
		| {
				readonly grantsGiven: number;
				readonly grantsMapped: number;
				readonly frontPort: number;
				readonly backPort: number;
				readonly ringReference: number;
		  }
		| undefined;
	/** One per slot. */
	readonly slots: readonly SlotView[];
	/** Requests on the ring without an answer read, the oldest first; those whose slot another's answer took have slot -1. */
	readonly requests: readonly SlotView[];
}

/** A slot of the ring, or a request on it: of a disk, or of a network's TX or RX ring. */
export type SlotView = BlockSlotView | PacketSlotView;

export interface BlockSlotView extends SlotPlace {
	readonly kind: 'block';
	/** `READ`, `WRITE`, `FLUSH`. */
	readonly operation: string;
	readonly sector: number;
	readonly segments: number;
	readonly age: number;
}

export interface PacketSlotView extends SlotPlace {
	readonly kind: 'packet';
	/** Bytes: of the whole packet in its first TX slot, of a fragment after it, of what was received in RX. 0 for an empty buffer. */
	readonly size: number;
	readonly offset: number;
	/** Grant of the page; -1 where the slot names none. */
	readonly grant: number;
	/** In the words of netif.h: `csum_blank more_data`, `GSO 1448` of an extra-info slot. */
	readonly flags: string;
}

interface SlotPlace {
	/** -1: a request whose slot was used for another's answer. */
	readonly slot: number;
	/** `posted`: an empty receive buffer. */
	readonly state: 'free' | 'posted' | 'request' | 'taken' | 'response';
	/** Taken, and what was asked there is answered through another slot: kept for the next answer, nobody's request. */
	readonly reserved: boolean;
	/** -1: no request is here. */
	readonly id: number;
	/** Where it is, in words: `nvme0 queue, entry 17`. */
	readonly waitsFor: string;
	/** ns since the frontend took the request, or since the backend filled the buffer; undefined where nobody noted when. */
	readonly age: number | undefined;
}
