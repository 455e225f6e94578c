/** One table of keys: no collisions, no keys that do nothing, and what a terminal sends for them. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {decodeKeys, decodeRest} from '../../source/ui/decode.js';
import {bindingFor, bindings, elsewhere, keysAsMarkdown, modes, textModes, views} from '../../source/ui/keys.js';

describe('the table of keys', () => {
	test.each(modes)('gives no key two meanings in %s', (mode) => {
		const keys = bindings.filter((binding) => binding.modes.includes(mode)).flatMap((binding) => binding.keys);
		expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
	});

	test.each(modes)('lets Ctrl-C quit and Ctrl-Z suspend in %s', (mode) => {
		expect(bindingFor(mode, 'ctrl-c')?.action).toBe('quit');
		expect(bindingFor(mode, 'ctrl-z')?.action).toBe('suspend');
	});

	test.each([...textModes])('leaves every letter, blank and digit to the text in %s', (mode) => {
		for (const key of [...' abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!?/.']) {
			expect(bindingFor(mode, key), key).toBeUndefined();
		}
	});

	test('lets h j k l only ever move', () => {
		const moves = ['left', 'down', 'up', 'right'];
		for (const mode of modes) {
			for (const [index, key] of [...'hjkl'].entries()) {
				expect([undefined, moves[index]]).toContain(bindingFor(mode, key)?.action);
			}
		}
	});

	test("keeps xentop's letters in Domains, in both cases, and says elsewhere where they work", () => {
		for (const letter of 'svnbrdq') {
			const small = bindingFor('domains', letter)?.action;
			expect(small).toBeDefined();
			expect(bindingFor('domains', letter.toUpperCase())?.action).toBe(small);
		}
		for (const letter of 'svnbr') expect(elsewhere('host', letter)).toMatch(/works in Domains \(key 2\)/);
		expect(elsewhere('host', 'f')).toBeUndefined();
		expect(elsewhere('host', 'y')).toBeUndefined();
	});

	test('can be printed for the README', () => {
		const text = keysAsMarkdown();
		expect(text).toContain('| `Space` | freeze the host, go on |');
		expect(text).toContain('(Domains) |');
		expect(text).not.toMatch(/\b4\b/);
		for (const view of views) expect(bindings.some((binding) => binding.modes.includes(view))).toBe(true);
	});
});

describe('decoding', () => {
	test.each([
		['\u001B[A', ['up']],
		['\u001BOB', ['down']],
		['\u001B[5~\u001B[6~', ['pageup', 'pagedown']],
		['\u001B[1;5C', ['right']],
		['\u001B[Z', ['shift-tab']],
		['\r', ['enter']],
		['\u007F', ['backspace']],
		['\u0003', ['ctrl-c']],
		['abc', ['a', 'b', 'c']],
		['\u001B[B\u001B[B\u001B[B', ['down', 'down', 'down']],
		['ü日', ['ü', '日']],
	])('%j', (text, keys) => {
		expect(decodeKeys(text).keys).toEqual(keys);
	});

	test('waits for the rest of a sequence, and takes a lone Escape for the key', () => {
		expect(decodeKeys('a\u001B')).toEqual({keys: ['a'], rest: '\u001B'});
		expect(decodeKeys('\u001B[')).toEqual({keys: [], rest: '\u001B['});
		expect(decodeKeys('\u001B[1;')).toEqual({keys: [], rest: '\u001B[1;'});
		expect(decodeRest('\u001B')).toEqual(['escape']);
	});

	test('never throws and never hands out a control character', () => {
		fc.assert(
			fc.property(fc.string({unit: 'binary'}), (text) => {
				for (const key of decodeKeys(text).keys) {
					expect(key.length).toBeGreaterThan(0);
					// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not come out.
					expect(key).not.toMatch(/[\u0000-\u001F\u007F-\u009F]/);
				}
			}),
		);
	});

	test('gives the same keys however the bytes are cut', () => {
		const text = 'f\u001B[A\u001B[5~x\u001BOB';
		const whole = decodeKeys(text).keys;
		for (let cut = 1; cut < text.length; cut++) {
			const first = decodeKeys(text.slice(0, cut));
			const second = decodeKeys(first.rest + text.slice(cut));
			expect([...first.keys, ...second.keys]).toEqual(whole);
		}
	});
});
