/** The console in a real terminal, as a person uses it: start, keys, ways out, and a terminal that is as before. */
import {fileURLToPath} from 'node:url';
import {afterEach, describe, expect, test, vi} from 'vitest';
import {checkScreenAddsUp} from '../support/screen-sums.js';
import {cli, keys, sleep, start, type TerminalOptions, type TerminalSession} from '../support/terminal.js';

let terminal: TerminalSession | undefined;
afterEach(async () => {
	await terminal?.close();
	terminal = undefined;
});

/** Opens the console on a scenario and waits until time passes on it. */
async function open(words = 'web-and-db', options: TerminalOptions = {}): Promise<TerminalSession> {
	terminal = start(`node ${cli} ${words}`, options);
	await terminal.waitFor(/\d:\d\d\.\d{3}/);
	return terminal;
}

const restored = (session: TerminalSession) => {
	expect(session.alternateScreen).toBe(false);
	expect(session.cursorShown).toBe(true);
	// Wrapping of long lines is on again.
	expect(session.raw.lastIndexOf('\u001B[?7h')).toBeGreaterThan(session.raw.lastIndexOf('\u001B[?7l'));
};

describe('the console', () => {
	test('opens on the default scenario and shows who runs what', async () => {
		terminal = start(`node ${cli}`);
		const words = ['web-and-db', 'Domain-0', '1 web', '2 db', 'Xen', 'Hardware', 'nvme0', 'seed 42', '? help'];
		// The guests are created one after the other: the picture is whole a moment after it begins.
		const screen = await terminal.waitFor((shown) => words.every((word) => shown.includes(word)));
		expect(screen).toMatch(/blkback +web xvda.*xvda [■·]/);
		expect(terminal.alternateScreen).toBe(true);
		expect(terminal.cursorShown).toBe(false);
	});

	test('adds up on the screen of a real run', async () => {
		const {waitFor, press, screen} = bound(await open('web-and-db --speed 10x', {columns: 200, rows: 50}));
		await waitFor(/0:0[2-9]\./);
		press(' ');
		await waitFor('FROZEN');
		// The header may have been painted while the figure under it is still on its way through the pty.
		await vi.waitFor(() => expect(checkScreenAddsUp(screen())).toEqual([]), {timeout: 5000, interval: 100});
	});

	test('goes from view to view and back', async () => {
		const {press, waitFor} = bound(await open());
		// The last ring is db's once db is there.
		await waitFor(/blkback db/);
		press('2');
		await waitFor(/NAME {2}STATE {3}CPU\(sec\)/);
		press('3');
		await waitFor(/web xvda ⇄ Domain-0/);
		// Round from the first ring to the last.
		press(keys.shiftTab);
		await waitFor(/db xvda ⇄ Domain-0/);
		press('5');
		await waitFor(/following/);
		press('?');
		await waitFor('Keys and legend: Log');
		press('?');
		press('1');
		await waitFor('Hardware');
		press(keys.enter);
		await waitFor(/⇄ Domain-0/);
		press(keys.escape);
		await waitFor('Hardware');
	});

	test('freezes, steps and goes slower', async () => {
		const {press, waitFor, text} = bound(await open());
		await waitFor(/0:0[1-9]\./);
		press(' ');
		await waitFor('FROZEN');
		const before = /0:\d\d\.\d{3} \d{3} \d{3}/.exec(await waitFor(/0:\d\d\.\d{3} \d{3} \d{3}/))?.[0];
		press('.');
		await waitFor((screen) => /0:\d\d\.\d{3} \d{3} \d{3}/.exec(screen)?.[0] !== before);
		press(' ---');
		await waitFor('1 ms/s');
		press('=');
		await waitFor('► 1×');
		expect(text()).not.toContain('FROZEN');
	});

	test('loses a notification on demand, sleeps, and wakes by a kick', async () => {
		const {press, waitFor} = bound(await open());
		await waitFor(/db +xvda.*xvda/);
		press('G');
		await waitFor('► db xvda');
		press('flost');
		await waitFor('Inject a fault');
		press(keys.enter);
		await waitFor(/×─+ .* ─+×/);
		await waitFor('ASLEEP');
		await waitFor('⚑ 1 fired');
		press('!');
		await waitFor((screen) => !screen.includes('ASLEEP'));
		press('F');
		await waitFor(/spent +evt\.lost +db xvda/);
	});

	test('answers keys while the simulation works as fast as it can', async () => {
		const {press, waitFor} = bound(await open('web-and-db --speed max'));
		press('2');
		await waitFor('CPU(sec)', 5000);
		press('1');
		await waitFor('Hardware', 5000);
	});

	test('keeps the last frame at the end, with what was expected', async () => {
		const {waitFor} = bound(await open('lost-notification --speed max'));
		await waitFor('HALTED', 45_000);
		await waitFor(/The run is over: \d+ of \d+ expectations met/);
	});
});

describe('the terminal is given back', () => {
	test('after q', async () => {
		const session = await open();
		session.press('q');
		expect(await session.exitCode()).toBe(0);
		restored(session);
	});

	test('after Esc and Enter', async () => {
		const session = await open();
		session.press(keys.escape);
		await session.waitFor('Leave ringtop?');
		session.press(keys.enter);
		expect(await session.exitCode()).toBe(0);
		restored(session);
	});

	test('after Ctrl-C, from anywhere', async () => {
		const session = await open();
		session.press('f');
		await session.waitFor('Inject a fault');
		session.press(keys.ctrlC);
		expect(await session.exitCode()).toBe(0);
		restored(session);
	});

	test.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)('after %s', async (signal) => {
		const session = await open();
		for (const id of await session.processIds()) process.kill(id, signal);
		await session.exitCode();
		restored(session);
	});

	test('after an error nobody caught, which is then readable', async () => {
		const script = fileURLToPath(new URL('../support/failing-console.mjs', import.meta.url));
		terminal = start(`node ${script}`);
		await terminal.waitFor('about to fail');
		expect(await terminal.exitCode()).not.toBe(0);
		restored(terminal);
		expect(terminal.text()).toContain('thrown on purpose');
	});
});

describe('terminals of all sorts', () => {
	test('without colour get none', async () => {
		const session = await open('web-and-db', {env: {NO_COLOR: '1'}});
		await session.waitFor('Hardware');
		// biome-ignore lint/suspicious/noControlCharactersInRegex: a colour is a control sequence.
		expect(session.raw).not.toMatch(/\u001B\[(3[0-7]|9[0-7]|[34]8;[0-9;]+)m/);
	});

	test('without UTF-8 get ASCII', async () => {
		const session = await open('web-and-db', {env: {LANG: 'C', LC_ALL: 'C'}});
		expect(await session.waitFor('Hardware')).toMatch(/^[ -~\n]+$/);
	});

	test('that are too small are told so and can be left', async () => {
		terminal = start(`node ${cli}`, {columns: 60, rows: 16});
		await terminal.waitFor('needs 80x24, this terminal has 60x16');
		terminal.press('q');
		expect(await terminal.exitCode()).toBe(0);
	});

	test('are not rewritten where nothing changed', async () => {
		const session = await open();
		await session.waitFor('Hardware');
		session.press(' ');
		await session.waitFor('FROZEN');
		await sleep(1500);
		const before = session.raw.length;
		await sleep(1500);
		expect(session.raw.length - before).toBeLessThan(200);
	});
});

/** Methods that can be taken out of the session. */
function bound(session: TerminalSession) {
	return {
		press: (text: string) => session.press(text),
		waitFor: (...words: Parameters<TerminalSession['waitFor']>) => session.waitFor(...words),
		screen: () => session.screen(),
		text: () => session.text(),
	};
}
