/**
 * What a key does: (state, world, key) → state and effects. Pure, so that a test can play a person without a terminal.
 */

import type {Snapshot} from '../observe/snapshot.js';
import type {Command, OperatorLine} from '../session/messages.js';
import {type Action, bindingFor, elsewhere, textModes, type ViewName} from './keys.js';
import {openPalette, type PaletteEvent, paletteEntries, paletteLine, takenHost, updatePalette} from './palette.js';
import {type ConsoleState, type Effect, modeOf, type Overlay, type World} from './state.js';
import {channelOf, keyOf, logWord, selectedSubject} from './subject.js';
import {graphemes} from './text.js';
import {inChannel, inDomains, inLog, into, scroll} from './update-views.js';
import {shownChannel} from './views/channel.js';
import {orderedDomains} from './views/domains.js';
import {layoutSize, viewArea} from './views/frame.js';
import {layoutHost} from './views/host-layout.js';
import {movePane, moveSelection} from './views/host-moves.js';
import {helpEnd, helpRows} from './views/overlays.js';

export interface Update {
	readonly state: ConsoleState;
	readonly effects: readonly Effect[];
}

/** Simulated nanoseconds per real second, slowest first. */
export const speeds: readonly number[] = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, Number.POSITIVE_INFINITY];

/** Takes one key, by the name decode.ts gives it. */
export function pressKey(state: ConsoleState, world: World, key: string): Update {
	const mode = modeOf(state);
	const binding = bindingFor(mode, key);
	if (binding !== undefined) return act(state, world, binding.action);
	if (textModes.has(mode) && key.length > 0 && (key.length <= 2 || graphemes(key).length === 1)) {
		return type(state, world, key);
	}
	const hint = elsewhere(mode, key);
	return hint === undefined ? {state, effects: []} : {state, effects: [info(hint)]};
}

const none = (state: ConsoleState): Update => ({state, effects: []});
const info = (text: string): Effect => ({type: 'notice', notice: {text, severity: 'info'}});
const send = (command: Command): Effect => ({type: 'send', command});
const operator = (line: OperatorLine): Effect => send({type: 'operator', line});

function act(state: ConsoleState, world: World, action: Action): Update {
	switch (action) {
		case 'quit':
			return {state, effects: [{type: 'quit'}]};
		case 'leave':
			return {state, effects: [{type: 'quit'}]};
		case 'suspend':
			return {state, effects: [{type: 'suspend'}]};
		case 'repaint':
			return {state, effects: [{type: 'repaint'}]};
		case 'back':
			if (state.overlay === undefined && world.clock?.catchingUp !== undefined) {
				return {state, effects: [send({type: 'keep'})]};
			}
			return none(back(state));
		case 'help':
			return none({...state, overlay: state.overlay === undefined ? {kind: 'help', top: 0} : undefined});
		default:
			if (state.overlay !== undefined) return inOverlay(state, world, state.overlay, action);
			return inView(state, world, action);
	}
}

function back(state: ConsoleState): ConsoleState {
	const {overlay, trail} = state;
	if (overlay?.kind === 'confirm') return {...state, overlay: {kind: 'palette', palette: overlay.palette}};
	if (overlay !== undefined) {
		const log = overlay.kind === 'filter' ? {...state.log, filter: overlay.before} : state.log;
		return {...state, overlay: undefined, log};
	}
	const last = trail.at(-1);
	if (last !== undefined) return {...state, view: last, trail: trail.slice(0, -1)};
	if (state.view !== 'host') return {...state, view: 'host'};
	return {...state, overlay: {kind: 'leave'}};
}

/** A character where the keyboard is text. */
function type(state: ConsoleState, world: World, text: string): Update {
	const {overlay} = state;
	switch (overlay?.kind) {
		case 'palette':
			return palette(state, world, overlay, {typed: text});
		case 'filter':
			return none(withFilter(state, overlay, overlay.text + text));
		case 'xl':
			if (overlay.text.length >= longestXl) return none(state);
			return none({...state, overlay: {...overlay, text: overlay.text + text}});
		case 'delay':
			if (!/^[0-9.,]$/.test(text) || overlay.text.length >= 6) return none(state);
			return none({...state, overlay: {...overlay, text: overlay.text + text.replace(',', '.')}});
		default:
			return none(state);
	}
}

/** Characters of an xl command at most. */
const longestXl = 60;

function withFilter(state: ConsoleState, overlay: Extract<Overlay, {kind: 'filter'}>, text: string): ConsoleState {
	return {...state, overlay: {...overlay, text}, log: {cursor: undefined, filter: text}};
}

function palette(
	state: ConsoleState,
	world: World,
	overlay: Extract<Overlay, {kind: 'palette'}>,
	event: PaletteEvent,
): Update {
	if (world.snapshot === undefined) return none(state);
	const entries = paletteEntries(world.snapshot, world.faultKinds, overlay.palette);
	return none({...state, overlay: {...overlay, palette: updatePalette(overlay.palette, event, entries)}});
}

function inOverlay(state: ConsoleState, world: World, overlay: Overlay, action: Action): Update {
	const {snapshot} = world;
	const {columns, rows} = layoutSize(world.columns, world.rows);
	const closed = {...state, overlay: undefined};
	switch (overlay.kind) {
		case 'leave':
			return action === 'accept' ? {state, effects: [{type: 'quit'}]} : none(state);
		case 'help': {
			if (action === 'accept') return none(closed);
			const end = helpEnd(state.view, columns, rows);
			return none({...state, overlay: {...overlay, top: scroll(action, overlay.top, end, helpRows(rows))}});
		}
		case 'faults': {
			const faults = snapshot?.faults ?? [];
			const cursor = Math.min(overlay.cursor, faults.length - 1);
			if (action !== 'clear-fault') {
				return none({...state, overlay: {...overlay, cursor: scroll(action, cursor, faults.length - 1, 10)}});
			}
			const fault = faults[cursor];
			if (fault === undefined) return none(state);
			if (fault.state === 'cleared' || fault.state === 'spent') {
				return {state, effects: [info(`${fault.fault} on ${fault.target} is ${fault.state}: nothing to clear`)]};
			}
			return {state, effects: [operator({verb: 'clear', id: fault.id})]};
		}
		case 'delay': {
			if (action === 'erase') return none({...state, overlay: {...overlay, text: overlay.text.slice(0, -1)}});
			if (action !== 'accept') return none(state);
			const seconds = Number(overlay.text);
			// As xentop: only a number above zero counts.
			if (!(seconds > 0)) return none(closed);
			return none({...closed, delay: Math.max(0.25, Math.min(3600, seconds))});
		}
		case 'filter': {
			if (action === 'erase') return none(withFilter(state, overlay, graphemes(overlay.text).slice(0, -1).join('')));
			return none(action === 'accept' ? closed : state);
		}
		case 'xl': {
			const text = overlay.text.trim();
			if (action === 'erase') {
				return none({...state, overlay: {...overlay, text: graphemes(overlay.text).slice(0, -1).join('')}});
			}
			if (action !== 'accept') return none(state);
			return {state: closed, effects: text === '' ? [] : [operator({verb: 'xl', line: text})]};
		}
		case 'confirm':
			return action === 'agree' ? {state: closed, effects: [operator(overlay.line)]} : none(state);
		case 'palette': {
			if (action !== 'accept') {
				const known = ['up', 'down', 'left', 'right', 'next-field', 'previous-field', 'erase'] as const;
				const event = known.find((name) => name === action);
				return event === undefined ? none(state) : palette(state, world, overlay, event);
			}
			if (snapshot === undefined) return none(state);
			const entries = paletteEntries(snapshot, world.faultKinds, overlay.palette);
			const entry = entries[Math.min(overlay.palette.cursor, entries.length - 1)];
			if (entry === undefined) return none(state);
			const line = paletteLine(overlay.palette, entry);
			if ('problem' in line)
				return {state, effects: [{type: 'notice', notice: {text: line.problem, severity: 'error'}}]};
			const taken = takenHost(snapshot, entry);
			if (taken !== undefined) {
				const question = `${entry.kind.title}: it takes ${taken}, and every domain goes down with it.`;
				return none({...state, overlay: {kind: 'confirm', question, line, palette: overlay.palette}});
			}
			return {state: closed, effects: [operator(line)]};
		}
	}
}

const viewOf: Partial<Record<Action, ViewName>> = {
	'view-host': 'host',
	'view-domains': 'domains',
	'view-channel': 'channel',
	'view-log': 'log',
};

/** What can no longer be done once the run is over. */
const needTime: ReadonlySet<Action> = new Set<Action>(['freeze', 'step', 'inject', 'kick', 'clear-last', 'xl']);

function inView(state: ConsoleState, world: World, action: Action): Update {
	const {snapshot} = world;
	const view = viewOf[action];
	if (view !== undefined) return none({...state, view, trail: []});
	if (world.clock?.finished === true && needTime.has(action))
		return {state, effects: [info('The run is over. 0 restarts it.')]};
	switch (action) {
		case 'freeze':
			return {state: {...state, frozen: !state.frozen}, effects: [send({type: 'freeze', frozen: !state.frozen})]};
		case 'step':
			return {state: {...state, frozen: true}, effects: [send({type: 'step'})]};
		case 'slower':
			return withSpeed(state, speeds.findLast((speed) => speed < state.speed) ?? speeds[0]);
		case 'faster':
			return withSpeed(state, speeds.find((speed) => speed > state.speed) ?? Number.POSITIVE_INFINITY);
		case 'real-time': {
			const going = withSpeed({...state, frozen: false}, 1e9);
			return {state: going.state, effects: [...going.effects, send({type: 'freeze', frozen: false})]};
		}
		case 'record':
			return {
				state: {...state, recording: !state.recording},
				effects: [
					send({type: 'record', on: !state.recording}),
					...(state.recording ? [] : [info('Recording. w ends it and writes the file.')]),
				],
			};
		case 'restart':
			return {
				state: {...state, frozen: false},
				effects: [send({type: 'restart'})],
			};
		case 'architecture':
			return {state, effects: [send({type: 'architecture'})]};
		case 'xl':
			return none({...state, overlay: {kind: 'xl', text: ''}});
		case 'delay':
			return none({...state, overlay: {kind: 'delay', text: ''}});
		case 'filter':
			return none({...state, overlay: {kind: 'filter', text: state.log.filter, before: state.log.filter}});
		case 'list-faults':
			return none({...state, overlay: {kind: 'faults', cursor: Math.max(0, (snapshot?.faults.length ?? 0) - 1)}});
		default:
			break;
	}
	if (snapshot === undefined) return none(state);
	switch (action) {
		case 'inject':
			return none({...state, overlay: {kind: 'palette', palette: openPalette(nearOf(snapshot, state))}});
		case 'kick': {
			const channel = currentChannel(snapshot, state);
			if (channel === undefined) return {state, effects: [info('Nothing to kick: no ring is selected.')]};
			// Kicking the wrong ring looks like a kick that did not help.
			const asleep = snapshot.channels.find(({look}) => look === 'asleep');
			if (channel.look !== 'asleep' && asleep !== undefined) {
				return {state, effects: [info(`${channel.id} is not asleep; ${asleep.id} is: select it, then !`)]};
			}
			return {state, effects: [operator({verb: 'kick', target: channel.id})]};
		}
		case 'clear-last': {
			const fault = snapshot.faults.findLast(({state: now}) => now === 'armed' || now === 'active');
			if (fault === undefined) return {state, effects: [info('No fault is armed or active.')]};
			return {state, effects: [operator({verb: 'clear', id: fault.id})]};
		}
		default:
			break;
	}
	switch (state.view) {
		case 'host':
			return none(inHost(state, world, snapshot, action));
		case 'domains':
			return none(inDomains(state, snapshot, action));
		case 'channel':
			return none(inChannel(state, world, snapshot, action));
		case 'log':
			return none(inLog(state, world, action));
	}
}

function withSpeed(state: ConsoleState, speed: number): Update {
	return {state: {...state, speed}, effects: [send({type: 'speed', speed})]};
}

/** The ring that `!` and `f` are about: the one under glass, else the selected part's. */
function currentChannel(snapshot: Snapshot, state: ConsoleState) {
	if (state.view === 'channel') return shownChannel(snapshot, state);
	if (state.view === 'domains') {
		const domain = orderedDomains(snapshot, state.domains)[state.domains.hidden];
		return snapshot.channels.find(({frontend}) => frontend === domain?.name);
	}
	return channelOf(snapshot, selectedSubject(snapshot, state.selected));
}

function nearOf(snapshot: Snapshot, state: ConsoleState): string[] {
	const subject = selectedSubject(snapshot, state.selected);
	if (state.view === 'host') {
		if (subject.kind === 'device') return [subject.device.name];
		if (subject.kind === 'domain') return [subject.domain.name];
		if (subject.kind === 'part' && subject.part.kind === 'driver') return [subject.part.subject];
	}
	const channel = currentChannel(snapshot, state);
	return channel === undefined ? [] : [channel.id];
}

function inHost(state: ConsoleState, world: World, snapshot: Snapshot, action: Action): ConsoleState {
	const subject = selectedSubject(snapshot, state.selected);
	const {columns, rows} = layoutSize(world.columns, world.rows);
	const layout = layoutHost(snapshot, state.selected, viewArea(columns, rows));
	switch (action) {
		case 'up':
		case 'down':
		case 'left':
		case 'right':
			return {...state, ...moveSelection(layout, subject, action, state.remembered)};
		case 'next-pane':
			return {...state, selected: movePane(layout, subject, 1)};
		case 'previous-pane':
			return {...state, selected: movePane(layout, subject, -1)};
		case 'first':
		case 'last':
		case 'page-up':
		case 'page-down': {
			const key = keyOf(subject);
			const pane = layout.spots.find((spot) => keyOf(spot.subject) === key)?.pane;
			const own = layout.spots.filter((spot) => spot.pane === pane);
			const at = own.findIndex((spot) => keyOf(spot.subject) === key);
			const spot = own[scroll(action, at, own.length - 1, 5)];
			return spot === undefined ? state : {...state, selected: keyOf(spot.subject)};
		}
		case 'look':
			break;
		default:
			return state;
	}
	const chosen = {...state, selected: keyOf(subject)};
	if (subject.kind === 'domain') {
		const at = orderedDomains(snapshot, state.domains).findIndex(({name}) => name === subject.domain.name);
		return {...into(chosen, 'domains'), domains: {...state.domains, hidden: Math.max(0, at)}};
	}
	if (subject.kind === 'cpu' || subject.kind === 'xen') {
		return {...into(chosen, 'domains'), domains: {...state.domains, hidden: 0, physicalCpus: true}};
	}
	const channel = channelOf(snapshot, subject);
	if (channel !== undefined) return {...into(chosen, 'channel'), channel: {id: channel.id, ring: 0, slot: -1}};
	const word = logWord(subject);
	return {...into(chosen, 'log'), log: {cursor: undefined, filter: word.toLowerCase()}};
}
