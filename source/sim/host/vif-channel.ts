/**
A device channel as the host knows it: the two ends of one virtual interface, wherever they run, and the bridge's port behind the backend.
What checks, faults, captures and views need of it. Directions are the guest's.
*/
import type {FaultPoint} from '../../engine/fault-points.js';
import type {StateHash} from '../../engine/state-hash.js';
import type {FrameTap} from '../../net/frame-tap.js';
import type {BridgePort} from '../backend/bridge-port.js';
import type {Netback} from '../backend/netback.js';
import type {ChannelEnd} from '../channel/channel-end.js';
import {ringSlots} from '../channel/netif.js';
import {RingIdentities} from '../channel/ring-identities.js';
import type {Netfront} from '../frontend/netfront.js';
import type {DomainKernel} from '../kernel/domain-kernel.js';
import type {VifWords} from '../scenario/types.js';
import type {Hypervisor} from '../xen/hypervisor.js';
import {ChannelEvents, type Direction, nobody} from './channel-events.js';
import {summed} from './counters.js';
import {noVif, type VifSample} from './counters-network.js';
import type {WatchedChannel, WatchedRing} from './sleep-check.js';

export class VifChannel implements WatchedChannel {
	readonly kind = 'vif';
	readonly protocol = 'netif';
	/** `web.vif0` */
	readonly id: string;
	readonly transmitIdentities = new RingIdentities(ringSlots);
	readonly receiveIdentities = new RingIdentities(ringSlots);
	readonly rings: readonly WatchedRing[];
	netfront: Netfront | undefined;
	netback: Netback | undefined;
	/** Once the backend is plugged into its bridge. */
	port: BridgePort | undefined;
	asleepSince = -1;
	asleepTime = 0;
	readonly #events: ChannelEvents;

	constructor(
		readonly words: VifWords,
		readonly frontKernel: DomainKernel,
		backKernel: DomainKernel,
		/** The interface's packets, as the guest has them. */
		readonly tap: FrameTap,
		private readonly xen: Hypervisor,
		/** What interfaces of this name had counted when this one came to be. */
		private before: VifSample,
	) {
		this.id = `${frontKernel.name}.${words.name}`;
		this.#events = new ChannelEvents(frontKernel, backKernel, xen);
		this.rings = [
			new VifRing(
				() => this.netfront?.sending,
				() => this.netback?.fromGuest,
				'slot',
				'answer',
			),
			new VifRing(
				() => this.netfront?.receiving,
				() => this.netback?.toGuest,
				'packet for the guest',
				'filled buffer',
			),
		];
	}

	get backKernel(): DomainKernel {
		return this.#events.backKernel;
	}

	/** The interface is served from this kernel now: what its backend before had counted is remembered. */
	serveFrom(kernel: DomainKernel): void {
		this.before = summed(this.before, {...noVif, ...this.#backCounts});
		this.netback = undefined;
		this.port = undefined;
		this.#events.backKernel = kernel;
	}

	/** The domain's kernel has found it. */
	get isFound(): boolean {
		return this.netfront !== undefined;
	}

	get ended(): boolean {
		return this.#events.ended;
	}

	/** When the newest packet was put on a ring, ns: an end was awake then. */
	get lastLooked(): number {
		let newest = 0;
		for (const {since} of [this.transmitIdentities, this.receiveIdentities]) {
			for (const time of since) {
				newest = Math.max(newest, time);
			}
		}

		return newest;
	}

	/** What it has counted, and those of its name before it. */
	get counts(): VifSample {
		const {netfront, before} = this;
		const back = this.#backCounts;
		const asleep = this.asleepSince < 0 ? 0 : this.xen.engine.now - this.asleepSince;
		return summed(before, {
			...back,
			sentDrops: back.sentDrops + (netfront?.sending.dropped ?? 0),
			frontPushes: (netfront?.transmitPushes ?? 0) + (netfront?.receivePushes ?? 0),
			frontNotifications: (netfront?.transmitNotifications ?? 0) + (netfront?.receiveNotifications ?? 0),
			asleepTime: this.asleepTime + asleep,
		});
	}

	get #backCounts() {
		const {netback, port} = this;
		return {
			sentPackets: netback?.rxPackets ?? 0,
			sentBytes: netback?.rxBytes ?? 0,
			sentErrors: netback?.rxErrors ?? 0,
			sentDrops: netback?.rxDropped ?? 0,
			receivedPackets: netback?.txPackets ?? 0,
			receivedBytes: netback?.txBytes ?? 0,
			receivedErrors: netback?.txErrors ?? 0,
			receivedDrops: (netback?.txDropped ?? 0) + (port?.txDropped ?? 0),
			limited: netback?.fromGuest.limited ?? 0,
			backPushes: (netback?.transmitPushes ?? 0) + (netback?.receivePushes ?? 0),
			backNotifications: (netback?.transmitNotifications ?? 0) + (netback?.receiveNotifications ?? 0),
		};
	}

	eventPending(end: 'front' | 'back'): boolean {
		return end === 'front'
			? this.#events.isPending(this.frontKernel, this.netfront?.port ?? -1)
			: this.#events.isPending(this.backKernel, this.netback?.port ?? -1);
	}

	/** Where notifications towards an end may be lost. None while the channel is not connected. */
	notificationPoints(direction: Direction): FaultPoint[] {
		return this.#events.points(direction, this.netfront?.port ?? -1, this.netback?.port ?? -1);
	}

	/** Why no notification in a direction can be lost, where that is so. */
	spared(_direction: Direction): string {
		return 'is not connected yet: nothing to lose';
	}

	/** Both rings, and packets counted. */
	mix(hash: StateHash): void {
		const {netfront, counts} = this;
		for (const ring of [netfront?.sending.ring, netfront?.receiving.ring]) {
			if (ring !== null && ring !== undefined) {
				hash.words(ring.words, 0, ring.words.length);
			}
		}

		hash.word(counts.sentPackets);
		hash.word(counts.receivedPackets);
		hash.word(counts.receivedDrops);
	}

	/** Both ends look at both rings, as if an event had come. */
	kick(): void {
		this.#events.kick(this.netfront, this.netback);
	}
}

/** One of the two rings, whose ends come to life later. */
class VifRing implements WatchedRing {
	constructor(
		private readonly findFront: () => ChannelEnd | undefined,
		private readonly findBack: () => ChannelEnd | undefined,
		readonly requests: string,
		readonly responses: string,
	) {}

	get front(): ChannelEnd {
		return this.findFront() ?? nobody;
	}

	get back(): ChannelEnd {
		return this.findBack() ?? nobody;
	}
}
