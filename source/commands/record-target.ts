/**
 * Where a recording goes. The file is looked at before anything runs, so that an hour's recording is not lost to a slip
 * of the keyboard, and nothing but a recording is ever written over.
 */
import {
	accessSync,
	constants,
	readFileSync,
	realpathSync,
	renameSync,
	rmSync,
	type Stats,
	statSync,
	writeFileSync,
} from 'node:fs';
import {dirname} from 'node:path';
import {UserError} from './user-error.js';

/** Makes sure that a recording can be written to `file`, as typed after --record. Throws UserError. */
export function checkRecordTarget(file: string): void {
	const refuse = (why: string): never => {
		throw new UserError(`--record ${file}: ${why}`);
	};
	if (file === '') refuse('name a file, such as --record mine.yaml');
	const found = statusOf(file);
	if (found?.isDirectory() || file.endsWith('/')) refuse('is a folder; name a file in it, such as mine.yaml');
	if (found !== undefined && !found.isFile()) refuse('is not a regular file; name another, such as mine.yaml');
	if (found !== undefined && found.size > 0 && !isRecording(file)) {
		refuse('is there already and is not a recording; name another file');
	}
	if (found !== undefined && !allows(file, constants.W_OK)) refuse('is write-protected; name another file');
	const folder = dirname(found === undefined ? file : realpathSync(file));
	if (!statusOf(folder)?.isDirectory()) refuse(`there is no folder ${folder}; make it first`);
	if (!allows(folder, constants.W_OK | constants.X_OK)) {
		refuse(`no permission to write in ${folder}; name a file in another folder`);
	}
}

/** Writes a recording: beside and renamed, so that whoever reads it finds the old one or the new one, whole. */
export function writeRecording(file: string, text: string): void {
	const found = statusOf(file);
	if (found !== undefined && !found.isFile()) throw new Error(`${file} is not a regular file`);
	const target = found === undefined ? file : realpathSync(file);
	const part = `${target}.part`;
	try {
		rmSync(part, {force: true});
		writeFileSync(part, text, {flag: 'wx'});
		renameSync(part, target);
	} catch (error) {
		rmSync(part, {force: true});
		throw error;
	}
}

function statusOf(path: string): Stats | undefined {
	try {
		return statSync(path, {throwIfNoEntry: false});
	} catch {
		// Something on the way is no folder, or may not be entered: to whoever wants to write, there is nothing.
		return undefined;
	}
}

function isRecording(file: string): boolean {
	try {
		return /^recording:/m.test(readFileSync(file, 'utf8'));
	} catch {
		return false;
	}
}

function allows(path: string, mode: number): boolean {
	try {
		accessSync(path, mode);
		return true;
	} catch {
		return false;
	}
}
