/**
YAML text becomes a tree of plain values in which everything remembers its file, line and column, so that what is merged from
several files still points home. Hostile files stop here: binary, over-large, several documents, duplicate keys, alias
bombs, deep nesting, and any control, bidirectional or zero-width character, in comments too (they can hide or reorder text).
*/
import {isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument} from 'yaml';
import {type Place, type Problem, quoted, ScenarioErrors} from './problems.js';

export type Plain = string | number | boolean | null;

export interface Entry {
	/** Where the key stands. */
	readonly at: Place;
	readonly node: Located;
}

export type Located =
	| {readonly kind: 'scalar'; readonly at: Place; readonly value: Plain}
	| {readonly kind: 'map'; readonly at: Place; readonly entries: ReadonlyMap<string, Entry>}
	| {readonly kind: 'list'; readonly at: Place; readonly items: readonly Located[]};

export const largestFile = 1024 * 1024;
const largestDepth = 24;
const largestNodes = 100_000;
/** Line ends, commas and brackets: what a file can be made of many of. An hour's recording has some 20,000. */
const largestMarks = 60_000;
const largestBrackets = 100;
const tooDeep = 'lists or maps are nested too deeply to be a scenario';
/** Values that aliases may repeat in all; a bomb repeats millions. */
const largestAliased = 5000;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for.
const hidden = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u2028\u2029\p{Cf}\p{Cs}\p{Noncharacter_Code_Point}]/u;

/**
Reads one file.
@throws ScenarioErrors when it is not one YAML map of plain values.
*/
export function readLocated(text: string, file: string): Extract<Located, {kind: 'map'}> {
	const stop = (message: string, line = 1, column = 1): never => {
		throw new ScenarioErrors([{file, line, column, message}]);
	};

	if (Buffer.byteLength(text) > largestFile) {
		stop(`the file is larger than 1 MiB; a scenario is a page of text`);
	}

	refuseHidden(text, file);
	refuseBulk(text, file);
	const lines = new LineCounter();
	const document = (() => {
		try {
			// Duplicate keys are looked for below: the parser's own check is quadratic in the keys of a map.
			return parseDocument(text, {lineCounter: lines, uniqueKeys: false, prettyErrors: false, schema: 'core'});
		} catch (error) {
			if (error instanceof RangeError) {
				return stop(tooDeep);
			}

			throw error;
		}
	})();
	const place = (offset: number): Place => {
		const {line, col} = lines.linePos(offset);
		return {file, line: Math.max(1, line), column: Math.max(1, col)};
	};

	const syntax = new Map<string, Problem>();
	for (const error of [...document.errors, ...document.warnings]) {
		const at = place(error.pos[0]);
		// One slip makes the parser stumble again and again over the same place: the first message is the useful one.
		if (syntax.size < 20 && !syntax.has(`${at.line}:${at.column}`)) {
			syntax.set(`${at.line}:${at.column}`, {...at, message: syntaxMessage(error.code, error.message)});
		}
	}

	if (syntax.size > 0) {
		throw new ScenarioErrors([...syntax.values()]);
	}

	if (!isMap(document.contents)) {
		const found =
			document.contents === null
				? 'the file is empty'
				: `the file is ${isSeq(document.contents) ? 'a list' : 'a single value'}`;
		const {line, column} = place(document.contents?.range?.[0] ?? 0);
		stop(`${found}; a scenario is a map that begins with name: and domains:`, line, column);
	}

	const reader = new Reader(place);
	// The check above leaves a map.
	const tree = reader.read(document.contents as Node, 0) as Extract<Located, {kind: 'map'}>;
	if (reader.problems.length > 0) {
		throw new ScenarioErrors(reader.problems);
	}

	return tree;
}

class Reader {
	readonly problems: Problem[] = [];
	readonly #anchors = new Map<string, Node>();
	#nodes = 0;
	#aliased = 0;
	#insideAlias = 0;
	#given = false;

	constructor(readonly place: (offset: number) => Place) {}

	read(node: Node | null | undefined, depth: number, after: Place = this.place(0)): Located {
		const at = node?.range ? this.place(node.range[0]) : after;
		const nothing: Located = {kind: 'scalar', at, value: null};
		if (node === null || node === undefined || this.#given) {
			return nothing;
		}

		if (depth > largestDepth) {
			return this.#give(at, `nested more than ${largestDepth} deep; no scenario needs that`, nothing);
		}

		this.#nodes++;
		if (this.#insideAlias > 0) {
			this.#aliased++;
		}

		if (this.#nodes > largestNodes || this.#aliased > largestAliased) {
			const what =
				this.#aliased > largestAliased
					? 'aliases repeat too much of the file; write the values out'
					: 'too many values';
			return this.#give(at, what, nothing);
		}

		if (isAlias(node)) {
			const target = this.#anchors.get(node.source);
			if (target === undefined) {
				return this.#refuse(at, `alias *${node.source} has no anchor &${node.source} before it`, nothing);
			}

			this.#insideAlias++;
			const copy = this.read(target, depth + 1);
			this.#insideAlias--;
			return copy;
		}

		if ('anchor' in node && typeof node.anchor === 'string') {
			this.#anchors.set(node.anchor, node);
		}

		if (isScalar(node)) {
			return {kind: 'scalar', at, value: this.#plain(node.value, at)};
		}

		if (isSeq(node)) {
			const items = node.items.map((item) => this.read(item as Node | null, depth + 1, at));
			return {kind: 'list', at, items};
		}

		if (!isMap(node)) {
			return this.#refuse(at, 'expected a value, a list or a map', nothing);
		}

		const entries = new Map<string, Entry>();
		for (const pair of node.items) {
			const key = pair.key as Node | null;
			const keyAt = key?.range ? this.place(key.range[0]) : at;
			if (!isScalar(key) || (typeof key.value === 'string' ? key.value : key.source) === undefined) {
				this.#refuse(keyAt, 'a key must be a single word', nothing);
				continue;
			}

			const written = typeof key.value === 'string' ? key.value : (key.source ?? '');
			const name = this.#text(written, keyAt);
			if (name === '' && written !== '') {
				continue;
			}

			if (name === '__proto__' || name === '') {
				this.#refuse(keyAt, `${quoted(name)} cannot be a key`, nothing);
				continue;
			}

			const first = entries.get(name);
			if (first !== undefined) {
				this.#refuse(keyAt, `key ${quoted(name)} is given twice, first in line ${first.at.line}; remove one`, nothing);
				continue;
			}

			entries.set(name, {at: keyAt, node: this.read(pair.value as Node | null, depth + 1, keyAt)});
		}

		return {kind: 'map', at, entries};
	}

	#plain(value: unknown, at: Place): Plain {
		if (typeof value === 'string') {
			return this.#text(value, at);
		}

		if (typeof value === 'number') {
			if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) {
				this.#refuse(at, Number.isNaN(value) ? '.nan is not a number' : 'the number is too large', undefined);
				return 0;
			}

			return value;
		}

		if (value === null || typeof value === 'boolean') {
			return value;
		}

		this.#refuse(at, 'expected text, a number, or true or false', undefined);
		return null;
	}

	/** NFC, and nothing hidden: escapes such as "\u202e" reach values without standing in the file's text. */
	#text(text: string, at: Place): string {
		const found = hidden.exec(text);
		if (found !== null) {
			this.#refuse(at, hiddenMessage(found[0]), undefined);
			return '';
		}

		return text.normalize('NFC');
	}

	#refuse<T>(at: Place, message: string, value: T): T {
		if (this.problems.length < 100) {
			this.problems.push({...at, message});
		}

		return value;
	}

	/** Something no honest file has: say it once and read no further. */
	#give<T>(at: Place, message: string, value: T): T {
		this.#given = true;
		return this.#refuse(at, message, value);
	}
}

function syntaxMessage(code: string, message: string): string {
	if (code === 'MULTIPLE_DOCS') {
		return 'a second document begins here; a scenario is one document, remove the ---';
	}

	return message.includes('call stack') ? tooDeep : `not valid YAML: ${message.split('\n')[0]}`;
}

/** The parser takes seconds for a megabyte of commas or brackets; counting takes none. */
function refuseBulk(text: string, file: string): void {
	let marks = 0;
	let depth = 0;
	let line = 1;
	let lineStart = 0;
	for (let i = 0; i < text.length; i++) {
		const character = text[i];
		if (character === '[' || character === '{') {
			depth++;
			marks++;
		} else if (character === ']' || character === '}') {
			depth = Math.max(0, depth - 1);
		} else if (character === ',' || character === '\n') {
			marks++;
		}

		if (depth > largestBrackets || marks > largestMarks) {
			const message = depth > largestBrackets ? tooDeep : 'too many values; a scenario is a page of text';
			throw new ScenarioErrors([{file, line, column: i - lineStart + 1, message}]);
		}

		if (character === '\n') {
			line++;
			lineStart = i + 1;
		}
	}
}

function refuseHidden(text: string, file: string): void {
	const clean = text.startsWith('\uFEFF') ? ` ${text.slice(1)}` : text;
	const binary = /[\0\uFFFD]/.test(clean);
	const problems: Problem[] = [];
	const lines = clean.split('\n');
	for (let i = 0; i < lines.length && problems.length < 20; i++) {
		const line = lines[i].endsWith('\r') ? lines[i].slice(0, -1) : lines[i];
		if (binary) {
			const column = line.search(/[\0\uFFFD]/) + 1;
			if (column > 0) {
				throw new ScenarioErrors([{file, line: i + 1, column, message: 'not text in UTF-8; is this a scenario file?'}]);
			}

			continue;
		}

		const found = hidden.exec(line);
		if (found === null) {
			continue;
		}

		const column = found.index + 1;
		problems.push({file, line: i + 1, column, message: hiddenMessage(found[0])});
	}

	if (problems.length > 0) {
		throw new ScenarioErrors(problems);
	}
}

function hiddenMessage(character: string): string {
	const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
	return `the hidden character U+${code} is not allowed; remove it`;
}
