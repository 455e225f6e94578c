/** Costs that belong to no single part: what registers and configuration space take, whoever reaches for them. */
import type {Cost} from '../../engine/cost.js';

export type {Cost} from '../../engine/cost.js';

export const registerRead: Cost = {
	name: 'register.read',
	ns: 800,
	source: 'knob: an uncached read crosses the bus and waits',
};
export const registerWrite: Cost = {name: 'register.write', ns: 100, source: 'knob: a posted write'};
export const configRead: Cost = {name: 'config.read', ns: 1000, source: 'knob'};
export const configWrite: Cost = {name: 'config.write', ns: 1000, source: 'knob'};

export const accessCosts = {registerRead, registerWrite, configRead, configWrite} satisfies Record<string, Cost>;
