/**
What a scenario promises: `oracle.violations == 0`, or with a window, or lines in the log. Windows are known before the run
(or begin when a named fault first acts), so that the host samples its counters at their edges and nowhere else.
*/
import {z} from 'zod';
import {type Condition, compare, measuredText, parseCondition} from './condition.js';
import type {Scope} from './metric.js';
import {quoted, Refused} from './problems.js';
import {durationText, parseDuration} from './units.js';
import {architectures} from './vocabulary.js';
import {asOneOf, asWord, duration, scalar, strict, word} from './words.js';

/** A moment: nanoseconds, or when the fault with the id first acted. */
export type Instant = number | {readonly after: string};

/** From one moment to another; `to: undefined` is the end of the run. A gauge is read at `to`. */
export interface Window {
	readonly from: Instant;
	readonly to: Instant | undefined;
}

export interface Expectation {
	/** As written, for reports. */
	readonly text: string;
	/** Architectures it is about; undefined is all. */
	readonly under: readonly string[] | undefined;
	readonly check:
		| {readonly kind: 'metric'; readonly condition: Condition; readonly window: Window; readonly tolerance: number}
		| {
				readonly kind: 'log';
				/** In this order; `*` stands for anything. */
				readonly lines: readonly string[];
				readonly from: Instant;
				/** Nanoseconds after `from`; undefined is the end of the run. */
				readonly within: number | undefined;
		  };
}

/** What judging needs of a Scenario. */
export interface Judged {
	readonly arch: string;
	/** Nanoseconds. */
	readonly runtime: number;
	readonly expect: readonly Expectation[];
}

/** Where measured values come from. The host samples at the edges that `windowsOf` names. */
export interface MetricSource {
	/**
	The metric over [from, to], nanoseconds; for a gauge its state at `to`. In the metric's unit (nanoseconds, percent, per
	second, count). Undefined when nothing was measured (no read completed, so there is no p99).
	*/
	value(path: readonly string[], from: number, to: number): number | undefined;
	/** When the fault first acted, nanoseconds; undefined when it has not. */
	firedAt(id: string): number | undefined;
	/** Every line of the log so far, oldest first, with its source in front: `Domain-0: nvme: I/O timeout`. */
	log(): Iterable<{readonly time: number; readonly text: string}>;
	/** How many domains the host has had, for `== all`. */
	readonly domainCount: number;
}

export interface CheckResult {
	readonly text: string;
	readonly met: boolean;
	/** False when the run ended before the window did: neither met nor broken. */
	readonly reached: boolean;
	/** What was found, with its unit. */
	readonly measured: string;
}

export const expectationSchema = z.preprocess(
	(value) => (typeof value === 'string' ? {that: value} : value),
	strict({
		that: word('a condition').optional(),
		log: scalar((value) => {
			const lines = Array.isArray(value) ? value : [value];
			return lines.map((line) => asWord(line, 'a line of the log'));
		}).optional(),
		from: duration().optional(),
		to: duration().optional(),
		at: duration().optional(),
		within: word('a share such as 2% or a time').optional(),
		after: word('the id of a fault').optional(),
		under: scalar((value) => {
			const words = Array.isArray(value) ? value : [value];
			return words.map((one) => asOneOf(one, architectures));
		}).optional(),
	}),
);

export type RawExpectation = z.output<typeof expectationSchema>;

/** Turns one written expectation into data, or reports why not. `runtime` in nanoseconds. */
export function buildExpectation(
	raw: RawExpectation,
	scope: Scope,
	runtime: number,
	report: (key: string, message: string) => undefined,
): Expectation | undefined {
	if ((raw.that === undefined) === (raw.log === undefined)) {
		return report('', `an expectation has either 'that' or 'log'`);
	}

	if (raw.after !== undefined && !scope.faults.includes(raw.after)) {
		return report('after', `unknown fault ${quoted(raw.after)}; 'after' names the id of a fault line`);
	}

	for (const key of ['from', 'to', 'at'] as const) {
		if ((raw[key] ?? 0) > runtime) {
			return report(key, `${durationText(raw[key] ?? 0)} is after the end; runtime is ${durationText(runtime)}`);
		}
	}

	const unused = raw.log === undefined ? undefined : (['to', 'at'] as const).find((key) => raw[key] !== undefined);
	if (unused !== undefined) {
		return report(unused, `a log expectation begins 'from' or 'after' and lasts 'within'`);
	}

	if (raw.at !== undefined && (raw.from !== undefined || raw.to !== undefined || raw.after !== undefined)) {
		return report('at', `'at' is one moment; 'from', 'to' and 'after' make a window`);
	}

	if (raw.to !== undefined && raw.to <= (raw.from ?? 0)) {
		return report('to', `'to' must lie after 'from'`);
	}

	if (raw.from !== undefined && raw.after !== undefined) {
		return report('after', `a window begins 'from' a time or 'after' a fault, not both`);
	}

	const from: Instant = raw.after === undefined ? (raw.from ?? 0) : {after: raw.after};
	try {
		if (raw.log !== undefined) {
			const within = raw.within === undefined ? undefined : parseDuration(raw.within);
			return {
				text: `log: ${raw.log.join(', ')}${windowText(raw)}`,
				under: raw.under,
				check: {kind: 'log', lines: raw.log, from, within},
			};
		}

		const condition = parseCondition(raw.that ?? '', scope);
		const tolerance = raw.within === undefined ? 0 : percentOf(raw.within);
		if (tolerance > 0 && condition.operator !== '==' && condition.operator !== '!=') {
			return report('within', `'within' widens ==; ${quoted(condition.operator)} needs none`);
		}

		if (raw.at === 0 && !condition.metric.gauge) {
			return report('at', `nothing has happened yet at 0s`);
		}

		const window: Window = {from, to: raw.to ?? raw.at};
		return {
			text: condition.text + windowText(raw),
			under: raw.under,
			check: {kind: 'metric', condition, window, tolerance},
		};
	} catch (error) {
		if (error instanceof Refused) {
			return report(
				raw.log === undefined ? (/share such as/.test(error.message) ? 'within' : 'that') : 'within',
				error.message,
			);
		}

		throw error;
	}
}

/** Every window for which values will be asked, each once. */
export function windowsOf(scenario: Pick<Judged, 'expect' | 'arch'>): readonly Window[] {
	const windows = new Map<string, Window>();
	const add = (window: Window) => windows.set(JSON.stringify(window), window);
	for (const {check, under} of scenario.expect) {
		if (check.kind === 'metric' && (under === undefined || under.includes(scenario.arch))) {
			add({from: check.window.from, ...(check.window.to === undefined ? {to: undefined} : {to: check.window.to})});
			if (check.condition.wanted.kind === 'share') {
				add({from: 0, to: {after: check.condition.wanted.before}});
			}
		}
	}

	return [...windows.values()];
}

/**
Checks every expectation that is about the scenario's architecture, in the file's order.
@param until how far the run came, nanoseconds: the end of windows without one.
*/
export function evaluateExpectations(scenario: Judged, source: MetricSource, until: number): readonly CheckResult[] {
	return scenario.expect
		.filter(({under}) => under === undefined || under.includes(scenario.arch))
		.map(({text, check}) => {
			const result =
				check.kind === 'metric'
					? checkMetric(check, source, until, scenario.runtime)
					: checkLog(check, source, until, scenario.runtime);
			return {text, ...result};
		});
}

type Outcome = Omit<CheckResult, 'text'>;
const notReached: Outcome = {met: false, reached: false, measured: 'not reached'};

function checkMetric(
	check: Extract<Expectation['check'], {kind: 'metric'}>,
	source: MetricSource,
	until: number,
	runtime: number,
): Outcome {
	const {condition, window, tolerance} = check;
	const from = resolve(window.from, source);
	const to = window.to === undefined ? until : resolve(window.to, source);
	if (from === undefined || to === undefined) {
		return until < runtime ? notReached : {met: false, reached: true, measured: `the fault it waits for never acted`};
	}

	// Without an end the window is the run's, whose end is the scenario's.
	if (from > until || (window.to === undefined ? runtime : to) > until) {
		return notReached;
	}

	const {metric} = condition;
	const measured = source.value(metric.path, from, to);
	if (measured === undefined) {
		return {met: false, reached: true, measured: 'nothing measured'};
	}

	const wanted = wantedValue(condition, source);
	if (wanted === undefined) {
		return {met: false, reached: true, measured: `${measuredText(measured, metric.unit)}, nothing measured before`};
	}

	const before = condition.wanted.kind === 'share' ? ` of ${measuredText(wanted, metric.unit)}` : '';
	return {
		met: compare(measured, condition.operator, wanted, tolerance),
		reached: true,
		measured: measuredText(measured, metric.unit) + before,
	};
}

function wantedValue(condition: Condition, source: MetricSource): number | undefined {
	const {wanted, metric} = condition;
	switch (wanted.kind) {
		case 'number':
			return wanted.value;
		case 'all':
			return source.domainCount;
		case 'share': {
			const fired = source.firedAt(wanted.before);
			const before = fired === undefined ? undefined : source.value(metric.path, 0, fired);
			return before === undefined ? undefined : (before * wanted.percent) / 100;
		}
	}
}

function checkLog(
	check: Extract<Expectation['check'], {kind: 'log'}>,
	source: MetricSource,
	until: number,
	runtime: number,
): Outcome {
	const from = resolve(check.from, source);
	if (from === undefined) {
		return until < runtime ? notReached : {met: false, reached: true, measured: 'the fault it waits for never acted'};
	}

	const to = check.within === undefined ? runtime : from + check.within;
	let next = 0;
	for (const {time, text} of source.log()) {
		if (next < check.lines.length && time >= from && time <= to && holds(text, check.lines[next])) {
			next++;
		}
	}

	if (next === check.lines.length) {
		return {met: true, reached: true, measured: `${next} of ${next} lines`};
	}

	return until < to && until < runtime
		? notReached
		: {met: false, reached: true, measured: `no line ${quoted(check.lines[next])}`};
}

/** Whether `text` holds the pattern's parts in their order; without a regular expression, so that no pattern can be slow. */
function holds(text: string, pattern: string): boolean {
	let position = 0;
	for (const part of pattern.split('*')) {
		const found = text.indexOf(part, position);
		if (found === -1) {
			return false;
		}

		position = found + part.length;
	}

	return true;
}

function resolve(instant: Instant, source: MetricSource): number | undefined {
	return typeof instant === 'number' ? instant : source.firedAt(instant.after);
}

function percentOf(text: string): number {
	const match = /^(\d{1,3}(?:\.\d{1,4})?)%$/.exec(text);
	if (match === null) {
		throw new Refused(`${quoted(text)} is not a share such as 2%`);
	}

	return Number(match[1]);
}

function windowText(raw: RawExpectation): string {
	const from = raw.from === undefined ? '' : ` from ${durationText(raw.from)}`;
	const after = raw.after === undefined ? '' : ` after ${raw.after}`;
	const to = raw.to === undefined ? '' : ` to ${durationText(raw.to)}`;
	const at = raw.at === undefined ? '' : ` at ${durationText(raw.at)}`;
	const within = raw.within === undefined ? '' : ` within ${raw.within}`;
	const text = `${within}${from}${after}${to}${at}`;
	return text === '' ? '' : `,${text}`;
}
