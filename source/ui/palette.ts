/**
 * The fault palette as a state machine, without a terminal: a list of faults and where they can strike, narrowed by
 * words, with parameters reached by Tab. Faults that fit the selected part come first.
 */

import type {Snapshot} from '../observe/snapshot.js';
import type {OperatorLine} from '../session/messages.js';
import type {FaultKind, FaultParameter} from './fault-kinds.js';
import {graphemes} from './text.js';

export interface PaletteState {
	/** Words typed to narrow the list. */
	readonly text: string;
	readonly cursor: number;
	/** 0 is the search, 1 … the parameters of the fault under the mark. */
	readonly field: number;
	/** Parameters as typed or chosen, by name. */
	readonly values: Readonly<Record<string, string>>;
	/** The channel, device or domain that was selected when it was opened. */
	readonly near: readonly string[];
}

export interface PaletteEntry {
	readonly kind: FaultKind;
	readonly target: string;
	/** It fits the selected part. */
	readonly near: boolean;
}

export const openPalette = (near: readonly string[]): PaletteState => ({
	text: '',
	cursor: 0,
	field: 0,
	values: {},
	near,
});

/** The faults that the typed words leave, those that fit the selected part first. */
export function paletteEntries(
	snapshot: Snapshot,
	kinds: readonly FaultKind[],
	{text, near}: PaletteState,
): PaletteEntry[] {
	const words = text.toLowerCase().split(/\s+/).filter(Boolean);
	const targets = {
		channel: snapshot.channels.map(({id}) => id),
		device: snapshot.devices.map(({name}) => name),
		domain: snapshot.domains.map(({name}) => name),
		guest: snapshot.domains.filter(({role}) => role !== 'control').map(({name}) => name),
		control: snapshot.domains.filter(({role}) => role === 'control').map(({name}) => name),
	};
	const all = kinds.flatMap((kind) =>
		targets[kind.target].map((target): PaletteEntry => ({kind, target, near: near.includes(target)})),
	);
	const fitting = all.filter(({kind, target}) => {
		const haystack = `${kind.id} ${kind.layer} ${kind.title} ${kind.words} ${target.replace('.', ' ')}`.toLowerCase();
		return words.every((word) => haystack.includes(word));
	});
	return [...fitting.filter(({near: fits}) => fits), ...fitting.filter(({near: fits}) => !fits)];
}

/** The value of a parameter as it stands. */
export function parameterValue({values}: PaletteState, parameter: FaultParameter): string {
	return values[parameter.name] ?? String(parameter.initial);
}

/** Who takes the whole host along when this fault has acted: domain zero or Xen. Undefined when the host goes on. */
export function takenHost({domains, devices}: Snapshot, {kind, target}: PaletteEntry): string | undefined {
	if (kind.kills === undefined) return undefined;
	const dead = kind.kills === 'target' ? target : devices.find(({name}) => name === target)?.owner;
	return dead === 'Xen' || domains.some(({name, role}) => name === dead && role === 'control') ? dead : undefined;
}

export type PaletteEvent =
	| 'up'
	| 'down'
	| 'left'
	| 'right'
	| 'next-field'
	| 'previous-field'
	| 'erase'
	| {readonly typed: string};

/** One key. */
export function updatePalette(
	state: PaletteState,
	event: PaletteEvent,
	entries: readonly PaletteEntry[],
): PaletteState {
	const entry = entries[Math.min(state.cursor, entries.length - 1)];
	const fields = 1 + (entry?.kind.parameters.length ?? 0);
	const parameter = entry?.kind.parameters[state.field - 1];
	const set = (value: string): PaletteState =>
		parameter === undefined ? state : {...state, values: {...state.values, [parameter.name]: value}};
	if (typeof event === 'object') {
		if (parameter === undefined) return {...state, text: state.text + event.typed, cursor: 0, field: 0};
		if (parameter.kind === 'choice') {
			if (event.typed === ' ') return set(next(parameter.choices, parameterValue(state, parameter), 1));
			const starting = parameter.choices.find((choice) => choice.includes(event.typed));
			return starting === undefined ? state : set(starting);
		}
		if (!/^[0-9]$/.test(event.typed)) return state;
		// The first digit replaces the value that was there.
		const typed = (state.values[parameter.name] ?? '') + event.typed;
		return typed.length > String(parameter.most).length ? state : set(typed);
	}
	switch (event) {
		case 'up':
			return {...state, cursor: Math.max(0, Math.min(state.cursor, entries.length - 1) - 1)};
		case 'down':
			return {...state, cursor: Math.max(0, Math.min(state.cursor + 1, entries.length - 1))};
		case 'next-field':
			return {...state, field: (state.field + 1) % fields};
		case 'previous-field':
			return {...state, field: (state.field + fields - 1) % fields};
		case 'left':
		case 'right': {
			const by = event === 'left' ? -1 : 1;
			if (parameter?.kind === 'choice') return set(next(parameter.choices, parameterValue(state, parameter), by));
			if (parameter?.kind !== 'count') return state;
			const value = Number(parameterValue(state, parameter)) + by;
			return set(String(Math.min(parameter.most, Math.max(parameter.least, value))));
		}
		case 'erase': {
			const erased = (text: string) => graphemes(text).slice(0, -1).join('');
			if (parameter === undefined) return {...state, text: erased(state.text), cursor: 0};
			return parameter.kind === 'count' ? set(erased(parameterValue(state, parameter))) : state;
		}
	}
}

function next(choices: readonly string[], now: string, by: number): string {
	const at = choices.indexOf(now) + by;
	return choices[(at + choices.length) % choices.length];
}

/** The line for the timeline that Enter writes, or why it cannot. */
export function paletteLine(state: PaletteState, entry: PaletteEntry): OperatorLine | {readonly problem: string} {
	const parameters: Record<string, string | number> = {};
	for (const parameter of entry.kind.parameters) {
		const value = parameterValue(state, parameter);
		if (parameter.kind === 'choice') {
			parameters[parameter.name] = value;
			continue;
		}
		const count = Number(value);
		if (value === '' || count < parameter.least || count > parameter.most) {
			return {problem: `${parameter.name} is a number from ${parameter.least} to ${parameter.most}`};
		}
		parameters[parameter.name] = count;
	}
	return {verb: 'fault', fault: entry.kind.id, target: entry.target, parameters};
}
