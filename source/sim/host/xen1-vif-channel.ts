/**
A virtual interface of Xen 1.0 as the host knows it: its end in the domain, its end in the hypervisor, and the port of the bridge there. What
checks, faults and views need of it. Directions are the domain's.
*/
import type {FaultPoint} from '../../engine/fault-points.js';
import type {StateHash} from '../../engine/state-hash.js';
import type {BridgePort} from '../backend/bridge-port.js';
import type {Xen1Devices, Xen1Domain} from '../backend/xen1-devices.js';
import type {Xen1VifBackend} from '../backend/xen1-vif.js';
import type {ChannelEnd} from '../channel/channel-end.js';
import type {RingIdentities} from '../channel/ring-identities.js';
import type {Xen1Vif} from '../frontend/xen1-vif.js';
import type {DomainKernel} from '../kernel/domain-kernel.js';
import type {XenKernel} from '../kernel/xen-kernel.js';
import type {VifWords} from '../scenario/types.js';
import {eventNet} from '../xen/shared-info1.js';
import {type Direction, nobody} from './channel-events.js';
import {summed} from './counters.js';
import type {VifSample} from './counters-network.js';
import type {WatchedChannel, WatchedRing} from './sleep-check.js';

export class Xen1VifChannel implements WatchedChannel {
	readonly kind = 'vif';
	readonly protocol = 'vif1';
	/** `web.vif0` */
	readonly id: string;
	readonly rings: readonly WatchedRing[];
	readonly backKernel: XenKernel;
	/** Once the domain has found it. */
	front: Xen1Vif | undefined;
	asleepSince = -1;
	asleepTime = 0;

	/** @param before what interfaces of this name had counted when this one came to be. */
	constructor(
		readonly words: VifWords,
		readonly frontKernel: DomainKernel,
		readonly domain: Xen1Domain,
		readonly back: Xen1VifBackend,
		readonly port: BridgePort,
		readonly transmitIdentities: RingIdentities,
		readonly receiveIdentities: RingIdentities,
		private readonly devices: Xen1Devices,
		private readonly before: VifSample,
	) {
		this.id = `${frontKernel.name}.${words.name}`;
		this.backKernel = devices.kernel;
		this.rings = [
			new Ring(() => this.front?.transmitEnd, back.transmitEnd, 'packet', 'answer'),
			new Ring(() => this.front?.receiveEnd, back.receiveEnd, 'packet for the guest', 'packet'),
		];
	}

	/** The domain's kernel has found it. */
	get isFound(): boolean {
		return this.front !== undefined;
	}

	get ended(): boolean {
		return !this.frontKernel.alive || !this.backKernel.alive;
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

	/** What it has counted, and those of its name before it. The domain announces what it has put on its rings by a hypercall each time. */
	get counts(): VifSample {
		const {front, back, port, before} = this;
		const asleep = this.asleepSince < 0 ? 0 : this.frontKernel.now() - this.asleepSince;
		const rings = front?.notifications ?? 0;
		return summed(before, {
			sentPackets: back.sentPackets,
			sentBytes: back.sentBytes,
			sentErrors: back.refused,
			sentDrops: back.sentDropped,
			receivedPackets: back.receivedPackets,
			receivedBytes: back.receivedBytes,
			receivedErrors: 0,
			receivedDrops: back.receivedDropped + port.txDropped,
			limited: 0,
			frontPushes: rings,
			frontNotifications: rings,
			backPushes: back.responses,
			backNotifications: back.events,
			asleepTime: this.asleepTime + asleep,
		});
	}

	/** Towards Xen there are no events: the hypercall itself has it look. */
	eventPending(end: 'front' | 'back'): boolean {
		return end === 'front' && this.domain.events.isPending(eventNet);
	}

	/** Where the domain's events may be lost: all of them, of its disks and interfaces. */
	notificationPoints(direction: Direction): FaultPoint[] {
		const point = direction === 'to-backend' ? undefined : this.devices.bits.pointOf(this.frontKernel.domid);
		return point === undefined ? [] : [point];
	}

	/** Why no notification in a direction can be lost, where that is so. */
	spared(direction: Direction): string {
		return direction === 'to-backend' ? 'rings by hypercall: that cannot be lost' : 'is gone: nothing to lose';
	}

	/** Both rings, and packets counted. */
	mix(hash: StateHash): void {
		const {back, counts} = this;
		hash.words(back.page.words, 0, back.page.words.length);
		hash.word(counts.sentPackets);
		hash.word(counts.receivedPackets);
		hash.word(counts.receivedDrops);
	}

	/** Both ends look at both rings, as if an event had come and the hypercall been made. */
	kick(): void {
		this.front?.kick();
	}
}

/** One of the two rings, whose front end comes to life later. */
class Ring implements WatchedRing {
	constructor(
		private readonly findFront: () => ChannelEnd | undefined,
		readonly back: ChannelEnd,
		readonly requests: string,
		readonly responses: string,
	) {}

	get front(): ChannelEnd {
		return this.findFront() ?? nobody;
	}
}
