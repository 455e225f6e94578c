/**
What the toolstack asks of the hypervisor (XEN_DOMCTL_*, Xen public/domctl.h), of the machine that builds domains and of the bridges. Whoever
puts the host together implements it. Each method is called from a hypercall step that domain zero has paid for; numbers
are 0 or a negative errno as the hypercall would return.
*/

/** A virtual disk in the words of xl-disk-configuration(5), its target already found. */
export interface DiskConfiguration {
	/** `xvda` */
	readonly vdev: string;
	readonly access: 'ro' | 'rw';
	/** What `params` says: `/dev/nvme0n1p1`. */
	readonly target: string;
	/** Domain that runs the backend. */
	readonly backend: number;
	/** Block device numbers of the target in that domain. */
	readonly major: number;
	readonly minor: number;
}

/** A virtual interface in the words of xl-network-configuration(5). */
export interface VifConfiguration {
	/** Its number in the domain, from 0. */
	readonly device: number;
	/** `00:16:3e:00:00:01` */
	readonly mac: string;
	readonly ip: string | undefined;
	readonly bridge: string;
	/** What the guest may send in each interval; undefined is no limit. */
	readonly rate: {readonly bytes: number; readonly microseconds: number} | undefined;
	/** Domain that runs the backend. */
	readonly backend: number;
}

/** A domain in the words of xl.cfg(5). */
export interface DomainConfiguration {
	readonly name: string;
	/** Bytes. */
	readonly memory: number;
	/** Bytes, at least `memory`. */
	readonly maxmem: number;
	readonly vcpus: number;
	/** 1 to 65535. */
	readonly cpuWeight: number;
	/** Percent of one physical CPU, 0 is no cap. */
	readonly cap: number;
	readonly disks: readonly DiskConfiguration[];
	readonly vifs: readonly VifConfiguration[];
	/** Addresses of the PCI functions it is given, `00:04.0`. With any, it is a driver domain (driver_domain=1). */
	readonly pci: readonly string[];
	readonly onPoweroff: ShutdownAction;
	readonly onReboot: ShutdownAction;
	readonly onCrash: ShutdownAction;
}

/** What xl does with a domain that has shut down: on_poweroff and its like in xl.cfg(5). */
export type ShutdownAction = 'destroy' | 'restart' | 'preserve';

export interface SchedulerParameters {
	readonly weight: number;
	readonly cap: number;
}

export interface CreatedDomain {
	readonly domid: number;
	/** Machine frame of its xenstore page and its unbound port for domain zero: what INTRODUCE names. */
	readonly storeFrame: number;
	readonly storePort: number;
}

export interface HypervisorControl {
	/**
	DOMCTL_createdomain, its memory, its kernel loaded, its xenstore page and port made; paused once. A negative errno
	(-12 ENOMEM when there is not enough memory) when it cannot be.
	*/
	createDomain(configuration: DomainConfiguration): CreatedDomain | number;
	/** DOMCTL_unpausedomain. */
	unpause(domid: number): number;
	/** DOMCTL_pausedomain. */
	pause(domid: number): number;
	/** DOMCTL_destroydomain. */
	destroy(domid: number): number;
	/** Why a domain has shut down and is still there; undefined while it runs, and when there is none such. */
	shutdownReason(domid: number): 'poweroff' | 'reboot' | 'suspend' | 'crash' | undefined;
	/** DOMCTL_assign_device. */
	assignDevice(domid: number, address: string): number;
	/** Writes to a function's `reset` in sysfs: it is nobody's, and does nothing of what it was told before. */
	resetDevice(address: string): void;
	/** DOMCTL_SCHEDOP_getinfo of the credit scheduler; undefined when there is no such domain. */
	schedulerParameters(domid: number): SchedulerParameters | undefined;
	/** DOMCTL_SCHEDOP_putinfo. */
	setSchedulerParameters(domid: number, parameters: SchedulerParameters): number;
	/** vCPUs of a domain, 0 when there is none such. */
	vcpus(domid: number): number;
	/** What /etc/xen/scripts/vif-bridge does in the backend's domain: `ip link set vif1.0 master xenbr0 up`. */
	plugIn(domid: number, vif: number, bridge: string): void;
	/** A device that the domain did not have when it was created is about to be attached; one is detached. */
	addDevice(domid: number, kind: 'vbd' | 'vif', device: number): void;
	removeDevice(domid: number, kind: 'vbd' | 'vif', device: number): void;
	/** Ids of all domains, ascending. */
	domains(): readonly number[];
}
