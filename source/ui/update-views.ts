/** What keys do inside Domains, Channel and Log, and how lists are moved through. */
import type {Snapshot} from '../observe/snapshot.js';
import type {Action, ViewName} from './keys.js';
import type {ConsoleState, World} from './state.js';
import {keyOf} from './subject.js';
import {allRings, shownChannel, shownRing} from './views/channel.js';
import {orderedDomains, scrollableColumns} from './views/domains.js';
import {layoutSize, viewArea} from './views/frame.js';
import {filteredLog, logRows, markedLine} from './views/log.js';
import {markedRequest, requestKey, slotRows} from './views/ring.js';
import {xentopColumns} from './xentop-table.js';

/** Goes to another view so that Esc comes back. */
export function into(state: ConsoleState, view: ViewName): ConsoleState {
	return {...state, view, trail: [...state.trail, state.view]};
}

/** Where a movement leads in a list. */
export function scroll(action: Action, at: number, end: number, page: number): number {
	const to = {up: at - 1, down: at + 1, 'page-up': at - page, 'page-down': at + page, first: 0, last: end};
	const next = Object.hasOwn(to, action) ? to[action as keyof typeof to] : at; // hasOwn has just made sure of the key
	return Math.max(0, Math.min(end, next));
}

export function inDomains(state: ConsoleState, snapshot: Snapshot, action: Action): ConsoleState {
	const {domains} = state;
	const list = orderedDomains(snapshot, domains);
	const set = (change: Partial<ConsoleState['domains']>): ConsoleState => ({
		...state,
		domains: {...domains, ...change},
	});
	const columns = xentopColumns.length;
	switch (action) {
		case 'sort-next':
		case 'sort-right':
			return set({sort: (domains.sort + 1) % columns});
		case 'sort-left':
			return set({sort: (domains.sort + columns - 1) % columns});
		case 'reverse':
			return set({reversed: !domains.reversed});
		case 'vcpu-rows':
			return set({vcpuRows: !domains.vcpuRows});
		case 'network-rows':
			return set({networkRows: !domains.networkRows});
		case 'disk-rows':
			return set({diskRows: !domains.diskRows});
		case 'repeat-header':
			return set({repeatHeader: !domains.repeatHeader});
		case 'zero-first':
			return set({zeroFirst: !domains.zeroFirst});
		case 'physical-cpus':
			return set({physicalCpus: !domains.physicalCpus});
		case 'left':
			return set({scrolled: Math.max(0, domains.scrolled - 1)});
		case 'right':
			return set({scrolled: Math.min(scrollableColumns - 1, domains.scrolled + 1)});
		case 'look': {
			const domain = list[Math.min(domains.hidden, list.length - 1)];
			const channel = snapshot.channels.find(({frontend}) => frontend === domain?.name);
			return channel === undefined ? state : {...into(state, 'channel'), channel: {id: channel.id, ring: 0, slot: -1}};
		}
		default:
			return set({hidden: scroll(action, domains.hidden, list.length - 1, 10)});
	}
}

export function inChannel(state: ConsoleState, world: World, snapshot: Snapshot, action: Action): ConsoleState {
	const channel = shownChannel(snapshot, state);
	if (channel === undefined) return state;
	const shown = shownRing(channel, state);
	const by = {'next-pane': 1, right: 1, 'previous-pane': -1, left: -1} as const;
	if (Object.hasOwn(by, action)) {
		const step = by[action as keyof typeof by]; // hasOwn has just made sure of the key
		const rings = allRings(snapshot);
		const at = rings.findIndex((each) => each.channel === channel && each.ring === shown);
		const next = rings[(at + step + rings.length) % rings.length];
		const selected = keyOf({kind: 'channel', channel: next.channel});
		return {...state, channel: {id: next.channel.id, ring: next.ring, slot: -1}, selected};
	}
	const ring = snapshot.ring?.id === channel.rings[shown].id ? snapshot.ring : undefined;
	if (ring === undefined) return state;
	const rows = slotRows(layoutSize(world.columns, world.rows).rows);
	const slot = ring.requests[scroll(action, markedRequest(ring, state.channel.slot), ring.requests.length - 1, rows)];
	return {...state, channel: {id: channel.id, ring: shown, slot: slot === undefined ? -1 : requestKey(slot)}};
}

export function inLog(state: ConsoleState, world: World, action: Action): ConsoleState {
	const lines = filteredLog(world.log, state.log.filter);
	if (action === 'last' || lines.length === 0) return {...state, log: {...state.log, cursor: undefined}};
	const rows = logRows(viewArea(world.columns, layoutSize(world.columns, world.rows).rows).height);
	const at = scroll(action, markedLine(lines, state.log.cursor), lines.length - 1, rows);
	const follows = at === lines.length - 1 && state.log.cursor === undefined;
	return {...state, log: {...state.log, cursor: follows ? undefined : lines[at].number}};
}
