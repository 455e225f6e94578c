/** A guest's virtual disk under Xen 1.0: a device number on the ring that all disks of the domain share. */
import type {Occupancy} from '../../engine/occupancy.js';
import {maximumSegments} from '../channel/vbd1.js';
import {type BlockDevice, type BlockLimits, type BlockRequest, okay} from '../kernel/block-device.js';
import type {Xen1Block} from './xen1-block.js';

/** What the disk is, as Xen tells a domain that probes for its disks. */
export interface Xen1DiskFacts {
	/** In the guest: `xvda`. */
	readonly name: string;
	/** Its device number on the ring. */
	readonly device: number;
	/** Capacity in 512-byte sectors, at most 2^32. */
	readonly sectors: number;
	readonly logicalBlock: number;
	readonly volatileCache: boolean;
	readonly readonly: boolean;
}

export class Xen1Vbd implements BlockDevice {
	readonly name: string;
	readonly limits: BlockLimits;
	/** Requests answered, and how many of them not with okay. */
	completed = 0;
	errors = 0;
	/** Requests taken and not answered; who is told of their number, an observer that changes nothing. */
	inFlight = 0;
	occupancy: Occupancy | null = null;
	/** Told of each answered request, the nanoseconds it took and its status. For observers; changes nothing. */
	onCompleted: ((nanoseconds: number, request: BlockRequest, status: number) => void) | null = null;
	private readonly finished: (request: BlockRequest, status: number, nanoseconds: number) => void;

	constructor(
		private readonly block: Xen1Block,
		private readonly facts: Xen1DiskFacts,
	) {
		this.name = facts.name;
		this.limits = {
			sectors: facts.sectors,
			bytes: maximumSegments * 4096,
			segments: maximumSegments,
			depth: 63,
			logicalBlock: facts.logicalBlock,
			volatileCache: facts.volatileCache,
			forceUnitAccess: false,
			readonly: facts.readonly,
		};
		this.finished = (request, status, nanoseconds) => {
			this.completed++;
			this.count(-1);
			if (status !== okay) this.errors++;
			if (this.onCompleted !== null) this.onCompleted(nanoseconds, request, status);
			request.done(request, status);
		};
	}

	/** When the oldest request without an answer was taken, virtual ns; undefined when there is none. */
	get oldest(): number | undefined {
		return this.block.oldestOf(this.facts.device);
	}

	submit(request: BlockRequest): boolean {
		const taken = this.block.submit(request, this.facts.device, this.finished);
		if (taken) this.count(1);
		return taken;
	}

	whenRoom(wake: () => void): void {
		this.block.whenRoom(wake);
	}

	private count(change: 1 | -1): void {
		this.inFlight += change;
		if (this.occupancy !== null) this.occupancy.set(this.block.now(), this.inFlight);
	}
}
