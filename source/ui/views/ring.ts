/** A ring under glass: its slots as a map with the indices beside it, every request on it, and the marked one in words. */
import type {BlockSlotView, ChannelView, PacketSlotView, RingView, SlotView} from '../../observe/snapshot.js';
import type {Canvas, Rectangle, Run} from '../canvas.js';
import {describe, strandedWords} from '../describe.js';
import {duration} from '../format.js';
import {sentences} from '../sentences.js';
import {ringName} from '../subject.js';
import {clean, counted, cut, left, right, width, wrap} from '../text.js';

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
	posted: 'cool',
	request: 'warn',
	taken: 'accent',
	response: 'good',
};

/** The slots as rows of cells with a ruler, the four indices beside them or below. Returns the next free row. */
export function drawSlots(
	canvas: Canvas,
	x: number,
	y: number,
	cells: number,
	ring: RingView,
	channel: ChannelView,
): number {
	const size = ring.slots.length;
	const perRow = Math.min(size, size > 64 ? 64 : 32);
	const wide = cells - 9 - perRow - 6 >= 68;
	const below = !wide && cells - perRow - 2 < 40;
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
	const limit = wide ? map + perRow + 7 : map + perRow + 1;
	const bottom = drawPointers(canvas, {x, y: y + 1, width: limit - x, height: lines}, map, perRow, ring);
	const {filled, unread, short, full} = ringCounts(ring, channel);
	if (wide) {
		const pair = (one: string, value: number, two: string, other: number) =>
			`${left(one, 9)}${left(String(value), 11)}${left(two, 9)}${left(String(other), 11)}`;
		const rows = [
			['front', pair('req_prod', ring.requestProducer, 'rsp_cons', ring.responseConsumer), filled],
			['back', pair('req_cons', ring.requestConsumer, 'rsp_prod', ring.responseProducer), unread],
			['wake', wakeText(ring, true), ''],
		] as const;
		const at = map + perRow + 8;
		rows.forEach(([title, text, tail], index) => {
			canvas.put(at, y + index, left(title, 6), 'dim');
			const after = canvas.put(at + 6, y + index, text);
			if (tail !== '') canvas.put(after + 1, y + index, tail, full);
		});
		return Math.max(bottom, y + rows.length);
	}
	if (below) {
		const front = `req_prod ${ring.requestProducer} rsp_cons ${ring.responseConsumer}`;
		const back = `req_cons ${ring.requestConsumer} rsp_prod ${ring.responseProducer}`;
		const wake = wakeText(ring, false);
		const room = Math.floor((cells - 9) / 2);
		const [one, two] = [left(front, room), left(wake, room)];
		let row = bottom;
		for (const [title, text, tail, style] of [
			['front', one, `back ${back}`, ''],
			['wake', two, `${filled}, ${short}`, full],
		]) {
			canvas.put(x, row, left(title, 6), 'dim');
			canvas.put(x + 6, row, text);
			canvas.put(x + 6 + room, row++, tail, style, cells - 6 - room);
		}
		return row;
	}
	// Beside the map on a narrow screen; who an index belongs to is said as long as there is room for it.
	const at = map + perRow + 2;
	const room = cells - (at - x);
	const rows = [
		['front ', `req_prod ${ring.requestProducer} rsp_cons ${ring.responseConsumer}`],
		['back  ', `req_cons ${ring.requestConsumer} rsp_prod ${ring.responseProducer}`],
		['wake  ', wakeText(ring, false)],
	] as const;
	const titled = rows.every(([title, text]) => width(title) + width(text) <= room);
	rows.forEach(([title, text], index) => {
		canvas.runs(at, y + index, [[titled ? title : '', 'dim'], [text]], room);
	});
	canvas.put(at, y + rows.length, `${filled}, ${short}`, full, room);
	return Math.max(bottom, y + rows.length + 1);
}

/** How a slot is drawn: one that is kept for an answer holds nobody's request. */
function slotLook({state, reserved}: SlotView): SlotLook {
	return reserved ? 'reserved' : state;
}

/**
Where the next request goes and where the oldest lies: arrows below a map of one line, marked cells and words below one of several.
`area` is the map's lines with the room for words; returns the next free row.
*/
function drawPointers(
	canvas: Canvas,
	{x, y, width: cells, height: lines}: Rectangle,
	map: number,
	perRow: number,
	ring: RingView,
): number {
	const under = y + lines;
	const limit = x + cells;
	const next = ring.requestProducer % ring.slots.length;
	const oldest = ring.requests.find(({slot}) => slot >= 0)?.slot;
	const marks =
		oldest === undefined
			? [{slot: next, label: 'next'}]
			: oldest === next
				? [{slot: next, label: 'next, oldest'}]
				: [
						{slot: next, label: 'next'},
						{slot: oldest, label: 'oldest'},
					];
	if (lines > 1) {
		for (const {slot} of marks) {
			const place = {x: map + (slot % perRow), y: y + Math.floor(slot / perRow), width: 1, height: 1};
			canvas.restyle(place, 'inverse');
		}
		const words = marks.map(({slot, label}) => `${label} ${slot}`).join(', ');
		canvas.put(map, under, `marked: ${words}`, 'dim');
		return under + 1;
	}
	const arrows = marks.map(({slot, label}) => ({at: map + slot, label}));
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
	return bottom;
}

/** How full a ring is, in words: of receive buffers, those that wait for a packet are not work. */
function ringCounts(ring: RingView, channel: ChannelView) {
	if (channel.kind === 'vif' && ring.id === channel.rings.at(-1)?.id) {
		const {posted, size, unread} = channel.receive;
		const style = posted === 0 ? 'warn' : 'bold';
		const words = `${counted(unread, 'buffer')} unread`;
		return {filled: `${posted} of ${size} posted`, unread: words, short: words, full: style};
	}
	const {inFlight, size, unread} = channel;
	return {
		filled: `${inFlight} of ${size} in flight`,
		unread: `${counted(unread, 'response')} unread`,
		short: `${unread} unread`,
		full: inFlight >= size ? 'warn' : 'bold',
	};
}

/** One column of the list of requests. */
interface Column<T> {
	readonly heading: string;
	/** With the blank before it; numbers stand at the right. */
	readonly cells: number;
	readonly words?: boolean;
	readonly text: (slot: T) => string;
	/** Only where there is room for it; the line below the list says it anyway. */
	readonly roomy?: boolean;
	/** Cells where there is a lot of room. */
	readonly wide?: number;
}

const blockColumns: ReadonlyArray<Column<BlockSlotView>> = [
	{heading: '  op', cells: 8, words: true, text: ({operation}) => `  ${clean(operation)}`},
	{heading: 'sector', cells: 11, text: ({sector}) => String(sector)},
	{heading: 'segs', cells: 6, text: ({segments}) => String(segments), roomy: true},
];

const packetColumns: ReadonlyArray<Column<PacketSlotView>> = [
	{heading: 'bytes', cells: 7, text: ({size}) => (size === 0 ? '' : String(size))},
	{heading: 'offset', cells: 8, text: ({offset, size}) => (size === 0 ? '' : String(offset)), roomy: true},
	{heading: 'grant', cells: 7, text: ({grant}) => (grant < 0 ? '' : String(grant)), roomy: true},
	{heading: '  flags', cells: 22, wide: 52, words: true, text: ({flags}) => `  ${flags}`},
];

function cellsOf<T>(columns: ReadonlyArray<Column<T>>, text: (column: Column<T>) => string): string {
	return columns.map((column) => (column.words ? left : right)(text(column), column.cells)).join('');
}

export function drawRequests(
	canvas: Canvas,
	{x, y, width: cells, height}: Rectangle,
	ring: RingView,
	channel: ChannelView,
	marked: number,
): void {
	const slots = ring.requests;
	// On a narrow screen what a request waits for gets the room.
	const shown = <T>(columns: ReadonlyArray<Column<T>>) =>
		columns
			.filter(({roomy}) => cells >= 100 || roomy !== true)
			.map((column) => ({...column, cells: cells >= 150 ? (column.wide ?? column.cells) : column.cells}));
	const [block, packet] = [shown(blockColumns), shown(packetColumns)];
	const packets = ring.slots.at(0)?.kind === 'packet';
	const heading = packets ? cellsOf(packet, (column) => column.heading) : cellsOf(block, (column) => column.heading);
	const head = `${right('slot', 6)}${right('id', 6)}${heading}  `;
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
		const own =
			slot.kind === 'packet' ? cellsOf(packet, ({text}) => text(slot)) : cellsOf(block, ({text}) => text(slot));
		const number = slot.slot < 0 ? '–' : String(slot.slot);
		canvas.put(x + 1, row, `${right(number, 5)}${right(slot.id < 0 ? '' : String(slot.id), 6)}${own}`, weight);
		canvas.put(x + width(head), row, left(waitWords(slot, room), room), styles[slot.state]);
		canvas.put(x + cells - 10, row, right(slot.age === undefined ? '' : duration(slot.age), 10), weight);
	});
	const ofReceive = channel.kind === 'vif' && ring.id === channel.rings.at(-1)?.id;
	const nothing =
		ofReceive && channel.look === 'starved'
			? `${channel.frontend} has posted no buffer: ${strandedWords(channel)}.`
			: 'Nothing is in flight at this instant.';
	if (slots.length === 0) canvas.put(x + 2, y + 1, nothing, 'dim', cells - 2);
	const more = slots.length - top - rows;
	if (more > 0) canvas.put(x, y + height, ` +${more} more `, 'dim');
}

/** The marked request in words, or what the ring itself is doing. */
export function drawMarked(canvas: Canvas, area: Rectangle, ring: RingView, channel: ChannelView, slot: number): void {
	const y = area.y + area.height - 2;
	canvas.put(area.x + 1, y, '►', 'bold warn');
	const one = ring.requests.at(markedRequest(ring, slot));
	const asleep = channel.look === 'asleep' ? `Asleep for ${duration(channel.since)}, kick it (!). ` : '';
	const text =
		one === undefined
			? `${ringName(channel)}   ${describe({kind: 'channel', channel}).text}`
			: `${asleep}${requestWords(one)}`;
	const lines = wrap(text, area.width - 5);
	if (lines.length > 2) lines[1] = cut(`${lines[1]} …`, area.width - 5);
	lines.slice(0, 2).forEach((line, index) => {
		canvas.put(area.x + 3, y + index, line, channel.look === 'asleep' || channel.look === 'starved' ? 'bad' : '');
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
	const {id, age, state, slot, waitsFor} = request;
	const waits = waitsFor === '' ? '' : ` waits for ${clean(waitsFor)}`;
	const where = slot < 0 ? 'Its slot was reused for another answer.' : sentences[`slot.${state}`].state;
	const received = request.kind === 'packet' && state === 'response' && request.size > 0;
	const name = state === 'posted' ? 'Buffer' : received ? 'Packet' : 'Request';
	const lasting = age === undefined ? '' : `, on the ring for ${duration(age)}`;
	return `${name}${id < 0 ? '' : ` ${id}`}${waits}: ${clean(contentWords(request))}${lasting}. ${where}`;
}

function contentWords(request: SlotView): string {
	if (request.kind === 'block') {
		const {operation, segments, sector} = request;
		return segments === 0 ? operation : `${operation} of ${counted(segments, 'segment')} at sector ${sector}`;
	}
	const {size, offset, grant, flags} = request;
	const place = grant < 0 ? '' : ` of grant ${grant}`;
	const bytes =
		size === 0 ? (grant < 0 ? '' : `grant ${grant}`) : `${counted(size, 'byte')} at offset ${offset}${place}`;
	return [bytes, flags].filter((words) => words !== '').join(', ');
}

/** When each end asks to be told. */
function wakeText({requestEvent, responseEvent}: RingView, wide: boolean): string {
	if (requestEvent === undefined || responseEvent === undefined) return 'each batch';
	return wide
		? `back at req_event ${requestEvent}, front at rsp_event ${responseEvent}`
		: `req_event ${requestEvent} rsp_event ${responseEvent}`;
}
