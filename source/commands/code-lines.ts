/**
 * Lines of code, without blanks and comments: counted when ringtop is built (what is built has neither), read when architectures are
 * compared. By line, which is exact for code formatted as this project's is: a comment begins its line, or ends it.
 */
import {readFileSync} from 'node:fs';
import {hypervisorCode} from '../sim/architecture/hypervisor-code.js';
import type {Architecture} from '../sim/scenario/types.js';

/** Lines of each file, by its path under source/. */
export type CodeLines = Readonly<Record<string, number>>;

/** Where the build leaves them. */
export const codeLinesFile = new URL('../code-lines.json', import.meta.url);

/** How many lines of a source text hold code. */
export function countCode(text: string): number {
	let count = 0;
	let inComment = false;
	for (const line of text.split('\n')) {
		let rest = line.trim();
		if (!inComment && rest.startsWith('/*')) {
			inComment = true;
			rest = rest.slice(2);
		}
		if (inComment) {
			const end = rest.indexOf('*/');
			if (end < 0) continue;
			inComment = false;
			rest = rest.slice(end + 2).trim();
		}
		if (rest !== '' && !rest.startsWith('//')) count++;
	}
	return count;
}

/** Lines of code that an architecture places in the hypervisor. */
export function hypervisorLines(architecture: Architecture, lines: CodeLines): number {
	const placed = hypervisorCode[architecture];
	let sum = 0;
	for (const [path, count] of Object.entries(lines)) {
		if (placed.some((start) => path.startsWith(start))) sum += count;
	}
	return sum;
}

/** What the build counted. */
export function readCodeLines(): CodeLines {
	return JSON.parse(readFileSync(codeLinesFile, 'utf8'));
}
