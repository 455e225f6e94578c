/** "Did you mean": slips are recognised, other words are left alone. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {closest, editDistance} from '../../source/engine/closest.js';

describe('closest', () => {
	const keys = ['iodepth', 'rw', 'bs', 'rate_iops', 'rate_process', 'web-and-db', 'replay'];

	test.each([
		['iodeph', 'iodepth'],
		['ioedpth', 'iodepth'],
		['IODEPTH', 'iodepth'],
		['wr', 'rw'],
		['rate_iosp', 'rate_iops'],
		['web', 'web-and-db'],
		['web-and-bd', 'web-and-db'],
		['repaly', 'replay'],
	])('%s is meant to be %s', (typed, wanted) => {
		expect(closest(typed, keys)).toBe(wanted);
	});

	test.each(['zzz', 'checkpoint', '', 'something-else-entirely'])('%s is near nothing', (typed) => {
		expect(closest(typed, keys)).toBeUndefined();
	});

	test('of two equally near the first is taken', () => {
		expect(closest('bat', ['cat', 'rat'])).toBe('cat');
	});
});

describe('edit distance', () => {
	const word = fc.string({maxLength: 12});

	test('is nothing to itself, the same both ways, and at most the longer length', () => {
		fc.assert(
			fc.property(word, word, (a, b) => {
				expect(editDistance(a, a)).toBe(0);
				expect(editDistance(a, b)).toBe(editDistance(b, a));
				expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
				expect(editDistance(a, b)).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
			}),
		);
	});
});
