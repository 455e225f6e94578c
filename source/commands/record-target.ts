/** Where a recording goes: a file that is there already must be one, and a new one takes its place whole. */
import {readFileSync, realpathSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {checkFileTarget, statusOf} from './file-target.js';

/** Makes sure that a recording can be written to `file`, as typed after --record. Throws UserError. */
export function checkRecordTarget(file: string): void {
	checkFileTarget(file, {
		option: `--record ${file}`,
		example: '--record mine.yaml',
		name: 'mine.yaml',
		what: 'a recording',
		isOurs: isRecording,
	});
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

function isRecording(file: string): boolean {
	try {
		return /^recording:/m.test(readFileSync(file, 'utf8'));
	} catch {
		return false;
	}
}
