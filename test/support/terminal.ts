/**
 * A real terminal for end-to-end tests, without native code: util-linux `script` allocates the pty, @xterm/headless
 * is the screen. `start` runs a command in it; `press` types, `waitFor` reads what a person would see.
 */
import {type ChildProcess, spawn} from 'node:child_process';
import {readFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import xterm from '@xterm/headless';

/** The built program that terminal tests run. */
export const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

export const keys = {
	up: '\u001B[A',
	down: '\u001B[B',
	right: '\u001B[C',
	left: '\u001B[D',
	pageUp: '\u001B[5~',
	pageDown: '\u001B[6~',
	enter: '\r',
	escape: '\u001B',
	tab: '\t',
	shiftTab: '\u001B[Z',
	backspace: '\u007F',
	ctrlC: '\u0003',
	ctrlL: '\u000C',
	ctrlZ: '\u001A',
} as const;

export type TerminalOptions = {
	columns?: number;
	rows?: number;
	/** Added to a clean environment; undefined removes a variable. */
	env?: Record<string, string | undefined>;
};

/** An environment as a person's shell has it, whatever runs the tests. */
export function cleanEnvironment(extra: Record<string, string | undefined> = {}): NodeJS.ProcessEnv {
	const env: NodeJS.ProcessEnv = {
		...process.env,
		TERM: 'xterm-256color',
		COLORTERM: 'truecolor',
		LANG: 'C.UTF-8',
		LC_ALL: 'C.UTF-8',
	};
	// Set by automatic runs and by vitest; each of them changes what Ink or React do.
	for (const name of Object.keys(env)) {
		if (
			/^(CI|CONTINUOUS_INTEGRATION|BUILD_NUMBER|NODE_ENV|NO_COLOR|FORCE_COLOR|VITEST.*|TEST|DEV|PROD|MODE|SSR)$/.test(
				name,
			)
		) {
			delete env[name];
		}
	}
	for (const [name, value] of Object.entries(extra)) {
		if (value === undefined) delete env[name];
		else env[name] = value;
	}
	return env;
}

/** Starts a shell command line, for example `start(`node ${cli}`)`, in a terminal of the given size. */
export function start(command: string, options: TerminalOptions = {}): TerminalSession {
	return new TerminalSession(command, options);
}

export class TerminalSession {
	readonly columns: number;
	readonly rows: number;
	/** Everything the program wrote, escape sequences included. */
	raw = '';
	readonly #terminal: xterm.Terminal;
	readonly #child: ChildProcess;
	readonly #exited: Promise<number>;
	#exitCode: number | undefined;
	#pending = 0;

	constructor(command: string, {columns = 120, rows = 36, env = {}}: TerminalOptions) {
		this.columns = columns;
		this.rows = rows;
		this.#terminal = new xterm.Terminal({cols: columns, rows, allowProposedApi: true, scrollback: 1000});
		this.#child = spawn('script', ['-qfec', `stty cols ${columns} rows ${rows}; ${command}`, '/dev/null'], {
			env: cleanEnvironment({SHELL: '/bin/bash', ...env}),
			stdio: ['pipe', 'pipe', 'ignore'],
		});
		this.#child.stdin?.on('error', () => {
			// The program left while a key was on its way: the exit code tells what a test needs.
		});
		this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
			this.raw += text;
			this.#pending++;
			this.#terminal.write(text, () => {
				this.#pending--;
			});
		});
		// 'close' and not 'exit': by then everything that was written has been read.
		this.#exited = new Promise((resolve) => {
			this.#child.once('close', (code, signal) => {
				this.#exitCode = code ?? (signal === null ? -1 : 128);
				resolve(this.#exitCode);
			});
		});
	}

	/** The lines on the screen now, without trailing blanks. */
	screen(): string[] {
		const {active} = this.#terminal.buffer;
		return Array.from({length: this.rows}, (_, y) => active.getLine(active.baseY + y)?.translateToString(true) ?? '');
	}

	text(): string {
		return this.screen().join('\n');
	}

	/** The emulator itself, for colours and attributes of cells. */
	get terminal(): xterm.Terminal {
		return this.#terminal;
	}

	/** True while the program shows the alternate screen. */
	get alternateScreen(): boolean {
		return this.#terminal.buffer.active.type === 'alternate';
	}

	/** True while the cursor is shown. */
	get cursorShown(): boolean {
		return this.raw.lastIndexOf('\u001B[?25h') >= this.raw.lastIndexOf('\u001B[?25l');
	}

	/** Types `text`, all of it at once; use `keys` for arrows and the like. */
	press(text: string): void {
		this.#child.stdin?.write(text);
	}

	/** Waits until the screen contains `wanted` and returns it; throws with the screen as it was instead. */
	async waitFor(wanted: string | RegExp | ((screen: string) => boolean), milliseconds = 15_000): Promise<string> {
		const deadline = Date.now() + milliseconds;
		for (;;) {
			const text = this.text();
			if (matches(text, wanted)) return text;
			if (Date.now() > deadline || (this.#exitCode !== undefined && this.#pending === 0)) {
				const left = this.#exitCode === undefined ? '' : ` (the program left with ${this.#exitCode})`;
				throw new Error(`did not see ${String(wanted)} within ${milliseconds} ms${left}; the screen was:\n${text}`);
			}
			await sleep(20);
		}
	}

	/** Waits until the program has left; resolves to its exit code. */
	async exitCode(milliseconds = 15_000): Promise<number> {
		const code = await Promise.race([this.#exited, sleep(milliseconds)]);
		if (code === undefined) throw new Error(`still running after ${milliseconds} ms; the screen was:\n${this.text()}`);
		while (this.#pending > 0) await sleep(5);
		return code;
	}

	/** Process ids of the program (not of `script` and its shell), to send signals to. */
	async processIds(): Promise<number[]> {
		const found: number[] = [];
		const visit = async (id: number) => {
			// A process that left in between has no children.
			const list = await readFile(`/proc/${id}/task/${id}/children`, 'utf8').catch(() => '');
			const children = list.split(' ').filter((part) => part !== '');
			if (children.length === 0) found.push(id);
			for (const child of children) await visit(Number(child));
		};
		if (this.#child.pid !== undefined) await visit(this.#child.pid);
		return found;
	}

	/** Ends whatever still runs; for `afterEach`. */
	async close(): Promise<void> {
		if (this.#exitCode === undefined) {
			for (const id of await this.processIds()) signal(id, 'SIGKILL');
			const left = await Promise.race([this.#exited, sleep(2000)]);
			if (left === undefined) this.#child.kill('SIGKILL');
		}
		this.#terminal.dispose();
	}
}

/** Sends a signal to a process that may have left already. */
export function signal(id: number, name: NodeJS.Signals): void {
	try {
		process.kill(id, name);
	} catch {
		// It left by itself.
	}
}

function matches(text: string, wanted: string | RegExp | ((screen: string) => boolean)): boolean {
	if (typeof wanted === 'string') return text.includes(wanted);
	return typeof wanted === 'function' ? wanted(text) : wanted.test(text);
}

export function sleep(milliseconds: number): Promise<undefined> {
	return new Promise((resolve) => {
		setTimeout(resolve, milliseconds, undefined);
	});
}
