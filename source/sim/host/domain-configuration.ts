/** A domain's words as the configuration that xl reads (xl.cfg(5)), with the backends where the architecture has them now. */
import type {Architecture} from '../architecture/architecture.js';
import type {DomainWords, DriverDomainWords} from '../scenario/types.js';
import type {DomainConfiguration} from '../toolstack/control.js';
import type {Hardware} from './hardware.js';

/** Major number of block extended devices, which partitions of NVMe namespaces have in Linux. */
const blockExtendedMajor = 259;

/** @param domidOf a domain's id by its name, -1 when there is none of it now. */
export function domainConfiguration(
	words: DomainWords,
	{driverDomains, backendDomain, bridgeDomain}: Architecture,
	{plugged}: Hardware,
	domidOf: (name: string) => number,
): DomainConfiguration {
	const {name, memory, maxmem, vcpus, cpuWeight, cap, disks, vifs, onPoweroff, onReboot, onCrash} = words;
	const devices = driverDomains.find((each) => each.name === name)?.devices ?? [];
	return {
		name,
		memory,
		maxmem,
		vcpus,
		cpuWeight,
		cap,
		onPoweroff,
		onReboot,
		onCrash,
		pci: plugged.filter((device) => devices.includes(device.name)).map(({address}) => address),
		disks: disks.map(({vdev, access, target, device}, index) => ({
			vdev,
			access,
			target: `/dev/${target}`,
			backend: domidOf(backendDomain(device)),
			major: blockExtendedMajor,
			minor: index,
		})),
		vifs: vifs.map(({device, mac, ip, bridge, rate}) => ({
			device,
			mac,
			ip,
			bridge,
			rate,
			backend: domidOf(bridgeDomain(bridge)),
		})),
	};
}

/** A driver domain's words as any domain's: it has no disks, interfaces and jobs. */
export function asDomain({name, memory, vcpus, cpuWeight, cap}: DriverDomainWords): DomainWords {
	// What becomes of a dead one is the toolstack's own affair (toolstack/driver-domains.ts), not its configuration's.
	const ends = {onPoweroff: 'preserve', onReboot: 'preserve', onCrash: 'preserve'} as const;
	return {name, memory, maxmem: memory, vcpus, cpuWeight, cap, ...ends, disks: [], vifs: [], jobs: [], netJobs: []};
}
