/**
A virtual disk of Xen 1.0 as the host knows it: a device number on the one block ring of its domain, whose other end is in the hypervisor. What
is the ring's and not the disk's (publications, events, sleep) is told of by the domain's first disk.
*/
import type {FaultPoint} from '../../engine/fault-points.js';
import type {StateHash} from '../../engine/state-hash.js';
import type {Xen1Devices, Xen1Domain} from '../backend/xen1-devices.js';
import type {ChannelEnd} from '../channel/channel-end.js';
import type {RingIdentities} from '../channel/ring-identities.js';
import type {VbdBackRing} from '../channel/vbd1.js';
import {virtualDisk} from '../channel/vbd1.js';
import type {Xen1Block} from '../frontend/xen1-block.js';
import type {Xen1Vbd} from '../frontend/xen1-vbd.js';
import type {DomainKernel} from '../kernel/domain-kernel.js';
import type {XenKernel} from '../kernel/xen-kernel.js';
import type {DiskWords} from '../scenario/types.js';
import {eventBlkdev} from '../xen/shared-info1.js';
import {type Direction, nobody} from './channel-events.js';
import {type EndCounts, noEndCounts, summed} from './counters.js';
import type {ChannelMeter} from './meters.js';
import type {WatchedChannel, WatchedRing} from './sleep-check.js';

export class Xen1VbdChannel implements WatchedChannel, WatchedRing {
	readonly kind = 'vbd';
	readonly protocol = 'vbd1';
	/** `db.xvda` */
	readonly id: string;
	/** Its number on the ring. */
	readonly virtualDevice: number;
	readonly rings = [this];
	readonly requests = 'request';
	readonly responses = 'response';
	readonly backKernel: XenKernel;
	/** Once the domain has found it. */
	block: Xen1Block | undefined;
	vbd: Xen1Vbd | undefined;
	asleepSince = -1;
	asleepTime = 0;
	/** The ring as the backend has it, kept when the domain is gone. */
	readonly #backRing: VbdBackRing | null;

	/**
	@param index which of the domain's disks.
	@param before what channels of this name had counted when this one came to be.
	*/
	constructor(
		readonly words: DiskWords,
		readonly index: number,
		readonly frontKernel: DomainKernel,
		readonly domain: Xen1Domain,
		readonly identities: RingIdentities,
		private readonly devices: Xen1Devices,
		readonly meter: ChannelMeter,
		private readonly before: EndCounts,
	) {
		this.id = `${frontKernel.name}.${words.vdev}`;
		this.virtualDevice = virtualDisk(index);
		this.backKernel = devices.kernel;
		this.#backRing = domain.block.ring;
	}

	get vdev(): string {
		return this.words.vdev;
	}

	/** What its ends have counted, and those of the channels of its name before it. */
	get counts(): EndCounts {
		const {before, block, asleepSince, asleepTime, index} = this;
		if (index > 0) {
			return summed(before, noEndCounts);
		}

		return summed(before, {
			requestPushes: block?.ring.pushes ?? 0,
			requestNotifications: block?.notifications ?? 0,
			responsePushes: this.#backRing?.pushes ?? 0,
			responseNotifications: this.domain.block.events,
			asleepTime: asleepTime + (asleepSince < 0 ? 0 : this.frontKernel.now() - asleepSince),
		});
	}

	/** The domain's kernel has found it. */
	get isFound(): boolean {
		return this.vbd !== undefined;
	}

	get ended(): boolean {
		return !this.frontKernel.alive || !this.backKernel.alive;
	}

	get front(): ChannelEnd {
		return this.block ?? nobody;
	}

	get back(): ChannelEnd {
		return this.domain.block;
	}

	/** When the newest request was put on the ring, ns: an end was awake then. */
	get lastLooked(): number {
		let newest = 0;
		for (const since of this.identities.since) {
			newest = Math.max(newest, since);
		}

		return newest;
	}

	/** Towards Xen there are no events: the hypercall itself has it look. */
	eventPending(end: 'front' | 'back'): boolean {
		return end === 'front' && this.domain.events.isPending(eventBlkdev);
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

	/** The ring, and what its ends have counted. */
	mix(hash: StateHash): void {
		const {block, vbd, domain} = this;
		if (this.index === 0 && block !== undefined) {
			hash.words(block.ring.words, 0, block.ring.words.length);
		}

		hash.word(vbd?.completed ?? 0);
		hash.word(domain.block.readSectors);
		hash.word(domain.block.writeSectors);
	}

	/** Both ends look, as if an event had come and the hypercall been made. */
	kick(): void {
		this.devices.block.blockIo(this.frontKernel.domid);
		this.block?.kick();
	}
}
