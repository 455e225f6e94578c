/**
A network of a guest for whoever looks: what passes each way, what its two rings hold, whether it sleeps, stalls or is held back, and
how many notifications it takes. Totals are the backend's, as xentop reads them.
*/
import type {Engine} from '../engine/engine.js';
import type {NetChannel} from '../sim/host/channels.js';
import type {VifChannel} from '../sim/host/vif-channel.js';
import {type NetEnds, netEnds} from './net-ends.js';
import {type NetRing, netIndices, receiveSlots, transmitSlots} from './net-ring-view.js';
import {receivingWaitsFor, sendingWaitsFor} from './packet-whereabouts.js';
import type {Counter, Samples} from './samples.js';
import type {ChannelLook, PartView, RingView, TrafficRate, VifChannelView, VifView} from './snapshot.js';

/** A guest at work posts buffers anew within so long, ns. */
const postsWithin = 100_000_000;

export class VifFigures {
	readonly #sentBytes: Counter;
	readonly #sentPackets: Counter;
	readonly #receivedBytes: Counter;
	readonly #receivedPackets: Counter;
	readonly #bits: Counter;
	readonly #frontPushes: Counter;
	readonly #frontSent: Counter;
	readonly #backPushes: Counter;
	readonly #backSent: Counter;
	readonly #limited: Counter;
	/** When the guest's receive ring was first seen stalled, ns; -1 while it is not. */
	#stalledSince = -1;

	constructor(
		private readonly engine: Engine,
		/** The newest of its name. */
		public channel: NetChannel,
		samples: Samples,
	) {
		this.#sentBytes = samples.counter(() => this.channel.counts.sentBytes);
		this.#sentPackets = samples.counter(() => this.channel.counts.sentPackets);
		this.#receivedBytes = samples.counter(() => this.channel.counts.receivedBytes);
		this.#receivedPackets = samples.counter(() => this.channel.counts.receivedPackets);
		this.#bits = samples.counter(() => 8 * (this.channel.counts.sentBytes + this.channel.counts.receivedBytes));
		this.#frontPushes = samples.counter(() => this.channel.counts.frontPushes);
		this.#frontSent = samples.counter(() => this.channel.counts.frontNotifications);
		this.#backPushes = samples.counter(() => this.channel.counts.backPushes);
		this.#backSent = samples.counter(() => this.channel.counts.backNotifications);
		this.#limited = samples.counter(() => this.channel.counts.limited);
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
		const ends = netEnds(this.channel);
		const stalled = ends.connected && ends.stalled;
		this.#stalledSince = stalled ? (this.#stalledSince < 0 ? this.engine.now : this.#stalledSince) : -1;
	}

	view(): VifChannelView {
		const {channel, engine} = this;
		const {frontKernel, backKernel} = channel;
		const ends = netEnds(channel);
		const {look, since} = this.#look(ends);
		const {frontState, backState, size, inFlight, unread, oldest, receive, limit, throttled} = ends;
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
			frontState,
			backState,
			look,
			since,
			size,
			inFlight,
			unread,
			oldest: oldest === undefined ? 0 : engine.now - oldest,
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
			receive,
			limit,
			throttled,
		};
	}

	/** One of its rings by the id that its view gives it; undefined while there is none. */
	ringView(id: string): RingView | undefined {
		const {channel, engine} = this;
		return channel.protocol === 'netif' ? netifRing(engine, channel, id) : undefined;
	}

	/** The backend's line in whoever runs it. */
	backPartView(): PartView {
		const {channel} = this;
		const {failed, ...back} = netEnds(channel).back;
		const stalled = this.#stalledSince >= 0;
		const starved = this.#starvedSince(netEnds(channel)) >= 0;
		return {
			...this.#part,
			id: this.backPart,
			kind: 'netback',
			subject: `${channel.frontKernel.name} ${netEnds(channel).backName ?? this.name}`,
			...back,
			state: failed ? back.state : stalled ? 'Guest Rx stalled' : starved ? 'no buffers' : back.state,
			trouble: failed || channel.asleepSince >= 0 || stalled || starved,
		};
	}

	/** The network's line in its guest. */
	frontPartView(): PartView {
		const {channel} = this;
		const ends = netEnds(channel);
		const {failed, ...front} = ends.front;
		return {
			...this.#part,
			id: this.frontPart,
			kind: 'netfront',
			subject: `vif${channel.words.device}`,
			...front,
			trouble: failed || channel.asleepSince >= 0 || this.#stalledSince >= 0 || this.#starvedSince(ends) >= 0,
		};
	}

	/** The network as xentop counts it. */
	vifView(): VifView {
		const {words, backKernel} = this.channel;
		return {device: words.device, name: this.name, backend: backKernel.name, ...netEnds(this.channel).totals};
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

	/** Since when the guest has posted no receive buffers, ns; -1 while it has some, or has just used its last. */
	#starvedSince({connected, receive, lastPlaced}: NetEnds): number {
		const since = lastPlaced ?? this.engine.now;
		return connected && receive.posted <= 0 && this.engine.now - since >= postsWithin ? since : -1;
	}

	#look(ends: NetEnds): {look: ChannelLook; since: number} {
		const {connected, full} = ends;
		const {asleepSince} = this.channel;
		const {now} = this.engine;
		if (!connected) {
			return {look: 'closed', since: 0};
		}

		if (asleepSince >= 0) {
			return {look: 'asleep', since: now - asleepSince};
		}

		if (this.#stalledSince >= 0) {
			return {look: 'stalled', since: now - this.#stalledSince};
		}

		const starvedSince = this.#starvedSince(ends);
		if (starvedSince >= 0) {
			return {look: 'starved', since: now - starvedSince};
		}

		// Its ring is full as well then: the limit is why.
		if (this.#limited.delta > 0) {
			return {look: 'limited', since: 0};
		}

		if (full) {
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

function netifRing(engine: Engine, channel: VifChannel, id: string): RingView | undefined {
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
		sharing: {
			grantsGiven: transmits ? grantsOut(slots.requests) : front.outstanding - netfront.receiving.waiting,
			grantsMapped: transmits ? (netback?.fromGuest.grantsMapped ?? 0) : 0,
			frontPort: netfront.port,
			backPort: netback?.port ?? -1,
			ringReference: transmits ? netfront.transmitReference : netfront.receiveReference,
		},
		...slots,
	};
}
