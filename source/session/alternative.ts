/** The same run under the architecture after the one that is shown: begun, caught up piece by piece, handed over or dropped. */
import type {Host} from '../sim/host.js';
import {CatchUp, nextVariant} from './catch-up.js';
import type {ClockView} from './messages.js';
import type {Run, SimulationOptions} from './run.js';

export class Alternative {
	readonly #options: SimulationOptions;
	#other: {readonly run: Run; readonly catchUp: CatchUp; readonly refusals: readonly string[]} | undefined;

	constructor(
		options: SimulationOptions,
		private readonly notice: (text: string, severity: 'info' | 'error') => void,
	) {
		this.#options = options;
	}

	get isUnderWay(): boolean {
		return this.#other !== undefined;
	}

	/** @param shown the host to be caught up with; asked for again, the architecture after the one under way follows. */
	begin({scenario, now, operated}: Host): void {
		const {variants, replaying, make} = this.#options;
		if (replaying) {
			this.notice('this is a replay: its architecture is in the recording', 'error');
			return;
		}

		const next = nextVariant(variants, (this.#other?.run.host.scenario ?? scenario).arch);
		this.drop();
		if (next === undefined || next.scenario.arch === scenario.arch) {
			const refusals = variants.flatMap((each) => ('refusal' in each ? [`${each.arch}: ${each.refusal}`] : []));
			const why = refusals.length === 0 ? '' : `; ${refusals.join('; ')}`;
			this.notice(`still under ${scenario.arch}, there is no other${why}`, 'error');
			return;
		}

		try {
			const run = make(next.scenario);
			this.#other = {run, catchUp: new CatchUp(run.host, run.observer, operated, now), refusals: next.refusals};
		} catch (error) {
			this.#fail(next.scenario.arch, error);
		}
	}

	/** Whether nothing can be done to the run that is shown now; says so. */
	refuses(): boolean {
		if (this.isUnderWay) {
			this.notice('another architecture is catching up; esc keeps this one', 'error');
		}

		return this.isUnderWay;
	}

	drop(): void {
		this.#other = undefined;
	}

	/** Goes on by so many events at most. @returns the run once it has caught up; it is the caller's then. */
	advance(budget: number): Run | undefined {
		const other = this.#other;
		if (other === undefined) {
			return undefined;
		}

		const {run, catchUp, refusals} = other;
		const {architecture, scenario} = run.host;
		try {
			if (!catchUp.advance(budget)) {
				return undefined;
			}
		} catch (error) {
			this.#fail(scenario.arch, error);
			return undefined;
		}

		this.drop();
		this.notice([`now ${architecture.title}; same seed, same keys`, ...refusals].join('; '), 'info');
		return run;
	}

	view(): ClockView['catchingUp'] {
		const other = this.#other;
		if (other === undefined) {
			return undefined;
		}

		const {architecture, now} = other.run.host;
		return {title: architecture.title, now, until: other.catchUp.until};
	}

	/** Nothing comes of it; what is shown goes on. */
	#fail(arch: string, error: unknown): void {
		this.drop();
		const [why] = (error instanceof Error ? error.message : String(error)).split('\n');
		this.notice(`${arch}: ${why} (see it with: ${this.#options.reproduce(arch)})`, 'error');
	}
}
