/**
 * A screen of cells that views draw on and that comes out as one styled string a row. A few thousand cells cost well
 * under a millisecond a frame; what is dear is what a terminal library does with each cell later (docs/architecture.md),
 * so a row leaves here finished.
 */
import {toAscii} from './ascii.js';
import type {Palette, Style} from './style.js';
import {cut, graphemes, width} from './text.js';

export interface Rectangle {
	readonly x: number;
	readonly y: number;
	readonly width: number;
	readonly height: number;
}

/** A piece of text in one style. */
export type Run = readonly [text: string, style?: Style];

export class Canvas {
	readonly #glyphs: string[][];
	readonly #styles: Style[][];

	constructor(
		readonly columns: number,
		readonly rows: number,
	) {
		this.#glyphs = Array.from({length: rows}, () => new Array<string>(columns).fill(' '));
		this.#styles = Array.from({length: rows}, () => new Array<Style>(columns).fill(''));
	}

	/** Writes `text` from cell (x, y), in at most `cells` cells; returns the x after it. */
	put(x: number, y: number, text: string, style: Style = '', cells = this.columns - x): number {
		const room = Math.min(cells, this.columns - x);
		if (y < 0 || y >= this.rows || room <= 0) return x;
		let at = x;
		for (const glyph of graphemes(cut(text, room))) {
			const size = width(glyph);
			if (size === 0) continue;
			if (at >= 0) {
				this.#glyphs[y][at] = glyph;
				this.#styles[y][at] = style;
				// The second cell of a wide character holds nothing of its own.
				if (size === 2 && at + 1 < this.columns) {
					this.#glyphs[y][at + 1] = '';
					this.#styles[y][at + 1] = style;
				}
			}
			at += size;
		}
		return at;
	}

	/** Writes runs one after another; returns the x after the last. */
	runs(x: number, y: number, runs: readonly Run[], cells = this.columns - x): number {
		let at = x;
		for (const [text, style] of runs) at = this.put(at, y, text, style, x + cells - at);
		return at;
	}

	/** How many cells in a row, from (x, y) in steps of `step`, hold one of `glyphs`; at most `most`. */
	extent(x: number, y: number, step: 1 | -1, most: number, glyphs: string): number {
		let cells = 0;
		while (cells < most && glyphs.includes(this.#glyphs[y]?.[x + cells * step] || '\0')) cells++;
		return cells;
	}

	/** Runs that end at cell `end` (exclusive). */
	runsRight(end: number, y: number, runs: readonly Run[]): void {
		this.runs(end - runsWidth(runs), y, runs);
	}

	/** Blanks a rectangle. */
	clear({x, y, width: columns, height}: Rectangle, style: Style = ''): void {
		for (let row = y; row < y + height; row++) this.put(x, row, ' '.repeat(columns), style, columns);
	}

	/** An empty frame with round corners; `top` and `bottom` are drawn into its edges. */
	frame(rectangle: Rectangle, style: Style, top: Edge = {}, bottom: Edge = {}): void {
		const {x, y, width: columns, height} = rectangle;
		this.edge(x, y, columns, '╭╮', style, top);
		for (let row = y + 1; row < y + height - 1; row++) {
			this.put(x, row, '│', style);
			this.put(x + columns - 1, row, '│', style);
		}
		this.edge(x, y + height - 1, columns, '╰╯', style, bottom);
	}

	/** One horizontal edge with text near its left and right end. */
	edge(x: number, y: number, columns: number, corners: string, style: Style, {left = [], right = []}: Edge): void {
		this.put(x, y, corners[0] + '─'.repeat(Math.max(0, columns - 2)) + corners[1], style);
		const end = x + columns - 2;
		const rightWidth = right.length === 0 ? 0 : runsWidth(right);
		if (left.length > 0) this.runs(x + 2, y, left, Math.max(0, columns - 4 - rightWidth));
		if (right.length > 0) this.runs(end - rightWidth, y, right, rightWidth);
	}

	/** Sets the style of cells without touching their text. */
	restyle({x, y, width: columns, height}: Rectangle, style: Style): void {
		for (let row = Math.max(0, y); row < Math.min(this.rows, y + height); row++) {
			for (let at = Math.max(0, x); at < Math.min(this.columns, x + columns); at++) this.#styles[row][at] = style;
		}
	}

	/** The upper left of this canvas; itself when nothing is cut. */
	clipped(columns: number, rows: number): Canvas {
		if (columns >= this.columns && rows >= this.rows) return this;
		const part = new Canvas(columns, Math.min(rows, this.rows));
		for (let y = 0; y < part.rows; y++) {
			part.#glyphs[y] = this.#glyphs[y].slice(0, columns);
			part.#styles[y] = this.#styles[y].slice(0, columns);
			// A wide character cut in two would push the line by a cell.
			if (columns < this.columns && this.#glyphs[y][columns] === '') part.#glyphs[y][columns - 1] = ' ';
		}
		return part;
	}

	/** The rows as plain text, for tests and for reading. */
	text(): string[] {
		return this.#glyphs.map((row) => row.join(''));
	}

	/** The rows as a terminal shows them. */
	paint(palette: Palette, ascii: boolean): string[] {
		return this.#glyphs.map((glyphs, y) => {
			const styles = this.#styles[y];
			let line = '';
			let from = 0;
			for (let x = 1; x <= this.columns; x++) {
				if (x < this.columns && styles[x] === styles[from]) continue;
				const text = glyphs.slice(from, x).join('');
				line += palette.paint(ascii ? toAscii(text) : text, styles[from]);
				from = x;
			}
			return line;
		});
	}
}

export interface Edge {
	readonly left?: readonly Run[];
	readonly right?: readonly Run[];
}

export function runsWidth(runs: readonly Run[]): number {
	let sum = 0;
	for (const [text] of runs) sum += width(text);
	return sum;
}
