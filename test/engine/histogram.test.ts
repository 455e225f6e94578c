/** Histograms: quantiles held against sorted values, windows against histograms of their own, buckets and their bounds. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {Histogram} from '../../source/engine/histogram.js';

const value = fc.oneof(
	fc.integer({min: 0, max: 1000}),
	fc.integer({min: 0, max: 2_000_000_000}),
	fc.integer({min: 0, max: 100_000_000_000_000}),
);

describe('a histogram', () => {
	test('gives each quantile to within one percent', () => {
		fc.assert(
			fc.property(
				fc.array(value, {minLength: 1, maxLength: 200}),
				fc.integer({min: 1, max: 1_000_000}),
				(values, parts) => {
					const histogram = new Histogram();
					for (const v of values) {
						histogram.record(v);
					}

					const sorted = values.toSorted((a, b) => a - b);
					const exact = sorted[Math.max(1, Math.ceil((sorted.length * parts) / 1_000_000)) - 1];
					expect(Math.abs(histogram.quantile(parts) - exact)).toBeLessThanOrEqual(exact / 100);
					expect(histogram.maximum).toBe(sorted.at(-1));
				},
			),
		);
	});

	test('of a window is the difference of two snapshots', () => {
		fc.assert(
			fc.property(fc.array(value), fc.array(value), (before, after) => {
				const whole = new Histogram();
				const window = new Histogram();
				before.forEach((v) => {
					whole.record(v);
				});
				const earlier = whole.snapshot();
				after.forEach((v) => {
					whole.record(v);
					window.record(v);
				});
				const difference = whole.since(earlier);
				expect(difference.count).toBe(after.length);
				expect(difference.mean).toBeCloseTo(window.mean, 0);
				for (const parts of [10_000, 500_000, 990_000]) {
					expect(Math.abs(difference.quantile(parts) - window.quantile(parts))).toBeLessThanOrEqual(
						window.quantile(parts) / 64,
					);
				}
			}),
		);
	});

	test('lists its buckets with their bounds, and adds up', () => {
		const histogram = new Histogram();
		for (const v of [3, 3, 200, 87_300, 5_000_000_000]) {
			histogram.record(v);
		}

		const other = new Histogram();
		other.record(3);
		histogram.add(other);
		const buckets: number[][] = [];
		histogram.forEach((from, to, count) => {
			buckets.push([from, to, count]);
		});
		expect(buckets[0]).toEqual([3, 3, 3]);
		for (const [from, to] of buckets) {
			expect(to - from).toBeLessThanOrEqual(from / 64);
		}

		expect(buckets.length).toBe(4);
		expect(histogram.count).toBe(6);
	});

	test('that is empty answers zero', () => {
		expect(new Histogram().quantile(990_000)).toBe(0);
		expect(new Histogram().mean).toBe(0);
	});
});
