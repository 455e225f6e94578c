/** Costs that belong to no single part: what registers, hypercalls and copies take whoever causes them. */
import type {Cost} from '../../engine/cost.js';

export type {Cost} from '../../engine/cost.js';

export const registerRead: Cost = {
	name: 'register.read',
	ns: 800,
	source: 'knob: an uncached read crosses the bus and waits',
};
export const registerWrite: Cost = {name: 'register.write', ns: 100, source: 'knob: a posted write'};
export const configRead: Cost = {name: 'config.read', ns: 1000, source: 'knob'};
export const hypercall: Cost = {
	name: 'hypercall',
	ns: 300,
	source: 'knob: 0.3 to 1 microseconds on the hardware of 2003',
};
export const copyFrame: Cost = {name: 'copy.frame', ns: 400, source: 'knob: 4 KiB at 10 GB/s'};
