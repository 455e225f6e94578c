/**
 * Channels between the frames: each from the line of its backend to the line of its frontend, straight where both are on
 * one row, else through a lane of its own; drawn in one of its looks. The word stands on the frontend's row.
 */
import type {ChannelLook, ChannelView, DomainView, PartView, Snapshot} from '../../observe/snapshot.js';
import type {Canvas, Rectangle, Run} from '../canvas.js';
import {duration} from '../format.js';
import {cut, width} from '../text.js';
import type {ChannelSpan, DomainFrame} from './host-frames.js';

/** Cells from the frames at the left to the first lane, and from lane to lane. */
const [firstLane, laneStep] = [3, 2];
/** Cells that the word and the arrow keep right of the last lane. */
const wordCells = 3;

/** The channel whose frontend a part is. */
export function channelAt(snapshot: Snapshot, domain: DomainView, part: PartView): ChannelView | undefined {
	return snapshot.channels.find(
		({id, frontend, frontPart}) => frontend === domain.name && (frontPart === part.id || id === part.channel),
	);
}

/** Every channel whose frontend is drawn. @param gap between the frames at the left and the guests. */
export function routeChannels(
	snapshot: Snapshot,
	left: readonly DomainFrame[],
	guests: readonly DomainFrame[],
	gap: Rectangle,
): ChannelSpan[] {
	const straight = guests.flatMap(({domain, lines}) =>
		lines.flatMap((line) => {
			const channel = line.kind === 'part' ? channelAt(snapshot, domain, line.part) : undefined;
			return channel === undefined ? [] : [{channel, y: line.y, from: backendRow(left, channel) ?? line.y}];
		}),
	);
	// Those that go down are nested the one way, those that go up the other: so they cross where they must, and nowhere else.
	const down = straight.filter(({y, from}) => from < y).toReversed();
	const up = straight.filter(({y, from}) => from > y);
	const bent = inOrder([...down, ...up]);
	const most = Math.floor((gap.width - firstLane - wordCells - 2) / laneStep);
	return straight.map((each): ChannelSpan => {
		const {channel, y, from} = each;
		const start = {x: gap.x, y: from};
		const index = bent.indexOf(each);
		if (index < 0) return {channel, x: gap.x, y, width: gap.width, height: 1, from: start, lane: undefined};
		const lane = gap.x + firstLane + laneStep * Math.min(index, most);
		// The two cells before the line are for the mark and the corner.
		return {channel, x: lane - 1, y, width: gap.x + gap.width - lane + 1, height: 1, from: start, lane};
	});
}

/** Where one leaves its backend on the row on which another ends, it bends first: else the two would be one line. */
function inOrder<Ends extends {readonly y: number; readonly from: number}>(bent: Ends[]): Ends[] {
	// Each round settles one at least; those that go round in a circle stay as they are.
	for (let round = 0; round < bent.length; round++) {
		for (const [index, one] of bent.entries()) {
			const other = bent.findIndex((each) => each !== one && each.y === one.from);
			if (other >= 0 && other < index) {
				bent.splice(index, 1);
				bent.splice(other, 0, one);
				break;
			}
		}
	}
	return bent;
}

/** The row of a channel's backend; of its domain when the line itself is not drawn. */
function backendRow(left: readonly DomainFrame[], {id, backend, backPart}: ChannelView): number | undefined {
	const frame = left.find(({domain}) => domain.name === backend);
	const line = frame?.lines.find(({kind, ...each}) => {
		const part = kind === 'part' && 'part' in each ? each.part : undefined;
		return part?.id === backPart || (part !== undefined && part.channel === id);
	});
	return line?.y ?? frame?.lines[0]?.y ?? frame?.y;
}

/** What a line is made of: along, down, and its corners from left to down, left to up, down to right, up to right. */
const light = ['─', '│', '┐', '┘', '┌', '└'] as const;
const double = ['═', '║', '╗', '╝', '╔', '╚'] as const;
const looks: Readonly<Record<ChannelLook, {readonly glyphs: readonly string[]; readonly ends: string; style: string}>> =
	{
		idle: {glyphs: light, ends: '◄►', style: 'dim'},
		busy: {glyphs: double, ends: '◄►', style: 'accent'},
		full: {glyphs: ['█', ...double.slice(1)], ends: '◄►', style: 'warn'},
		asleep: {glyphs: light, ends: '××', style: 'bad'},
		limited: {glyphs: double, ends: '◄►', style: 'warn'},
		starved: {glyphs: light, ends: '◄►', style: 'bad'},
		stalled: {glyphs: ['░', ...light.slice(1)], ends: '◄►', style: 'bad'},
		closed: {glyphs: ['┄', ...light.slice(1)], ends: '', style: 'dim'},
	};

/** A ring that never drains for so long, ns, is worth the time: below, the number would only flicker. */
const unbroken = 10_000_000;

/** Draws all of them; the vertical parts last, so that crossings can be seen. */
export function drawChannels(
	canvas: Canvas,
	spans: readonly ChannelSpan[],
	markOf: (channel: ChannelView) => Run | undefined,
): void {
	for (const span of spans) drawWord(canvas, span, markOf(span.channel));
	for (const span of spans) drawBend(canvas, span, markOf(span.channel) !== undefined);
}

function drawWord(canvas: Canvas, {channel, x, y, width: cells, lane}: ChannelSpan, mark: Run | undefined): void {
	const {look, since, inFlight} = channel;
	if (mark !== undefined) canvas.runs(x, y, [mark], 1);
	const room = cells - 3;
	const {glyphs, ends, style} = looks[look];
	const [head, tail] = lane === undefined ? [ends.slice(0, 1), ends.slice(1)] : ['', ends.slice(1)];
	const words = channelWords(channel, room);
	const sides = Math.max(0, room - width(head) - width(tail) - width(words));
	const before = Math.floor(sides / 2);
	const drawn = `${head}${glyphs[0].repeat(before)}${words}${glyphs[0].repeat(sides - before)}${tail}`;
	const shown = look === 'closed' && inFlight > 0 ? 'warn' : style;
	const asleep = look === 'asleep' && since > 0 ? style : shown;
	canvas.put(x + 2, y, cut(drawn, room), `${mark === undefined ? '' : 'bold '}${asleep}`.trim());
}

/** The words on a channel of so many cells. */
function channelWords(channel: ChannelView, room: number): string {
	const {look, label, since} = channel;
	const fitting = (words: string) => (width(words) + 8 <= room ? ` ${words} ` : '');
	switch (look) {
		case 'idle':
		case 'busy':
			return fitting(label);
		case 'full':
			return fitting(since >= unbroken ? `full ${duration(since)}` : 'full');
		case 'asleep':
			return room < 12 ? duration(since).replace(' ', '') : ` ${duration(since)} `;
		case 'limited':
			return room < 5 ? '' : room < 10 ? 'lim' : room < 16 ? 'limit' : ' held by its limit ';
		case 'starved':
			return room < 7 ? '' : room < 20 ? 'no Rx' : ' no Rx buffers ';
		case 'stalled':
			return room < 16 ? 'Rx' : ' Rx stalled ';
		case 'closed':
			return room < 6 ? '' : ` ${closedWords(channel, room - 4)} `;
	}
}

/** The xenbus states of a channel that is not connected, as many words as fit. */
function closedWords({frontState, backState}: ChannelView, room: number): string {
	const both = frontState === backState ? frontState : `${backState} ⇄ ${frontState}`;
	return width(both) <= room ? both : cut(frontState === 'Connected' ? backState : frontState, room);
}

/** From the backend's row to the frontend's. */
function drawBend(canvas: Canvas, {channel, y, from, lane}: ChannelSpan, chosen: boolean): void {
	if (lane === undefined) return;
	const {look, inFlight} = channel;
	const {glyphs, ends, style: plain} = looks[look];
	const [along, down, leftDown, leftUp, downRight, upRight] = glyphs;
	const shown = look === 'closed' && inFlight > 0 ? 'warn' : plain;
	const style = `${chosen ? 'bold ' : ''}${shown}`.trim();
	canvas.put(
		from.x + 1,
		from.y,
		`${ends.slice(0, 1)}${along.repeat(lane - from.x)}`.slice(0, lane - from.x - 1),
		style,
	);
	const step = y > from.y ? 1 : -1;
	for (let row = from.y + step; row !== y; row += step) {
		// One that crosses a line of another leaves a sign of both.
		const crosses = canvas.extent(lane, row, 1, 1, '─═┄█░') > 0;
		canvas.put(lane, row, crosses ? '┼' : down, style);
	}
	canvas.put(lane, from.y, step > 0 ? leftDown : leftUp, style);
	canvas.put(lane, y, step > 0 ? upRight : downRight, style);
}
