/**
A device channel as the host knows it: the two ends of one virtual disk, wherever they run. What checks, faults and views need of it.
*/
import type {FaultPoint} from '../../engine/fault-points.js';
import type {StateHash} from '../../engine/state-hash.js';
import type {Blkback} from '../backend/blkback.js';
import type {ChannelEnd} from '../channel/channel-end.js';
import {RingIdentities} from '../channel/ring-identities.js';
import type {Blkfront} from '../frontend/blkfront.js';
import type {DomainKernel} from '../kernel/domain-kernel.js';
import type {DiskWords} from '../scenario/types.js';
import {vdevNumber} from '../toolstack/vdev.js';
import type {Hypervisor} from '../xen/hypervisor.js';
import {ChannelEvents, type Direction, nobody} from './channel-events.js';
import {type EndCounts, noEndCounts, summed} from './counters.js';
import type {ChannelMeter} from './meters.js';
import type {WatchedChannel, WatchedRing} from './sleep-check.js';

export class VbdChannel implements WatchedChannel, WatchedRing {
	readonly kind = 'vbd';
	readonly protocol = 'blkif';
	/** `db.xvda` */
	readonly id: string;
	readonly virtualDevice: number;
	readonly identities = new RingIdentities();
	readonly rings = [this];
	readonly requests = 'request';
	readonly responses = 'response';
	blkfront: Blkfront | undefined;
	blkback: Blkback | undefined;
	asleepSince = -1;
	asleepTime = 0;
	readonly #events: ChannelEvents;

	/**
	@param meter of its name; see Past.
	@param before what channels of this name had counted when this one came to be.
	*/
	constructor(
		readonly words: DiskWords,
		readonly frontKernel: DomainKernel,
		backKernel: DomainKernel,
		private readonly xen: Hypervisor,
		readonly meter: ChannelMeter,
		private before: EndCounts,
	) {
		this.id = `${frontKernel.name}.${words.vdev}`;
		this.virtualDevice = vdevNumber(words.vdev);
		this.#events = new ChannelEvents(frontKernel, backKernel, xen);
	}

	get vdev(): string {
		return this.words.vdev;
	}

	/** What its ends have counted, and those of the channels of its name before it. */
	get counts(): EndCounts {
		const {blkfront, blkback, asleepSince, asleepTime, before} = this;
		return summed(before, {
			requestPushes: blkfront?.pushes ?? 0,
			requestNotifications: blkfront?.notifications ?? 0,
			responsePushes: blkback?.pushes ?? 0,
			responseNotifications: blkback?.notifications ?? 0,
			asleepTime: asleepTime + (asleepSince < 0 ? 0 : this.xen.engine.now - asleepSince),
		});
	}

	get backKernel(): DomainKernel {
		return this.#events.backKernel;
	}

	/** The device is served from this kernel now: what its backend before had counted is remembered. */
	serveFrom(kernel: DomainKernel): void {
		const {blkback} = this;
		if (blkback !== undefined) {
			const {pushes: responsePushes, notifications: responseNotifications} = blkback;
			this.before = summed(this.before, {...noEndCounts, responsePushes, responseNotifications});
		}

		this.blkback = undefined;
		this.#events.backKernel = kernel;
	}

	/** The domain's kernel has found it. */
	get isFound(): boolean {
		return this.blkfront !== undefined;
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

	/** Why no notification in a direction can be lost, where that is so. */
	spared(_direction: Direction): string {
		return 'is not connected yet: nothing to lose';
	}

	/** The ring, and what its ends have counted. */
	mix(hash: StateHash): void {
		const {blkfront, blkback} = this;
		const words = blkfront?.ring?.words;
		if (words !== undefined) {
			hash.words(words, 0, words.length);
		}

		hash.word(blkfront?.completed ?? 0);
		hash.word(blkback?.readSectors ?? 0);
		hash.word(blkback?.writeSectors ?? 0);
	}

	/** Both ends look, as if an event had come. */
	kick(): void {
		this.#events.kick(this.blkfront, this.blkback);
	}
}
