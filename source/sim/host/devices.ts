/**
The devices plugged into a host, by model: one line for each model that exists. What a screen shows of a device comes from
here and from its driver, so that nobody above needs a list of devices.
*/
import type {Engine} from '../../engine/engine.js';
import type {CachedMedium} from '../../hw/disk/media/cached-medium.js';
import {makeHdd} from '../../hw/disk/media/hdd.js';
import {makeSsd} from '../../hw/disk/media/ssd.js';
import {NvmeController} from '../../hw/disk/nvme-controller.js';
import type {Link} from '../../hw/lan/link.js';
import {frameCheckBytes} from '../../hw/lan/wire.js';
import {E1000} from '../../hw/nic/e1000.js';
import {
	crcErrors,
	fragments,
	goodOctetsReceived,
	goodOctetsSent,
	goodReceived,
	goodSent,
	jabbers,
	lengthErrors,
	missedPackets,
	oversized,
	undersized,
} from '../../hw/nic/e1000-statistics.js';
import type {PciFunction} from '../../hw/pci.js';
import {bitRateText} from '../scenario/rates.js';
import type {DiskDevice, NicDevice} from '../scenario/types.js';
import type {Machine} from '../xen/hypervisor.js';

interface PluggedDevice {
	/** `nvme0` */
	readonly name: string;
	readonly address: string;
	readonly function: PciFunction;
	/** `NVMe, SSD, 8 channels`, `82540EM, 1 Gb/s` */
	readonly model: string;
	/** Whether every byte it moves enters the state hash, or only a stamp of each transfer. */
	hashBytes(every: boolean): void;
}

/** A disk on the bus. */
export interface HostDevice extends PluggedDevice {
	readonly medium: CachedMedium;
	/** Told which request a command belongs to; see NvmeController. */
	requestIdentity: (queue: number, command: number) => number;
	/** Commands the device has taken and not completed. */
	readonly inFlight: number;
}

/** A NIC on the bus, with the link it is plugged into. */
export interface HostNic extends PluggedDevice {
	readonly link: Link;
	/** Told which packet a transmit descriptor begins; see E1000. */
	packetIdentity: (descriptor: number) => number;
	/** Which frame was written back at a receive descriptor. */
	receivedIdentity(descriptor: number): number;
	/** What it has counted since it was switched on. */
	readonly counts: NicCounts;
	/** Frames in its FIFOs and transmit descriptors it has not used yet. */
	readonly inFlight: number;
}

/** Cumulative. Bytes from the destination address on, without FCS. */
export interface NicCounts {
	readonly sentPackets: number;
	readonly sentBytes: number;
	readonly receivedPackets: number;
	readonly receivedBytes: number;
	/** Frames with a bad FCS or length. */
	readonly errors: number;
	/** Frames for which neither FIFO nor descriptor was free. */
	readonly missed: number;
}

type MakeDisk = (engine: Engine, machine: Machine, words: DiskDevice) => HostDevice;
type MakeNic = (engine: Engine, machine: Machine, words: NicDevice, link: Link) => HostNic;

const disks: Readonly<Record<DiskDevice['model'], MakeDisk>> = {
	nvme: (engine, machine, words) => {
		const medium = makeMedium(engine, words);
		const {address, name} = {address: words.pci, name: words.name};
		const controller = new NvmeController({engine, ...machine}, medium, {address, name, serial: `ringtop-${name}`});
		return {
			name,
			address,
			function: controller,
			model: medium.model,
			medium,
			get requestIdentity() {
				return controller.requestIdentity;
			},
			set requestIdentity(identity) {
				controller.requestIdentity = identity;
			},
			hashBytes(every) {
				controller.hashBytes = every;
			},
			get inFlight() {
				return controller.inFlight;
			},
		};
	},
};

const nics: Readonly<Record<NicDevice['model'], MakeNic>> = {
	'82540EM': (engine, machine, {name, pci, mac}, link) => {
		const nic = new E1000({engine, ...machine}, link.first, {address: pci, name, mac: macBytes(mac)});
		link.first.attach(nic);
		const {totals} = nic.statistics;
		return {
			name,
			address: pci,
			function: nic,
			model: `82540EM, ${bitRateText(link.options.rate)}`,
			link,
			get packetIdentity() {
				return nic.packetIdentity;
			},
			set packetIdentity(identity) {
				nic.packetIdentity = identity;
			},
			receivedIdentity: (descriptor) => nic.receivedIdentity(descriptor),
			hashBytes(every) {
				nic.hashBytes = every;
			},
			get inFlight() {
				return nic.txQueued;
			},
			get counts() {
				const [sentPackets, receivedPackets] = [totals[goodSent], totals[goodReceived]];
				const lengths =
					totals[lengthErrors] + totals[undersized] + totals[fragments] + totals[oversized] + totals[jabbers];
				return {
					sentPackets,
					sentBytes: totals[goodOctetsSent] - sentPackets * frameCheckBytes,
					receivedPackets,
					receivedBytes: totals[goodOctetsReceived] - receivedPackets * frameCheckBytes,
					errors: totals[crcErrors] + lengths,
					missed: totals[missedPackets],
				};
			},
		};
	},
};

export function makeDevice(engine: Engine, machine: Machine, words: DiskDevice): HostDevice {
	return disks[words.model](engine, machine, words);
}

export function makeNic(engine: Engine, machine: Machine, words: NicDevice, link: Link): HostNic {
	return nics[words.model](engine, machine, words, link);
}

/** The six bytes of `00:1b:21:00:00:01`. */
export function macBytes(text: string): Uint8Array {
	return Uint8Array.from(text.split(':'), (pair) => Number.parseInt(pair, 16));
}

function makeMedium(engine: Engine, {name, medium, sectors, timing, writeCache}: DiskDevice): CachedMedium {
	const make = medium === 'ssd' ? makeSsd : makeHdd;
	return make(engine, name, sectors, {...timing, writeCache});
}
