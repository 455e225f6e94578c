/**
What a native driver looks like to whoever placed it: a name, a state, numbers. It is given a kernel and a device and knows nothing
else: not which domain it runs in, nor whether it runs in one.
*/
import type {BlockDevice} from '../kernel/block-device.js';
import type {Kernel, PciDevice} from '../kernel/kernel.js';

/**
`probing` until the device first works, `live`, `resetting` after trouble, `removed` while the device does not answer, `dead` when
the driver has given the device up.
*/
export type DriverState = 'probing' | 'live' | 'resetting' | 'removed' | 'dead';

export interface BlockDriver {
	readonly kind: 'block';
	/** The device's name, `nvme0`. */
	readonly name: string;
	readonly state: DriverState;
	/** The disk it drives; of no size until the first `ready`. */
	readonly disk: BlockDevice;
	/** Requests in the driver's hands, and how many it takes at most. */
	readonly outstanding: number;
	readonly depth: number;
	/** Everything it counts, by name. */
	readonly counters: Readonly<Record<string, number>>;
	/** Begins to probe. `ready` is called once, when the device first works; `failed` if it never does. */
	start(ready: () => void, failed?: () => void): void;
	/** The trace identity of the request whose command `cid` is in submission queue `queue`; 0 when there is none. */
	requestIdentity(queue: number, cid: number): number;
}

/** Module parameters, as far as a scenario may set them; a driver takes those it knows. */
export interface DriverOptions {
	/** How long a request may take before the driver steps in, ns. */
	readonly ioTimeout?: number;
	/** Entries of an I/O queue. */
	readonly queueEntries?: number;
}

/** A driver as code: which devices it is for, and how to make one. */
export interface DriverModule {
	/** `nvme` */
	readonly name: string;
	/** @param classCode class, subclass, programming interface: 0x010802 */
	matches(vendor: number, device: number, classCode: number): boolean;
	create(kernel: Kernel, device: PciDevice, options?: DriverOptions): BlockDriver;
}
