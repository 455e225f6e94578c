/**
 * A full-screen painter for Ink in debug mode, which hands over whole frames: only lines that differ from what the
 * terminal shows are written, inside a synchronized update. It owns the alternate screen and the cursor, and gives
 * both back on every way out: close, exit, signals, an error nobody caught, and Ctrl-Z with the way back.
 */
import process from 'node:process';
import {Writable} from 'node:stream';

const enter = '\u001B[?1049h\u001B[?25l\u001B[?7l\u001B[2J';
const leave = '\u001B[?7h\u001B[?25h\u001B[?1049l';
const [begin, end] = ['\u001B[?2026h', '\u001B[?2026l'];
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** If nothing stopped us by then, nobody can: an orphaned process group ignores the stop. */
const stopGrace = 200;

/** What a screen needs of a terminal's output. */
export type TerminalOutput = Pick<NodeJS.WriteStream, 'columns' | 'rows' | 'write' | 'on' | 'off'>;

export class Screen extends Writable {
	readonly isTTY = true;
	readonly #tty: TerminalOutput;
	#shown: string[] = [];
	#frame: string[] = [];
	#on = false;
	#closed = false;

	constructor(
		tty: TerminalOutput,
		/** Called around a stop, so that whoever reads keys can let go of the terminal and take it again. */
		private readonly input: {release(): void; take(): void} = {release() {}, take() {}},
	) {
		super({decodeStrings: false});
		this.#tty = tty;
		tty.on('resize', this.#resized);
		process.once('exit', this.close);
		process.on('uncaughtExceptionMonitor', this.close);
		process.on('SIGCONT', this.#continued);
		for (const signal of signals) process.on(signal, this.#killed);
		this.#enter();
	}

	get columns(): number {
		return this.#tty.columns || 80;
	}

	get rows(): number {
		return this.#tty.rows || 24;
	}

	/** Gives the terminal back. Safe to call more than once. */
	readonly close = (): void => {
		if (this.#closed) return;
		this.#closed = true;
		this.#tty.off('resize', this.#resized);
		process.off('exit', this.close);
		process.off('uncaughtExceptionMonitor', this.close);
		process.off('SIGCONT', this.#continued);
		for (const signal of signals) process.off(signal, this.#killed);
		this.#leave();
	};

	/** Writes every line again: Ctrl-L, and after anything that may have drawn over us. */
	repaint(): void {
		this.#shown = [];
		if (!this.#on) return;
		this.#tty.write('\u001B[2J');
		this.#paint();
	}

	/** Ctrl-Z: gives the terminal back and stops the whole process group, as the terminal itself would. */
	suspend(stop: () => void = () => process.kill(0, 'SIGTSTP')): void {
		if (!this.#on) return;
		this.#leave();
		// Not at once: what was just written has to reach the terminal first.
		setTimeout(() => {
			stop();
			setTimeout(this.#continued, stopGrace);
		}, 20);
	}

	override _write(chunk: string | Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
		this.#frame = String(chunk).split('\n');
		if (this.#on) this.#paint();
		done();
	}

	#paint(): void {
		let paint = '';
		const {rows} = this;
		for (let y = 0; y < rows; y++) {
			// Erased before and not after: behind a full line the cursor still stands on its last cell.
			const line = this.#frame[y] ?? '';
			if (line !== this.#shown[y]) paint += `\u001B[${y + 1};1H\u001B[2K${line}`;
			this.#shown[y] = line;
		}
		this.#shown.length = rows;
		if (paint !== '') this.#tty.write(begin + paint + end);
	}

	#enter(): void {
		if (this.#on) return;
		this.#on = true;
		this.#shown = [];
		this.input.take();
		this.#tty.write(enter);
	}

	#leave(): void {
		if (!this.#on) return;
		this.#on = false;
		this.input.release();
		this.#tty.write(leave);
	}

	readonly #continued = (): void => {
		if (this.#closed) return;
		// A shell may have changed the terminal's mode even if we were stopped from outside and never left.
		if (this.#on) {
			this.input.take();
			this.#tty.write(enter);
			this.repaint();
			return;
		}
		this.#enter();
		// The window may have another size by now; Ink hears of it as of any other resize.
		this.emit('resize');
		this.repaint();
	};

	readonly #killed = (signal: NodeJS.Signals): void => {
		this.close();
		process.kill(process.pid, signal);
	};

	readonly #resized = (): void => {
		this.#shown = [];
		if (this.#on) this.#tty.write('\u001B[2J');
		this.emit('resize');
	};
}
