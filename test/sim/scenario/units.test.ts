/** Sizes, times and speeds as fio and xl write them. */
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {Refused} from '../../../source/sim/scenario/problems.js';
import {
	durationText,
	parseDuration,
	parseSize,
	parseSpeed,
	sizeText,
	speedText,
} from '../../../source/sim/scenario/units.js';

describe('sizes are written as fio writes them: k M G T are 1024', () => {
	it.each([
		['4k', 4096],
		['4K', 4096],
		['4kB', 4096],
		['4KiB', 4096],
		['1.5G', 1.5 * 1024 ** 3],
		['2GiB', 2 * 1024 ** 3],
		['1T', 1024 ** 4],
		['512', 512],
		['512B', 512],
		[512, 512],
	])('%s', (text, bytes) => {
		expect(parseSize(text)).toBe(bytes);
	});

	it("a plain number is in xl's unit where xl has one", () => {
		expect(parseSize(512, 1024 ** 2)).toBe(512 * 1024 ** 2);
		expect(parseSize('512', 1024 ** 2)).toBe(512 * 1024 ** 2);
		expect(parseSize('512M', 1024 ** 2)).toBe(512 * 1024 ** 2);
	});

	it.each(['', 'k', '4 q', '-4k', '4kk', '1e3', '0x10', '1.5', '99999999T', ' 4k', '4k ', '0.3k'])(
		'%s is no size',
		(text) => {
			expect(() => parseSize(text)).toThrow(Refused);
		},
	);

	it('the text of a size is read back', () => {
		fc.assert(fc.property(fc.maxSafeNat(), (bytes) => parseSize(sizeText(bytes)) === bytes));
	});
});

describe('times become whole nanoseconds', () => {
	it.each([
		['1s', 1e9],
		['500ms', 5e8],
		['275us', 275_000],
		['275µs', 275_000],
		['10m', 600e9],
		['2h', 7200e9],
		['7ns', 7],
		['4.1ms', 4_100_000],
		['0.001us', 1],
		[0, 0],
	])('%s', (text, ns) => {
		expect(parseDuration(text)).toBe(ns);
	});

	it("a plain number is in fio's unit where fio has one", () => {
		expect(parseDuration(3, 1e9)).toBe(3e9);
		expect(parseDuration('300', 1000)).toBe(300_000);
	});

	it.each(['', 's', '1 fortnight', '-1s', '1s2', '1.5ns', '1e3s', '200d'])('%s is no time', (text) => {
		expect(() => parseDuration(text)).toThrow(Refused);
	});

	it('the text of a time is read back', () => {
		fc.assert(
			fc.property(
				fc.nat(2_000_000_000),
				fc.constantFrom(1, 1000, 1_000_000),
				(n, unit) => parseDuration(durationText(n * unit)) === n * unit,
			),
		);
	});
});

describe('speeds', () => {
	it.each([
		['max', 0],
		['1x', 1e9],
		['1×', 1e9],
		['0.1x', 1e8],
		['10x', 1e10],
		['1ms/s', 1e6],
		['1us/s', 1000],
	])('%s', (text, speed) => {
		expect(parseSpeed(text)).toBe(speed);
		expect(parseSpeed(speedText(speed))).toBe(speed);
	});

	it.each(['fast', '0x', '1ns/s', '5000x', '', 'x'])('%s is no speed', (text) => {
		expect(() => parseSpeed(text)).toThrow(Refused);
	});
});
