/**
 * Text measured by what a terminal shows: display width, cutting and padding by cells, and the cleaning every text
 * from outside (names, log lines, messages) goes through before it is drawn.
 */
import stringWidth from 'string-width';
import {printableLine} from '../engine/printable.js';

const plain = /^[\u0020-\u007E]*$/;
// Latin letters and the console's own glyphs: one cell each, and nothing in them joins. Measuring anything else costs
// some twenty times as much, and a frame measures thousands of texts.
const simple = /^[\u0020-\u007E\u00A0-\u00AC\u00AE-\u02FF\u2010-\u2027\u2190-\u21FF\u2500-\u25FC\u2691\u2713\u2717]*$/;
const segmenter = new Intl.Segmenter();

/** Cells `text` occupies. */
export function width(text: string): number {
	return simple.test(text) ? text.length : stringWidth(text);
}

/** One line of text from outside, without anything a terminal would obey. */
export function clean(text: string): string {
	return plain.test(text) ? text : printableLine(text);
}

/** What a person sees as one character each: a letter with its accents, one ideograph. */
export function graphemes(text: string): string[] {
	return simple.test(text) ? text.split('') : Array.from(segmenter.segment(text), ({segment}) => segment);
}

/** `text` in at most `cells` cells; a cut is marked by `…`. */
export function cut(text: string, cells: number): string {
	if (width(text) <= cells) return text;
	if (cells <= 0) return '';
	let kept = '';
	let used = 0;
	for (const part of graphemes(text)) {
		const size = width(part);
		if (used + size > cells - 1) break;
		kept += part;
		used += size;
	}
	return `${kept}…`;
}

/** Exactly `cells` cells, text at the left. */
export function left(text: string, cells: number): string {
	const fitting = cut(text, cells);
	return fitting + ' '.repeat(Math.max(0, cells - width(fitting)));
}

/** Exactly `cells` cells, text at the right. */
export function right(text: string, cells: number): string {
	const fitting = cut(text, cells);
	return ' '.repeat(Math.max(0, cells - width(fitting))) + fitting;
}

/** `text` broken at blanks into lines of at most `cells` cells; words longer than a line are cut. */
export function wrap(text: string, cells: number): string[] {
	const lines: string[] = [];
	let line = '';
	for (const word of text.split(' ')) {
		const longer = line === '' ? word : `${line} ${word}`;
		if (line !== '' && width(longer) > cells) {
			lines.push(line);
			line = word;
		} else line = longer;
	}
	lines.push(line);
	return lines.map((each) => cut(each, cells));
}

/** Lists in a sentence: `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
	return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** `1 request`, `2 requests`. */
export function counted(count: number, one: string, many = `${one}s`): string {
	return `${count} ${count === 1 ? one : many}`;
}
