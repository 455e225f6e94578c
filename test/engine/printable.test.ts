/** Nothing that came from a file can give the terminal an order. */
import {expect, test} from 'vitest';
import {printable, printableLine} from '../../source/engine/printable.js';

test('control, bidirectional and zero-width characters become visible', () => {
	expect(printable('a\u001B[2Jb\u0007\u009Bc')).toBe('a·[2Jb··c');
	expect(printable('a\u202Eb\u2066c\u200Dd\uFEFF')).toBe('a·b·c·d·');
	expect(printable('a\rb')).toBe('a·b');
});

test('lines, tabs and every script of the world stay', () => {
	expect(printable('one\n\ttwo')).toBe('one\n\ttwo');
	expect(printable('Zürich 東京 ► ═')).toBe('Zürich 東京 ► ═');
	expect(printableLine('one\n\ttwo')).toBe('one two');
});
