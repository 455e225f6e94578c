/**
 * A terminal whose size changes while a program runs, and that can stop and continue it: tmux, on a server of its
 * own that reads no configuration. Tests that use it are `needs('tmux', hasTmux)`.
 */
import {execFileSync} from 'node:child_process';
import {hasProgram} from './peers.js';
import {cleanEnvironment, sleep} from './terminal.js';

export const tmuxHint = 'apt-get install tmux';

export function hasTmux(): boolean {
	return hasProgram('tmux', '-V');
}

let servers = 0;

/** One window running a shell command line. */
export class TmuxSession {
	readonly #name = `ringtop-test-${process.pid}-${servers++}`;
	readonly #env: NodeJS.ProcessEnv;

	constructor(command: string, columns = 120, rows = 36, env: Record<string, string | undefined> = {}) {
		this.#env = cleanEnvironment({TMUX: undefined, TMUX_PANE: undefined, ...env});
		this.#tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), command);
		this.#tmux('set-option', '-g', 'window-size', 'manual');
		this.#tmux('set-option', '-g', 'status', 'off');
		this.resize(columns, rows);
	}

	resize(columns: number, rows: number): void {
		this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
	}

	/** Types text literally. */
	press(text: string): void {
		this.#tmux('send-keys', '-l', text);
	}

	/** Presses a key by tmux's name: Enter, Escape, C-c, C-z, Up … */
	key(name: string): void {
		this.#tmux('send-keys', name);
	}

	/** The lines on the screen now. */
	screen(): string[] {
		return this.#tmux('capture-pane', '-p').replace(/\n$/, '').split('\n');
	}

	text(): string {
		return this.screen().join('\n');
	}

	/** One of tmux's formats of the window's pane, such as `alternate_on`, `cursor_flag`, `pane_pid`. */
	state(format: string): string {
		return this.#tmux('display-message', '-p', `#{${format}}`).trim();
	}

	async waitFor(wanted: string | RegExp | ((screen: string) => boolean), milliseconds = 15_000): Promise<string> {
		const deadline = Date.now() + milliseconds;
		for (;;) {
			const text = this.text();
			const seen =
				typeof wanted === 'string'
					? text.includes(wanted)
					: typeof wanted === 'function'
						? wanted(text)
						: wanted.test(text);
			if (seen) return text;
			if (Date.now() > deadline) {
				throw new Error(`did not see ${String(wanted)} within ${milliseconds} ms; the screen was:\n${text}`);
			}
			await sleep(50);
		}
	}

	/** Ends the window and its server; safe to call twice. */
	close(): void {
		try {
			this.#tmux('kill-server');
		} catch {
			// The program left, and the server with it.
		}
	}

	#tmux(...words: string[]): string {
		return execFileSync('tmux', ['-L', this.#name, '-f', '/dev/null', ...words], {
			encoding: 'utf8',
			env: this.#env,
			stdio: ['ignore', 'pipe', 'pipe'],
		});
	}
}
