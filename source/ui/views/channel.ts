/** The Channel view: one ring under glass, its indices, notifications and grants, and every request on it. */
import type {ChannelView, RingView, SlotView, Snapshot} from '../../observe/snapshot.js';
import type {Canvas, Rectangle, Run} from '../canvas.js';
import {duration, quantity, sparkline, throughput} from '../format.js';
import {sentences} from '../sentences.js';
import type {ConsoleState, World} from '../state.js';
import {channelOf, ringName, selectedSubject} from '../subject.js';
import {clean, counted, cut, left, right, width, wrap} from '../text.js';
import {overWords} from './log.js';

/** The channel the view shows: the one asked for, else the selected part's, else the first. */
export function shownChannel(snapshot: Snapshot, state: ConsoleState): ChannelView | undefined {
	return (
		snapshot.channels.find(({id}) => id === state.channel.id) ??
		channelOf(snapshot, selectedSubject(snapshot, state.selected)) ??
		snapshot.channels[0]
	);
}

/** Slots in use, the oldest first. */
export function slotsInFlight(ring: RingView): SlotView[] {
	return ring.slots.filter(({state}) => state !== 'free').sort((a, b) => b.age - a.age || a.slot - b.slot);
}

/** Index into slotsInFlight of the marked one. */
export function markedSlot(slots: readonly SlotView[], slot: number): number {
	return Math.max(
		0,
		slots.findIndex((each) => each.slot === slot),
	);
}

/** Rows of requests in a view of this height. */
export function slotRows(height: number): number {
	return Math.max(1, height - 15);
}

const styles: Readonly<Record<SlotView['state'], string>> = {
	free: 'dim',
	request: 'warn',
	taken: 'accent',
	response: 'good',
};

export function drawChannelView(
	canvas: Canvas,
	area: Rectangle,
	snapshot: Snapshot,
	world: World,
	state: ConsoleState,
): void {
	const channel = shownChannel(snapshot, state);
	if (channel === undefined) {
		canvas.frame(area, 'dim', {left: [[' Channel ', 'bold']]});
		canvas.put(area.x + 3, area.y + 2, 'No domain has a channel: nothing is attached.', '');
		return;
	}
	const over = overWords(world);
	const mark = snapshot.window < 1e9 ? '~' : '';
	const box = {...area, height: area.height - 2};
	const others =
		snapshot.channels.length > 1
			? ` ${snapshot.channels.indexOf(channel) + 1} of ${snapshot.channels.length}, tab next `
			: '';
	canvas.frame(
		box,
		channel.look === 'asleep' ? 'bad' : 'dim',
		{
			left: [
				[` ${ringName(channel)}`, 'bold'],
				[' ⇄ ', 'dim'],
				[`${channel.backend} `, 'bold'],
				[`  ${channel.label} `, 'dim'],
			],
			right: [[` ${channel.frontState} ⇄ ${channel.backState} `, channel.look === 'closed' ? 'warn' : 'dim']],
		},
		{left: over === undefined ? [] : [[` ${over} `, 'bold']], right: others === '' ? [] : [[others, 'dim']]},
	);
	const ring = snapshot.ring?.channel === channel.id ? snapshot.ring : undefined;
	const x = area.x + 2;
	const cells = area.width - 4;
	let y = area.y + 1;
	if (ring !== undefined) y = drawSlots(canvas, x, y, cells, ring, channel);
	const facts: Array<readonly [string, string]> = [
		[
			'notify',
			`front to back ${mark}${quantity(channel.frontSent)}/s sent, ${mark}${quantity(channel.frontHeld)}/s held off` +
				`      back to front ${mark}${quantity(channel.backSent)}/s sent, ${mark}${quantity(channel.backHeld)}/s held off`,
		],
		[
			'traffic',
			`${mark}${quantity(channel.requestRate)} requests/s, ${mark}${throughput(channel.bytesPerSecond)}` +
				(channel.latency === undefined ? '' : `   mean ${mark}${duration(channel.latency)}`) +
				(channel.p99 === undefined ? '' : `   p99 ${mark}${duration(channel.p99)}`),
		],
	];
	if (ring !== undefined) {
		facts.push([
			'grants',
			`${ring.grantsGiven} given, ${ring.grantsMapped} mapped      ` +
				`event channel ${channel.frontend} ${ring.frontPort} ⇄ ${channel.backend} ${ring.backPort}      ` +
				`ring page grant ${ring.ringReference}`,
		]);
	}
	for (const [title, text] of facts) {
		const [first, ...more] = text.split(/ {6}/);
		canvas.put(x, y, left(title, 9), 'dim');
		if (width(text) + 9 <= cells) canvas.put(x + 9, y++, text, '', cells - 9);
		else {
			for (const part of [first, ...more]) canvas.put(x + 9, y++, part, '', cells - 9);
		}
	}
	if (channel.history.length > 0 && cells >= 100) {
		const bars = sparkline(channel.history, 24);
		canvas.put(x + cells - 24, y - facts.length + 1, bars, 'cool');
	}
	y++;
	if (ring === undefined) {
		canvas.put(x, y, 'Waiting for the ring itself …', 'dim');
		return;
	}
	drawRequests(canvas, {x, y, width: cells, height: box.y + box.height - 1 - y}, ring, state.channel.slot);
	drawMarked(canvas, area, ring, channel, state.channel.slot);
}

/** The slots as a row of cells with a ruler, the four indices beside or below them. Returns the next free row. */
function drawSlots(canvas: Canvas, x: number, y: number, cells: number, ring: RingView, channel: ChannelView): number {
	const size = ring.slots.length;
	const perRow = Math.min(size, 32, cells - 12);
	let ruler = '';
	for (let slot = 0; slot < perRow; slot += 8) ruler += left(String(slot), 8);
	canvas.put(x, y, left('slot', 9), 'dim');
	canvas.put(x + 9, y, ruler.trimEnd(), 'dim');
	const oldest = slotsInFlight(ring)[0];
	const next = ring.requestProducer % size;
	const lines = Math.ceil(size / perRow);
	for (let line = 0; line < lines; line++) {
		const runs = ring.slots
			.slice(line * perRow, (line + 1) * perRow)
			.map(({state}): Run => [sentences[`slot.${state}`].glyph, styles[state]]);
		canvas.runs(x + 9, y + 1 + line, runs);
	}
	const under = y + 1 + lines;
	const place = (slot: number) => x + 9 + (slot % perRow);
	if (oldest !== undefined && oldest.slot !== next) {
		const after = oldest.slot % perRow > next % perRow;
		const [a, b] = after
			? ([
					[next, 'next'],
					[oldest.slot, 'oldest'],
				] as const)
			: ([
					[oldest.slot, 'oldest'],
					[next, 'next'],
				] as const);
		const room = place(b[0]) - place(a[0]);
		canvas.put(place(a[0]), under, cut(`▲${a[1]}`, Math.max(1, room - 1)), 'dim');
		canvas.put(place(b[0]), under, `▲${b[1]}`, 'dim');
	} else canvas.put(place(next), under, oldest === undefined ? '▲next' : '▲next, oldest', 'dim');
	const inFlight = `${channel.inFlight} of ${channel.size} in flight`;
	const unread = `${counted(channel.unread, 'response')} unread`;
	const pair = (one: string, value: number, two: string, other: number) =>
		`${left(one, 9)}${left(String(value), 11)}${left(two, 9)}${left(String(other), 11)}`;
	const rows = [
		['front', pair('req_prod', ring.requestProducer, 'rsp_cons', ring.responseConsumer), inFlight],
		['back', pair('req_cons', ring.requestConsumer, 'rsp_prod', ring.responseProducer), unread],
		['wake', `back at req_event ${ring.requestEvent}, front at rsp_event ${ring.responseEvent}`, ''],
	] as const;
	const beside = cells - 9 - perRow - 6 >= 68;
	const at = beside ? x + 9 + perRow + 8 : x;
	const top = beside ? y : under + 1;
	rows.forEach(([title, text, tail], index) => {
		const begin = beside ? at : x;
		canvas.put(begin, top + index, left(title, beside ? 6 : 9), 'dim');
		const after = canvas.put(begin + (beside ? 6 : 9), top + index, text);
		if (tail !== '') canvas.put(after + 1, top + index, tail, channel.inFlight >= channel.size ? 'warn' : 'bold');
	});
	return beside ? under + 1 : top + 3;
}

function drawRequests(canvas: Canvas, {x, y, width: cells, height}: Rectangle, ring: RingView, marked: number): void {
	const slots = slotsInFlight(ring);
	const head = `${right('slot', 6)}${right('id', 6)}  ${left('op', 6)}${right('sector', 11)}${right('segs', 6)}  `;
	const room = cells - width(head) - 10;
	canvas.put(x, y, `${head}${left('waits for', room)}${right('age', 10)}`, 'dim');
	const rows = height - 1;
	const at = markedSlot(slots, marked);
	const top = Math.max(0, Math.min(at - Math.floor(rows / 2), slots.length - rows));
	slots.slice(top, top + rows).forEach((slot, index) => {
		const chosen = top + index === at;
		const row = y + 1 + index;
		canvas.put(x, row, chosen ? '►' : ' ', 'bold warn');
		const weight = chosen ? 'bold' : '';
		canvas.put(
			x + 1,
			row,
			`${right(String(slot.slot), 5)}${right(String(slot.id), 6)}  ${left(clean(slot.operation), 6)}`,
			weight,
		);
		canvas.put(x + 20, row, `${right(String(slot.sector), 11)}${right(String(slot.segments), 6)}`, weight);
		canvas.put(x + width(head), row, left(clean(slot.waitsFor), room), styles[slot.state]);
		canvas.put(x + cells - 10, row, right(duration(slot.age), 10), weight);
	});
	if (slots.length === 0) canvas.put(x + 2, y + 1, 'Nothing is in flight at this instant.', 'dim');
	const more = slots.length - top - rows;
	if (more > 0) canvas.put(x, y + height, ` +${more} more `, 'dim');
}

/** The marked request in words, or what the ring itself is doing. */
function drawMarked(canvas: Canvas, area: Rectangle, ring: RingView, channel: ChannelView, slot: number): void {
	const slots = slotsInFlight(ring);
	const y = area.y + area.height - 2;
	canvas.put(area.x + 1, y, '►', 'bold warn');
	const state = sentences[`channel.${channel.look}`].state;
	const one = slots[markedSlot(slots, slot)];
	const text =
		one === undefined || channel.look === 'asleep'
			? `${ringName(channel)}   ${state}`
			: `Request ${one.id}: ${one.operation} of ${counted(one.segments, 'segment')} at sector ${one.sector}, on the ring for ` +
				`${duration(one.age)}. ${sentences[`slot.${one.state}`].state} It waits for: ${clean(one.waitsFor)}.`;
	wrap(text, area.width - 5)
		.slice(0, 2)
		.forEach((line, index) => {
			canvas.put(area.x + 3, y + index, line, channel.look === 'asleep' ? 'bad' : '');
		});
}
