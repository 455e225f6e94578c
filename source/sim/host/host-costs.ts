/** What the host itself has kernels pay for: what a person at the console or the scenario asks of it, and what faults make them do. */
import type {Cost} from '../kernel/cost.js';

export const hostCosts = {
	operator: {name: 'operator.xl', ns: 1000, source: 'knob: a command line reaches xl'},
	fault: {name: 'fault.crash', ns: 100, source: 'knob: the instruction that should not have been'},
	stopPosting: {name: 'guest.stopPosting', ns: 100, source: 'knob: a flag of the guest is set'},
} satisfies Record<string, Cost>;
