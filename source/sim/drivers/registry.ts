/** The native drivers there are, and which of them a PCI function is for (class code first, as Linux's id tables match). */
import type {DriverModule} from './driver.js';
import {NvmeDriver} from './nvme.js';

export const driverModules: readonly DriverModule[] = [
	{
		name: 'nvme',
		matches: (_vendor, _device, classCode) => classCode === 0x01_08_02,
		create: (kernel, device, options) => new NvmeDriver(kernel, device, options),
	},
];

/** The driver for a function with these ids; undefined when there is none. */
export function driverFor(vendor: number, device: number, classCode: number): DriverModule | undefined {
	return driverModules.find((module) => module.matches(vendor, device, classCode));
}
