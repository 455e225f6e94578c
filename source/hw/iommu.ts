/**
The IOMMU: which machine frames each device may read and write. It permits or refuses, it does not translate: a device address
is a machine address, as Xen arranges it for paravirtualized domains. A context is what the devices of one domain share;
entries are counted, because one frame may be entered for several mappings. After Intel VT-d specification §3 and §7 (faults).
*/
import {assert} from '../engine/assert.js';

const countLimit = 65_535;

/** The frames that the devices attached to it may reach. */
export class IommuContext {
	private readonly readers: Uint16Array;
	private readonly writers: Uint16Array;
	private entered = 0;

	/** @param name whose devices: a domain's name. @param frames frames of the machine. */
	constructor(
		readonly name: string,
		readonly frames: number,
	) {
		this.readers = new Uint16Array(frames);
		this.writers = new Uint16Array(frames);
	}

	/** Frame entries now in the context. */
	get entries(): number {
		return this.entered;
	}

	/** Permits reading of `frame`, and writing when `writable`, until as many `remove` calls. */
	enter(frame: number, writable: boolean): void {
		assert(frame >= 0 && frame < this.frames, 'an IOMMU entry is a frame of the machine');
		assert(this.readers[frame] < countLimit, 'a frame is entered at most 65535 times');
		this.readers[frame]++;
		if (writable) {
			this.writers[frame]++;
		}

		this.entered++;
	}

	/** The same for `count` frames from `first` on: a domain's own memory. */
	enterRun(first: number, count: number, writable: boolean): void {
		assert(first >= 0 && first + count <= this.frames, 'IOMMU entries are frames of the machine');
		for (let frame = first; frame < first + count; frame++) {
			assert(this.readers[frame] < countLimit, 'a frame is entered at most 65535 times');
			this.readers[frame]++;
			if (writable) {
				this.writers[frame]++;
			}
		}

		this.entered += count;
	}

	/** Takes one entry back; `writable` as it was entered. */
	remove(frame: number, writable: boolean): void {
		assert(frame >= 0 && frame < this.frames && this.readers[frame] > 0, 'what leaves the IOMMU was entered');
		this.readers[frame]--;
		if (writable) {
			assert(this.writers[frame] > 0, 'what leaves the IOMMU as writable was entered as writable');
			this.writers[frame]--;
		}

		this.entered--;
	}

	permits(frame: number, write: boolean): boolean {
		return write ? this.writers[frame] > 0 : this.readers[frame] > 0;
	}
}

/** What the IOMMU does with one device's accesses: checked against a context, refused, or passed unchecked. */
export class IommuDevice {
	/** Refused accesses so far. */
	faults = 0;
	/** Accesses that nothing stopped and that reached a frame which is not for this device. */
	strays = 0;
	private attached: IommuContext | null = null;
	private off = false;
	private readonly iommu: Iommu;

	/** @param name the function's name for the fault log, `nvme0`. */
	constructor(
		iommu: Iommu,
		readonly name: string,
	) {
		this.iommu = iommu;
	}

	get context(): IommuContext | null {
		return this.attached;
	}

	/** Whether accesses are checked, and refused. */
	get guarded(): boolean {
		return !this.off;
	}

	/** From now on the device reaches what `context` permits, and nothing else. */
	attach(context: IommuContext): void {
		this.attached = context;
		this.off = false;
	}

	/** From now on every access is refused. */
	detach(): void {
		this.attached = null;
		this.off = false;
	}

	/**
	From now on the device reaches all memory: a host without an IOMMU, or with it off. With `owner`, what an IOMMU would let it reach, an
	access beyond that is counted and told, and happens.
	*/
	passThrough(owner: IommuContext | null = null): void {
		this.attached = owner;
		this.off = true;
	}

	/** Whether the access may happen; a refusal is counted and reported. */
	permits(frame: number, write: boolean): boolean {
		if (this.attached?.permits(frame, write)) {
			return true;
		}

		if (this.off) {
			if (this.attached !== null) {
				this.strays++;
				this.iommu.onStray(this.name, frame, write);
			}

			return true;
		}

		this.faults++;
		this.iommu.faults++;
		this.iommu.onFault(this.name, frame * 4096, write);
		return false;
	}
}

export class Iommu {
	/** Refused accesses of all devices. */
	faults = 0;
	/** Called for each refused access, with the address of the frame in bytes. Set by who keeps the log. */
	onFault: (device: string, address: number, write: boolean) => void = () => {};
	/** Called for each access that an IOMMU would have refused, where there is none. */
	onStray: (device: string, frame: number, write: boolean) => void = () => {};
	private readonly devices = new Map<string, IommuDevice>();

	/** The record of one device, by name; a new device is refused everything until attached. */
	device(name: string): IommuDevice {
		let device = this.devices.get(name);
		if (device === undefined) {
			device = new IommuDevice(this, name);
			this.devices.set(name, device);
		}

		return device;
	}
}
