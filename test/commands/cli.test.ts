/** The built program, run from outside: what it prints where, and how it leaves. */
import {readFileSync} from 'node:fs';
import {afterEach, describe, expect, test} from 'vitest';
import {shippedNames} from '../../source/commands/scenarios.js';
import {folderWith, ringtop} from '../support/cli.js';
import {cli, start, type TerminalSession} from '../support/terminal.js';

let session: TerminalSession | undefined;

afterEach(async () => {
	await session?.close();
	session = undefined;
});

describe('ringtop', () => {
	test('list shows every shipped scenario and what it is about', () => {
		const {code, stdout, stderr} = ringtop(['list']);
		expect([code, stderr]).toEqual([0, '']);
		const names = stdout.split('\n').filter((line) => line !== '' && !line.startsWith(' '));
		expect(names).toEqual(shippedNames());
		for (const name of names) expect(stdout).toMatch(new RegExp(`^${name}\n {2}\\S`, 'm'));
	});

	test('list does not mind a reader that leaves early', () => {
		session = start(`node ${cli} list | head -1; echo "\${PIPESTATUS[0]}"`);
		return session.waitFor(/^0$/m);
	});

	test('says in one line that its output cannot be written, and exits with 70', async () => {
		session = start(`node ${cli} run web-and-db --until 1ms --json > /dev/full; echo "left with $?"`);
		const text = await session.waitFor(/left with \d+/);
		expect(text).toContain('ringtop: cannot write to stdout: no space left on device');
		expect(text).toContain('left with 70');
		expect(text).not.toContain('    at ');
	});

	test('--help shows every command, and each command its own options', () => {
		const {code, stdout} = ringtop(['--help']);
		expect(code).toBe(0);
		for (const word of ['ringtop run SCENARIO', 'ringtop list', 'ringtop replay FILE', '--seed N']) {
			expect(stdout).toContain(word);
		}
		expect(ringtop(['run', '--help']).stdout).toContain('--until TIME');
		expect(ringtop(['help', 'run']).stdout).toBe(ringtop(['run', '--help']).stdout);
		expect(ringtop(['help', 'rnu'])).toMatchObject({
			code: 2,
			stderr: "ringtop: unknown command 'rnu', did you mean 'run'?\n",
		});
	});

	test('--version is the package’s', () => {
		const {version} = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
		expect(ringtop(['--version'])).toEqual({code: 0, stdout: `${version}\n`, stderr: ''});
		expect(ringtop(['version']).stdout).toBe(`${version}\n`);
	});

	test.each([
		[
			['web-and-bd'],
			"ringtop: 'web-and-bd' is not a command, a shipped scenario or a file; did you mean 'web-and-db'?\n",
		],
		[['run', 'web-and-bd'], "ringtop: 'web-and-bd' is not a shipped scenario or a file; did you mean 'web-and-db'?\n"],
		[['--spede', 'max'], "ringtop: unknown option '--spede', did you mean '--speed'?\n"],
		[['-b'], "ringtop: '-b' belongs to xentop; options are long: 'ringtop --help' lists them\n"],
		[['run', 'web-and-db', '--until', '10'], /^ringtop: --until: .*unit/],
		[['run', 'web-and-db', '--until', 'soon'], /^ringtop: --until: 'soon' is not a time/],
		[['--speed', 'fast'], /^ringtop: --speed: .*not a speed/],
		[['run', '/'], 'ringtop: /: is a directory, not a scenario\n'],
	])('refuses %j with exit code 2, on stderr alone', (words, message) => {
		const {code, stdout, stderr} = ringtop(words);
		expect([code, stdout]).toEqual([2, '']);
		if (typeof message === 'string') expect(stderr).toBe(message);
		else expect(stderr).toMatch(message);
	});
});

describe('a scenario with mistakes', () => {
	test('is answered with file, line, column and what was meant, all of them at once', () => {
		const folder = folderWith({'bad.yaml': 'name: bad\nabuot: nothing\nruntime: 5\n'});
		try {
			const {code, stdout, stderr} = ringtop(['run', 'bad.yaml'], {cwd: folder.path});
			expect([code, stdout]).toEqual([2, '']);
			expect(stderr).toMatch(/^bad\.yaml:2:1: unknown key 'abuot', did you mean 'about'\?$/m);
			expect(stderr).toMatch(/^bad\.yaml:3:\d+: /m);
			expect(stderr).not.toContain(' at ');
		} finally {
			folder.remove();
		}
	});
});

describe('the console without a terminal', () => {
	test('says in three lines what works instead', () => {
		const {code, stdout, stderr} = ringtop(['web-and-db']);
		expect([code, stdout]).toEqual([2, '']);
		expect(stderr).toBe(
			[
				'ringtop: stdout is not a terminal, so the console cannot be shown.',
				'A report without a console: ringtop run web-and-db',
				'The shipped scenarios: ringtop list',
				'',
			].join('\n'),
		);
	});

	test('refuses a dumb terminal the same way', async () => {
		session = start(`node ${cli}`, {env: {TERM: 'dumb'}});
		expect(await session.exitCode()).toBe(2);
		expect(session.text()).toContain('ringtop: TERM=dumb');
		expect(session.text()).toContain('ringtop run web-and-db');
	});

	test('refuses a closed stdin where there is no /dev/tty', async () => {
		session = start(`setsid --wait node ${cli} < /dev/null`);
		expect(await session.exitCode()).toBe(2);
		expect(session.text()).toContain('stdin is not a terminal and there is no /dev/tty');
	});
});
