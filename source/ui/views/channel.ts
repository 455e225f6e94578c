/** The Channel view: one ring under glass, its indices, notifications and grants, and every request on it. */
import type {ChannelView, RingView, SlotView, Snapshot} from '../../observe/snapshot.js';
import type {Canvas, Rectangle, Run} from '../canvas.js';
import {duration, quantity, sparkline, throughput} from '../format.js';
import {sentences} from '../sentences.js';
import type {ConsoleState, World} from '../state.js';
import {channelOf, ringName, selectedSubject} from '../subject.js';
import {clean, counted, left, right, width, wrap} from '../text.js';
import {overWords} from './log.js';

/** The channel the view shows: the one asked for, else the selected part's, else the first. */
export function shownChannel(snapshot: Snapshot, state: ConsoleState): ChannelView | undefined {
	return (
		snapshot.channels.find(({id}) => id === state.channel.id) ??
		channelOf(snapshot, selectedSubject(snapshot, state.selected)) ??
		snapshot.channels[0]
	);
}

/** What tells a request on a ring from others: its slot; one whose slot another's answer took has only its id. */
export function requestKey({slot, id}: SlotView): number {
	return slot >= 0 ? slot : -2 - id;
}

/** Index into the requests of a ring of the marked one. */
export function markedRequest({requests}: RingView, key: number): number {
	return Math.max(
		0,
		requests.findIndex((each) => requestKey(each) === key),
	);
}

/** Rows of requests in a view of this height. */
export function slotRows(height: number): number {
	return Math.max(1, height - 15);
}

type SlotLook = SlotView['state'] | 'reserved';

const styles: Readonly<Record<SlotLook, string>> = {
	reserved: 'dim',
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
	const wide = cells >= 110;
	const pushes = (to: string, sent: number, held: number) =>
		`${to} ${mark}${quantity(sent)}/s${wide ? ' sent' : ''}, ${mark}${quantity(held)}/s held off`;
	const facts: Array<readonly [title: string, parts: readonly string[]]> = [
		[
			'notify',
			[
				pushes(wide ? 'front to back' : 'back', channel.frontSent, channel.frontHeld),
				pushes(wide ? 'back to front' : 'front', channel.backSent, channel.backHeld),
			],
		],
		[
			'traffic',
			[
				`${mark}${quantity(channel.requestRate)} requests/s, ${mark}${throughput(channel.bytesPerSecond)}`,
				...(channel.latency === undefined ? [] : [`mean ${mark}${duration(channel.latency)}`]),
				...(channel.p99 === undefined ? [] : [`p99 ${mark}${duration(channel.p99)}`]),
			],
		],
	];
	if (ring !== undefined) {
		facts.push([
			'grants',
			[
				`${ring.grantsGiven} given, ${ring.grantsMapped} mapped`,
				`${wide ? 'event channel' : 'event'} ${channel.frontend} ${ring.frontPort} ⇄ ${channel.backend} ${ring.backPort}`,
				`ring page ${wide ? 'grant ' : ''}${ring.ringReference}`,
			],
		]);
	}
	for (const [title, parts] of facts) {
		canvas.put(x, y, left(title, 9), 'dim');
		const line = [6, 3, 2].map((gap) => parts.join(' '.repeat(gap))).find((each) => width(each) + 9 <= cells);
		for (const each of line === undefined ? parts : [line]) canvas.put(x + 9, y++, each, '', cells - 9);
	}
	if (channel.history.length > 0 && cells >= 100) {
		const bars = sparkline(channel.history, 24);
		canvas.put(x + cells - 24, y - facts.length + 1, bars, 'cool');
	}
	if (area.height >= 26) y++;
	if (ring === undefined) {
		canvas.put(x, y, 'Waiting for the ring itself …', 'dim');
		return;
	}
	drawRequests(canvas, {x, y, width: cells, height: box.y + box.height - 1 - y}, ring, state.channel.slot);
	drawMarked(canvas, area, ring, channel, state.channel.slot);
}

/** The slots as a row of cells with a ruler, the four indices beside them. Returns the next free row. */
function drawSlots(canvas: Canvas, x: number, y: number, cells: number, ring: RingView, channel: ChannelView): number {
	const size = ring.slots.length;
	const perRow = Math.min(size, 32);
	const wide = cells - 9 - perRow - 6 >= 68;
	const map = x + (wide ? 9 : 0);
	let ruler = '';
	for (let slot = 0; slot < perRow; slot += 8) ruler += left(String(slot), 8);
	if (wide) canvas.put(x, y, 'slot', 'dim');
	canvas.put(map, y, ruler.trimEnd(), 'dim');
	const lines = Math.ceil(size / perRow);
	for (let line = 0; line < lines; line++) {
		const runs = ring.slots.slice(line * perRow, (line + 1) * perRow).map((slot): Run => {
			const key = slotLook(slot);
			return [sentences[`slot.${key}`].glyph, styles[key]];
		});
		canvas.runs(map, y + 1 + line, runs);
	}
	const under = y + 1 + lines;
	const oldest = ring.requests.find(({slot}) => slot >= 0);
	const next = ring.requestProducer % size;
	const place = (slot: number) => map + (slot % perRow);
	const limit = wide ? map + perRow + 7 : map + perRow + 1;
	const arrows =
		oldest === undefined
			? [{at: place(next), label: 'next'}]
			: oldest.slot === next
				? [{at: place(next), label: 'next, oldest'}]
				: [
						{at: place(next), label: 'next'},
						{at: place(oldest.slot), label: 'oldest'},
					];
	for (const {at} of arrows) canvas.put(at, under, '▲', 'dim');
	let bottom = under + 1;
	for (const {at, label} of arrows) {
		// Right of its arrow, else left of it, else below.
		const size = width(label);
		const blank = (from: number, count: number) => canvas.extent(from, under, 1, count, ' ') === count;
		if (at + 1 + size <= limit && blank(at + 1, size + 1)) canvas.put(at + 1, under, label, 'dim');
		else if (at - size >= x && blank(at - size, size)) canvas.put(at - size, under, label, 'dim');
		else {
			canvas.put(Math.min(at, limit - size), under + 1, label, 'dim');
			bottom = under + 2;
		}
	}
	const inFlight = `${channel.inFlight} of ${channel.size} in flight`;
	const unread = `${counted(channel.unread, 'response')} unread`;
	const full = channel.inFlight >= channel.size ? 'warn' : 'bold';
	if (wide) {
		const pair = (one: string, value: number, two: string, other: number) =>
			`${left(one, 9)}${left(String(value), 11)}${left(two, 9)}${left(String(other), 11)}`;
		const rows = [
			['front', pair('req_prod', ring.requestProducer, 'rsp_cons', ring.responseConsumer), inFlight],
			['back', pair('req_cons', ring.requestConsumer, 'rsp_prod', ring.responseProducer), unread],
			['wake', `back at req_event ${ring.requestEvent}, front at rsp_event ${ring.responseEvent}`, ''],
		] as const;
		const at = map + perRow + 8;
		rows.forEach(([title, text, tail], index) => {
			canvas.put(at, y + index, left(title, 6), 'dim');
			const after = canvas.put(at + 6, y + index, text);
			if (tail !== '') canvas.put(after + 1, y + index, tail, full);
		});
		return Math.max(bottom, y + rows.length);
	}
	// Beside the map on a narrow screen; who an index belongs to is said as long as there is room for it.
	const at = map + perRow + 2;
	const room = cells - (at - x);
	const rows = [
		['front ', `req_prod ${ring.requestProducer} rsp_cons ${ring.responseConsumer}`],
		['back  ', `req_cons ${ring.requestConsumer} rsp_prod ${ring.responseProducer}`],
		['wake  ', `req_event ${ring.requestEvent} rsp_event ${ring.responseEvent}`],
	] as const;
	const titled = rows.every(([title, text]) => width(title) + width(text) <= room);
	rows.forEach(([title, text], index) => {
		canvas.runs(at, y + index, [[titled ? title : '', 'dim'], [text]], room);
	});
	canvas.put(at, y + rows.length, `${inFlight}, ${channel.unread} unread`, full, room);
	return Math.max(bottom, y + rows.length + 1);
}

/** How a slot is drawn: one that is kept for an answer holds nobody's request. */
function slotLook({state, reserved}: SlotView): SlotLook {
	return reserved ? 'reserved' : state;
}

function drawRequests(canvas: Canvas, {x, y, width: cells, height}: Rectangle, ring: RingView, marked: number): void {
	const slots = ring.requests;
	// On a narrow screen what a request waits for gets the room; the line below says its segments.
	const roomy = cells >= 100;
	const head = `${right('slot', 6)}${right('id', 6)}  ${left('op', 6)}${right('sector', 11)}${roomy ? right('segs', 6) : ''}  `;
	const room = cells - width(head) - 10;
	canvas.put(x, y, `${head}${left('waits for', room)}${right('age', 10)}`, 'dim');
	const rows = height - 1;
	const at = markedRequest(ring, marked);
	const top = Math.max(0, Math.min(at - Math.floor(rows / 2), slots.length - rows));
	slots.slice(top, top + rows).forEach((slot, index) => {
		const chosen = top + index === at;
		const row = y + 1 + index;
		canvas.put(x, row, chosen ? '►' : ' ', 'bold warn');
		const weight = chosen ? 'bold' : '';
		canvas.put(
			x + 1,
			row,
			`${right(slot.slot < 0 ? '–' : String(slot.slot), 5)}${right(String(slot.id), 6)}  ${left(clean(slot.operation), 6)}`,
			weight,
		);
		canvas.put(x + 20, row, `${right(String(slot.sector), 11)}${roomy ? right(String(slot.segments), 6) : ''}`, weight);
		canvas.put(x + width(head), row, left(waitWords(slot, room), room), styles[slot.state]);
		canvas.put(x + cells - 10, row, right(duration(slot.age), 10), weight);
	});
	if (slots.length === 0) canvas.put(x + 2, y + 1, 'Nothing is in flight at this instant.', 'dim');
	const more = slots.length - top - rows;
	if (more > 0) canvas.put(x, y + height, ` +${more} more `, 'dim');
}

/** The marked request in words, or what the ring itself is doing. */
function drawMarked(canvas: Canvas, area: Rectangle, ring: RingView, channel: ChannelView, slot: number): void {
	const y = area.y + area.height - 2;
	canvas.put(area.x + 1, y, '►', 'bold warn');
	const state = sentences[`channel.${channel.look}`].state;
	const one = ring.requests.at(markedRequest(ring, slot));
	const asleep = channel.look === 'asleep' ? `Asleep for ${duration(channel.since)}, kick it (!). ` : '';
	const text = one === undefined ? `${ringName(channel)}   ${state}` : `${asleep}${requestWords(one)}`;
	wrap(text, area.width - 5)
		.slice(0, 2)
		.forEach((line, index) => {
			canvas.put(area.x + 3, y + index, line, channel.look === 'asleep' ? 'bad' : '');
		});
}

/** Where a request is, and that it has no slot of its own any more where there is room to say so. */
function waitWords({slot, waitsFor}: SlotView, room: number): string {
	const where = clean(waitsFor);
	const both = where === '' ? 'its slot was reused' : `${where}; its slot was reused`;
	return slot < 0 && width(both) <= room ? both : where;
}

/** A request in a sentence or two, what it waits for first. */
export function requestWords(request: SlotView): string {
	const {id, operation, segments, sector, age, state, slot, waitsFor} = request;
	const waits = waitsFor === '' ? '' : ` waits for ${clean(waitsFor)}`;
	const what = segments === 0 ? operation : `${operation} of ${counted(segments, 'segment')} at sector ${sector}`;
	const where = slot < 0 ? 'Its slot was reused for another answer.' : sentences[`slot.${state}`].state;
	return `Request ${id}${waits}: ${clean(what)}, on the ring for ${duration(age)}. ${where}`;
}
