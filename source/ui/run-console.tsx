/**
 * The console's entry: takes a terminal and a connection to a session, draws until the person leaves, gives the
 * terminal back on every way out, and resolves to the exit code of the process.
 */
import process from 'node:process';
import {render} from 'ink';
import type {Command, Message} from '../session/messages.js';
import {Console} from './console.js';
import {decodeKeys, decodeRest} from './decode.js';
import type {FaultKind} from './fault-kinds.js';
import {Screen, type TerminalOutput} from './screen.js';
import {Store} from './store.js';
import {Palette} from './style.js';

export interface Connection {
	send(command: Command): void;
	close(): void;
}

/** What the console needs of the terminal's input. */
export type TerminalInput = Pick<NodeJS.ReadStream, 'on' | 'off' | 'resume' | 'pause' | 'setEncoding' | 'setRawMode'>;

export interface ConsoleOptions {
	/** Starts the session; its messages go to `message` as they come. */
	connect(handlers: {message(message: Message): void}): Connection;
	readonly stdin: TerminalInput;
	readonly stdout: TerminalOutput;
	readonly ascii: boolean;
	/** Simulated nanoseconds per real second at the start; Infinity is as fast as it goes. */
	readonly speed?: number;
	/** What the palette offers. */
	readonly faults: readonly FaultKind[];
	/** False draws without colour; by default NO_COLOR decides. */
	readonly colour?: boolean;
	/** Writes a recording and returns the name of its file. */
	saveRecording(text: string): string;
}

/** Milliseconds after which a lone Escape is the key and not the beginning of another. */
const escapeWait = 40;

/** Exit code when the simulation stopped on an error of its own. */
const failedExit = 1;

/** True when the locale says UTF-8 is understood; LC_ALL before LC_CTYPE before LANG, as setlocale(3) reads them. */
export function localeIsUtf8(environment: Readonly<Record<string, string | undefined>>): boolean {
	const locale = [environment.LC_ALL, environment.LC_CTYPE, environment.LANG].find(
		(value) => value !== undefined && value !== '',
	);
	return locale !== undefined && /utf-?8/i.test(locale);
}

export async function runConsole(options: ConsoleOptions): Promise<number> {
	const {stdin, stdout} = options;
	const screen = new Screen(stdout, {
		take() {
			stdin.setRawMode(true);
		},
		release() {
			stdin.setRawMode(false);
		},
	});
	const palette = new Palette(options.colour ?? (process.env.NO_COLOR ?? '') === '');
	let connection: Connection | undefined;
	let leave: () => void = () => {};
	const left = new Promise<void>((resolve) => {
		leave = resolve;
	});
	const store = new Store(
		{
			send: (command) => connection?.send(command),
			quit: () => leave(),
			suspend: () => screen.suspend(),
			repaint: () => screen.repaint(),
			saveRecording: options.saveRecording,
			now: () => performance.now(),
		},
		palette,
		options.ascii,
		options.faults,
		screen.columns,
		screen.rows,
		options.speed === undefined ? {} : {speed: options.speed},
	);
	// Before Ink's own listener, so that its frame for the new size is drawn for the new size.
	screen.on('resize', () => store.resize(screen.columns, screen.rows));

	let pending = '';
	let pendingTimer: NodeJS.Timeout | undefined;
	const read = (chunk: string | Buffer) => {
		clearTimeout(pendingTimer);
		const {keys, rest} = decodeKeys(pending + String(chunk));
		pending = rest;
		if (rest !== '') {
			pendingTimer = setTimeout(() => {
				pending = '';
				store.press(decodeRest(rest));
			}, escapeWait);
		}
		store.press(keys);
	};
	const app = render(<Console store={store} />, {
		// Ink writes whole frames to it and asks its size; Screen is all of a terminal that Ink uses.
		stdout: screen as unknown as NodeJS.WriteStream,
		debug: true,
		patchConsole: false,
		exitOnCtrlC: false,
	});
	try {
		connection = options.connect({message: (message) => store.message(message)});
		stdin.setEncoding('utf8');
		stdin.on('data', read);
		// The terminal went away: nobody is left to ask.
		stdin.on('end', leave);
		stdin.resume();
		await Promise.race([left, app.waitUntilExit()]);
	} finally {
		clearTimeout(pendingTimer);
		stdin.off('data', read);
		stdin.off('end', leave);
		stdin.pause();
		store.close();
		app.unmount();
		screen.close();
		connection?.close();
	}
	if (store.failed === undefined) return 0;
	process.stderr.write(`${store.failed}\n`);
	return failedExit;
}
