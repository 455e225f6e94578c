/** The native drivers there are, and which of them a PCI function is for: by class code or by ids, as Linux's id tables match. */
import type {DriverModule} from './driver.js';
import {E1000Driver} from './e1000.js';
import {NvmeDriver} from './nvme.js';

export const driverModules: readonly DriverModule[] = [
	{
		name: 'nvme',
		matches: (_vendor, _device, classCode) => classCode === 0x01_08_02,
		create: (kernel, device, options) => new NvmeDriver(kernel, device, options),
	},
	{
		name: 'e1000',
		matches: (vendor, device) => vendor === 0x8086 && device === 0x100e,
		create: (kernel, device, options) => new E1000Driver(kernel, device, options),
	},
];

/** The driver for a function with these ids; undefined when there is none. */
export function driverFor(vendor: number, device: number, classCode: number): DriverModule | undefined {
	return driverModules.find((module) => module.matches(vendor, device, classCode));
}
