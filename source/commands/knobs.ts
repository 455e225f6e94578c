/**
 * The knobs, turned: every named cost that nobody has measured, and the times that booting takes. What is known from a source (the
 * five seconds before Xen resets the machine) stays.
 */
import {costGroups} from '../sim/host/cost-names.js';
import type {Scenario} from '../sim/scenario/types.js';

/** How far `--sensitivity` turns them. */
export const knobFactors = [0.5, 2] as const;

/** Largest cost and largest boot time that a scenario may have, ns. */
const mostCost = 1_000_000_000;
const mostBoot = 600_000_000_000;

/** The scenario with every knob at `factor` times what it is. */
export function withKnobs(scenario: Scenario, factor: number): Scenario {
	const times = (nanoseconds: number, most: number) =>
		nanoseconds === 0 ? 0 : Math.min(most, Math.max(1, Math.round(nanoseconds * factor)));
	const costs: Record<string, number> = {...scenario.costs};
	for (const {name, ns, source} of costGroups.flatMap((group) => group.costs)) {
		if (source.startsWith('knob')) costs[name] = times(costs[name] ?? ns, mostCost);
	}
	const {toolstack} = scenario;
	return {
		...scenario,
		costs,
		toolstack: {
			...toolstack,
			firmware: times(toolstack.firmware, mostBoot),
			xenBoot: times(toolstack.xenBoot, mostBoot),
			domainZeroBoot: times(toolstack.domainZeroBoot, mostBoot),
			guestBoot: times(toolstack.guestBoot, mostBoot),
			driverDomainRestart: times(toolstack.driverDomainRestart, mostBoot),
		},
	};
}
