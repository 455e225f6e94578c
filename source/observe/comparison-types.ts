/** What a comparison of architectures says, as plain data (`compare --json` prints it as it is). Times are integer nanoseconds of virtual time. */
import type {MetricUnit} from '../sim/scenario/metric.js';
import type {Ending} from './report-types.js';

export const comparisonSchema = 'ringtop.comparison/1';

/** What is measured, or for `text` said. */
export type FigureUnit = MetricUnit | 'text';

/** One thing measured of one run. */
export interface Figure {
	/** The part of the table it is in: `CPU`. */
	readonly section: string;
	/** Within its section the same under every architecture: `web.xvda pages read p99`. */
	readonly name: string;
	readonly unit: FigureUnit;
	/** Whether it depends on what a step of CPU work costs or how long booting takes, which nobody has measured here. */
	readonly knob: boolean;
	readonly value: number | string;
	/** It was still going on when the run ended: the value is the least it can be. */
	readonly open?: true;
}

/** A figure in the table; with the knobs turned both ways, also the least and the most that came of it. */
export interface Cell {
	readonly value: number | string;
	readonly open?: true;
	readonly least?: number;
	readonly most?: number;
}

export interface ComparedRow {
	readonly section: string;
	readonly name: string;
	readonly unit: FigureUnit;
	readonly knob: boolean;
	/** One for each column; null where the architecture has no such thing, or was not run. */
	readonly cells: readonly (Cell | null)[];
}

/** An architecture under which the scenario ran, or cannot. */
export type ComparedColumn =
	| {
			readonly architecture: string;
			readonly applicable: true;
			readonly ending: Ending;
			/** Whether expectations were met and nothing was unexplained; undefined when that was not decided. */
			readonly met: boolean | undefined;
			readonly stateHash: string;
			/** The command line that runs it alone. */
			readonly reproduce: string;
	  }
	| {readonly architecture: string; readonly applicable: false; readonly reason: string};

export interface Comparison {
	readonly schema: typeof comparisonSchema;
	readonly version: string;
	readonly scenario: string;
	readonly about: string;
	readonly seed: number;
	readonly runtime: number;
	/** By how much the knobs were turned for the ranges: `[0.5, 2]`; empty without ranges. */
	readonly factors: readonly number[];
	/** What the names of architectures mean, a line each. */
	readonly notes: readonly string[];
	readonly columns: readonly ComparedColumn[];
	readonly rows: readonly ComparedRow[];
}
