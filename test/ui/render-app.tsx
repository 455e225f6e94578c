/**
 * The console on a fake terminal of any size: messages go in, keys go in, whole frames come out. `renderApp` reads the
 * frames where they are made; `renderInk` lets Ink draw them on a fake stream, as it does on a real one.
 */
import {EventEmitter} from 'node:events';
import {render} from 'ink';
import type {Command, Message} from '../../source/session/messages.js';
import {Console} from '../../source/ui/console.js';
import {decodeKeys} from '../../source/ui/decode.js';
import {Store} from '../../source/ui/store.js';
import {Palette} from '../../source/ui/style.js';
import {faultKinds} from '../support/fault-kinds.js';

export interface AppOptions {
	readonly columns?: number;
	readonly rows?: number;
	readonly ascii?: boolean;
	readonly colour?: boolean;
}

export function renderApp({columns = 100, rows = 30, ascii = false, colour = false}: AppOptions = {}) {
	const sent: Command[] = [];
	const asked: string[] = [];
	let now = 0;
	let frames = 0;
	const store = new Store(
		{
			send: (command) => sent.push(command),
			quit: () => asked.push('quit'),
			suspend: () => asked.push('suspend'),
			repaint: () => asked.push('repaint'),
			saveRecording: () => 'web-and-db.recording.yaml',
			now: () => now,
		},
		new Palette(colour),
		ascii,
		faultKinds,
		columns,
		rows,
	);
	store.subscribe(() => frames++);
	return {
		store,
		sent,
		asked,
		/** What is on the screen, without styles. */
		// biome-ignore lint/suspicious/noControlCharactersInRegex: styles are control sequences.
		lines: () => store.frame().lines.map((line) => line.replace(/\u001B\[[0-9;]*m/g, '')),
		/** The same with styles. */
		raw: () => store.frame().lines.join('\n'),
		frames: () => frames,
		message: (message: Message) => store.message(message),
		/** Types as a person would: what a terminal sends for it. */
		type: (text: string) => store.press(decodeKeys(text).keys),
		/** A key by its name, such as `escape`, which a terminal sends without an end. */
		press: (key: string) => store.press([key]),
		resize: (toColumns: number, toRows: number) => store.resize(toColumns, toRows),
		/** Lets time pass for the store's own clock. */
		wait: (milliseconds: number) => {
			now += milliseconds;
		},
		close: () => store.close(),
	};
}

class FakeOutput extends EventEmitter {
	frame = '';

	constructor(
		readonly columns: number,
		readonly rows: number,
	) {
		super();
	}

	write(frame: string): boolean {
		this.frame = frame;
		return true;
	}
}

/** The frames of an app as Ink writes them. */
export function renderInk(app: ReturnType<typeof renderApp>, columns: number, rows: number) {
	const output = new FakeOutput(columns, rows);
	const ink = render(<Console store={app.store} />, {
		// All Ink uses of a stream is here.
		stdout: output as unknown as NodeJS.WriteStream,
		debug: true,
		patchConsole: false,
		exitOnCtrlC: false,
	});
	return {
		frame: async () => {
			// React draws in tasks of its own; two turns are enough for a subscription and its update.
			for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve, 10));
			return output.frame;
		},
		close: () => ink.unmount(),
	};
}
