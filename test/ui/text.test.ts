/** Text is measured by what a terminal shows, and text from outside is cleaned. */
import stringWidth from 'string-width';
import {describe, expect, test} from 'vitest';
import {toAscii} from '../../source/ui/ascii.js';
import {Canvas} from '../../source/ui/canvas.js';
import {Palette} from '../../source/ui/style.js';
import {clean, cut, left, right, width, wrap} from '../../source/ui/text.js';

describe('text', () => {
	test('is cut and padded by cells, not by characters', () => {
		expect(width('データ')).toBe(6);
		expect(left('データ', 8)).toBe('データ  ');
		expect(cut('データ', 5)).toBe('デー…');
		expect(cut('データ', 4)).toBe('デ…');
		expect(right('e\u0301te', 5)).toBe('  e\u0301te');
	});

	test('of the glyphs drawn here is as wide as the width tables of Unicode say', () => {
		for (let code = 0x20; code < 0x2800; code++) {
			const text = String.fromCharCode(code);
			if (code >= 0x7f && code < 0xa0) continue;
			expect(width(text), `U+${code.toString(16)}`).toBe(stringWidth(text));
		}
	});

	test('from outside cannot move the cursor or turn the line round', () => {
		expect(clean('a\u001B[2Jb\u202Ec\nd\u200Be')).toBe('a·[2Jb·c d·e');
	});

	test('is broken at blanks', () => {
		expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
		expect(wrap('incomprehensible', 7)).toEqual(['incomp…']);
	});
});

describe('a canvas', () => {
	test('keeps every row exactly as wide as the screen, wide characters included', () => {
		const canvas = new Canvas(10, 2);
		canvas.put(0, 0, 'データベース');
		canvas.put(8, 1, 'デー');
		for (const row of canvas.text()) expect(width(row)).toBe(10);
	});

	test('ignores what lies outside', () => {
		const canvas = new Canvas(4, 1);
		canvas.put(2, 0, 'abcdef');
		canvas.put(0, 5, 'x');
		canvas.put(9, 0, 'x');
		expect(canvas.text()).toEqual(['  a…']);
	});

	test('writes styles as runs, and no colour without colour', () => {
		const canvas = new Canvas(4, 1);
		canvas.put(0, 0, 'ab', 'bold bad');
		expect(canvas.paint(new Palette(true), false)).toEqual(['\u001B[1m\u001B[31mab\u001B[39m\u001B[22m  ']);
		expect(canvas.paint(new Palette(false), false)).toEqual(['\u001B[1mab\u001B[22m  ']);
	});
});

test('every glyph has an ASCII character of the same width', () => {
	const text = '╭─┤►◄═×■·█░✓✗µ⚑▁▇⇄…';
	const ascii = toAscii(text);
	expect(ascii).toMatch(/^[ -~]+$/);
	expect(ascii).not.toContain('?');
	expect(ascii.length).toBe(width(text));
	expect(toAscii('デ')).toBe('??');
});
