/**
Where things run. An architecture answers, for each device and each guest's disk, whose kernel the native driver and the backend
are handed; everything else about it follows from those kernels. This room is the only one that knows which is which.
*/
import type {DriverDomainWords, Scenario} from '../scenario/types.js';

/** The ways in which a host can be booted, by what its guests reach devices through. */
export interface WaysToBoot<Boot> {
	/** Device channels between domains, of which one or several drive devices and run the backends. */
	readonly channels: () => Boot;
	/** Virtual devices of the hypervisor, which contains native drivers and backends. */
	readonly virtualDevices: () => Boot;
}

export interface Architecture {
	/** `Xen 2.0: drivers in domain zero` */
	readonly title: string;
	/** What the column of a comparison says its channels speak. */
	readonly protocol: string;
	/** Whether devices' transfers pass the IOMMU where the scenario does not say. */
	readonly iommu: boolean;
	/** The way in which its hosts boot. */
	boot<Boot>(ways: WaysToBoot<Boot>): Boot;
	/** Domains that the toolstack makes before any guest, to drive devices. */
	readonly driverDomains: readonly DriverDomainWords[];
	/** The domain whose kernel drives a PCI device. */
	driverDomain(device: string): string;
	/** The domain whose kernel serves a guest's virtual disk on a device. */
	backendDomain(device: string): string;
	/** The domain whose kernel has a bridge, and serves the guests' interfaces on it. */
	bridgeDomain(bridge: string): string;
}

const domainZero = 'Domain-0';
const hypervisor = 'Xen';
/** Xen's channel ABI of today. */
const split = 'blkif and netif over grants and event channels, xenbus';

/** Xen 1.0: the hypervisor contains native drivers and backends; every domain, domain zero included, has its virtual devices. */
function xen1(): Architecture {
	return {
		title: 'Xen 1.0: drivers in the hypervisor',
		protocol: "Xen 1.0's block and network rings, event bits, hypercalls",
		iommu: false,
		boot: ({virtualDevices}) => virtualDevices(),
		driverDomains: [],
		driverDomain: () => hypervisor,
		backendDomain: () => hypervisor,
		bridgeDomain: () => hypervisor,
	};
}

/** Xen 2.0's placement, with the channel ABI of today's Xen (grants, XenStore, ring.h): see docs/fidelity.md for what 2.0 itself had. */
function xen2(): Architecture {
	return {
		title: 'Xen 2.0: drivers in domain zero',
		protocol: split,
		iommu: true,
		boot: ({channels}) => channels(),
		driverDomains: [],
		driverDomain: () => domainZero,
		backendDomain: () => domainZero,
		bridgeDomain: () => domainZero,
	};
}

/** Any authorized domain may be given a device: it runs the native driver and the backends on it. Domain zero keeps what nobody was given. */
function driverDomains({driverDomains: given, host}: Scenario): Architecture {
	const ownerOf = (device: string | undefined) =>
		given.find(({devices}) => device !== undefined && devices.includes(device))?.name ?? domainZero;
	return {
		title: 'Driver domains: a domain for each kind of device',
		protocol: split,
		iommu: true,
		boot: ({channels}) => channels(),
		driverDomains: given,
		driverDomain: ownerOf,
		backendDomain: ownerOf,
		bridgeDomain: (bridge) => ownerOf(host.bridges.find(({name}) => name === bridge)?.nics[0]),
	};
}

const architectures: Readonly<Record<Scenario['arch'], (scenario: Scenario) => Architecture>> = {
	xen1,
	xen2,
	'driver-domains': driverDomains,
};

export function architectureOf(scenario: Scenario): Architecture {
	return architectures[scenario.arch](scenario);
}
