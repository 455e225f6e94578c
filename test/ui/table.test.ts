/** A table drawn once on a terminal: borders, lines where a section begins and nowhere else, exactly as wide as it says. */
import {describe, expect, test} from 'vitest';
import {drawTable, tableWidth} from '../../source/ui/table.js';

const table = {
	heading: ['       ', 'one', 'two', '   '],
	rows: [
		['above  ', ' x ', ' y ', '   '],
		['CPU    ', '   ', '   ', '   '],
		['  zero ', '  1', '  2', 'kno'],
		['  idle ', '  3', '  4', '   '],
	],
};

describe('a table', () => {
	const lines = drawTable(table).split('\n');

	test('has a line under its heading and above each section', () => {
		expect(lines).toEqual([
			'┌─────────┬─────┬─────┬─────┐',
			'│         │ one │ two │     │',
			'├─────────┼─────┼─────┼─────┤',
			'│ above   │  x  │  y  │     │',
			'├─────────┼─────┼─────┼─────┤',
			'│ CPU     │     │     │     │',
			'│   zero  │   1 │   2 │ kno │',
			'│   idle  │   3 │   4 │     │',
			'└─────────┴─────┴─────┴─────┘',
		]);
	});

	test('is as wide as it says', () => {
		expect(lines.map((line) => line.length)).toEqual(lines.map(() => tableWidth(table)));
	});

	test('keeps columns apart whose headings are equal blanks', () => {
		const drawn = drawTable({heading: ['   ', '   '], rows: [['abc', 'def']]});
		expect(drawn).toContain('│ abc │ def');
	});

	test('draws more rows than any terminal has', () => {
		const rows = Array.from({length: 300}, (_, row) => [String(row).padEnd(7), '  1', '  2', '   ']);
		expect(drawTable({...table, rows}).split('\n')).toHaveLength(304);
	});
});
