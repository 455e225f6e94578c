/**
 * The palette: a style is a few words (`bold warn`), and this table says what a terminal is told for each. The sixteen
 * colours of the terminal's own theme are used and no others; without colour (NO_COLOR) weight and inversion remain,
 * and no meaning is carried by colour alone anyway.
 */

/** Words of this module, separated by blanks; '' is the terminal's own text. */
export type Style = string;

type Code = readonly [on: number, off: number];

const weights: Readonly<Record<string, Code>> = {
	bold: [1, 22],
	dim: [2, 22],
	underline: [4, 24],
	inverse: [7, 27],
};

const colours: Readonly<Record<string, Code>> = {
	accent: [36, 39],
	good: [32, 39],
	warn: [33, 39],
	bad: [31, 39],
	cool: [34, 39],
	soft: [35, 39],
};

/** Turns styled text into what is written to the terminal. */
export class Palette {
	readonly #pairs = new Map<Style, readonly [string, string]>();

	constructor(readonly colour: boolean) {}

	paint(text: string, style: Style): string {
		if (style === '') return text;
		const [on, off] = this.#pair(style);
		return on + text + off;
	}

	#pair(style: Style): readonly [string, string] {
		const known = this.#pairs.get(style);
		if (known !== undefined) return known;
		let on = '';
		let off = '';
		for (const word of style.split(' ')) {
			const code = weights[word] ?? (this.colour ? colours[word] : undefined);
			if (code === undefined) continue;
			on += `\u001B[${code[0]}m`;
			off = `\u001B[${code[1]}m${off}`;
		}
		const pair = [on, off] as const;
		this.#pairs.set(style, pair);
		return pair;
	}
}
