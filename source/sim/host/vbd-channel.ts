/**
A device channel as the host knows it: the two ends of one virtual disk, wherever they run. What checks, faults and views need of it.
*/
import type {FaultPoint} from '../../engine/fault-points.js';
import type {Blkback} from '../backend/blkback.js';
import type {ChannelEnd} from '../channel/channel-end.js';
import {RingIdentities} from '../channel/ring-identities.js';
import type {Blkfront} from '../frontend/blkfront.js';
import type {DomainKernel} from '../kernel/domain-kernel.js';
import type {Hypervisor} from '../xen/hypervisor.js';
import {ChannelEvents, type Direction, nobody} from './channel-events.js';
import {ChannelMeter} from './meters.js';
import type {WatchedChannel, WatchedRing} from './sleep-check.js';

export class VbdChannel implements WatchedChannel, WatchedRing {
	readonly kind = 'vbd';
	readonly identities = new RingIdentities();
	readonly meter: ChannelMeter;
	readonly rings = [this];
	readonly requests = 'request';
	readonly responses = 'response';
	blkfront: Blkfront | undefined;
	blkback: Blkback | undefined;
	asleepSince = -1;
	asleepTime = 0;
	readonly #events: ChannelEvents;

	/** @param id `db.xvda` */
	constructor(
		readonly id: string,
		readonly vdev: string,
		readonly virtualDevice: number,
		readonly frontKernel: DomainKernel,
		readonly backKernel: DomainKernel,
		xen: Hypervisor,
	) {
		this.meter = new ChannelMeter(32, xen.engine.now);
		this.#events = new ChannelEvents(frontKernel, backKernel, xen);
	}

	get ended(): boolean {
		return this.#events.ended;
	}

	get front(): ChannelEnd {
		return this.blkfront ?? nobody;
	}

	get back(): ChannelEnd {
		return this.blkback ?? nobody;
	}

	/** When the newest request was put on the ring, ns: an end was awake then. */
	get lastLooked(): number {
		let newest = 0;
		for (const since of this.identities.since) {
			newest = Math.max(newest, since);
		}

		return newest;
	}

	eventPending(end: 'front' | 'back'): boolean {
		return end === 'front'
			? this.#events.isPending(this.frontKernel, this.front.port)
			: this.#events.isPending(this.backKernel, this.back.port);
	}

	/** Where notifications towards an end may be lost. None while the channel is not connected. */
	notificationPoints(direction: Direction): FaultPoint[] {
		return this.#events.points(direction, this.front.port, this.back.port);
	}

	/** Both ends look, as if an event had come. */
	kick(): void {
		this.#events.kick(this.blkfront, this.blkback);
	}
}
