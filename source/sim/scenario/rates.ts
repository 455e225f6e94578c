/**
Rates of networks: bits or bytes per second, powers of 1000, as xl and iperf3 write them; and a vif's credit in
xl-network-configuration(5)'s words, `1MB/s@20ms`, which becomes the bytes and microseconds of the backend's `rate` node.
*/
import {quoted, Refused} from './problems.js';
import {kindOf} from './units.js';

const factors: Readonly<Record<string, number>> = {'': 1, k: 1000, m: 1_000_000, g: 1_000_000_000};
/** Nothing here is slower or faster, bits per second. */
const slowest = 1000;
const fastest = 100_000_000_000;
/** xl's interval between two credits when the rate names none, microseconds. */
const standardInterval = 50_000;
/** netback keeps bytes and microseconds in 32 bits. */
const largestCredit = 4_294_967_295;

export interface VifRate {
	/** What may be sent in each interval. */
	readonly bytes: number;
	readonly microseconds: number;
}

/** Bits per second of `100Mb/s`, `1.5Gb/s`, `12MB/s`. @throws Refused */
export function parseBitRate(value: unknown): number {
	if (typeof value !== 'string') {
		const shown = typeof value === 'number' ? `${value} has no unit` : `got ${kindOf(value)}`;
		throw new Refused(`expected a rate such as 100Mb/s, ${shown}`);
	}

	const match = /^(\d{1,12}(?:\.\d{1,3})?) ?([kmg]?)(b|bit|B)\/s$/i.exec(value);
	if (match === null) {
		throw new Refused(`${quoted(value)} is not a rate; write bits or bytes per second, such as 100Mb/s or 12MB/s`);
	}

	const rate = Math.round(Number(match[1]) * factors[match[2].toLowerCase()] * (match[3] === 'B' ? 8 : 1));
	if (rate < slowest || rate > fastest) {
		throw new Refused(`${quoted(value)} is out of range; it goes from 1kb/s to 100Gb/s`);
	}

	return rate;
}

/** `941Mb/s`, three digits: how a measured rate is shown. */
export function bitRateText(rate: number): string {
	for (const [unit, factor] of [
		['G', 1_000_000_000],
		['M', 1_000_000],
		['k', 1000],
	] as const) {
		if (rate >= factor) {
			const value = rate / factor;
			const short = Number.isInteger(value) || value >= 100 ? Math.round(value) : value.toFixed(value >= 10 ? 1 : 2);
			return `${short}${unit}b/s`;
		}
	}

	return `${Math.round(rate)}b/s`;
}

/** xl's `rate=`: `10Mb/s`, `250KB/s`, `1MB/s@20ms`. @throws Refused */
export function parseVifRate(value: unknown): VifRate {
	const match = typeof value === 'string' ? /^(\d{1,12})([GMK]?)([Bb])\/s(?:@(\d{1,9})([mu]?)s)?$/i.exec(value) : null;
	if (match === null) {
		throw new Refused(
			`${typeof value === 'string' ? quoted(value) : 'this'} is not xl's rate; write such as 10Mb/s or 1MB/s@20ms`,
		);
	}

	const bits = Number(match[1]) * factors[match[2].toLowerCase()] * (match[3] === 'B' ? 8 : 1);
	const units: Readonly<Record<string, number>> = {'': 1_000_000, m: 1000, u: 1};
	const microseconds = match[4] === undefined ? standardInterval : Number(match[4]) * units[match[5].toLowerCase()];
	const bytes = Math.floor(((bits / 8) * microseconds) / 1_000_000);
	if (bytes < 1 || bytes > largestCredit || microseconds < 1 || microseconds > largestCredit) {
		throw new Refused(`${quoted(String(value))} is out of range; an interval's credit has 1 byte to 4 GiB`);
	}

	return {bytes, microseconds};
}
