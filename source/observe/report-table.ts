/**
Text in columns: tables with words at the left and numbers set right, lines broken at blanks. Everything is measured in the cells a
terminal shows, and cleaned of what a terminal would obey.
*/
import stringWidth from 'string-width';
import {printableLine} from '../engine/printable.js';

/** Cells of the widest line. */
export const columns = 100;

/**
Rows under a heading, two cells in from the margin. The first `left` columns are words, the others are numbers. Columns without
content are left out; where there is not enough room the first column is shortened.
*/
export function table(heading: readonly string[], rows: readonly (readonly string[])[], left: number): string[] {
	const used = heading.map((_, column) => column < left || rows.some((row) => row[column] !== ''));
	const all = [heading, ...rows].map((row) => row.map(printableLine).filter((_, column) => used[column]));
	const widths = all[0].map((_, column) => Math.max(...all.map((row) => stringWidth(row[column]))));
	const others = widths.slice(1).reduce((sum, width) => sum + width + 2, 0);
	widths[0] = Math.min(widths[0], columns - 2 - others);
	return all.map((row) => row.map((cell, column) => padded(cell, widths[column], column < left)).join('  '));
}

/** `text` in at most `width` cells; a cut is marked by an ellipsis. */
export function shortened(text: string, width: number): string {
	const line = printableLine(text);
	if (stringWidth(line) <= width) {
		return line;
	}

	let kept = '';
	for (const character of line) {
		if (stringWidth(kept + character) > width - 1) {
			break;
		}

		kept += character;
	}

	return `${kept}…`;
}

/** `text` broken at blanks into lines of at most `width` cells; longer words are cut. */
export function wrapped(text: string, width: number): string[] {
	const lines: string[] = [];
	for (const word of printableLine(text).split(' ')) {
		const last = lines.at(-1);
		if (last !== undefined && stringWidth(last) + 1 + stringWidth(word) <= width) {
			lines[lines.length - 1] = `${last} ${word}`;
		} else {
			lines.push(shortened(word, width));
		}
	}

	return lines;
}

/** A mark of two cells and the text broken beside it, for a section's lines. */
export function hanging(mark: string, text: string): string[] {
	return wrapped(text, columns - 4).map((line, index) => (index === 0 ? mark : '  ') + line);
}

/** `12 345 678` */
export function grouped(value: number): string {
	return String(value).replace(/\B(?=(\d{3})+$)/g, ' ');
}

function padded(cell: string, width: number, left: boolean): string {
	const text = shortened(cell, width);
	const blanks = ' '.repeat(Math.max(0, width - stringWidth(text)));
	return left ? text + blanks : blanks + text;
}
