/**
Retained samples of cumulative counters and histograms, taken at regular moments of virtual time. A figure is the difference
of two of them: of now and of the last refresh, or of the newest sample that lies at least a second back if that refresh does not.
Figures change at `refresh` alone, all together and over the same window, so that those on one screen agree.
*/
import {assert} from '../engine/assert.js';
import {Histogram} from '../engine/histogram.js';

/** Samples kept: enough for a history and the second before it; a multiple of `wholeEvery`. */
const kept = 80;
/** Points of a history. */
const historyLength = 60;
/** Figures are over at least so much simulated time, once it has passed. */
const leastWindow = 1_000_000_000;
const second = 1_000_000_000;
/** Every so many samples histograms are copied too, which costs most of it; windows begin with such samples. */
const wholeEvery = 2;

/** One cumulative counter. */
export interface Counter {
	/** What was counted within the window. */
	readonly delta: number;
	/** The same per simulated second. */
	readonly perSecond: number;
	/** Percent of the window, for counters of nanoseconds. */
	readonly percent: number;
	/** Per second, between the samples: oldest first. */
	readonly history: readonly number[];
}

/** One growing histogram of nanoseconds. */
export interface Distribution {
	/** What was recorded within the window; undefined when nothing was. */
	readonly figure: Histogram | undefined;
	readonly mean: number | undefined;
	readonly p50: number | undefined;
	readonly p99: number | undefined;
	readonly p999: number | undefined;
}

export class Samples {
	/** Simulated nanoseconds the figures are over. */
	window = 0;
	readonly #counters: SampledCounter[] = [];
	readonly #histograms: SampledHistogram[] = [];
	readonly #distributions: SampledDistribution[] = [];
	readonly #rows: Float64Array<ArrayBuffer>[] = [];
	readonly #times: number[] = [];
	/** Samples taken so far; sample n is in row n modulo `kept`. */
	#taken = 0;
	#now = new Float64Array(64);
	/** The row of the last refresh. */
	#last = new Float64Array(64);
	#lastTime = -1;

	constructor() {
		for (let i = 0; i < kept; i++) {
			this.#rows.push(new Float64Array(64));
			this.#times.push(0);
		}
	}

	/** Registers a counter that was 0 when what it counts came to be; `read` is asked at each sample. */
	counter(read: () => number): Counter {
		const column = this.#counters.length;
		if (column === this.#now.length) {
			this.#widen();
		}

		const counter = new SampledCounter(this, column, read);
		this.#counters.push(counter);
		return counter;
	}

	/** Registers a histogram, or several that are seen as one. Each `copy` gives what was recorded by now, and no longer changes. */
	distribution(...copies: readonly (() => Histogram)[]): Distribution {
		const sources = copies.map((copy) => new SampledHistogram(copy));
		this.#histograms.push(...sources);
		const distribution = new SampledDistribution(sources);
		this.#distributions.push(distribution);
		return distribution;
	}

	/** Takes a sample at `now`, nanoseconds, later than the sample before. */
	take(now: number): void {
		const at = this.#taken++ % kept;
		this.#read(this.#rows[at]);
		this.#times[at] = now;
		if (at % wholeEvery === 0) {
			for (const histogram of this.#histograms) {
				histogram.sample(now, now - leastWindow);
			}
		}
	}

	/** The figures change: they are up to `now` from here on. */
	refresh(now: number): void {
		assert(this.#taken > 0, 'figures are differences to a sample');
		this.#read(this.#now);
		let n = this.#taken - 1;
		n -= n % wholeEvery;
		while (n >= wholeEvery && this.#times[n % kept] > now - leastWindow) {
			n -= wholeEvery;
		}

		let from = this.#times[n % kept];
		let base = this.#rows[n % kept];
		const sinceLast = this.#lastTime >= 0 && (this.#lastTime < from || this.#lastTime <= now - leastWindow);
		if (sinceLast) {
			from = this.#lastTime;
			base = this.#last;
		}

		this.window = now - from;
		for (const counter of this.#counters) {
			counter.refresh(this.#now, base, this.window);
		}

		for (const histogram of this.#histograms) {
			histogram.refresh(from, sinceLast);
		}

		for (const distribution of this.#distributions) {
			distribution.refresh();
		}

		this.#last.set(this.#now);
		this.#lastTime = now;
	}

	/** What a column grew by per second between the retained samples, and since the newest of them: oldest first. */
	historyOf(column: number): number[] {
		const history: number[] = [];
		for (let n = Math.max(1, this.#taken - historyLength, this.#taken - kept + 1); n < this.#taken; n++) {
			const before = (n - 1) % kept;
			const at = n % kept;
			const elapsed = this.#times[at] - this.#times[before];
			history.push(elapsed <= 0 ? 0 : ((this.#rows[at][column] - this.#rows[before][column]) * second) / elapsed);
		}

		return history;
	}

	#read(row: Float64Array): void {
		const counters = this.#counters;
		for (let column = 0; column < counters.length; column++) {
			row[column] = counters[column].read();
		}
	}

	#widen(): void {
		const widen = (row: Float64Array<ArrayBuffer>) => {
			const wider = new Float64Array(row.length * 2);
			wider.set(row);
			return wider;
		};
		for (let i = 0; i < kept; i++) {
			this.#rows[i] = widen(this.#rows[i]);
		}

		this.#now = widen(this.#now);
		this.#last = widen(this.#last);
	}
}

class SampledCounter implements Counter {
	delta = 0;
	#window = 0;
	#history: number[] | undefined;

	constructor(
		private readonly samples: Samples,
		private readonly column: number,
		readonly read: () => number,
	) {}

	get perSecond(): number {
		return this.#window === 0 ? 0 : (this.delta * second) / this.#window;
	}

	get percent(): number {
		return this.#window === 0 ? 0 : (this.delta * 100) / this.#window;
	}

	get history(): readonly number[] {
		this.#history ??= this.samples.historyOf(this.column);
		return this.#history;
	}

	refresh(now: Float64Array, base: Float64Array, window: number): void {
		this.delta = now[this.column] - base[this.column];
		this.#window = window;
		this.#history = undefined;
	}
}

/** A growing histogram with copies at the samples of the last second and the one before, oldest first. */
class SampledHistogram {
	/** What was recorded within the window; undefined when nothing was. */
	figure: Histogram | undefined;
	readonly #copies: {time: number; copy: Histogram}[] = [];
	#last = nothing;

	constructor(private readonly copy: () => Histogram) {}

	/** @param needed copies older than the newest one not later than this are let go. */
	sample(now: number, needed: number): void {
		const copies = this.#copies;
		copies.push({time: now, copy: this.copy()});
		while (copies.length > 1 && copies[1].time <= needed) {
			copies.shift();
		}
	}

	/** @param sinceLast whether the window begins with the last refresh, and not with the sample taken at `from`. */
	refresh(from: number, sinceLast: boolean): void {
		const copy = this.copy();
		// One that was registered within the window has no copy from its start: it was empty then.
		const base = sinceLast ? this.#last : (this.#copies.find(({time}) => time === from)?.copy ?? nothing);
		if (copy.count === base.count) {
			this.figure = undefined;
		} else {
			this.figure = base.count === 0 ? copy : copy.since(base);
		}

		this.#last = copy;
	}
}

const nothing = new Histogram();

class SampledDistribution implements Distribution {
	figure: Histogram | undefined;
	readonly #quantiles = new Map<number, number>();

	constructor(private readonly sources: readonly SampledHistogram[]) {}

	refresh(): void {
		this.#quantiles.clear();
		const figures = this.sources.map(({figure}) => figure).filter((figure) => figure !== undefined);
		if (figures.length < 2) {
			this.figure = figures.at(0);
			return;
		}

		const sum = figures[0].snapshot();
		for (const figure of figures.slice(1)) {
			sum.add(figure);
		}

		this.figure = sum;
	}

	get mean(): number | undefined {
		return this.figure?.mean;
	}

	get p50(): number | undefined {
		return this.#quantile(500_000);
	}

	get p99(): number | undefined {
		return this.#quantile(990_000);
	}

	get p999(): number | undefined {
		return this.#quantile(999_000);
	}

	#quantile(parts: number): number | undefined {
		const {figure} = this;
		if (figure === undefined) {
			return undefined;
		}

		let value = this.#quantiles.get(parts);
		if (value === undefined) {
			value = figure.quantile(parts);
			this.#quantiles.set(parts, value);
		}

		return value;
	}
}
