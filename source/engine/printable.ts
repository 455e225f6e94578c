/**
 * Text that came from outside (file names, scenario text, arguments) made safe to print: control characters, the
 * bidirectional controls of Unicode UAX #9 and zero-width characters become a visible '·', so that no file can move
 * the cursor, recolour the terminal or reorder a line.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for.
const unsafe = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF]/g;

/** `text` without anything a terminal would obey; newlines and tabs stay. */
export function printable(text: string): string {
	return text.replace(unsafe, '·');
}

/** The same for one line: newlines and tabs become spaces as well. */
export function printableLine(text: string): string {
	return printable(text.replace(/[\n\t]+/g, ' '));
}
