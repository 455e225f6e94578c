/**
Driver domains: which domain is given which PCI devices, and so serves the disks and bridges on them. A file may name them; without, there
is one for each kind of device. What a disk's or a vif's `backend` says must be the domain that has the device.
*/
import {quoted} from './problems.js';
import {didYouMean, type ReportAt} from './report.js';
import type {RawDriverDomain, RawScenario} from './schema.js';
import type {BridgeWords, DiskDevice, DriverDomainWords, NicDevice} from './types.js';
import {mebibyte} from './units.js';

type Device = Pick<DiskDevice | NicDevice, 'name' | 'pci'>;

/** What a driver domain has when nothing is said: enough for a kernel, a driver and its queues. */
const standard: RawDriverDomain = {vcpus: 1, cpu_weight: 256, cap: 0, pci: []};
const standardMemory = 64 * mebibyte;

/** In the order in which they are made. */
export function buildDriverDomains(
	raw: RawScenario,
	disks: readonly DiskDevice[],
	nics: readonly NicDevice[],
	report: ReportAt,
): DriverDomainWords[] {
	const names = (devices: readonly Device[]) => devices.map(({name}) => name);
	if (raw.driver_domains === undefined) {
		const kinds = [
			['diskdd', names(disks)],
			['netdd', names(nics)],
		] as const;
		return kinds.flatMap(([name, devices]) =>
			devices.length === 0 || raw.domains[name] !== undefined ? [] : [words(name, standard, devices)],
		);
	}

	const owners = new Map<string, string>();
	const devices: readonly Device[] = [...disks, ...nics];
	return Object.entries(raw.driver_domains).map(([name, domain]) => {
		const path = ['driver_domains', name];
		if (raw.domains[name] !== undefined) {
			report(path, `a domain is called ${quoted(name)} already; give the driver domain a name of its own`, 'key');
		}

		const own = domain.pci.flatMap((text, index) => {
			const device = devices.find((each) => each.name === text || each.pci === text.replace(/^0000:/, ''));
			if (device === undefined) {
				report([...path, 'pci', index], `there is no device ${didYouMean(text, names(devices))}`);
				return [];
			}

			const other = owners.get(device.name);
			if (other !== undefined) {
				report([...path, 'pci', index], `${device.name} is given to ${other} already`);
				return [];
			}

			owners.set(device.name, name);
			return [device.name];
		});
		return words(name, domain, own);
	});
}

function words(name: string, raw: RawDriverDomain, devices: readonly string[]): DriverDomainWords {
	const memory = raw.memory ?? standardMemory;
	return {name, memory, vcpus: raw.vcpus, cpuWeight: raw.cpu_weight, cap: raw.cap, devices};
}

/** Says where a `backend` is written that does not have the device, and what domain zero cannot do without the devices. */
export function checkBackends(
	raw: RawScenario,
	drivers: readonly DriverDomainWords[],
	bridges: readonly BridgeWords[],
	deviceOf: (target: string) => string | undefined,
	report: ReportAt,
): void {
	const ownerOf = (device: string) => drivers.find(({devices}) => devices.includes(device))?.name ?? 'Domain-0';
	const known = ['Domain-0', ...drivers.map(({name}) => name)];
	const check = (backend: string | undefined, device: string | undefined, path: readonly PropertyKey[]) => {
		if (backend === undefined || device === undefined) {
			return;
		}

		if (!known.includes(backend)) {
			report(path, `there is no driver domain ${didYouMean(backend, known)}`);
		} else if (ownerOf(device) !== backend) {
			report(path, `${backend} does not have ${device}; ${ownerOf(device)} has`);
		}
	};
	for (const {name, nics} of bridges) {
		const owners = [...new Set(nics.map(ownerOf))];
		if (owners.length > 1) {
			report(['host', 'bridges', name], `${name} has NICs of ${owners.join(' and ')}; a bridge is in one domain`);
		}
	}

	for (const [name, {disk, vif}] of Object.entries(raw.domains)) {
		for (const [index, {backend, target}] of disk.entries()) {
			check(backend, deviceOf(target), ['domains', name, 'disk', index, 'backend']);
		}

		for (const [index, {backend, bridge}] of vif.entries()) {
			const on = bridges.find((each) => each.name === (bridge ?? bridges[0]?.name));
			check(backend, on?.nics[0], ['domains', name, 'vif', index, 'backend']);
		}
	}

	if (raw.arch !== 'driver-domains') {
		return;
	}

	for (const [name, job] of Object.entries(raw.domains['Domain-0']?.jobs ?? {})) {
		const device = job.on === undefined ? undefined : (deviceOf(job.on) ?? bridgeDevice(bridges, job.on));
		if (device !== undefined && ownerOf(device) !== 'Domain-0') {
			const path = ['domains', 'Domain-0', 'jobs', name, 'on'];
			report(path, `${ownerOf(device)} has ${device}, and Domain-0 none of it; give the work to a guest`);
		}
	}
}

function bridgeDevice(bridges: readonly BridgeWords[], name: string): string | undefined {
	return bridges.find((bridge) => bridge.name === name)?.nics[0];
}
