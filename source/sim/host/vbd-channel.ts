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
import {ChannelMeter} from './meters.js';
import type {WatchedChannel} from './sleep-check.js';

/** An end that has not come to life yet: nothing waits for it. */
const nobody: ChannelEnd = {waiting: 0, looking: false, notifying: false, port: -1};

export class VbdChannel implements WatchedChannel {
	readonly identities = new RingIdentities();
	readonly meter: ChannelMeter;
	blkfront: Blkfront | undefined;
	blkback: Blkback | undefined;
	asleepSince = -1;
	asleepTime = 0;

	/** @param id `db.xvda` */
	constructor(
		readonly id: string,
		readonly vdev: string,
		readonly virtualDevice: number,
		readonly frontKernel: DomainKernel,
		readonly backKernel: DomainKernel,
		private readonly xen: Hypervisor,
	) {
		this.meter = new ChannelMeter(32, xen.engine.now);
	}

	get ended(): boolean {
		return !this.frontKernel.alive || !this.backKernel.alive;
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
		const kernel = end === 'front' ? this.frontKernel : this.backKernel;
		const {port} = end === 'front' ? this.front : this.back;
		return port >= 0 && (this.xen.events.sharedInfo(kernel.domid).isPending(port) || kernel.isHandling(port));
	}

	/** Where notifications towards an end may be lost. None while the channel is not connected. */
	notificationPoints(direction: 'to-backend' | 'to-frontend' | 'both'): FaultPoint[] {
		const points: (FaultPoint | undefined)[] = [];
		if (direction !== 'to-frontend') {
			points.push(this.#point(this.frontKernel, this.backKernel, this.back.port));
		}

		if (direction !== 'to-backend') {
			points.push(this.#point(this.backKernel, this.frontKernel, this.front.port));
		}

		return points.filter((point) => point !== undefined);
	}

	/** Both ends look, as if an event had come; an end that is about to look anyway is not told twice. */
	kick(): void {
		if (this.back.port >= 0 && !this.backKernel.isHandling(this.back.port)) {
			this.blkback?.kick();
		}

		if (this.front.port >= 0 && !this.frontKernel.isHandling(this.front.port)) {
			this.blkfront?.kick();
		}
	}

	#point(from: DomainKernel, to: DomainKernel, port: number): FaultPoint | undefined {
		return this.xen.engine.faults.get(`evtchn.send ${from.name}→${to.name}:${port}`);
	}
}
