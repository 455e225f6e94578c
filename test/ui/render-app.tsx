/** The console on a fake terminal of any size: messages go in, keys go in, whole frames come out. */
import {EventEmitter} from 'node:events';
import {render} from 'ink';
import type {Command, Message} from '../../source/session/messages.js';
import {Console} from '../../source/ui/console.js';
import {decodeKeys} from '../../source/ui/decode.js';
import {faultKinds} from '../../source/ui/fault-kinds.js';
import {Store} from '../../source/ui/store.js';
import {Palette} from '../../source/ui/style.js';

class FakeOutput extends EventEmitter {
	frames: string[] = [];

	constructor(
		public columns: number,
		public rows: number,
	) {
		super();
	}

	write(frame: string): boolean {
		this.frames.push(frame);
		return true;
	}
}

export interface AppOptions {
	readonly columns?: number;
	readonly rows?: number;
	readonly ascii?: boolean;
	readonly colour?: boolean;
}

export function renderApp({columns = 100, rows = 30, ascii = false, colour = false}: AppOptions = {}) {
	const output = new FakeOutput(columns, rows);
	const sent: Command[] = [];
	const asked: string[] = [];
	let now = 0;
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
	const app = render(<Console store={store} />, {
		// All Ink uses of a stream is here.
		stdout: output as unknown as NodeJS.WriteStream,
		debug: true,
		patchConsole: false,
		exitOnCtrlC: false,
	});
	return {
		store,
		sent,
		asked,
		/** What is on the screen, styles left out unless colour is on. */
		// biome-ignore lint/suspicious/noControlCharactersInRegex: styles are control sequences.
		lines: () => (output.frames.at(-1) ?? '').replace(/\u001B\[[0-9;]*m/g, '').split('\n'),
		raw: () => output.frames.at(-1) ?? '',
		frames: () => output.frames.length,
		message: (message: Message) => store.message(message),
		/** Types as a person would: what a terminal sends for it. */
		type: (text: string) => store.press(decodeKeys(text).keys),
		resize(toColumns: number, toRows: number) {
			output.columns = toColumns;
			output.rows = toRows;
			store.resize(toColumns, toRows);
			output.emit('resize');
		},
		/** Lets time pass for the store's own clock. */
		wait: (milliseconds: number) => {
			now += milliseconds;
		},
		close() {
			store.close();
			app.unmount();
		},
	};
}
