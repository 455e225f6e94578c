/**
Whether a domain has the memory that its part of the network may take: a kernel that runs out of pages panics, and a scenario is to say so
before.
*/
import {backendVifPages, bridgePages, guestVifPages, nicPages} from '../kernel/network-memory.js';
import type {Network} from './build-network.js';
import type {ReportAt} from './report.js';
import type {RawScenario} from './schema.js';
import type {DomainWords, DriverDomainWords, NicDevice} from './types.js';
import {mebibyte} from './units.js';

const pageBytes = 4096;
/** A kernel's own: XenStore's ring and whatever else it keeps, bytes. */
const kernelBytes = 256 * 1024;

interface Need {
	readonly pages: number;
	/** Bytes of jobs on disks. */
	readonly buffers?: number;
	/** What it is needed for. */
	readonly why: string;
}

export function checkNetworkMemory(
	raw: RawScenario,
	domains: readonly DomainWords[],
	driverDomains: readonly DriverDomainWords[],
	nics: readonly NicDevice[],
	{bridges}: Network,
	report: ReportAt,
): void {
	const check = (name: string, memory: number, path: readonly PropertyKey[], {pages, buffers = 0, why}: Need) => {
		const need = kernelBytes + buffers + pages * pageBytes;
		if (pages > 0 && memory < need) {
			const size = `${Math.ceil(need / mebibyte)}MiB`;
			report(path, `${name} needs at least ${size} for ${why}; it has ${Math.floor(memory / mebibyte)}MiB`);
		}
	};
	const served = (drives: (nic: string) => boolean): Need => {
		const own = nics.filter(({name}) => drives(name)).length;
		// A bridge is where its NICs are.
		const here = bridges.filter((bridge) => (bridge.nics.length === 0 ? drives('') : bridge.nics.some(drives)));
		const vifs = domains.flatMap((domain) => domain.vifs).filter((vif) => here.some(({name}) => name === vif.bridge));
		const ports = here.filter(({ip}) => ip !== undefined).length;
		return {
			pages: own * nicPages + vifs.length * backendVifPages + ports * bridgePages,
			why: `${own} NIC${own === 1 ? '' : 's'} and the ${vifs.length} vif${vifs.length === 1 ? '' : 's'} it serves`,
		};
	};
	for (const {name, memory, vifs, jobs} of domains.slice(1)) {
		const buffers = jobs.reduce(
			(sum, job) => sum + (job.kind === 'disk' ? Math.ceil(job.bs / pageBytes) * pageBytes * job.iodepth : 0),
			0,
		);
		const why = `${vifs.length} vif${vifs.length === 1 ? '' : 's'}${buffers > 0 ? " and its jobs' data" : ''}`;
		check(name, memory, ['domains', name, 'memory'], {pages: vifs.length * guestVifPages, buffers, why});
	}

	const owners = raw.arch === 'driver-domains' ? driverDomains : [];
	for (const {name, memory, devices} of owners) {
		const path = raw.driver_domains === undefined ? ['host'] : ['driver_domains', name];
		check(
			name,
			memory,
			path,
			served((nic) => devices.includes(nic)),
		);
	}

	const given = owners.flatMap(({devices}) => devices);
	const at = raw.domains['Domain-0'] === undefined ? ['host'] : ['domains', 'Domain-0', 'memory'];
	const drives = (nic: string) => !given.includes(nic);
	check('Domain-0', domains[0].memory, at, served(drives));
}
