/**
Where a file of ours may go. It is looked at before anything runs, so that an hour's work is not lost to a slip of the keyboard, and
nothing but a file of the same kind is ever written over.
*/
import {accessSync, constants, realpathSync, type Stats, statSync} from 'node:fs';
import {dirname} from 'node:path';
import {UserError} from './user-error.js';

export type FileKind = {
	/** The option and its value, as typed, before what is wrong: `--record x.yaml`. */
	readonly option: string;
	/** An option and a value that would do: `--record mine.yaml`. */
	readonly example: string;
	/** A name that would do: `mine.yaml`. */
	readonly name: string;
	/** What it is: `a recording`. */
	readonly what: string;
	/** Whether a file that is there already is of this kind. */
	readonly isOurs: (file: string) => boolean;
};

/** Makes sure that such a file can be written to `file`. Throws UserError. */
export function checkFileTarget(file: string, {option, example, name, what, isOurs}: FileKind): void {
	const refuse = (why: string): never => {
		throw new UserError(`${option}: ${why}`);
	};
	if (file === '') refuse(`name a file, such as ${example}`);
	const found = statusOf(file);
	if (found?.isDirectory() || file.endsWith('/')) refuse(`is a folder; name a file in it, such as ${name}`);
	if (found !== undefined && !found.isFile()) refuse(`is not a regular file; name another, such as ${name}`);
	if (found !== undefined && found.size > 0 && !isOurs(file)) {
		refuse(`is there already and is not ${what}; name another file`);
	}
	if (found !== undefined && !allows(file, constants.W_OK)) refuse('is write-protected; name another file');
	const folder = dirname(found === undefined ? file : realpathSync(file));
	if (!statusOf(folder)?.isDirectory()) refuse(`there is no folder ${folder}; make it first`);
	if (!allows(folder, constants.W_OK | constants.X_OK)) {
		refuse(`no permission to write in ${folder}; name a file in another folder`);
	}
}

export function statusOf(path: string): Stats | undefined {
	try {
		return statSync(path, {throwIfNoEntry: false});
	} catch {
		// Something on the way is no folder, or may not be entered: to whoever wants to write, there is nothing.
		return undefined;
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
