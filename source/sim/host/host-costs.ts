/** What the host itself has domain zero pay for: what a person at the console asks of it. */
import type {Cost} from '../kernel/cost.js';

export const hostCosts = {
	operator: {name: 'operator.xl', ns: 1000, source: 'knob: a command line reaches xl'},
} satisfies Record<string, Cost>;
