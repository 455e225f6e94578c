/**
 * Finds and reads scenario files: a shipped scenario's name, or a file. Files are read here because the simulated
 * world reads none; what is read is bounded and must be text, so that a wrong or hostile file costs a message only.
 */
import {closeSync, constants, existsSync, fstatSync, openSync, readdirSync, readSync} from 'node:fs';
import {basename, dirname, extname, isAbsolute, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {closest} from '../engine/closest.js';
import type {ReadInclude} from '../sim/scenario/merge.js';
import type {ReadFile} from '../sim/scenario/parse.js';
import {Refused} from '../sim/scenario/problems.js';
import {commands} from './options.js';
import {UserError} from './user-error.js';

/** The scenario that `ringtop` alone shows. */
export const defaultScenario = 'web-and-db';

/** Largest scenario file, and largest sum of a file and all it includes, in bytes. */
export const sizeLimit = 1024 * 1024;

/** Largest sum of the captures that a scenario's jobs send, in bytes: they are kept in memory. */
export const captureLimit = 64 * 1024 * 1024;

const mostIncludes = 32;
const extension = '.yaml';
// Beside dist/ in an installed package, beside source/ in the tests.
const shippedFolder = fileURLToPath(new URL('../../scenarios/', import.meta.url));

/** A scenario's text and what to call it in messages. */
export type ScenarioFile = {
	/** Where it was read from. */
	readonly path: string;
	/** What messages call it: the file's own name for a shipped scenario, else the path as typed. */
	readonly label: string;
	readonly text: string;
	readonly readInclude: ReadInclude;
	/** Reads the captures that jobs name. */
	readonly readFile: ReadFile;
};

/** Names of the shipped scenarios, in order. */
export function shippedNames(): string[] {
	if (!existsSync(shippedFolder)) return [];
	const names = readdirSync(shippedFolder).filter((name) => extname(name) === extension);
	return names.map((name) => basename(name, extension)).sort();
}

/**
 * Reads what `word` names: a shipped scenario, else a file; neither throws a UserError with what is near it.
 * With `commandsToo` the word stood first on the line, where it might have been meant as a command.
 */
export function openScenario(word: string, commandsToo = false): ScenarioFile {
	const names = shippedNames();
	if (names.includes(word)) {
		const path = join(shippedFolder, word + extension);
		return read(path, word + extension);
	}
	if (!existsSync(word)) throw new UserError(notFound(word, names, commandsToo));
	return read(word, word);
}

function notFound(word: string, names: readonly string[], commandsToo: boolean): string {
	const known = commandsToo ? [...Object.keys(commands), ...names] : names;
	const shipped = basename(word, extname(word));
	if (extname(word) !== '' && names.includes(shipped)) {
		return `there is no file '${word}'; the shipped scenario is shown by: ringtop ${commandsToo ? '' : 'run '}${shipped}`;
	}
	const near = closest(word, known) ?? nearFile(word);
	const what = commandsToo ? 'a command, a shipped scenario or a file' : 'a shipped scenario or a file';
	const hint = near === undefined ? "'ringtop list' shows the scenarios" : `did you mean '${near}'?`;
	return `'${word}' is not ${what}; ${hint}`;
}

/** A scenario file beside the one that is not there, with a name like it. */
function nearFile(word: string): string | undefined {
	let files: string[];
	try {
		files = readdirSync(dirname(word)).filter((name) => ['.yaml', '.yml'].includes(extname(name)));
	} catch {
		return undefined;
	}
	const near = closest(basename(word), files);
	return near === undefined ? undefined : join(dirname(word), near);
}

function read(path: string, label: string): ScenarioFile {
	const text = readOwn(path, label);
	// Included files are named relative to the file that includes them, which the parser knows by its label.
	const paths = new Map([[label, path]]);
	let left = sizeLimit - text.length;
	const readInclude: ReadInclude = (name, from) => {
		if (isAbsolute(name)) throw new Refused('write a path relative to the file');
		if (paths.size > mostIncludes) throw new Refused(`more than ${mostIncludes} included files`);
		const target = join(dirname(paths.get(from) ?? path), name);
		const file = join(dirname(from), name);
		if (!existsSync(target)) return undefined;
		const included = readText(target, left);
		left -= included.length;
		paths.set(file, target);
		return {file, text: included};
	};
	let captureLeft = captureLimit;
	const readFile: ReadFile = (name, from) => {
		const target = join(dirname(paths.get(from) ?? path), name);
		if (!existsSync(target)) return undefined;
		const bytes = readBounded(target, captureLeft + 1, 'a capture file');
		if (bytes.length > captureLeft) throw new Refused(`too large, captures have at most ${captureLimit} bytes in all`);
		captureLeft -= bytes.length;
		return bytes;
	};
	return {path, label, text, readInclude, readFile};
}

function readOwn(path: string, label: string): string {
	try {
		return readText(path, sizeLimit);
	} catch (error) {
		if (error instanceof Refused) throw new UserError(`${label}: ${error.message}`);
		throw error;
	}
}

/** Reads at most `limit` bytes of UTF-8 text. Throws Refused. */
function readText(path: string, limit: number): string {
	const bytes = readBounded(path, limit + 1, 'a scenario');
	if (bytes.length > limit) throw new Refused(`too large, a scenario has at most ${sizeLimit} bytes`);
	let text: string;
	try {
		text = new TextDecoder('utf-8', {fatal: true}).decode(bytes);
	} catch {
		throw new Refused('not a text file (it is not UTF-8)');
	}
	if (text.includes('\u0000')) throw new Refused('not a text file (it contains NUL bytes)');
	return text;
}

/** @param what the file should be. Throws Refused. */
function readBounded(path: string, limit: number, what: string): Buffer {
	let file: number | undefined;
	try {
		// A pipe that nobody writes to would be waited for without end.
		file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
		const kind = fstatSync(file);
		if (kind.isDirectory()) throw new Refused(`is a directory, not ${what}`);
		if (!kind.isFile())
			throw new Refused(`is ${kind.isFIFO() ? 'a pipe' : 'a device'}, not a file; write it to a file first`);
		if (kind.size >= limit) return Buffer.alloc(limit);
		const buffer = Buffer.alloc(Math.min(limit, kind.size + 1));
		let length = 0;
		for (;;) {
			const count = readSync(file, buffer, length, buffer.length - length, null);
			length += count;
			if (count === 0 || length === buffer.length) return buffer.subarray(0, length);
		}
	} catch (error) {
		if (error instanceof Refused) throw error;
		throw new Refused(reason(error));
	} finally {
		if (file !== undefined) closeSync(file);
	}
}

function reason(error: unknown): string {
	const code = error instanceof Error && 'code' in error ? error.code : undefined;
	if (code === 'ENOENT') return 'no such file';
	if (code === 'ENXIO') return 'is a socket or a device, not a file';
	if (code === 'EACCES' || code === 'EPERM') return 'no permission to read it';
	return `cannot be read (${String(code ?? error)})`;
}
