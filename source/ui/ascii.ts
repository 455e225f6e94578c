/**
 * The fallback for terminals without Unicode (`--ascii`, and automatic when the locale is not UTF-8): every glyph the
 * console draws has one ASCII character of the same width, exchanged as the very last thing before painting.
 */
import {width} from './text.js';

const pairs: ReadonlyArray<readonly [string, string]> = [
	['─┄', '-'],
	['═', '='],
	['│║', '|'],
	['╭╮╰╯├┤┬┴┼┌┐└┘╔╗╚╝', '+'],
	['►', '>'],
	['◄', '<'],
	['▲', '^'],
	['▼', 'v'],
	['■█', '#'],
	['▓▒', '%'],
	['·░', '.'],
	['□', '_'],
	['×✗', 'x'],
	['✓', 'v'],
	['⚑', '!'],
	['µ', 'u'],
	['…', '~'],
	['⇄', '='],
	['›', '>'],
	['→', '>'],
	['←', '<'],
	['↑', '^'],
	['↓', 'v'],
	['▁▂', '_'],
	['▃▄', '-'],
	['▅▆', '='],
	['▇', '#'],
	['–', '-'],
	['“”', '"'],
];

const table = new Map(pairs.flatMap(([glyphs, ascii]) => [...glyphs].map((glyph): [string, string] => [glyph, ascii])));

/** `text` in ASCII, as wide as before. */
export function toAscii(text: string): string {
	let result = '';
	// Both ways at once takes three characters; between blanks there is room for them.
	for (const glyph of text.replaceAll(' ⇄ ', '<->')) {
		if (glyph >= ' ' && glyph <= '~') result += glyph;
		else result += table.get(glyph) ?? '?'.repeat(width(glyph));
	}
	return result;
}
