/** The Channel view: one ring under glass (ring.ts) and what its channel carries, its notifications and grants. */
import type {ChannelLook, ChannelView, Snapshot} from '../../observe/snapshot.js';
import type {Canvas, Rectangle} from '../canvas.js';
import {bitRate, duration, quantity, sparkline, throughput} from '../format.js';
import type {ConsoleState, World} from '../state.js';
import {channelOf, ringName, selectedSubject} from '../subject.js';
import {left, width} from '../text.js';
import {overWords} from './log.js';
import {drawMarked, drawRequests, drawSlots} from './ring.js';

/** The channel the view shows: the one asked for, else the selected part's, else the first. */
export function shownChannel(snapshot: Snapshot, state: ConsoleState): ChannelView | undefined {
	return (
		snapshot.channels.find(({id}) => id === state.channel.id) ??
		channelOf(snapshot, selectedSubject(snapshot, state.selected)) ??
		snapshot.channels[0]
	);
}

/** Looks that need a person. */
const troubled: ReadonlySet<ChannelLook> = new Set(['asleep', 'starved', 'stalled']);

/** Which of its rings: the one Tab came to, else its first. */
export function shownRing({id, rings}: ChannelView, state: ConsoleState): number {
	return id === state.channel.id ? Math.min(state.channel.ring, rings.length - 1) : 0;
}

/** Every ring of a host, in the order Tab goes through them. */
export function allRings({channels}: Snapshot): ReadonlyArray<{readonly channel: ChannelView; readonly ring: number}> {
	return channels.flatMap((channel) => channel.rings.map((_, ring) => ({channel, ring})));
}

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
	const shown = shownRing(channel, state);
	const {id, title} = channel.rings[shown];
	const rings = allRings(snapshot);
	const place = rings.findIndex((each) => each.channel === channel && each.ring === shown);
	const others = rings.length > 1 ? ` ${place + 1} of ${rings.length}, tab next ` : '';
	canvas.frame(
		box,
		troubled.has(channel.look) ? 'bad' : 'dim',
		{
			left: [
				[` ${ringName(channel)}`, 'bold'],
				[' ⇄ ', 'dim'],
				[`${channel.backend} `, 'bold'],
				[`  ${channel.label}${channel.rings.length > 1 ? `, ${title}` : ''} `, 'dim'],
			],
			right: [[` ${channel.frontState} ⇄ ${channel.backState} `, channel.look === 'closed' ? 'warn' : 'dim']],
		},
		{left: over === undefined ? [] : [[` ${over} `, 'bold']], right: others === '' ? [] : [[others, 'dim']]},
	);
	const ring = snapshot.ring?.id === id ? snapshot.ring : undefined;
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
		['traffic', trafficParts(channel, mark)],
	];
	if (ring !== undefined) {
		const {sharing} = ring;
		facts.push([
			'grants',
			sharing === undefined
				? ['none: pages are named by machine address']
				: [
						`${sharing.grantsGiven} given, ${sharing.grantsMapped} mapped`,
						`${wide ? 'event channel' : 'event'} ${channel.frontend} ${sharing.frontPort} ⇄ ${channel.backend} ${sharing.backPort}`,
						`ring page ${wide ? 'grant ' : ''}${sharing.ringReference}`,
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
		canvas.put(x, y, 'No slots of this ring are shown now.', 'dim');
		return;
	}
	drawRequests(canvas, {x, y, width: cells, height: box.y + box.height - 1 - y}, ring, channel, state.channel.slot);
	drawMarked(canvas, area, ring, channel, state.channel.slot);
}

/** What passes over a channel: a disk's requests and how long they take, a network's packets each way. */
function trafficParts(channel: ChannelView, mark: string): string[] {
	if (channel.kind === 'vbd') {
		return [
			`${mark}${quantity(channel.requestRate)} requests/s, ${mark}${throughput(channel.bytesPerSecond)}`,
			...(channel.latency === undefined ? [] : [`mean ${mark}${duration(channel.latency)}`]),
			...(channel.p99 === undefined ? [] : [`p99 ${mark}${duration(channel.p99)}`]),
		];
	}
	const {sent, received, receive, limit, throttled} = channel;
	return [
		`out ${mark}${bitRate(sent.bitsPerSecond)}, ${mark}${quantity(sent.packetsPerSecond)}/s`,
		`in ${mark}${bitRate(received.bitsPerSecond)}, ${mark}${quantity(received.packetsPerSecond)}/s`,
		...(receive.queued > 0 ? [`${receive.queued} queued`] : []),
		...(receive.dropped > 0 ? [`${quantity(receive.dropped)} dropped`] : []),
		...(limit === undefined ? [] : [`limit ${bitRate(limit)}${throttled ? ', waiting' : ''}`]),
	];
}
