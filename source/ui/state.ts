/**
 * What the console itself remembers: which view, what is selected, what lies over it. The host is not in here; it
 * arrives as snapshots (World). Plain data, changed only by update.ts.
 */

import type {Snapshot} from '../observe/snapshot.js';
import type {ClockView, Command, OperatorLine} from '../session/messages.js';
import type {FaultKind} from './fault-kinds.js';
import type {Mode, ViewName} from './keys.js';
import type {PaletteState} from './palette.js';

export type LogLine = Snapshot['log'][number];

/** What the console was told, newest. */
export interface World {
	readonly snapshot: Snapshot | undefined;
	readonly clock: ClockView | undefined;
	/** The log as far as it is kept, by number. */
	readonly log: readonly LogLine[];
	readonly notice: Notice | undefined;
	/** Set once the simulation stopped on an error of its own. */
	readonly failed: string | undefined;
	readonly faultKinds: readonly FaultKind[];
	readonly columns: number;
	readonly rows: number;
}

export interface Notice {
	readonly text: string;
	readonly severity: 'info' | 'error';
}

export type Overlay =
	| {readonly kind: 'help'; readonly top: number}
	| {readonly kind: 'palette'; readonly palette: PaletteState}
	| {readonly kind: 'faults'; readonly cursor: number}
	| {readonly kind: 'delay'; readonly text: string}
	| {readonly kind: 'filter'; readonly text: string; readonly before: string}
	| {readonly kind: 'xl'; readonly text: string}
	/** Asks once before `line`, which ends the host; Esc goes back to the palette. */
	| {
			readonly kind: 'confirm';
			readonly question: string;
			readonly line: OperatorLine;
			readonly palette: PaletteState;
	  }
	| {readonly kind: 'leave'};

export interface ConsoleState {
	readonly view: ViewName;
	/** Views Enter came from, for Esc. */
	readonly trail: readonly ViewName[];
	readonly overlay: Overlay | undefined;
	/** The subject selected in Host (subject.ts); '' until something is there. */
	readonly selected: string;
	/** Where Down left the figure and the CPUs, so that Up comes back there. */
	readonly remembered: Remembered;
	readonly domains: DomainsState;
	/** The channel whose ring is under glass, which of its rings, and which request there is marked (requestKey). */
	readonly channel: {readonly id: string; readonly ring: number; readonly slot: number};
	readonly log: {
		/** Number of the marked line; undefined follows the newest. */
		readonly cursor: number | undefined;
		readonly filter: string;
	};
	/** Real seconds between changes of printed figures. */
	readonly delay: number;
	/** What was asked for last, until the session confirms it. */
	readonly speed: number;
	readonly frozen: boolean;
	readonly recording: boolean;
}

/** Keys of subjects (subject.ts). */
export interface Remembered {
	readonly figure?: string;
	readonly cpu?: string;
}

export interface DomainsState {
	/** Index into the columns of xentop-table.ts. */
	readonly sort: number;
	readonly reversed: boolean;
	/** Domains hidden from the top of the list, as xentop's arrows do. */
	readonly hidden: number;
	/** Columns scrolled away to the left. */
	readonly scrolled: number;
	readonly vcpuRows: boolean;
	readonly networkRows: boolean;
	readonly diskRows: boolean;
	readonly repeatHeader: boolean;
	readonly zeroFirst: boolean;
	readonly physicalCpus: boolean;
}

/** What an update asks of the world outside. */
export type Effect =
	| {readonly type: 'send'; readonly command: Command}
	| {readonly type: 'notice'; readonly notice: Notice}
	| {readonly type: 'quit'}
	| {readonly type: 'suspend'}
	| {readonly type: 'repaint'};

export const initialState: ConsoleState = {
	view: 'host',
	trail: [],
	overlay: undefined,
	selected: '',
	remembered: {},
	domains: {
		sort: 0,
		reversed: false,
		hidden: 0,
		scrolled: 0,
		vcpuRows: false,
		networkRows: false,
		diskRows: false,
		repeatHeader: false,
		zeroFirst: false,
		physicalCpus: false,
	},
	channel: {id: '', ring: 0, slot: -1},
	log: {cursor: undefined, filter: ''},
	delay: 1,
	speed: 1e9,
	frozen: false,
	recording: false,
};

/** What has the keyboard now. */
export function modeOf(state: ConsoleState): Mode {
	return state.overlay?.kind ?? state.view;
}

/** So slow that the state at this instant says more than a share of the window. */
export function isSlow({speed, frozen}: ConsoleState): boolean {
	return frozen || speed <= 1e6;
}
