/**
Where things run. An architecture answers, for each device and each guest's disk, whose kernel the native driver and the backend
are handed; everything else about it follows from those kernels. This room is the only one that knows which is which.
*/
import type {Architecture as ArchitectureName} from '../scenario/types.js';

export interface Architecture {
	readonly name: ArchitectureName;
	/** `Xen 2.0: drivers in domain zero` */
	readonly title: string;
	/** What the column of a comparison says its channels speak. */
	readonly protocol: string;
	/** The domain whose kernel drives a PCI device. */
	driverDomain(device: string): string;
	/** The domain whose kernel serves a guest's virtual disk on a device. */
	backendDomain(device: string): string;
	/** The domain whose kernel has a bridge, and serves the guests' interfaces on it. */
	bridgeDomain(bridge: string): string;
}

const domainZero = 'Domain-0';

/** Xen 2.0's placement, with the channel ABI of today's Xen (grants, XenStore, ring.h): see docs/fidelity.md for what 2.0 itself had. */
const xen2: Architecture = {
	name: 'xen2',
	title: 'Xen 2.0: drivers in domain zero',
	protocol: 'blkif and netif over grants and event channels, xenbus',
	driverDomain: () => domainZero,
	backendDomain: () => domainZero,
	bridgeDomain: () => domainZero,
};

const architectures: Readonly<Record<ArchitectureName, Architecture>> = {xen2};

export function architectureNamed(name: ArchitectureName): Architecture {
	return architectures[name];
}
