/** What only a terminal with job control and a changing size can show: resize, Ctrl-Z and fg, in tmux. */
import {afterEach, expect, test} from 'vitest';
import {needs} from '../support/peers.js';
import {cli} from '../support/terminal.js';
import {hasTmux, TmuxSession, tmuxHint} from '../support/tmux.js';

/** What bash asks with when nobody configured it. */
const prompt = /bash-[\d.]+[#$]$/;

let tmux: TmuxSession | undefined;
afterEach(() => {
	tmux?.close();
	tmux = undefined;
});

needs(
	'tmux',
	hasTmux,
	tmuxHint,
)('in tmux', () => {
	test('the figure follows the size of the window', async () => {
		tmux = new TmuxSession(`node ${cli}`, 120, 36);
		await tmux.waitFor('Hardware');
		tmux.resize(200, 50);
		await tmux.waitFor(() => (tmux?.screen()[1] ?? '').trimEnd().length === 200);
		tmux.resize(80, 24);
		await tmux.waitFor(() => {
			const screen = tmux?.screen() ?? [];
			return (screen[1] ?? '').trimEnd().length === 80 && (screen[23] ?? '').includes('1Host');
		});
		tmux.resize(50, 12);
		await tmux.waitFor('needs 80x24');
	});

	test('Ctrl-Z gives the terminal back, fg repaints', async () => {
		tmux = new TmuxSession('bash --norc --noprofile', 100, 30);
		await tmux.waitFor((screen) => prompt.test(screen.trimEnd()));
		tmux.press(`node ${cli}\n`);
		await tmux.waitFor('Hardware');
		expect(tmux.state('alternate_on')).toBe('1');
		tmux.key('C-z');
		await tmux.waitFor(/Stopped/);
		expect(tmux.state('alternate_on')).toBe('0');
		expect(tmux.state('cursor_flag')).toBe('1');
		tmux.press('fg\n');
		await tmux.waitFor('Hardware');
		expect(tmux.state('alternate_on')).toBe('1');
		// Keys are keys again, and none of them is shown as typed.
		tmux.press('2');
		await tmux.waitFor('CPU(sec)');
		tmux.press('q');
		await tmux.waitFor((screen) => prompt.test(screen.trimEnd()) && !screen.includes('CPU(sec)'));
		expect(tmux.state('alternate_on')).toBe('0');
	});
});
