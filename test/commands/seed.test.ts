/** `--seed` is read the same by every command. */
import {expect, test} from 'vitest';
import {parseSeed} from '../../source/commands/seed.js';

test('a seed is a whole number up to 2^53 - 1, or absent', () => {
	expect(parseSeed(undefined)).toBeUndefined();
	expect(parseSeed('0')).toBe(0);
	expect(parseSeed('9007199254740991')).toBe(Number.MAX_SAFE_INTEGER);
	for (const text of ['9007199254740992', '-1', '1.5', '1e3', 'x', '']) {
		expect(() => parseSeed(text)).toThrow(`--seed ${text}: a seed is a whole number from 0 to 9007199254740991`);
	}
});
