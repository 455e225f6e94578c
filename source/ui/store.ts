/**
 * What the console knows, kept outside React: snapshots and notices come in from the session, keys from the person,
 * and one finished frame at a time goes out. Numbers are published at most four times a second, a key at once.
 */
import type {Snapshot} from '../observe/snapshot.js';
import type {Command, Message} from '../session/messages.js';
import type {FaultKind} from './fault-kinds.js';
import {type ConsoleState, type Effect, initialState, isSlow, type LogLine, type Notice, type World} from './state.js';
import type {Palette} from './style.js';
import {channelOf, keyOf, selectedSubject} from './subject.js';
import {pressKey} from './update.js';
import {shownChannel, shownRing} from './views/channel.js';
import {drawFrame} from './views/frame.js';

/** Log lines kept, as many as the host keeps. */
const keptLines = 4096;
/** Milliseconds between frames when nobody presses a key. */
const pace = 250;
/** Milliseconds a notice stays. */
const noticeStays = 5000;
/** After a key, snapshots are shown as they come for so long: they are its answer. */
const answering = 400;

/** What the store needs of the world outside; tests give fakes. */
export interface StoreDoors {
	send(command: Command): void;
	quit(): void;
	suspend(): void;
	repaint(): void;
	/** Writes a recording; returns the name of its file. */
	saveRecording(text: string): string;
	/** Milliseconds of a clock that only goes forward. */
	now(): number;
}

export interface Frame {
	readonly columns: number;
	readonly lines: readonly string[];
}

export class Store {
	#state: ConsoleState;
	#world: World;
	#frame: Frame = {columns: 0, lines: []};
	readonly #listeners = new Set<() => void>();
	#published = Number.NEGATIVE_INFINITY;
	#pressed = Number.NEGATIVE_INFINITY;
	#timer: NodeJS.Timeout | undefined;
	#noticeTimer: NodeJS.Timeout | undefined;
	#watched = '';
	/** Text of a failure, to be printed once the terminal is given back. */
	failed: string | undefined;

	constructor(
		private readonly doors: StoreDoors,
		private readonly palette: Palette,
		private readonly ascii: boolean,
		faultKinds: readonly FaultKind[],
		columns: number,
		rows: number,
		state: Partial<ConsoleState> = {},
	) {
		this.#state = {...initialState, ...state};
		this.#world = {
			snapshot: undefined,
			clock: undefined,
			log: [],
			notice: undefined,
			failed: undefined,
			faultKinds,
			columns,
			rows,
		};
		this.#draw();
	}

	readonly subscribe = (listener: () => void): (() => void) => {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	};

	readonly frame = (): Frame => this.#frame;

	get state(): ConsoleState {
		return this.#state;
	}

	get world(): World {
		return this.#world;
	}

	/** Keys by name, in the order they were pressed; painted at once, together. */
	press(keys: readonly string[]): void {
		if (keys.length === 0) return;
		this.#pressed = this.doors.now();
		this.#setNotice(undefined);
		const effects: Effect[] = [];
		for (const key of keys) {
			const update = pressKey(this.#state, this.#world, key);
			this.#state = update.state;
			effects.push(...update.effects);
		}
		for (const effect of effects) this.#perform(effect);
		this.#watch();
		this.#publish();
	}

	/** A message of the session. */
	message(message: Message): void {
		switch (message.type) {
			case 'snapshot': {
				const {snapshot, clock} = message;
				const before = this.#world.clock;
				const restarted = before !== undefined && before.run !== clock.run;
				const log = appended(restarted ? [] : this.#world.log, snapshot.log);
				this.#world = {...this.#world, snapshot, clock, log};
				if (restarted) {
					this.failed = undefined;
					this.#world = {...this.#world, failed: undefined};
				}
				const {speed, frozen, recording} = clock;
				this.#state = {...this.#state, speed, frozen, recording};
				// While nobody has moved, trouble is selected; it stays selected once it is over, for what came of it.
				if (this.#state.selected === '' && snapshot.channels.some(({look}) => look === 'asleep')) {
					this.#state = {...this.#state, selected: keyOf(selectedSubject(snapshot, ''))};
				}
				if (restarted) this.#watched = '';
				this.#watch();
				this.#publishInTime();
				return;
			}
			case 'notice':
				this.#setNotice({text: message.text, severity: message.severity});
				this.#publish();
				return;
			case 'recording':
				this.#setNotice(this.#save(message.text));
				this.#publish();
				return;
			case 'failed':
				this.failed = message.text;
				this.#world = {...this.#world, failed: message.text};
				this.#publish();
				return;
		}
	}

	resize(columns: number, rows: number): void {
		this.#world = {...this.#world, columns, rows};
		this.#publish();
	}

	/** Stops every timer. */
	close(): void {
		clearTimeout(this.#timer);
		clearTimeout(this.#noticeTimer);
		this.#listeners.clear();
	}

	#save(text: string): Notice {
		try {
			return {text: `Recording written to ${this.doors.saveRecording(text)}`, severity: 'info'};
		} catch (error) {
			const why = error instanceof Error ? error.message : String(error);
			return {text: `The recording could not be written: ${why}`, severity: 'error'};
		}
	}

	#perform(effect: Effect): void {
		switch (effect.type) {
			case 'send':
				this.doors.send(effect.command);
				return;
			case 'notice':
				this.#setNotice(effect.notice);
				return;
			case 'quit':
				this.doors.quit();
				return;
			case 'suspend':
				this.doors.suspend();
				return;
			case 'repaint':
				this.doors.repaint();
				return;
		}
	}

	#setNotice(notice: Notice | undefined): void {
		clearTimeout(this.#noticeTimer);
		this.#world = {...this.#world, notice};
		if (notice === undefined) return;
		this.#noticeTimer = setTimeout(() => {
			this.#world = {...this.#world, notice: undefined};
			this.#publish();
		}, noticeStays);
		this.#noticeTimer.unref();
	}

	/** Tells the session what the view needs, whenever that changes. */
	#watch(): void {
		const {snapshot, log} = this.#world;
		const ring = snapshot === undefined ? undefined : watchedRing(snapshot, this.#state);
		const logFrom = log.length === 0 ? 0 : log[log.length - 1].number + 1;
		const {delay} = this.#state;
		const wanted = `${ring ?? ''} ${logFrom} ${delay}`;
		if (wanted === this.#watched) return;
		this.#watched = wanted;
		this.doors.send({type: 'watch', ring, logFrom, delay});
	}

	#publishInTime(): void {
		const now = this.doors.now();
		const wait = this.#published + pace - now;
		if (wait <= 0 || now - this.#pressed < answering) this.#publish();
		else this.#timer ??= setTimeout(() => this.#publish(), wait);
	}

	#publish(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		this.#published = this.doors.now();
		this.#draw();
		for (const listener of this.#listeners) listener();
	}

	#draw(): void {
		const {columns, rows} = this.#world;
		const canvas = drawFrame(this.#world, this.#state).clipped(columns, rows);
		this.#frame = {columns, lines: canvas.paint(this.palette, this.ascii)};
	}
}

/** The ring wanted in detail: the one under glass; in slow motion, whose requests the figure shows, the selected one. */
function watchedRing(snapshot: Snapshot, state: ConsoleState): string | undefined {
	if (state.view === 'channel') {
		const channel = shownChannel(snapshot, state);
		return channel?.rings[shownRing(channel, state)].id;
	}
	if (state.view !== 'host' || !isSlow(state)) return undefined;
	return channelOf(snapshot, selectedSubject(snapshot, state.selected))?.rings[0].id;
}

/** The lines so far and those that are new, bounded. */
function appended(log: readonly LogLine[], lines: readonly LogLine[]): readonly LogLine[] {
	const last = log.length === 0 ? -1 : log[log.length - 1].number;
	const fresh = lines.filter(({number}) => number > last);
	return fresh.length === 0 ? log : [...log, ...fresh].slice(-keptLines);
}
