/**
What a native driver looks like to whoever placed it: a name, a state, numbers, and the door it opens: a disk or a network. It is given
a kernel and a device and knows nothing else: not which domain it runs in, nor whether it runs in one.
*/
import type {BlockDevice} from '../kernel/block-device.js';
import type {Kernel, PciDevice} from '../kernel/kernel.js';
import type {NetDevice} from '../kernel/net-device.js';

/**
`probing` until the device first works, `live`, `resetting` after trouble, `removed` while the device does not answer, `dead` when
the driver has given the device up.
*/
export type DriverState = 'probing' | 'live' | 'resetting' | 'removed' | 'dead';

/** What every driver is, whatever it drives. */
interface Driver {
	/** The device's name, `nvme0`. */
	readonly name: string;
	readonly state: DriverState;
	/** Requests or packets in the driver's hands, and how many it takes at most. */
	readonly outstanding: number;
	readonly depth: number;
	/** Everything it counts, by name. */
	readonly counters: Readonly<Record<string, number>>;
	/** Begins to probe. `ready` is called once, when the device first works; `failed` if it never does. */
	start(ready: () => void, failed?: () => void): void;
}

export interface BlockDriver extends Driver {
	readonly kind: 'block';
	/** The disk it drives; of no size until the first `ready`. */
	readonly disk: BlockDevice;
	/** The trace identity of the request whose command `cid` is in submission queue `queue`; 0 when there is none. */
	requestIdentity(queue: number, cid: number): number;
}

export interface NetDriver extends Driver {
	readonly kind: 'net';
	/** The network it drives; without a carrier until the first `ready`. */
	readonly device: NetDevice;
	/** The trace identity of the packet whose first descriptor is entry `entry` of the transmit ring; 0 when there is none. */
	packetIdentity(entry: number): number;
	/**
	The trace identity of the frame that the device has written back at entry `entry` of the receive ring: set by who wires the host, since
	no register tells it.
	*/
	receivedIdentity: (entry: number) => number;
}

export type NativeDriver = BlockDriver | NetDriver;

/** Module parameters, as far as a scenario may set them; a driver takes those it knows. */
export interface DriverOptions {
	/** How long a request may take before the driver steps in, ns. */
	readonly ioTimeout?: number;
	/** Entries of an I/O queue. */
	readonly queueEntries?: number;
	/** Interrupts a second that a NIC may raise at most; 0 for as many as there are causes. */
	readonly interruptRate?: number;
}

/** A driver as code: which devices it is for, and how to make one. */
export interface DriverModule {
	/** `nvme` */
	readonly name: string;
	/** @param classCode class, subclass, programming interface: 0x010802 */
	matches(vendor: number, device: number, classCode: number): boolean;
	create(kernel: Kernel, device: PciDevice, options?: DriverOptions): NativeDriver;
}
