/** The painter that owns the terminal: writes only what changed, and gives everything back. */
import {EventEmitter} from 'node:events';
import {afterEach, describe, expect, test} from 'vitest';
import {Screen, type TerminalOutput} from '../../source/ui/screen.js';

class FakeTerminal extends EventEmitter {
	written: string[] = [];
	columns = 20;
	rows = 3;

	write(text: string): boolean {
		this.written.push(text);
		return true;
	}

	/** What was written since the last look. */
	take(): string {
		const text = this.written.join('');
		this.written = [];
		return text;
	}
}

let screen: Screen | undefined;
afterEach(() => screen?.close());

function open() {
	const tty = new FakeTerminal();
	const input: string[] = [];
	// Screen uses columns, rows, write, on and off.
	screen = new Screen(tty as unknown as TerminalOutput, {
		take: () => input.push('take'),
		release: () => input.push('release'),
	});
	return {tty, input, screen};
}

describe('the screen', () => {
	test('enters the alternate screen with the cursor hidden, and leaves both once', () => {
		const {tty, input, screen: opened} = open();
		expect(tty.take()).toBe('\u001B[?1049h\u001B[?25l\u001B[?7l\u001B[2J');
		opened.close();
		opened.close();
		expect(tty.take()).toBe('\u001B[?7h\u001B[?25h\u001B[?1049l');
		expect(input).toEqual(['take', 'release']);
	});

	test('writes only lines that changed, inside one synchronized update', () => {
		const {tty, screen: opened} = open();
		opened.write('one\ntwo\nthree');
		expect(tty.take()).toContain('\u001B[2;1H\u001B[2Ktwo');
		opened.write('one\n2\nthree');
		expect(tty.take()).toBe('\u001B[?2026h\u001B[2;1H\u001B[2K2\u001B[?2026l');
		opened.write('one\n2\nthree');
		expect(tty.take()).toBe('');
		opened.write('one');
		expect(tty.take()).toBe('\u001B[?2026h\u001B[2;1H\u001B[2K\u001B[3;1H\u001B[2K\u001B[?2026l');
	});

	test('writes no more lines than the terminal has', () => {
		const {tty, screen: opened} = open();
		tty.take();
		opened.write('1\n2\n3\n4\n5');
		expect(tty.take()).not.toContain('4');
	});

	test('paints everything again when asked, and after a resize', () => {
		const {tty, screen: opened} = open();
		opened.write('one\ntwo\nthree');
		tty.take();
		opened.repaint();
		expect(tty.take()).toMatch(/\[2J.*one.*two.*three/s);
		let resized = 0;
		opened.on('resize', () => resized++);
		tty.columns = 30;
		tty.emit('resize');
		expect(resized).toBe(1);
		expect(opened.columns).toBe(30);
		opened.write('one\ntwo\nthree');
		expect(tty.take()).toMatch(/one.*two.*three/s);
	});

	test('on Ctrl-Z gives the terminal back before it stops, and takes it again', async () => {
		const {tty, input, screen: opened} = open();
		opened.write('one\ntwo\nthree');
		tty.take();
		await new Promise<void>((stopped) => {
			opened.suspend(() => stopped());
			// While stopped nothing is painted over the shell.
			opened.write('new\ntwo\nthree');
		});
		expect(tty.take()).toBe('\u001B[?7h\u001B[?25h\u001B[?1049l');
		expect(input).toEqual(['take', 'release']);
		process.emit('SIGCONT', 'SIGCONT');
		expect(tty.take()).toMatch(/\[\?1049h.*new.*two.*three/s);
		expect(input).toEqual(['take', 'release', 'take']);
	});

	test('leaves no listeners behind', () => {
		const names = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGCONT', 'exit', 'uncaughtExceptionMonitor'];
		const counts = () => names.map((name) => process.listenerCount(name));
		const before = counts();
		const {tty, screen: opened} = open();
		opened.close();
		expect(counts()).toEqual(before);
		expect(tty.listenerCount('resize')).toBe(0);
	});
});
