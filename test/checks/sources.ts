/**
 * The project's own source files, as the checks of this folder see them: path from the root, text, tokens and what
 * each file imports.
 */
import {readdirSync, readFileSync} from 'node:fs';
import {posix} from 'node:path';
import {fileURLToPath} from 'node:url';
import {type Token, tokenize} from './tokens.js';

export type Import = {
	/** The specifier as written. */
	readonly from: string;
	/** `import type`, `export type … from`, or every name in the braces marked `type`. */
	readonly typeOnly: boolean;
	readonly line: number;
};

export type SourceFile = {
	/** From the project's root, with slashes: `source/engine/engine.ts`. */
	readonly path: string;
	readonly text: string;
	readonly tokens: readonly Token[];
	readonly imports: readonly Import[];
};

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** A file as the checks see it; the tests of the checks make bad ones. */
export function sourceFile(path: string, text: string): SourceFile {
	const tokens = tokenize(text);
	return {path, text, tokens, imports: importsOf(tokens)};
}

/** Every TypeScript and JavaScript file under `folder`, in order. */
export function sourcesUnder(folder: string): SourceFile[] {
	const found: SourceFile[] = [];
	let entries: import('node:fs').Dirent[];
	try {
		entries = readdirSync(root + folder, {withFileTypes: true});
	} catch {
		return [];
	}
	for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
		const path = `${folder}/${entry.name}`;
		if (entry.isDirectory()) found.push(...sourcesUnder(path));
		else if (/\.(ts|tsx|mjs|js)$/.test(entry.name)) found.push(sourceFile(path, readFileSync(root + path, 'utf8')));
	}
	return found;
}

/** The file of this project that `specifier` names when `path` imports it, among `paths`; undefined for a package. */
export function resolveImport(path: string, specifier: string, paths: ReadonlySet<string>): string | undefined {
	if (!specifier.startsWith('.')) return undefined;
	const target = posix.join(posix.dirname(path), specifier);
	const stem = target.replace(/\.(js|jsx|mjs)$/, '');
	return [`${stem}.ts`, `${stem}.tsx`, target].find((candidate) => paths.has(candidate)) ?? target;
}

function importsOf(tokens: readonly Token[]): Import[] {
	const imports: Import[] = [];
	for (let i = 0; i < tokens.length; i++) {
		const token = tokens[i];
		if (token.kind !== 'name' || tokens[i - 1]?.text === '.' || tokens[i - 1]?.text === '?.') continue;
		if (token.text === 'import') {
			const next = tokens[i + 1];
			if (next?.text === '(') {
				// import('…').Type in a type position cannot be told apart here; it counts as a use.
				if (tokens[i + 2]?.kind === 'string')
					imports.push({from: tokens[i + 2].text, typeOnly: false, line: token.line});
			} else if (next?.kind === 'string') {
				imports.push({from: next.text, typeOnly: false, line: token.line});
			} else {
				addClause(i);
			}
		} else if (token.text === 'export') {
			const next = tokens[i + 1]?.text === 'type' ? tokens[i + 2] : tokens[i + 1];
			if (next?.text === '{' || next?.text === '*') addClause(i);
		}
	}
	return imports;

	/** `import type {a} from 'x'`, `export {type a, b} from 'x'`, `import * as a from 'x'`. */
	function addClause(start: number): void {
		const clause: Token[] = [];
		for (let i = start + 1; i < tokens.length; i++) {
			const {text, kind} = tokens[i];
			if (text === 'from' && tokens[i + 1]?.kind === 'string') {
				imports.push({from: tokens[i + 1].text, typeOnly: isTypeOnly(clause), line: tokens[start].line});
				return;
			}
			if (kind === 'string' || text === ';' || text === 'import' || text === '=') return;
			clause.push(tokens[i]);
		}
	}
}

function isTypeOnly(clause: readonly Token[]): boolean {
	if (clause[0]?.text === 'type' && clause[1]?.text !== ',' && clause[1]?.text !== 'from') return true;
	if (clause[0]?.text !== '{') return false;
	const names = clause
		.slice(1, -1)
		.map(({text}) => text)
		.join(' ')
		.split(',')
		.filter((name) => name.trim() !== '');
	return names.length > 0 && names.every((name) => name.trim().startsWith('type '));
}
