/**
A device channel for whoever looks: how full its ring is and how old its oldest request, whether it sleeps, what passed over it
within the window, and how many notifications that took.
*/
import type {Engine} from '../engine/engine.js';
import {xenbusStateNames} from '../sim/channel/xenbus.js';
import {rowFree, type Shadow} from '../sim/frontend/blkfront-shadow.js';
import type {VbdChannel} from '../sim/host/vbd-channel.js';
import type {Counter, Distribution, Samples} from './samples.js';
import type {ChannelLook, PartView, VbdChannelView, VbdView} from './snapshot.js';

/** Before an end has come to life the store holds what the toolstack wrote for it. */
const [, initialising, , , connected] = xenbusStateNames;
/** In place of the xenbus state of an end whose domain has died, whatever the store still says of it. */
export const gone = 'gone';
/** A guest's ring of one page has so many slots. */
const slotsOfOnePage = 32;

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
		public channel: VbdChannel,
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
		const {blkfront, frontKernel, backKernel} = channel;
		const {now} = engine;
		const {look, since} = this.#look(now);
		return {
			kind: 'vbd',
			id: channel.id,
			rings: [{id: channel.id, title: 'ring'}],
			label: `vbd ${channel.virtualDevice}`,
			frontend: frontKernel.name,
			backend: backKernel.name,
			frontPart: this.frontPart,
			backPart: this.backPart,
			frontState: this.#frontState,
			backState: this.#backState,
			look,
			since,
			size: blkfront?.ring?.size ?? slotsOfOnePage,
			inFlight: blkfront?.inFlight ?? 0,
			unread: blkfront?.waiting ?? 0,
			oldest: blkfront === undefined ? 0 : oldestAge(blkfront.shadow, now),
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

	/** The backend's line in the domain it runs in. */
	backPartView(): PartView {
		const {channel} = this;
		const {blkback, frontKernel, vdev} = channel;
		return {
			id: this.backPart,
			kind: 'blkback',
			title: 'blkback',
			subject: `${frontKernel.name} ${vdev}`,
			rate: this.#requests.perSecond,
			unit: 'req/s',
			history: this.#requests.history,
			used: blkback?.pending.inUse,
			size: blkback?.pending.size,
			entry: 'slot',
			latency: undefined,
			p99: undefined,
			state: blkback?.halted === true ? 'halted' : this.#backState,
			counters:
				blkback === undefined
					? []
					: [
							['oo_req', blkback.outOfRequests],
							['rd_req', blkback.readRequests],
							['wr_req', blkback.writeRequests],
							['f_req', blkback.flushRequests],
							['errors', blkback.errors],
							['mapped grants', blkback.grantsMapped],
						],
			channel: channel.id,
			trouble: blkback?.halted === true || channel.asleepSince >= 0,
		};
	}

	/** The disk's line in its guest. */
	frontPartView(): PartView {
		const {channel} = this;
		const {blkfront} = channel;
		return {
			id: this.frontPart,
			kind: 'blkfront',
			title: channel.vdev,
			subject: `vbd ${channel.virtualDevice}`,
			rate: this.#requests.perSecond,
			unit: 'req/s',
			history: this.#requests.history,
			used: blkfront?.inFlight ?? 0,
			size: blkfront?.ring?.size ?? slotsOfOnePage,
			entry: 'slot',
			latency: this.#latency.mean,
			p99: this.#latency.p99,
			state: blkfront?.state === 'error' ? 'disabled' : this.#frontState,
			counters:
				blkfront === undefined
					? []
					: [
							['completed', blkfront.completed],
							['errors', blkfront.errors],
							['deferred grants', blkfront.deferredGrants],
						],
			channel: channel.id,
			trouble: blkfront?.state === 'error' || channel.asleepSince >= 0,
		};
	}

	/** The disk as xentop counts it. */
	vbdView(): VbdView {
		const {virtualDevice, vdev, backKernel, blkback} = this.channel;
		return {
			device: virtualDevice,
			name: vdev,
			backend: backKernel.name,
			outOfRequests: blkback?.outOfRequests ?? 0,
			reads: blkback?.readRequests ?? 0,
			writes: blkback?.writeRequests ?? 0,
			readSectors: blkback?.readSectors ?? 0,
			writeSectors: blkback?.writeSectors ?? 0,
			p99: this.#latency.p99,
		};
	}

	get #frontState(): string {
		if (!this.channel.frontKernel.alive) {
			return gone;
		}

		const state = xenbusStateNames[this.channel.blkfront?.xenbus.state ?? 0];
		return state === 'Unknown' ? initialising : state;
	}

	get #backState(): string {
		if (!this.channel.backKernel.alive) {
			return gone;
		}

		const state = xenbusStateNames[this.channel.blkback?.xenbus.state ?? 0];
		return state === 'Unknown' ? initialising : state;
	}

	#look(now: number): {look: ChannelLook; since: number} {
		const {asleepSince, meter, blkfront} = this.channel;
		if (this.#frontState !== connected || this.#backState !== connected) {
			return {look: 'closed', since: 0};
		}

		if (asleepSince >= 0) {
			return {look: 'asleep', since: now - asleepSince};
		}

		const {fullSince} = meter.ring;
		if (fullSince >= 0) {
			return {look: 'full', since: now - fullSince};
		}

		const busy = (blkfront?.inFlight ?? 0) > 0 || this.#frontPushes.delta > 0;
		return {look: busy ? 'busy' : 'idle', since: 0};
	}
}

/** How long the oldest request without an answer has been the frontend's, nanoseconds. */
function oldestAge(shadow: Shadow, now: number): number {
	let oldest = now;
	for (let row = 0; shadow.free < shadow.size && row < shadow.size; row++) {
		if (shadow.states[row] !== rowFree) {
			oldest = Math.min(oldest, shadow.since[row]);
		}
	}

	return now - oldest;
}
