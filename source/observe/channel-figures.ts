/**
A device channel for whoever looks: how full its ring is and how old its oldest request, whether it sleeps, what passed over it
within the window, and how many notifications that took.
*/
import type {Engine} from '../engine/engine.js';
import type {DiskChannel} from '../sim/host/channels.js';
import {type DiskEnds, diskEnds} from './disk-ends.js';
import type {Counter, Distribution, Samples} from './samples.js';
import type {ChannelLook, PartView, VbdChannelView, VbdView} from './snapshot.js';

export class ChannelFigures {
	readonly #requests: Counter;
	readonly #bytes: Counter;
	readonly #latency: Distribution;
	readonly #frontPushes: Counter;
	readonly #frontSent: Counter;
	readonly #backPushes: Counter;
	readonly #backSent: Counter;

	constructor(
		private readonly engine: Engine,
		/** The newest of its name. */
		public channel: DiskChannel,
		samples: Samples,
	) {
		const {meter} = channel;
		const {read, write, flush} = meter;
		this.#requests = samples.counter(() => meter.answered);
		this.#bytes = samples.counter(() => read.bytes + write.bytes);
		this.#latency = samples.distribution(
			() => read.counts().latency,
			() => write.counts().latency,
			() => flush.counts().latency,
		);
		this.#frontPushes = samples.counter(() => this.channel.counts.requestPushes);
		this.#frontSent = samples.counter(() => this.channel.counts.requestNotifications);
		this.#backPushes = samples.counter(() => this.channel.counts.responsePushes);
		this.#backSent = samples.counter(() => this.channel.counts.responseNotifications);
	}

	/** Pushes of either end within the window, and those of them that rang for the other. */
	get pushes(): number {
		return this.#frontPushes.delta + this.#backPushes.delta;
	}

	get sent(): number {
		return this.#frontSent.delta + this.#backSent.delta;
	}

	get frontPart(): string {
		return `${this.channel.frontKernel.name}/${this.channel.vdev}`;
	}

	get backPart(): string {
		const {backKernel, frontKernel, vdev} = this.channel;
		return `${backKernel.name}/blkback/${frontKernel.name}/${vdev}`;
	}

	view(): VbdChannelView {
		const {channel, engine} = this;
		const {frontKernel, backKernel} = channel;
		const {now} = engine;
		const ends = diskEnds(channel);
		const {look, since} = this.#look(now, ends);
		const {frontState, backState, size, inFlight, unread, oldest} = ends;
		return {
			kind: 'vbd',
			id: channel.id,
			rings: [{id: channel.id, title: 'ring'}],
			label: `vbd ${channel.virtualDevice}`,
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
			oldest: oldest === undefined ? 0 : now - oldest,
			requestRate: this.#requests.perSecond,
			bytesPerSecond: this.#bytes.perSecond,
			history: this.#requests.history,
			latency: this.#latency.mean,
			p99: this.#latency.p99,
			frontSent: this.#frontSent.perSecond,
			frontHeld: this.#frontPushes.perSecond - this.#frontSent.perSecond,
			backSent: this.#backSent.perSecond,
			backHeld: this.#backPushes.perSecond - this.#backSent.perSecond,
		};
	}

	/** The backend's line in whoever runs it. */
	backPartView(): PartView {
		const {channel} = this;
		const {failed, ...back} = diskEnds(channel).back;
		return {
			id: this.backPart,
			kind: 'blkback',
			subject: `${channel.frontKernel.name} ${channel.vdev}`,
			rate: this.#requests.perSecond,
			unit: 'req/s',
			history: this.#requests.history,
			entry: 'slot',
			latency: undefined,
			p99: undefined,
			...back,
			channel: channel.id,
			trouble: failed || channel.asleepSince >= 0,
		};
	}

	/** The disk's line in its guest. */
	frontPartView(): PartView {
		const {channel} = this;
		const {failed, ...front} = diskEnds(channel).front;
		return {
			id: this.frontPart,
			kind: 'blkfront',
			subject: `vbd ${channel.virtualDevice}`,
			rate: this.#requests.perSecond,
			unit: 'req/s',
			history: this.#requests.history,
			entry: 'slot',
			latency: this.#latency.mean,
			p99: this.#latency.p99,
			...front,
			channel: channel.id,
			trouble: failed || channel.asleepSince >= 0,
		};
	}

	/** The disk as xentop counts it. */
	vbdView(): VbdView {
		const {virtualDevice, vdev, backKernel} = this.channel;
		return {
			device: virtualDevice,
			name: vdev,
			backend: backKernel.name,
			...diskEnds(this.channel).totals,
			p99: this.#latency.p99,
		};
	}

	#look(now: number, {connected, inFlight}: DiskEnds): {look: ChannelLook; since: number} {
		const {asleepSince, meter} = this.channel;
		if (!connected) {
			return {look: 'closed', since: 0};
		}

		if (asleepSince >= 0) {
			return {look: 'asleep', since: now - asleepSince};
		}

		const {fullSince} = meter.ring;
		if (fullSince >= 0) {
			return {look: 'full', since: now - fullSince};
		}

		const busy = inFlight > 0 || this.#frontPushes.delta > 0;
		return {look: busy ? 'busy' : 'idle', since: 0};
	}
}
