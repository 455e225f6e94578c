/**
`metric operator value`: web.xvda.outstanding == 16, db.xvda.stalled == 1s, web.xvda.read.rate >= 95% of before crash,
domains.lost == all. Used by `when:` and `expect:`.
*/
import {closest} from '../../engine/closest.js';
import {type Metric, type MetricUnit, parseMetric, type Scope} from './metric.js';
import {quoted, Refused} from './problems.js';
import {bitRateText, parseBitRate} from './rates.js';
import {microsecond, millisecond, parseDuration, second} from './units.js';

export const operators = ['==', '!=', '<=', '>=', '<', '>'] as const;
export type Operator = (typeof operators)[number];

export type Wanted =
	| {readonly kind: 'number'; readonly value: number}
	/** Every domain. */
	| {readonly kind: 'all'}
	/** So many percent of what the metric was before the fault `before` first acted. */
	| {readonly kind: 'share'; readonly percent: number; readonly before: string};

export interface Condition {
	readonly text: string;
	readonly metric: Metric;
	readonly operator: Operator;
	readonly wanted: Wanted;
}

/** @throws Refused */
export function parseCondition(text: string, scope: Scope): Condition {
	const match = /^\s*(\S+?)\s*(==|!=|<=|>=|<|>|=)\s*(.+?)\s*$/.exec(text);
	if (match === null) {
		throw new Refused(`${quoted(text)} is not a condition; write metric, one of ${operators.join(' ')}, and a value`);
	}

	const [, path, written, value] = match;
	if (written === '=') {
		throw new Refused(`'=' does not compare; write ==`);
	}

	const metric = parseMetric(path, scope);
	// The pattern admits exactly the operators.
	return {
		text: text.trim().replace(/\s+/g, ' '),
		metric,
		operator: written as Operator,
		wanted: parseWanted(value, metric, scope),
	};
}

function parseWanted(text: string, metric: Metric, scope: Scope): Wanted {
	if (text === 'all') {
		if (metric.text !== 'domains.lost') {
			throw new Refused(`'all' counts domains; only domains.lost takes it`);
		}

		return {kind: 'all'};
	}

	const share = /^(\d+(?:\.\d+)?)% of before (\S+)$/.exec(text);
	if (share !== null) {
		if (!scope.faults.includes(share[2])) {
			const near = closest(share[2], scope.faults);
			throw new Refused(
				`unknown fault ${quoted(share[2])}${near === undefined ? '; give the fault line an id' : `, did you mean ${quoted(near)}?`}`,
			);
		}

		return {kind: 'share', percent: Number(share[1]), before: share[2]};
	}

	return {kind: 'number', value: parseValue(text, metric)};
}

function parseValue(text: string, metric: Metric): number {
	switch (metric.unit) {
		case 'time':
			return parseDuration(/^\d+(\.\d+)?$/.test(text) ? Number(text) : text);
		case 'percent': {
			const percent = /^(\d+(?:\.\d+)?) ?%$/.exec(text);
			if (percent === null) {
				throw new Refused(
					`${metric.text} is a percentage; write ${/^\d/.test(text) ? `${Number.parseFloat(text)}%` : 'such as 50%'}`,
				);
			}

			return Number(percent[1]);
		}

		case 'bits':
			return text === '0' ? 0 : parseBitRate(text);
		default: {
			const number = /^(\d+(?:\.\d+)?)(k)?(?:\/s)?$/.exec(text);
			if (number === null || (metric.unit === 'count' && (text.endsWith('/s') || number[2] !== undefined))) {
				throw new Refused(
					`${quoted(text)} is not a ${metric.unit === 'rate' ? 'rate; write such as 2000/s' : 'count; write a number'}`,
				);
			}

			return Number(number[1]) * (number[2] === undefined ? 1 : 1000);
		}
	}
}

/**
Whether a measured value meets the operator.
@param tolerance how far from `wanted` still equals it, in percent of `wanted`; only == and != look at it.
*/
export function compare(measured: number, operator: Operator, wanted: number, tolerance = 0): boolean {
	const near = Math.abs(measured - wanted) <= (Math.abs(wanted) * tolerance) / 100;
	switch (operator) {
		case '==':
			return near;
		case '!=':
			return !near;
		case '<':
			return measured < wanted;
		case '<=':
			return measured <= wanted;
		case '>':
			return measured > wanted;
		case '>=':
			return measured >= wanted;
	}
}

/** A measured value with its unit, three digits: `402 µs`, `31.2 %`, `2.01k/s`, `32`. */
export function measuredText(value: number, unit: MetricUnit): string {
	switch (unit) {
		case 'time': {
			for (const [name, factor] of [
				['s', second],
				['ms', millisecond],
				['µs', microsecond],
			] as const) {
				if (value >= factor) {
					return `${threeDigits(value / factor)} ${name}`;
				}
			}

			return value === 0 ? '0 s' : `${Math.round(value)} ns`;
		}

		case 'percent':
			return `${threeDigits(value)} %`;
		case 'bits':
			return bitRateText(value);
		case 'rate':
			return value >= 10_000 ? `${threeDigits(value / 1000)}k/s` : `${threeDigits(value)}/s`;
		case 'count':
			return Number.isInteger(value) ? String(value) : threeDigits(value);
	}
}

function threeDigits(value: number): string {
	return value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(value >= 10 ? 1 : 2);
}
