/**
 * Pages of docs/ whose tables come from the code. A page holds `<!-- begin NAME -->` and `<!-- end NAME -->`; what stands
 * between is compared with what the code says now. `npx vitest run test/docs -u` writes it anew.
 */
import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {expect} from 'vitest';

const root = new URL('../../', import.meta.url);

export function pathOf(file: string): string {
	return fileURLToPath(new URL(file, root));
}

export function textOf(file: string): string {
	return readFileSync(pathOf(file), 'utf8');
}

export function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
	const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
	return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/** Fails unless the page holds these blocks as they are given. */
export async function expectBlocks(page: string, blocks: Readonly<Record<string, string>>): Promise<void> {
	let text = textOf(page);
	for (const [name, block] of Object.entries(blocks)) {
		const [begin, end] = [`<!-- begin ${name} -->\n`, `<!-- end ${name} -->\n`];
		const from = text.indexOf(begin);
		const to = text.indexOf(end);
		expect(from, `${page} has ${begin.trim()}`).toBeGreaterThanOrEqual(0);
		expect(to, `${page} has ${end.trim()}`).toBeGreaterThan(from);
		text = `${text.slice(0, from + begin.length)}\n${block}\n\n${text.slice(to)}`;
	}

	await expectFile(page, text);
}

/** Fails unless the file holds exactly this text. */
export async function expectFile(file: string, text: string): Promise<void> {
	await expect(text, `${file} is what the code says; npx vitest run test/docs -u writes it anew`).toMatchFileSnapshot(
		pathOf(file),
	);
}
