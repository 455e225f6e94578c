/**
A network of a guest for whoever looks: what passes each way, what its two rings hold, whether it sleeps, stalls or is held back, and
how many notifications it takes. Totals are the backend's, as xentop reads them.
*/
import type {Engine} from '../engine/engine.js';
import {ringSlots} from '../sim/channel/netif.js';
import {xenbusStateNames} from '../sim/channel/xenbus.js';
import type {VifChannel} from '../sim/host/vif-channel.js';
import {gone} from './channel-figures.js';
import {type NetRing, netIndices, oldestSlot, receiveSlots, transmitSlots} from './net-ring-view.js';
import {receivingWaitsFor, sendingWaitsFor} from './packet-whereabouts.js';
import type {Counter, Samples} from './samples.js';
import type {ChannelLook, PartView, RingView, TrafficRate, VifChannelView, VifView} from './snapshot.js';

/** Before an end has come to life the store holds what the toolstack wrote for it. */
const [, initialising, , , connected] = xenbusStateNames;
const second = 1_000_000_000;
/** A guest at work posts buffers anew within so long, ns. */
const postsWithin = 100_000_000;

export class VifFigures {
	readonly #sentBytes: Counter;
	readonly #sentPackets: Counter;
	readonly #receivedBytes: Counter;
	readonly #receivedPackets: Counter;
	readonly #bits: Counter;
	readonly #limited: Counter;
	readonly #frontPushes: Counter;
	readonly #frontSent: Counter;
	readonly #backPushes: Counter;
	readonly #backSent: Counter;
	/** When the guest's receive ring was first seen stalled, ns; -1 while it is not. */
	#stalledSince = -1;

	constructor(
		private readonly engine: Engine,
		/** The newest of its name. */
		public channel: VifChannel,
		samples: Samples,
	) {
		this.#sentBytes = samples.counter(() => this.channel.counts.sentBytes);
		this.#sentPackets = samples.counter(() => this.channel.counts.sentPackets);
		this.#receivedBytes = samples.counter(() => this.channel.counts.receivedBytes);
		this.#receivedPackets = samples.counter(() => this.channel.counts.receivedPackets);
		this.#bits = samples.counter(() => 8 * (this.channel.counts.sentBytes + this.channel.counts.receivedBytes));
		this.#limited = samples.counter(() => this.channel.counts.limited);
		this.#frontPushes = samples.counter(() => this.channel.counts.frontPushes);
		this.#frontSent = samples.counter(() => this.channel.counts.frontNotifications);
		this.#backPushes = samples.counter(() => this.channel.counts.backPushes);
		this.#backSent = samples.counter(() => this.channel.counts.backNotifications);
	}

	/** Pushes of either end within the window, and those of them that rang for the other. */
	get pushes(): number {
		return this.#frontPushes.delta + this.#backPushes.delta;
	}

	get sent(): number {
		return this.#frontSent.delta + this.#backSent.delta;
	}

	/** `eth0` for vif 0, as a guest names its interfaces. */
	get name(): string {
		return `eth${this.channel.words.device}`;
	}

	get frontPart(): string {
		return `${this.channel.frontKernel.name}/${this.channel.words.name}`;
	}

	get backPart(): string {
		const {backKernel, frontKernel, words} = this.channel;
		return `${backKernel.name}/netback/${frontKernel.name}/${words.name}`;
	}

	/** Called with each sample: what has no counter is looked at as often as that. */
	notice(): void {
		const stalled = this.#connected && this.channel.netback?.toGuest.stalled === true;
		this.#stalledSince = stalled ? (this.#stalledSince < 0 ? this.engine.now : this.#stalledSince) : -1;
	}

	view(): VifChannelView {
		const {channel, engine} = this;
		const {netfront, netback, frontKernel, backKernel} = channel;
		const ring = netfront?.sending.ring ?? null;
		const received = netfront?.receiving.ring ?? null;
		const {look, since} = this.#look();
		const credit = netback?.credit;
		const limited = credit !== undefined && credit.window > 0;
		const oldest =
			netfront === undefined || ring === null ? -1 : oldestSlot(ring, (id) => netfront.sending.referenceOf(id));
		return {
			kind: 'vif',
			id: channel.id,
			rings: [
				{id: `${channel.id} TX`, title: 'TX'},
				{id: `${channel.id} RX`, title: 'RX'},
			],
			label: `vif${channel.words.device}`,
			frontend: frontKernel.name,
			backend: backKernel.name,
			frontPart: this.frontPart,
			backPart: this.backPart,
			frontState: this.#frontState,
			backState: this.#backState,
			look,
			since,
			size: ring?.size ?? ringSlots,
			inFlight: ring?.outstanding ?? 0,
			unread: netfront?.sending.waiting ?? 0,
			oldest: oldest < 0 ? 0 : engine.now - channel.transmitIdentities.since[oldest],
			requestRate: this.#sentPackets.perSecond + this.#receivedPackets.perSecond,
			bytesPerSecond: this.#bits.perSecond / 8,
			history: this.#bits.history,
			latency: undefined,
			p99: undefined,
			frontSent: this.#frontSent.perSecond,
			frontHeld: this.#frontPushes.perSecond - this.#frontSent.perSecond,
			backSent: this.#backSent.perSecond,
			backHeld: this.#backPushes.perSecond - this.#backSent.perSecond,
			sent: trafficRate(this.#sentBytes, this.#sentPackets),
			received: trafficRate(this.#receivedBytes, this.#receivedPackets),
			receive: {
				size: received?.size ?? ringSlots,
				posted: this.#posted,
				unread: netfront?.receiving.waiting ?? 0,
				queued: netback?.toGuest.queue.length ?? 0,
				dropped: channel.counts.receivedDrops,
			},
			limit: limited ? (8 * credit.bytes * second) / credit.window : undefined,
			throttled: credit?.refuses ?? false,
		};
	}

	/** One of its rings by the id that its view gives it; undefined while there is none. */
	ringView(id: string): RingView | undefined {
		const {channel, engine} = this;
		const {netfront, netback} = channel;
		const transmits = id === `${channel.id} TX`;
		const front = (transmits ? netfront?.sending : netfront?.receiving)?.ring ?? null;
		if (netfront === undefined || front === null) {
			return undefined;
		}

		const ring: NetRing = {
			front,
			back: (transmits ? netback?.fromGuest : netback?.toGuest)?.ring ?? null,
			identities: transmits ? channel.transmitIdentities : channel.receiveIdentities,
			waitsFor: (place) => (transmits ? sendingWaitsFor(engine, channel, place) : receivingWaitsFor(channel, place)),
		};
		const slots = transmits
			? transmitSlots(ring, (request) => netfront.sending.referenceOf(request), engine.now)
			: receiveSlots(ring, engine.now);
		return {
			id,
			channel: channel.id,
			...netIndices(ring),
			grantsGiven: transmits ? grantsOut(slots.requests) : front.outstanding - netfront.receiving.waiting,
			grantsMapped: transmits ? (netback?.fromGuest.grantsMapped ?? 0) : 0,
			frontPort: netfront.port,
			backPort: netback?.port ?? -1,
			ringReference: transmits ? netfront.transmitReference : netfront.receiveReference,
			...slots,
		};
	}

	/** The backend's line in the domain it runs in. */
	backPartView(): PartView {
		const {channel} = this;
		const {netback, frontKernel, port} = channel;
		const disabled = netback?.disabled === true;
		const starved = this.#starvedSince >= 0;
		const trouble = disabled || channel.asleepSince >= 0 || this.#stalledSince >= 0 || starved;
		return {
			...this.#part,
			id: this.backPart,
			kind: 'netback',
			title: 'netback',
			subject: `${frontKernel.name} ${netback?.name ?? this.name}`,
			used: netback?.toGuest.queue.length,
			size: undefined,
			entry: 'packet',
			state: disabled
				? 'disabled'
				: this.#stalledSince >= 0
					? 'Guest Rx stalled'
					: starved
						? 'no buffers'
						: this.#backState,
			counters: [
				['rx errors', netback?.rxErrors ?? 0],
				['tx drops', (netback?.txDropped ?? 0) + (port?.txDropped ?? 0)],
				['tx errors', netback?.txErrors ?? 0],
				['mapped grants', netback?.fromGuest.grantsMapped ?? 0],
			],
			trouble,
		};
	}

	/** The network's line in its guest. */
	frontPartView(): PartView {
		const {channel} = this;
		const {netfront, words} = channel;
		const failed = netfront?.state === 'error';
		return {
			...this.#part,
			id: this.frontPart,
			kind: 'netfront',
			title: this.name,
			subject: `vif${words.device}`,
			used: netfront?.sending.ring?.outstanding ?? 0,
			size: netfront?.sending.ring?.size ?? ringSlots,
			entry: 'slot',
			state: failed ? 'disabled' : this.#frontState,
			counters: [
				['tx errors', netfront?.sending.errors ?? 0],
				['tx drops', netfront?.sending.dropped ?? 0],
				['rx errors', netfront?.receiving.errors ?? 0],
				['deferred grants', netfront?.deferredGrants ?? 0],
			],
			trouble: failed || channel.asleepSince >= 0 || this.#stalledSince >= 0 || this.#starvedSince >= 0,
		};
	}

	/** The network as xentop counts it. */
	vifView(): VifView {
		const {words, backKernel, netback, port} = this.channel;
		return {
			device: words.device,
			name: this.name,
			backend: backKernel.name,
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
				drops: (netback?.txDropped ?? 0) + (port?.txDropped ?? 0),
			},
		};
	}

	get #part() {
		return {
			rate: this.#bits.perSecond,
			unit: 'b/s',
			history: this.#bits.history,
			latency: undefined,
			p99: undefined,
			channel: this.channel.id,
		};
	}

	get #frontState(): string {
		if (!this.channel.frontKernel.alive) {
			return gone;
		}

		const state = xenbusStateNames[this.channel.netfront?.xenbus.state ?? 0];
		return state === 'Unknown' ? initialising : state;
	}

	get #backState(): string {
		if (!this.channel.backKernel.alive) {
			return gone;
		}

		const state = xenbusStateNames[this.channel.netback?.xenbus.state ?? 0];
		return state === 'Unknown' ? initialising : state;
	}

	get #connected(): boolean {
		return this.#frontState === connected && this.#backState === connected;
	}

	/** Receive buffers that wait for a packet. */
	get #posted(): number {
		const {receiving} = this.channel.netfront ?? {};
		return (receiving?.ring?.outstanding ?? 0) - (receiving?.waiting ?? 0);
	}

	/** Since when the guest has posted no receive buffers, ns; -1 while it has some, or has just used its last. */
	get #starvedSince(): number {
		const {netback} = this.channel;
		const since = netback?.toGuest.lastPlaced ?? this.engine.now;
		return this.#connected && this.#posted <= 0 && this.engine.now - since >= postsWithin ? since : -1;
	}

	#look(): {look: ChannelLook; since: number} {
		const {asleepSince, netfront} = this.channel;
		const {now} = this.engine;
		if (!this.#connected) {
			return {look: 'closed', since: 0};
		}

		if (asleepSince >= 0) {
			return {look: 'asleep', since: now - asleepSince};
		}

		if (this.#stalledSince >= 0) {
			return {look: 'stalled', since: now - this.#stalledSince};
		}

		const starvedSince = this.#starvedSince;
		if (starvedSince >= 0) {
			return {look: 'starved', since: now - starvedSince};
		}

		// Its ring is full as well then: the limit is why.
		if (this.#limited.delta > 0) {
			return {look: 'limited', since: 0};
		}

		// The frontend's queue stops while a packet of the largest size might not fit.
		if (netfront?.carrier === true && !netfront.sending.hasRoom) {
			return {look: 'full', since: 0};
		}

		const busy = this.#bits.delta > 0 || this.#frontPushes.delta > 0;
		return {look: busy ? 'busy' : 'idle', since: 0};
	}
}

function trafficRate(bytes: Counter, packets: Counter): TrafficRate {
	return {bitsPerSecond: 8 * bytes.perSecond, packetsPerSecond: packets.perSecond};
}

/** Requests whose grant the frontend has given and not taken back. */
function grantsOut(requests: RingView['requests']): number {
	return requests.filter((slot) => slot.kind === 'packet' && slot.grant >= 0).length;
}
