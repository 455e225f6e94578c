/** Numbers as the console prints them. */
import {describe, expect, test} from 'vitest';
import {clock, clockDigits, duration, gauge, quantity, sparkline, speed, throughput} from '../../source/ui/format.js';

describe('a duration', () => {
	test.each([
		[0, '0 ns'],
		[870, '870 ns'],
		[8_700, '8.7 µs'],
		[133_000, '133 µs'],
		[999_600, '1.0 ms'],
		[1_234_000, '1.2 ms'],
		[133_000_000, '133 ms'],
		[1_300_000_000, '1.3 s'],
		[59_900_000_000, '60 s'],
		[125_000_000_000, '2:05'],
	])('%i ns is %s', (nanoseconds, text) => expect(duration(nanoseconds)).toBe(text));
});

describe('a quantity', () => {
	test.each([
		[0, '0'],
		[0.4, '0.4'],
		[37, '37'],
		[999.7, '1.0k'],
		[1_234, '1.2k'],
		[30_000, '30.0k'],
		[412_345, '412k'],
		[1_200_000, '1.2M'],
	])('%d is %s', (value, text) => expect(quantity(value)).toBe(text));
});

describe('a throughput', () => {
	test.each([
		[0, '0 MB/s'],
		[4_096, '4.1 kB/s'],
		[412_000, '0.4 MB/s'],
		[8_200_000, '8.2 MB/s'],
		[123_000_000, '123 MB/s'],
		[2_500_000_000, '2.50 GB/s'],
	])('%d is %s', (value, text) => expect(throughput(value)).toBe(text));
});

describe('the clock', () => {
	test('shows milliseconds at speed, microseconds and nanoseconds in slow motion', () => {
		const time = 12_345_678_901;
		expect(clock(time, clockDigits(1e9, false))).toBe('0:12.345');
		expect(clock(time, clockDigits(1e6, false))).toBe('0:12.345 678');
		expect(clock(time, clockDigits(1e3, false))).toBe('0:12.345 678 901');
		expect(clock(time, clockDigits(1e9, true))).toBe('0:12.345 678 901');
	});

	test('counts minutes, then hours', () => {
		expect(clock(125_000_000_000)).toBe('2:05.000');
		expect(clock(3_725_000_000_000)).toBe('1:02:05.000');
	});
});

test('speed is a multiple of real time, or simulated time per second when slow', () => {
	expect([1e3, 1e5, 1e6, 1e8, 1e9, 1e11, Number.POSITIVE_INFINITY].map(speed)).toEqual([
		'1 µs/s',
		'100 µs/s',
		'1 ms/s',
		'100 ms/s',
		'1×',
		'100×',
		'max',
	]);
});

test('a gauge shows at least one cell for anything and is full only when full', () => {
	expect([0, 1, 16, 31, 32].map((used) => gauge(used, 32, 10))).toEqual([0, 1, 5, 10, 10]);
	expect(gauge(1, 1023, 10)).toBe(1);
});

test('a sparkline is scaled to its highest value, but a trickle stays one, and nothing leaves a blank', () => {
	expect(sparkline([0, 10, 40, 80], 4)).toBe(' ▁▄▇');
	expect(sparkline([1, 1], 4)).toBe('  ▁▁');
	expect(sparkline([0.04, 0], 2, 100)).toBe('  ');
	expect(sparkline([50], 1, 100)).toBe('▄');
});
