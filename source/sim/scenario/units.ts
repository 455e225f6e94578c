/**
Numbers with units as fio and xl write them. Sizes: k M G T are 1024 (fio(1), "Parameter types", kb_base=1024), with or
without a following B or iB. Times: fio's suffixes d h m s ms us, and ns; everything becomes whole nanoseconds.
*/
import {quoted, Refused} from './problems.js';

export const microsecond = 1000;
export const millisecond = 1_000_000;
export const second = 1_000_000_000;
export const kibibyte = 1024;
export const mebibyte = 1024 * 1024;
export const gibibyte = 1024 * 1024 * 1024;

const sizeFactors: Readonly<Record<string, number>> = {
	'': 1,
	k: kibibyte,
	m: mebibyte,
	g: gibibyte,
	t: 1024 * gibibyte,
};

const timeFactors: ReadonlyMap<string, number> = new Map([
	['ns', 1],
	['us', microsecond],
	['µs', microsecond],
	['μs', microsecond],
	['usec', microsecond],
	['ms', millisecond],
	['msec', millisecond],
	['s', second],
	['sec', second],
	['m', 60 * second],
	['min', 60 * second],
	['h', 3600 * second],
	['d', 86_400 * second],
]);

/**
Bytes of `4k`, `1.5G`, `512MiB`.
@param plain what a number without unit counts in: 1 for bytes (fio), `mebibyte` (xl's memory), 0 when a unit is required.
@throws Refused with what to write instead.
*/
export function parseSize(value: unknown, plain = 1): number {
	if (typeof value === 'number') {
		if (plain === 0 && value !== 0) {
			throw new Refused(`size ${value} has no unit; write ${value}MiB or ${value}GiB`);
		}

		return wholeBytes(value, String(value), plain);
	}

	if (typeof value !== 'string') {
		throw new Refused(`expected a size such as 4k or 2GiB, got ${kindOf(value)}`);
	}

	const match = /^(\d{1,16}(?:\.\d{1,9})?) ?(?:([kmgt])(?:i?b)?|b)?$/i.exec(value);
	if (match === null) {
		throw new Refused(
			`${quoted(value)} is not a size; write a number and k, M, G or T (1024 based), such as 4k or 2GiB`,
		);
	}

	const unit = match[2]?.toLowerCase();
	if (unit === undefined) {
		return parseSize(Number(match[1]), /b$/i.test(value) ? 1 : plain);
	}

	return wholeBytes(Number(match[1]), value, sizeFactors[unit]);
}

/**
Nanoseconds of `1s`, `500ms`, `275us`, `10m`.
@param plain what a number without unit counts in, in nanoseconds (fio: seconds for runtime, microseconds for thinktime);
0 when a unit is required.
@throws Refused with what to write instead.
*/
export function parseDuration(value: unknown, plain = 0): number {
	if (typeof value === 'number') {
		if (value === 0) {
			return 0;
		}

		if (plain === 0) {
			throw new Refused(`time ${value} has no unit; write ${value}s or ${value}ms`);
		}

		return wholeNanoseconds(value, String(value), plain);
	}

	if (typeof value !== 'string') {
		throw new Refused(`expected a time such as 5s or 275us, got ${kindOf(value)}`);
	}

	if (/^-\d/.test(value)) {
		throw new Refused(`${quoted(value)} lies before the beginning; times are 0 or more`);
	}

	const match = /^(\d{1,16}(?:\.\d{1,9})?) ?([a-zµμ]*)$/i.exec(value);
	const factor = match === null ? undefined : match[2] === '' ? -1 : timeFactors.get(match[2].toLowerCase());
	if (match === null || factor === undefined) {
		throw new Refused(`${quoted(value)} is not a time; write a number and ns, us, ms, s, m, h or d, such as 500ms`);
	}

	return factor === -1 ? parseDuration(Number(match[1]), plain) : wholeNanoseconds(Number(match[1]), value, factor);
}

/** Simulated nanoseconds per real second of `1x`, `10×`, `1ms/s`; 0 stands for `max`. Powers of ten from 1us/s to 1000x. */
export function parseSpeed(value: unknown): number {
	if (value === 'max') {
		return 0;
	}

	const refusal = (shown: string) =>
		new Refused(`${shown} is not a speed; write max, 1x, 10x, 0.1x … or simulated time per second such as 1ms/s`);
	if (typeof value !== 'string') {
		throw refusal(String(value));
	}

	const times = /^(\d{1,6}(?:\.\d{1,9})?) ?[x×]$/.exec(value);
	const perSecond = /^(\d{1,9}(?:\.\d{1,9})? ?[a-zµμ]+)\/s$/.exec(value);
	if (times === null && perSecond === null) {
		throw refusal(quoted(value));
	}

	// Exactly one of the two matched.
	const speed = perSecond === null ? Math.round(Number(times?.[1]) * second) : parseDuration(perSecond[1]);
	if (speed < microsecond || speed > 1000 * second) {
		throw new Refused(`speed ${quoted(value)} is out of range; it goes from 1us/s to 1000x, and max`);
	}

	return speed;
}

/** The shortest exact way to write a time: `12s`, `500ms`, `12345ns`. `parseDuration` reads it back. */
export function durationText(ns: number): string {
	for (const [unit, factor] of [
		['s', second],
		['ms', millisecond],
		['us', microsecond],
	] as const) {
		if (ns % factor === 0) {
			return `${ns / factor}${unit}`;
		}
	}

	return `${ns}ns`;
}

/** The way to write a speed that `parseSpeed` reads back. */
export function speedText(speed: number): string {
	if (speed === 0) {
		return 'max';
	}

	return speed % second === 0 ? `${speed / second}x` : `${durationText(speed)}/s`;
}

/** The shortest exact way to write a size: `4k`, `2G`, `513`. */
export function sizeText(bytes: number): string {
	for (const [unit, factor] of [
		['G', gibibyte],
		['M', mebibyte],
		['k', kibibyte],
	] as const) {
		if (bytes !== 0 && bytes % factor === 0) {
			return `${bytes / factor}${unit}`;
		}
	}

	return String(bytes);
}

/** `a list`, `a map`, `text`: how a message names what was found instead. */
export function kindOf(value: unknown): string {
	if (value === undefined || value === null) {
		return 'nothing';
	}

	if (Array.isArray(value)) {
		return 'a list';
	}

	const names: Record<string, string> = {object: 'a map', string: 'text', number: 'a number', boolean: 'true or false'};
	return names[typeof value] ?? typeof value;
}

function wholeBytes(amount: number, shown: string, factor: number): number {
	const bytes = amount * factor;
	if (amount < 0 || !Number.isSafeInteger(bytes)) {
		throw new Refused(`size ${quoted(shown)} is not a whole number of bytes below 8 PiB`);
	}

	return bytes;
}

function wholeNanoseconds(amount: number, shown: string, factor: number): number {
	const exact = amount * factor;
	// A decimal fraction such as 4.1ms is not exact in binary: round, and refuse only what is not a whole nanosecond.
	const ns = Math.round(exact);
	const error = Math.abs(exact - ns);
	if (amount >= 0 && !Number.isSafeInteger(ns)) {
		throw new Refused(`${quoted(shown)} is too long; nothing here lasts more than 30 days`);
	}

	if (!(amount >= 0) || error > 0.001) {
		throw new Refused(`time ${quoted(shown)} is not a whole number of nanoseconds`);
	}

	return ns;
}
