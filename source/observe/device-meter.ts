/**
What a device tells of itself to whoever looks, in its own words: what moves through it each way, what its queue holds, what it counts.
One for disks, one for NICs; others give the same, and no screen needs to know which it is.
*/
import type {HostDevice, HostNic} from '../sim/host/devices.js';
import {lostOn} from './lan-figures.js';
import type {DeviceRate} from './snapshot.js';

const sectorBytes = 512;

export interface DeviceMeter {
	/** What moves each way: totals since start, in bytes or bits. */
	readonly rates: readonly {
		readonly label: string;
		readonly unit: DeviceRate['unit'];
		readonly total: () => number;
	}[];
	/** What its driver is given: a command, a frame. */
	readonly given: string;
	/** What one entry of its queue is, how many there are, and when the oldest came, virtual ns; undefined when it does not know. */
	readonly entry: string;
	readonly queued: () => number;
	readonly oldestSince: () => number | undefined;
	/** What keeps it from working whatever its driver says: `no link`; '' for nothing. */
	readonly ailment: () => string;
	/** Nanoseconds that each of its units was busy. */
	readonly units: readonly (() => number)[];
	/** Counts that a person should see wherever there is room, and its others. */
	readonly alarms: () => readonly (readonly [name: string, value: number])[];
	readonly counters: () => readonly (readonly [name: string, value: number])[];
}

/** A disk's: sectors at its medium, commands it has not completed, its dies or its arm. */
export function diskMeter(device: HostDevice): DeviceMeter {
	const {gauges} = device.medium;
	return {
		rates: [
			{label: 'read', unit: 'B/s', total: () => gauges.sectorsRead * sectorBytes},
			{label: 'write', unit: 'B/s', total: () => gauges.sectorsWritten * sectorBytes},
		],
		given: 'command',
		entry: 'command',
		queued: () => device.inFlight,
		// Looking for the oldest goes through every slot of the medium.
		oldestSince: () => (gauges.outstanding === 0 ? undefined : gauges.oldestSince),
		ailment: () => '',
		units: gauges.parts.map((part) => () => part.busyNanoseconds),
		alarms: () => [],
		counters: () => [
			['dirty cache bytes', gauges.dirtyBytes],
			['cache bytes', gauges.cacheBytes],
			['reads', gauges.reads],
			['writes', gauges.writes],
			['flushes', gauges.flushes],
			['errors', gauges.errors],
		],
	};
}

/** A NIC's: frames it sent and received, the descriptors in its transmit ring (a frame takes one for each piece), both directions of its wire. */
export function nicMeter(nic: HostNic): DeviceMeter {
	const {link} = nic;
	return {
		rates: [
			{label: 'out', unit: 'b/s', total: () => nic.counts.sentBytes * 8},
			{label: 'in', unit: 'b/s', total: () => nic.counts.receivedBytes * 8},
		],
		given: 'frame',
		entry: 'descriptor',
		queued: () => nic.inFlight,
		oldestSince: () => undefined,
		ailment: () => (link.up ? '' : 'no link'),
		units: [() => link.first.busy, () => link.second.busy],
		alarms: () => [['drops', nic.counts.missed + nic.counts.errors]],
		counters: () => {
			const {sentPackets, receivedPackets, errors, missed} = nic.counts;
			return [
				['frames out', sentPackets],
				['frames in', receivedPackets],
				['missed', missed],
				['errors', errors],
				['lost on the wire', lostOn(link)],
			];
		},
	};
}
