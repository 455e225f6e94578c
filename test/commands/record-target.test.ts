/** Where a recording may go: said before anything runs, and never over anything else. */
import {chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import {afterEach, describe, expect, test} from 'vitest';
import {checkRecordTarget, writeRecording} from '../../source/commands/record-target.js';
import {folderWith, ringtop} from '../support/cli.js';
import {cli, start, type TerminalSession} from '../support/terminal.js';

const recording = 'name: t\nrecording:\n  version: 0.1.0\n';
let folder: ReturnType<typeof folderWith> | undefined;
let session: TerminalSession | undefined;

afterEach(async () => {
	folder?.remove();
	folder = undefined;
	await session?.close();
	session = undefined;
});

function inFolder(files: Record<string, string> = {}): string {
	folder = folderWith(files);
	return folder.path;
}

describe('a recording', () => {
	test('may go to a new file, an empty one, or over a recording', () => {
		const path = inFolder({'empty.yaml': '', 'old.yaml': recording});
		for (const name of ['new.yaml', 'empty.yaml', 'old.yaml']) {
			expect(() => checkRecordTarget(join(path, name))).not.toThrow();
			writeRecording(join(path, name), 'recording: x\n');
			expect(readFileSync(join(path, name), 'utf8')).toBe('recording: x\n');
		}
		expect(readdirSync(path).sort()).toEqual(['empty.yaml', 'new.yaml', 'old.yaml']);
	});

	test('behind a link goes where the link leads', () => {
		const path = inFolder({'old.yaml': recording});
		symlinkSync('old.yaml', join(path, 'link.yaml'));
		writeRecording(join(path, 'link.yaml'), 'recording: x\n');
		expect(readFileSync(join(path, 'old.yaml'), 'utf8')).toBe('recording: x\n');
	});

	test('may not go to a folder, a device, beside no folder, or over other files', () => {
		const path = inFolder({'notes.txt': 'mine'});
		mkdirSync(join(path, 'd'));
		for (const [name, message] of [
			['d', 'is a folder'],
			['new/', 'is a folder'],
			['none/x.yaml', 'there is no folder'],
			['notes.txt/x.yaml', 'there is no folder'],
			['notes.txt', 'is not a recording'],
		]) {
			expect(() => checkRecordTarget(join(path, name))).toThrow(message);
		}
		expect(() => checkRecordTarget('/dev/null')).toThrow('not a regular file');
		expect(() => writeRecording('/dev/null', recording)).toThrow('not a regular file');
		expect(() => writeRecording(join(path, 'd'), recording)).toThrow();
		expect(readdirSync(path).sort()).toEqual(['d', 'notes.txt']);
	});

	test('may not go where nobody may write', ({skip}) => {
		skip(process.getuid?.() === 0, 'root may write everywhere');
		const path = inFolder({'old.yaml': recording});
		chmodSync(join(path, 'old.yaml'), 0o400);
		expect(() => checkRecordTarget(join(path, 'old.yaml'))).toThrow('write-protected');
		chmodSync(path, 0o500);
		expect(() => checkRecordTarget(join(path, 'x.yaml'))).toThrow('no permission');
		chmodSync(path, 0o700);
	});

	test('with nowhere to go is refused with exit code 2 before the console is shown', () => {
		const {code, stdout, stderr} = ringtop(['watch', 'web-and-db', '--record', 'nodir/x.yaml'], {cwd: inFolder()});
		expect([code, stdout]).toEqual([2, '']);
		expect(stderr).toBe('ringtop: --record nodir/x.yaml: there is no folder nodir; make it first\n');
	});
});

describe('the console, left', () => {
	test('where the folder has gone meanwhile says in one line that the recording is lost, and exits with 1', async () => {
		const path = inFolder();
		mkdirSync(join(path, 'd'));
		session = start(`cd ${path} && node ${cli} web-and-db --record d/x.yaml; echo "left with $?"`);
		await session.waitFor(/web-and-db/);
		await session.waitFor(/xvda|Domain-0/);
		folder?.remove();
		await session.press('q');
		const text = await session.waitFor(/left with \d+/);
		expect(text).toContain('ringtop: the recording could not be written: ENOENT');
		expect(text).toContain('left with 1');
		expect(text).not.toContain('    at ');
	});

	test('with its keys from /dev/tty, ends, and the recording is there', async () => {
		const path = inFolder();
		session = start(`cd ${path} && echo hi | node ${cli} web-and-db --record x.yaml; echo "left with $?"`);
		await session.waitFor(/xvda|Domain-0/);
		await session.press('q');
		expect(await session.waitFor(/left with \d+/)).toContain('left with 0');
		expect(existsSync(join(path, 'x.yaml'))).toBe(true);
	});
});
