/**
The devices plugged into a host, by model: one line for each model that exists. What a screen shows of a device comes from
here and from its driver, so that nobody above needs a list of devices.
*/
import type {Engine} from '../../engine/engine.js';
import type {CachedMedium} from '../../hw/disk/media/cached-medium.js';
import {makeHdd} from '../../hw/disk/media/hdd.js';
import {makeSsd} from '../../hw/disk/media/ssd.js';
import {NvmeController} from '../../hw/disk/nvme-controller.js';
import type {PciFunction} from '../../hw/pci.js';
import type {DiskDevice} from '../scenario/types.js';
import type {Machine} from '../xen/hypervisor.js';

export interface HostDevice {
	readonly name: string;
	readonly address: string;
	readonly function: PciFunction;
	/** `NVMe, SSD, 8 channels` */
	readonly model: string;
	readonly medium: CachedMedium;
	/** Told which request a command belongs to; see NvmeController. */
	requestIdentity: (queue: number, command: number) => number;
	/** Whether every byte it moves enters the state hash, or only a stamp of each transfer. */
	hashBytes(every: boolean): void;
	/** Commands the device has taken and not completed. */
	readonly inFlight: number;
}

type MakeDevice = (engine: Engine, machine: Machine, words: DiskDevice) => HostDevice;

const models: Readonly<Record<DiskDevice['model'], MakeDevice>> = {
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

export function makeDevice(engine: Engine, machine: Machine, words: DiskDevice): HostDevice {
	return models[words.model](engine, machine, words);
}

function makeMedium(engine: Engine, {name, medium, sectors, timing, writeCache}: DiskDevice): CachedMedium {
	const make = medium === 'ssd' ? makeSsd : makeHdd;
	return make(engine, name, sectors, {...timing, writeCache});
}
