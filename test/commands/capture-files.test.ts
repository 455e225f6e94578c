/** What --capture means, where its files may go, and what happens when they can no longer be written. */
import {existsSync, mkdirSync, readFileSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import {afterEach, describe, expect, test} from 'vitest';
import {parseArguments} from '../../source/commands/arguments.js';
import {CaptureFiles, interfaceNames, parseCaptures} from '../../source/commands/capture-files.js';
import {UserError} from '../../source/commands/user-error.js';
import {parse} from '../sim/scenario/network-base.js';
import {folderWith, ringtop} from '../support/cli.js';

const scenario = parse(`name: t
host:
  devices:
    eth0: { model: 82540EM, pci: "00:05.0" }
lan: { hosts: { client: { ip: 10.0.0.9 } } }
domains:
  web:
    vif: [{ ip: 10.0.0.1 }, { ip: 10.0.0.3 }]
  db:
    vif: [{ ip: 10.0.0.2 }]
`);
const pcapng = Buffer.from('0a0d0d0a', 'hex');
let folder: ReturnType<typeof folderWith> | undefined;

afterEach(() => {
	folder?.remove();
	folder = undefined;
});

function inFolder(files: Record<string, string | Uint8Array> = {}): string {
	folder = folderWith(files);
	return folder.path;
}

describe('the option', () => {
	const given = (...words: string[]) => parseArguments(['run', 'x', ...words]).options.capture;

	test('may be given several times, with a space or an equals sign', () => {
		expect(given('--capture', 'eth0=a.pcapng', '--capture=web:0=b.pcapng')).toEqual([
			'eth0=a.pcapng',
			'web:0=b.pcapng',
		]);
		expect(given()).toBeUndefined();
	});

	test('needs a value each time', () => {
		for (const words of [
			['--capture'],
			['--capture='],
			['--capture', '--json'],
			['--capture', 'eth0=a', '--capture'],
		]) {
			expect(() => given(...words)).toThrow('--capture needs a value: --capture INTERFACE=FILE');
		}
	});

	test('is of use where a scenario runs, and nowhere else', () => {
		for (const words of [
			['watch', 'x'],
			['run', 'x'],
			['replay', 'x'],
		]) {
			expect(parseArguments([...words, '--capture', 'eth0=a']).options.capture).toEqual(['eth0=a']);
		}
		expect(() => parseArguments(['list', '--capture', 'eth0=a'])).toThrow(
			"--capture is not an option of 'ringtop list'",
		);
	});
});

describe('interfaces', () => {
	test('are the NICs, and those of guests by domain and device number', () => {
		expect(interfaceNames(scenario)).toEqual(['eth0', 'web:0', 'web:1', 'db:0']);
	});

	test('each go to a file; two may share one, whatever it is called', () => {
		const path = inFolder({'old.pcapng': pcapng, 'empty.pcapng': ''});
		const a = join(path, 'old.pcapng');
		const again = join(path, '.', 'x', '..', 'old.pcapng');
		const b = join(path, 'empty.pcapng');
		expect(parseCaptures([`eth0=${a}`, `web:1=${b}`, `db:0=${again.replace('x/../', '')}`], scenario)).toEqual([
			{interface: 'eth0', file: a},
			{interface: 'web:1', file: b},
			{interface: 'db:0', file: a},
		]);
		expect(parseCaptures(undefined, scenario)).toEqual([]);
	});

	test.each([
		['eth1=x.pcapng', "no interface 'eth1', did you mean 'eth0'? There are eth0, web:0, web:1, db:0"],
		['client=x.pcapng', "no interface 'client', there are eth0, web:0, web:1, db:0"],
		['eth0', 'name a file, such as --capture eth0=eth0.pcapng'],
		['web:0=', 'name a file, such as --capture web:0=web-0.pcapng'],
		['eth0=none/x.pcapng', 'there is no folder none; make it first'],
		['eth0=/dev/null', 'is not a regular file; name another, such as out.pcapng'],
	])('%s is refused in words', (text, message) => {
		expect(() => parseCaptures([text], scenario)).toThrow(new UserError(`--capture ${text}: ${message}`));
	});

	test('are captured once', () => {
		expect(() => parseCaptures(['eth0=a.pcapng', 'eth0=b.pcapng'], scenario)).toThrow('eth0 is captured already');
	});

	test('there may be none', () => {
		expect(() =>
			parseCaptures(['eth0=a.pcapng'], {...scenario, host: {...scenario.host, nics: []}, domains: []}),
		).toThrow('this scenario has no network interfaces');
	});

	test('never go over anything but a capture', () => {
		const path = inFolder({'notes.txt': 'mine'});
		mkdirSync(join(path, 'd'));
		expect(() => parseCaptures([`eth0=${path}/notes.txt`], scenario)).toThrow(
			'is there already and is not a pcapng capture',
		);
		expect(() => parseCaptures([`eth0=${path}/d`], scenario)).toThrow(
			'is a folder; name a file in it, such as out.pcapng',
		);
	});
});

describe('the files', () => {
	test('are empty at first, are written where the bytes belong, and begin anew from 0', () => {
		const path = inFolder({'a.pcapng': pcapng});
		const file = join(path, 'a.pcapng');
		const files = new CaptureFiles([{interface: 'eth0', file}]);
		expect(readFileSync(file)).toHaveLength(0);
		files.write(file, Buffer.from('one '), 0);
		files.write(file, Buffer.from('two'), 4);
		expect(readFileSync(file, 'utf8')).toBe('one two');
		files.write(file, Buffer.from('3'), 0);
		files.close();
		expect(readFileSync(file, 'utf8')).toBe('3');
		expect(files.lost).toBeUndefined();
	});

	test('that cannot be written are told once, in one line', ({skip}) => {
		skip(!existsSync('/dev/full'), 'the machine has no /dev/full');
		const files = new CaptureFiles([{interface: 'eth0', file: '/dev/full'}]);
		files.write('/dev/full', pcapng, 4);
		files.write('/dev/full', pcapng, 8);
		files.close();
		expect(files.lost).toBe('cannot write to /dev/full: no space left on device');
		const lines: string[] = [];
		files.report({write: (line: string) => lines.push(line)} as unknown as NodeJS.WritableStream); // all that it calls
		expect(lines).toEqual(['capture: /dev/full is not complete: no space left on device\n']);
	});

	test('that cannot be written leave the others whole', ({skip}) => {
		skip(!existsSync('/dev/full'), 'the machine has no /dev/full');
		const file = join(inFolder(), 'a.pcapng');
		const files = new CaptureFiles([
			{interface: 'eth0', file: '/dev/full'},
			{interface: 'web:0', file},
		]);
		files.write('/dev/full', pcapng, 4);
		files.write(file, Buffer.from('all'), 0);
		files.close();
		expect(readFileSync(file, 'utf8')).toBe('all');
	});

	test('that are one file, whatever links lead there, are one capture', () => {
		const path = inFolder({'a.pcapng': pcapng});
		symlinkSync('a.pcapng', join(path, 'b.pcapng'));
		symlinkSync('.', join(path, 'here'));
		const typed = ['eth0=a.pcapng', 'web:0=b.pcapng', 'web:1=here/a.pcapng'].map((text) =>
			text.replace('=', `=${path}/`),
		);
		expect(new Set(parseCaptures(typed, scenario).map(({file}) => file)).size).toBe(1);
		const fresh = [`eth0=${path}/new.pcapng`, `web:0=${path}/here/new.pcapng`];
		expect(new Set(parseCaptures(fresh, scenario).map(({file}) => file)).size).toBe(1);
	});

	test('are files: not stdout', () => {
		expect(() => parseCaptures(['eth0=-'], scenario)).toThrow(
			'--capture eth0=-: a capture goes to a file, not to stdout; write --capture eth0=eth0.pcapng',
		);
	});

	test('that cannot be opened are refused before anything runs', () => {
		const missing = join(inFolder(), 'gone', 'x.pcapng');
		expect(() => new CaptureFiles([{interface: 'eth0', file: missing}])).toThrow(UserError);
	});
});

test('what is wrong with a capture ends the command with exit code 2 and one line', () => {
	const cwd = inFolder();
	for (const command of ['run', 'watch']) {
		const {code, stdout, stderr} = ringtop([command, 'slow-disk', '--capture', 'eth0=x.pcapng'], {cwd});
		expect([code, stdout]).toEqual([2, '']);
		expect(stderr).toBe('ringtop: --capture eth0=x.pcapng: this scenario has no network interfaces\n');
	}
	expect(existsSync(join(cwd, 'x.pcapng'))).toBe(false);
});
