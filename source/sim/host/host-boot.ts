/**
What a boot of a host is to everybody else, in whatever way the architecture has it boot: its domains, drivers and channels, and what they
have counted. Parts that a way does not have are undefined; channels say by `protocol` what their two ends speak.
*/
import type {BlockDevice} from '../kernel/block-device.js';
import type {XlCommand} from '../toolstack/xl.js';
import type {Hypervisor, Machine} from '../xen/hypervisor.js';
import type {Xenstored} from '../xenstore/xenstored.js';
import type {DiskChannel, NetChannel} from './channels.js';
import type {Control} from './control.js';
import type {XenCounts} from './counters.js';
import type {HostDevice} from './devices.js';
import type {Hardware} from './hardware.js';
import type {HostDomain} from './host-domain.js';
import type {HostBridge, HostNetwork} from './network.js';
import type {PlacedDriver} from './placed-drivers.js';
import type {Station} from './station.js';

export interface BootDisks {
	/** The newest of each name, where the first of it was. */
	readonly channels: readonly DiskChannel[];
	/** Told when a channel exists, and when a domain's disk can be used for the first time in its life. */
	onChannel: (channel: DiskChannel) => void;
	onDisk: (domain: HostDomain, disk: string, device: BlockDevice) => void;
	/** Told when a domain has lost a disk of its own accord or by xl block-detach. */
	onDetached: (domain: string, disk: string) => void;
	/** A domain is dead, and what was on its rings with it. */
	lost(name: string): void;
}

export interface BootNetwork extends Pick<HostNetwork, 'lan' | 'nics' | 'stacks'> {
	readonly bridges: readonly HostBridge[];
	/** The newest of each name. */
	readonly vifs: readonly NetChannel[];
	/** Told when a guest's interface exists, and when somebody with a network stack can be reached for the first time. */
	onVif: (channel: NetChannel) => void;
	onStation: (station: Station) => void;
}

export interface HostBoot {
	readonly hardware: Hardware;
	readonly machine: Machine;
	readonly xen: Hypervisor;
	readonly control: Control;
	readonly disks: BootDisks;
	readonly network: BootNetwork;
	readonly toolstack: {xl(command: XlCommand, done: () => void): void};
	/** Undefined where domains know of no store. */
	readonly xenstored: Xenstored | undefined;
	readonly drivers: readonly PlacedDriver[];
	/** Domain zero first; the newest of each name, where the first of it was. */
	readonly domains: readonly HostDomain[];
	readonly channels: readonly DiskChannel[];
	/** Its disks. */
	readonly devices: readonly HostDevice[];
	/** Told when a domain's kernel exists. */
	onDomain: (domain: HostDomain) => void;
	/** Told that a domain's processes are to stop. */
	onStopping: (name: string) => void;
	/** Told that a domain has ended or is being destroyed, and that it is gone: none of its requests is under way anywhere any more. */
	onDestroyed: (name: string) => void;
	onGone: (name: string) => void;
	/** What the hypervisor and xenstored have counted, and those before them. */
	readonly counts: XenCounts;
	/** What a device's driver has counted, and those of the device before it. */
	driverCounts(device: string): Readonly<Record<string, number>>;
	/** A domain has crashed and stopped: whoever cares is told. */
	domainCrashed(): void;
	/** It is over: nothing of it runs any more, in whatever domain. */
	halt(): void;
	/** This boot is over and another one comes: what its parts have counted is remembered under their names. */
	retire(): void;
}
