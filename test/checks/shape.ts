/**
 * What every file of the project looks like: a header comment that says what it is about, one idea and therefore not
 * too many lines, no architecture named outside the rooms that place things, and nothing that belongs to one machine.
 */
import type {SourceFile} from './sources.js';

export const lineLimit = 400;

/** Files that are longer, and why that is right. */
export const longFiles: Readonly<Record<string, string>> = {
	'source/sim/frontend/blkfront.ts':
		'one state machine: what it does with a request depends on ring, shadow and handshake alike',
	'test/sim/scenario/errors.test.ts': 'one table: a row for each mistake a file can hold',
};

// Only these rooms may know which architecture it is: elsewhere it would be a special case beside the placement.
const mayNameArchitecture = /^(source\/(cli\.tsx|commands\/|ui\/|sim\/architecture\/|sim\/scenario\/)|test\/|bench\/)/;
const architectures = new Set(['xen1', 'xen2', 'driver-domains']);

/** What is wrong with these files, one sentence each. */
export function checkShape(files: readonly SourceFile[], long: Readonly<Record<string, string>> = longFiles): string[] {
	const findings: string[] = [];
	for (const {path, text, tokens} of files) {
		if (!/^(#!.*\n)?\s*(\/\*|\/\/)/.test(text))
			findings.push(`${path}:1: has no header comment that says what it is about`);
		const lines = text.split('\n').length - 1;
		if (lines > lineLimit && long[path] === undefined) {
			findings.push(`${path}: has ${lines} lines; one idea a file, or its reason in longFiles (test/checks/shape.ts)`);
		}
		for (const {kind, text: name, line} of tokens) {
			if (kind === 'string' && architectures.has(name) && !mayNameArchitecture.test(path)) {
				findings.push(
					`${path}:${line}: names the architecture '${name}'; only sim/architecture may know which one it is`,
				);
			}
		}
	}
	for (const path of Object.keys(long)) {
		const file = files.find((candidate) => candidate.path === path);
		if (file === undefined || file.text.split('\n').length - 1 <= lineLimit) {
			findings.push(`${path}: is listed in longFiles and is not long`);
		}
	}
	return findings;
}
