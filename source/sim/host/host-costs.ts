/** What the host itself has kernels pay for: what a person at the console asks of it, and what faults make them do. */
import type {Cost} from '../kernel/cost.js';

export const hostCosts = {
	operator: {name: 'operator.xl', ns: 1000, source: 'knob: a command line reaches xl'},
	fault: {name: 'fault.crash', ns: 100, source: 'knob: the instruction that should not have been'},
} satisfies Record<string, Cost>;
