/** Moving about in the figure: from the selected part to its neighbour in a direction, and from pane to pane. */
import type {Remembered} from '../state.js';
import {keyOf, type Subject} from '../subject.js';
import {type HostLayout, type Pane, panes, type Spot} from './host-layout.js';

/** What lies in a direction from the selected subject, and what to remember for the way back. */
export function moveSelection(
	layout: HostLayout,
	from: Subject,
	direction: 'up' | 'down' | 'left' | 'right',
	remembered: Remembered,
): {readonly selected: string; readonly remembered: Remembered} {
	const selected = neighbour(layout, from, direction, remembered);
	const paneOf = (key: string) => layout.spots.find((spot) => keyOf(spot.subject) === key)?.pane;
	const key = keyOf(from);
	const [pane, to] = [paneOf(key), paneOf(selected)];
	if (direction === 'down' && pane !== to) {
		if (to === 'xen') return {selected, remembered: {...remembered, figure: key}};
		if (to === 'hardware' && from.kind === 'cpu') return {selected, remembered: {...remembered, cpu: key}};
	}
	return {selected, remembered};
}

function neighbour(
	{spots}: HostLayout,
	from: Subject,
	direction: 'up' | 'down' | 'left' | 'right',
	{figure: lastPart, cpu: lastCpu}: Remembered,
): string {
	const key = keyOf(from);
	const here = spots.find((spot) => keyOf(spot.subject) === key);
	if (here === undefined) return key;
	const inPane = (pane: Pane) => spots.filter((spot) => spot.pane === pane);
	const own = inPane(here.pane);
	const at = own.indexOf(here);
	const figure = here.pane === 'left' || here.pane === 'channels' || here.pane === 'guests';
	const to = (spot: Spot | undefined) => (spot === undefined ? key : keyOf(spot.subject));
	if (direction === 'left' || direction === 'right') {
		const by = direction === 'left' ? -1 : 1;
		if (!figure) return to(own[at + by]);
		const order: readonly Pane[] = ['left', 'channels', 'guests'];
		for (let pane = order.indexOf(here.pane) + by; pane >= 0 && pane < order.length; pane += by) {
			const near = inPane(order[pane])
				.filter((spot) => spot.y !== undefined)
				.toSorted((a, b) => distance(a, here) - distance(b, here))[0];
			if (near !== undefined) return to(near);
		}
		return key;
	}
	if (figure) {
		if (direction === 'up') return to(own[at - 1]);
		return to(own[at + 1] ?? inPane('xen')[0]);
	}
	const known = (wanted: string | undefined) => spots.find((spot) => keyOf(spot.subject) === wanted);
	const upper =
		here.pane === 'xen'
			? (known(lastPart) ?? inPane('left').at(-1))
			: (known(lastCpu) ?? inPane('xen').find(({subject}) => subject.kind === 'cpu'));
	if (here.pane === 'xen') {
		// The box itself, then its CPUs side by side.
		if (here.subject.kind === 'xen') return direction === 'up' ? to(upper) : to(own[1] ?? inPane('hardware')[0]);
		return direction === 'up' ? to(own[0]) : to(inPane('hardware')[0]);
	}
	return direction === 'up' ? to(own[at - 1] ?? upper) : to(own[at + 1]);
}

function distance(a: Spot, b: Spot): number {
	return Math.abs((a.y ?? 0) - (b.y ?? 0));
}

/** The key of the first subject of the next or previous pane. */
export function movePane({spots}: HostLayout, from: Subject, by: 1 | -1): string {
	const key = keyOf(from);
	const here = spots.find((spot) => keyOf(spot.subject) === key);
	const filled = panes.filter((pane) => spots.some((spot) => spot.pane === pane));
	const at = here === undefined ? 0 : filled.indexOf(here.pane);
	const pane = filled[(at + by + filled.length) % filled.length];
	const first = spots.find((spot) => spot.pane === pane);
	return first === undefined ? key : keyOf(first.subject);
}
