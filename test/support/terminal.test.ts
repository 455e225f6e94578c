/** The terminal the end-to-end tests use is a real one: size, screen, keys, signals, exit codes, live resize. */
import {afterEach, describe, expect, test} from 'vitest';
import {needs} from './peers.js';
import {keys, start, type TerminalSession} from './terminal.js';
import {hasTmux, TmuxSession, tmuxHint} from './tmux.js';

let session: TerminalSession | undefined;

afterEach(async () => {
	await session?.close();
	session = undefined;
});

describe('a terminal', () => {
	test('has the size asked for and is a terminal on every stream', async () => {
		session = start('stty size; test -t 0 && test -t 1 && test -t 2 && echo all; exit 3', {columns: 80, rows: 24});
		expect(await session.exitCode()).toBe(3);
		expect(session.screen().slice(0, 2)).toEqual(['24 80', 'all']);
	});

	test('shows what was typed to a program, and knows the alternate screen and the cursor', async () => {
		session = start(
			`printf '\\033[?1049h\\033[?25lready '; read -r line; printf "got <$line>"; read -r; printf '\\033[?25h\\033[?1049l'`,
		);
		await session.waitFor('ready');
		expect([session.alternateScreen, session.cursorShown]).toEqual([true, false]);
		session.press(`abc${keys.enter}`);
		await session.waitFor('got <abc>');
		session.press(keys.enter);
		expect(await session.exitCode()).toBe(0);
		expect([session.alternateScreen, session.cursorShown]).toEqual([false, true]);
	});

	test('finds the program to send it a signal', async () => {
		session = start(`trap 'echo ended; exit 143' TERM; echo ready; while :; do sleep 0.05; done`, {env: {A: 'b'}});
		await session.waitFor('ready');
		expect((await session.processIds()).length).toBe(1);
		session.press(keys.ctrlC);
		expect(await session.exitCode()).not.toBe(0);
	});

	test('says what the screen was when what is waited for does not come', async () => {
		session = start('echo something else; sleep 5');
		await expect(session.waitFor('never', 300)).rejects.toThrow(/something else/);
	});
});

needs(
	'tmux',
	hasTmux,
	tmuxHint,
)('a tmux window', () => {
	test('changes its size while the program runs', async () => {
		const window = new TmuxSession(`trap 'stty size' WINCH; stty size; while :; do sleep 0.05; done`, 80, 24);
		try {
			await window.waitFor('24 80');
			window.resize(100, 30);
			await window.waitFor('30 100');
			expect(window.state('alternate_on')).toBe('0');
		} finally {
			window.close();
		}
	});
});
