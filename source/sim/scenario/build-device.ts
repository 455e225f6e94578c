/**
The host's devices by kind. Disks: partitions laid one after another from the first MiB, as partitioning tools do, none over another or
beyond the disk; timing words of the medium the disk has. An extent is what a disk's target, or a job in Domain-0, may name.
*/
import {nicMac} from './addresses.js';
import {quoted} from './problems.js';
import type {ReportAt} from './report.js';
import type {RawDevice, RawScenario} from './schema.js';
import type {DiskDevice, NicDevice, Partition} from './types.js';
import {gibibyte, mebibyte, sizeText} from './units.js';

const sectorBytes = 512;
/** Partitioning tools leave the first MiB alone. */
const firstPartitionSector = 2048;
const ssdTiming = ['channels', 'chips', 'dies', 'read_latency', 'program_latency', 'channel_rate'] as const;
const hddTiming = ['rpm', 'seek_track', 'seek_average', 'seek_full', 'transfer_rate'] as const;

/** Something a disk or a job in Domain-0 may be on. */
export interface Extent {
	readonly device: DiskDevice;
	readonly start: number;
	readonly sectors: number;
}

/** The host's devices, by kind, each kind in the file's order. */
export interface Devices {
	readonly disks: readonly DiskDevice[];
	readonly nics: readonly NicDevice[];
}

/** What a device of a model is called, and which words are about it. */
const kinds: Readonly<
	Record<RawDevice['model'], {readonly what: string; readonly prefix: string; readonly words: readonly string[]}>
> = {
	nvme: {
		what: 'a disk',
		prefix: 'nvme',
		words: ['medium', 'capacity', 'write_cache', ...ssdTiming, ...hddTiming, 'partitions'],
	},
	'82540EM': {what: 'a NIC', prefix: 'eth', words: ['wire', 'mac']},
};

export function buildDevices(raw: RawScenario, report: ReportAt): Devices {
	const addresses = new Map<string, string>();
	const disks: DiskDevice[] = [];
	const nics: NicDevice[] = [];
	for (const [name, device] of Object.entries(raw.host.devices)) {
		const path = ['host', 'devices', name];
		const kind = kinds[device.model];
		if (!name.startsWith(kind.prefix) || !/^\d{1,2}$/.test(name.slice(kind.prefix.length))) {
			report(path, `${quoted(name)} cannot name ${kind.what}; they are ${kind.prefix}0, ${kind.prefix}1, …`);
		}

		for (const {what, words} of Object.values(kinds)) {
			const strange = words.find((key) => device[key as keyof RawDevice] !== undefined); // Words are keys of devices.
			if (what !== kind.what && strange !== undefined) {
				report([...path, strange], `${quoted(strange)} is about ${what}, and ${name} is ${kind.what}`, 'key');
			}
		}

		const other = addresses.get(device.pci);
		if (other !== undefined) {
			report([...path, 'pci'], `${device.pci} is ${other}'s address already; give each device its own`);
		}

		addresses.set(device.pci, name);
		if (device.model === 'nvme') {
			disks.push(buildDisk(name, device, path, report));
		} else {
			nics.push(buildNic(name, device, nics.length, raw.lan !== undefined, path, report));
		}
	}

	if (disks.length + nics.length === 0) {
		report(['host', 'devices'], 'a host needs a device, such as nvme0: {model: nvme, pci: "00:04.0"}');
	}

	return {disks, nics};
}

function buildNic(
	name: string,
	{pci, iommu, wire, mac}: RawDevice,
	index: number,
	lan: boolean,
	path: readonly string[],
	report: ReportAt,
): NicDevice {
	if (wire === 'lan' && !lan) {
		report([...path, 'wire'], `there is no lan to plug ${name} into; add lan: { hosts: { client: { ip: 10.0.0.9 } } }`);
	}

	const wired = lan && wire !== 'none';
	return {name, model: '82540EM', pci, iommu, wired, mac: mac ?? nicMac(index)};
}

function buildDisk(name: string, device: RawDevice, path: readonly string[], report: ReportAt): DiskDevice {
	const medium = device.medium ?? 'ssd';
	for (const key of medium === 'ssd' ? hddTiming : ssdTiming) {
		if (device[key] !== undefined) {
			report(
				[...path, key],
				`${quoted(key)} is about ${medium === 'ssd' ? 'an hdd' : 'an ssd'}, and ${name} is an ${medium}`,
				'key',
			);
		}
	}

	const partitions: (Partition & {key: string})[] = [];
	let next = firstPartitionSector;
	for (const [key, {start, size}] of Object.entries(device.partitions ?? {})) {
		const at = [...path, 'partitions', key];
		if (size % 4096 !== 0 || (start ?? 0) % 4096 !== 0) {
			report(at, `partition ${key} must start and end at multiples of 4k`);
		}

		const partition = {
			key,
			name: name + key,
			start: start === undefined ? next : start / sectorBytes,
			sectors: size / sectorBytes,
		};
		const over = partitions.find(
			(one) => one.start < partition.start + partition.sectors && partition.start < one.start + one.sectors,
		);
		if (over !== undefined) {
			report(at, `partition ${key} overlaps ${over.key}; leave start out and it follows the one before`);
		}

		next = Math.max(next, partition.start + partition.sectors);
		partitions.push(partition);
	}

	const standard = medium === 'ssd' ? Math.max(64 * gibibyte, next * sectorBytes + mebibyte) : 1_000_204_886_016;
	const capacity = device.capacity ?? standard;
	const last = partitions.find(({start, sectors}) => (start + sectors) * sectorBytes > capacity);
	if (last !== undefined) {
		report(
			[...path, 'partitions', last.key],
			`partition ${last.key} ends beyond the disk; capacity is ${sizeText(capacity)}`,
		);
	}

	if (capacity % 4096 !== 0) {
		report([...path, 'capacity'], 'capacity must be a multiple of 4k');
	}

	return {
		name,
		model: 'nvme',
		pci: device.pci,
		medium,
		iommu: device.iommu,
		sectors: capacity / sectorBytes,
		writeCache: device.write_cache,
		timing: {
			channels: device.channels,
			chips: device.chips,
			dies: device.dies,
			readLatency: device.read_latency,
			programLatency: device.program_latency,
			channelRate: device.channel_rate,
			rpm: device.rpm,
			seekTrack: device.seek_track,
			seekAverage: device.seek_average,
			seekFull: device.seek_full,
			transferRate: device.transfer_rate,
		},
		partitions: partitions.map(({name, start, sectors}) => ({name, start, sectors})),
	};
}

/** Every name a disk's target may have. A disk with partitions is used through them. */
export function extentsOf(devices: readonly DiskDevice[]): ReadonlyMap<string, Extent> {
	const extents = new Map<string, Extent>();
	for (const device of devices) {
		if (device.partitions.length === 0) {
			extents.set(device.name, {device, start: 0, sectors: device.sectors});
		}

		for (const {name, start, sectors} of device.partitions) {
			extents.set(name, {device, start, sectors});
		}
	}

	return extents;
}
