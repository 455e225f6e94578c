/**
The same run under another architecture: a host made anew is brought to the moment that the old one has reached, and the operator's lines
are given to it at their times. It then is a run like any other, recordings included.
*/
import type {Observer} from '../observe/observer.js';
import type {Host} from '../sim/host.js';
import type {OperatorLine} from '../sim/scenario/timeline.js';
import type {Scenario} from '../sim/scenario/types.js';

/** The scenario under one architecture, or why it cannot run under it. */
export type Variant =
	| {readonly arch: string; readonly scenario: Scenario}
	| {readonly arch: string; readonly refusal: string};

/** The variant after `arch` that can run, going round, and those on the way that cannot; undefined when there is no other. */
export function nextVariant(
	variants: readonly Variant[],
	arch: string,
): {readonly scenario: Scenario; readonly refusals: readonly string[]} | undefined {
	const at = variants.findIndex((variant) => variant.arch === arch);
	const refusals: string[] = [];
	for (let step = 1; step < variants.length; step++) {
		const variant = variants[(at + step) % variants.length];
		if ('scenario' in variant) {
			return {scenario: variant.scenario, refusals};
		}

		refusals.push(`${variant.arch}: ${variant.refusal}`);
	}

	return undefined;
}

export class CatchUp {
	#next = 0;

	/**
	@param lines of the run to be caught up with, in the order in which they were carried out.
	@param until virtual time it has reached, ns.
	*/
	constructor(
		private readonly host: Host,
		private readonly observer: Observer,
		private readonly lines: readonly OperatorLine[],
		readonly until: number,
	) {}

	/** Advances by so many events at most. @returns true once it is there. */
	advance(budget: number): boolean {
		const {host, observer, lines, until} = this;
		const due = () => (this.#next < lines.length ? lines[this.#next].trigger.at : until);
		const target = Math.min(until, due(), observer.nextSample);
		if (!host.advance(target, budget)) {
			return false;
		}

		if (host.now >= observer.nextSample) {
			observer.sample();
		}

		while (this.#next < lines.length && due() <= host.now) {
			host.operate(lines[this.#next++].verb);
		}

		return host.now >= until && this.#next === lines.length;
	}
}
