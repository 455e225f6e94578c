/**
 * Where everything in the Host figure goes: domains that own devices at the left, guests at the right, a channel
 * between each pair of ends on one row, Xen and the hardware below. Pure geometry, used for drawing and for moving
 * about. Drawing order never changes; when guests do not fit, those in trouble are kept and the rest counted.
 */
import type {ChannelView, DomainView, PartView, Snapshot} from '../../observe/snapshot.js';
import type {Rectangle} from '../canvas.js';
import {type Subject, selectedSubject, troubleOf} from '../subject.js';
import {channelAt, routeChannels} from './host-channels.js';
import {type ChannelSpan, type Content, contents, type DomainFrame, epitaph, type FrameLine} from './host-frames.js';
import {stackOwners} from './host-owners.js';

export type Pane = 'left' | 'channels' | 'guests' | 'xen' | 'hardware';
export const panes: readonly Pane[] = ['left', 'channels', 'guests', 'xen', 'hardware'];

export interface Spot {
	readonly subject: Subject;
	readonly pane: Pane;
	/** Undefined when it is not drawn now; it is once selected. */
	readonly y: number | undefined;
}

export interface HostLayout {
	readonly left: readonly DomainFrame[];
	readonly guests: readonly DomainFrame[];
	readonly hiddenGuests: number;
	readonly channels: readonly ChannelSpan[];
	readonly xen: Rectangle;
	readonly cpusPerLine: number;
	/** Each line of CPUs has their history below it. */
	readonly cpuHistory: boolean;
	readonly hardware: Rectangle;
	/** Lines of devices in it, and where the hosts of the LAN stand: on a line of their own, or in its lower edge. */
	readonly deviceLines: number;
	readonly lan: Rectangle;
	readonly selection: Rectangle;
	readonly log: Rectangle;
	readonly spots: readonly Spot[];
}

/** Places the figure in `area`, the screen between header and footer. */
export function layoutHost(snapshot: Snapshot, selected: string, area: Rectangle): HostLayout {
	const {x, y, width: columns, height} = area;
	const subject = selectedSubject(snapshot, selected);
	const cpusPerLine = Math.max(1, Math.min(snapshot.cpus.length, Math.floor((columns - 4) / 36)));
	const cpuLines = Math.min(3, Math.ceil(snapshot.cpus.length / cpusPerLine));
	const cpuHistory = height >= 32 && cpuLines === 1;
	const xenHeight = 3 + cpuLines * (cpuHistory ? 2 : 1) + snapshot.xen.parts.length;
	const deviceLines = Math.min(4, snapshot.devices.length);
	const hardwareHeight = 2 + deviceLines + Number(snapshot.lan !== undefined && height >= 28);
	const selectionHeight = height >= 28 && columns < 160 ? 3 : 2;
	const others = xenHeight + hardwareHeight + selectionHeight;
	const guestsHeight = totalHeight(snapshot, subject, 1, snapshot.domains.filter(isGuest));
	// A line of the log is given up where that keeps every job and part in the figure.
	const owners = snapshot.domains.filter((domain) => !isGuest(domain));
	const logHeight = height >= 28 ? 4 : owners.length > 1 || guestsHeight === height - others - 2 ? 2 : 3;
	const room = Math.max(3, height - others - logHeight);

	const gap = Math.max(owners.length > 1 ? 12 : 10, Math.round(columns * 0.22) - (columns < 100 ? 8 : 0));
	const leftWidth = Math.floor((columns - gap) * 0.52);
	const guestX = x + leftWidth + gap;
	const guestWidth = columns - leftWidth - gap;
	const {frames: guests, hidden} = placeGuests(snapshot, subject, {x: guestX, y, width: guestWidth, height: room});
	const guestHeight = guests.reduce((bottom, frame) => Math.max(bottom, frame.y + frame.height - y), 3);
	const ownersArea = {x, y, width: leftWidth, height: room};
	const left =
		owners.length > 1
			? stackOwners(owners, ownersArea, (content, domain) => isSubject(content, domain, subject))
			: placeOwners(snapshot, owners, guests, ownersArea, guestHeight, subject);
	const figure = Math.max(guestHeight, ...left.map((frame) => frame.y + frame.height - y));

	const channels = routeChannels(snapshot, left, guests, {x: x + leftWidth, y, width: gap, height: figure});
	const below = (top: number, rows: number): Rectangle => ({x, y: top, width: columns, height: rows});
	const xen = below(y + figure, xenHeight);
	const hardware = below(xen.y + xenHeight, hardwareHeight);
	const selection = below(hardware.y + hardwareHeight, selectionHeight);
	const logTop = selection.y + selectionHeight;
	const layout = {
		left,
		guests,
		hiddenGuests: hidden,
		channels,
		xen,
		cpusPerLine,
		cpuHistory,
		hardware,
		deviceLines,
		lan: {
			x: x + 2,
			y: hardware.y + hardware.height - (hardwareHeight === 2 + deviceLines ? 1 : 2),
			width: columns - 4,
			height: 1,
		},
		selection,
		log: below(logTop, Math.max(0, y + height - logTop)),
	};
	return {...layout, spots: spotsOf(snapshot, layout)};
}

type Inside = Content | {readonly kind: 'detail'; readonly channel: ChannelView};

/** How closely guests are drawn: fewer lines each, step by step, before any is left out. */
function linesAt(level: number, snapshot: Snapshot, domain: DomainView, subject: Subject): Inside[] {
	const all = contents(domain);
	if (level < 0) {
		return all.flatMap((content): Inside[] => {
			const channel = content.kind === 'part' ? channelAt(snapshot, domain, content.part) : undefined;
			return channel === undefined ? [content] : [content, {kind: 'detail', channel}];
		});
	}
	if (level < 2) return all;
	const parts = all.filter(({kind}) => kind === 'part');
	const jobs = all.filter(({kind}) => kind === 'job');
	const chosen = all.find((content) => isSubject(content, domain, subject));
	if (level === 2) {
		const job = chosen?.kind === 'job' ? chosen : jobs[0];
		return job === undefined ? parts : [...parts, job];
	}
	const one = chosen ?? parts[0] ?? jobs[0];
	return one === undefined ? [] : [one];
}

function isSubject(content: Content, domain: DomainView, subject: Subject): boolean {
	if (content.kind === 'part') {
		if (subject.kind === 'channel') return subject.channel.frontPart === content.part.id;
		return subject.kind === 'part' && subject.part.id === content.part.id;
	}
	return subject.kind === 'job' && subject.domain.name === domain.name && subject.job.name === content.job.name;
}

function heightOf(domain: DomainView, lines: readonly Inside[], joined: boolean): number {
	return (joined ? 1 : 2) + Math.max(1, lines.length + epitaph(domain).length);
}

/** Rows of these guests when drawn so closely. */
function totalHeight(snapshot: Snapshot, subject: Subject, level: number, domains: readonly DomainView[]): number {
	return domains.reduce(
		(sum, domain) => sum + heightOf(domain, linesAt(level, snapshot, domain, subject), level > 0),
		level > 0 ? 1 : 0,
	);
}

function isGuest({role}: DomainView): boolean {
	return role === 'guest';
}

function placeGuests(snapshot: Snapshot, subject: Subject, {x, y, width, height}: Rectangle) {
	const all = snapshot.domains.filter(isGuest);
	const total = (level: number, domains: readonly DomainView[]) => totalHeight(snapshot, subject, level, domains);
	let level = -1;
	while (level < 3 && total(level, all) > height) level++;
	let shown = all;
	if (total(level, all) > height) {
		const mine = (domain: DomainView) => Number(belongsTo(subject, domain));
		const byNeed = all.toSorted(
			(a, b) => mine(b) - mine(a) || troubleOf(snapshot, b) - troubleOf(snapshot, a) || all.indexOf(a) - all.indexOf(b),
		);
		const kept = new Set<DomainView>();
		for (const domain of byNeed) {
			if (total(level, [...kept, domain]) > height) break;
			kept.add(domain);
		}
		shown = all.filter((domain) => kept.has(domain));
	}
	const frames: DomainFrame[] = [];
	let at = y;
	for (const domain of shown) {
		const joined = level > 0 && frames.length > 0;
		const inside = linesAt(level, snapshot, domain, subject);
		const first = at + 1;
		const lines: FrameLine[] = inside.map((content, index) => ({...content, y: first + index}));
		lines.push(...epitaph(domain).map((text, index): FrameLine => ({kind: 'died', text, y: first + index})));
		const frameHeight = heightOf(domain, inside, level > 0) + (level > 0 ? 1 : 0);
		frames.push({
			domain,
			joined,
			x,
			y: at,
			width,
			height: frameHeight,
			lines,
			hidden: contents(domain).length - inside.filter(({kind}) => kind !== 'detail').length,
		});
		at += frameHeight - (level > 0 ? 1 : 0);
	}
	return {frames, hidden: all.length - shown.length};
}

function belongsTo(subject: Subject, domain: DomainView): boolean {
	switch (subject.kind) {
		case 'domain':
		case 'job':
			return subject.domain.name === domain.name;
		case 'part':
			return subject.domain?.name === domain.name || subject.part.id.includes(`/${domain.name}/`);
		case 'channel':
			return subject.channel.frontend === domain.name;
		default:
			return false;
	}
}

/**
 * Domains with backends: a backend stands on the row of its frontend, so that the channel between is straight; drivers
 * sink to the bottom, next to the hardware; a bridge stands below a vif that hangs on it; the rest fills the rows between
 * from the top.
 */
function placeOwners(
	snapshot: Snapshot,
	owners: readonly DomainView[],
	guests: readonly DomainFrame[],
	{x, y, width, height}: Rectangle,
	guestHeight: number,
	subject: Subject,
): DomainFrame[] {
	const frames: DomainFrame[] = [];
	let at = y;
	for (const domain of owners) {
		const rows = new Map<number, FrameLine>();
		const waiting: Content[] = [];
		for (const content of contents(domain)) {
			const row = content.kind === 'part' && at === y ? rowOfPeer(snapshot, guests, content.part) : undefined;
			if (row !== undefined && content.kind === 'part') rows.set(row, {...content, y: row});
			else if (content.kind === 'job' || content.part.channel === undefined) waiting.push(content);
			else if (!hiddenPeer(snapshot, guests, content.part)) waiting.push(content);
		}
		const lowest = Math.max(at, ...rows.keys());
		const died = epitaph(domain);
		const natural = 2 + Math.max(1, lowest - at, rows.size + waiting.length + died.length);
		const wanted = owners.length === 1 ? Math.max(natural, guestHeight) : natural;
		const frameHeight = Math.max(3, Math.min(wanted, y + height - at));
		const free: number[] = [];
		for (let row = at + 1; row < at + frameHeight - 1; row++) if (!rows.has(row)) free.push(row);
		// With too few rows the selected one is kept before the others.
		const ordered = waiting.toSorted(
			(a, b) => Number(isSubject(b, domain, subject)) - Number(isSubject(a, domain, subject)),
		);
		const kept = waiting.filter((content) => ordered.indexOf(content) < free.length);
		const isDriver = (content: Content) => content.kind === 'part' && content.part.kind === 'driver';
		for (const content of kept.filter(isDriver).reverse()) {
			const row = free.pop();
			if (row !== undefined) rows.set(row, {...content, y: row});
		}
		const isBridge = (content: Content) => content.kind === 'part' && content.part.kind === 'bridge';
		const vif = [...rows.values()].find((line) => line.kind === 'part' && line.part.kind === 'netback');
		for (const content of kept.filter((each) => !isDriver(each))) {
			const below = isBridge(content) ? free.findIndex((row) => row > (vif?.y ?? 0)) : 0;
			const [row] = free.splice(Math.max(0, below), 1);
			if (row !== undefined) rows.set(row, {...content, y: row});
		}
		for (const text of died) {
			const row = free.shift();
			if (row !== undefined) rows.set(row, {kind: 'died', text, y: row});
		}
		const lines = [...rows.values()].sort((a, b) => a.y - b.y);
		const hidden = contents(domain).length - lines.filter(({kind}) => kind !== 'died').length;
		frames.push({domain, joined: false, x, y: at, width, height: frameHeight, lines, hidden});
		at += frameHeight;
		if (at + 3 > y + height) break;
	}
	return frames;
}

function rowOfPeer(snapshot: Snapshot, guests: readonly DomainFrame[], part: PartView): number | undefined {
	const channel = snapshot.channels.find(({id, backPart}) => backPart === part.id || id === part.channel);
	if (channel === undefined) return undefined;
	for (const {domain, lines} of guests) {
		if (domain.name !== channel.frontend) continue;
		for (const line of lines) {
			if (line.kind === 'part' && channelAt(snapshot, domain, line.part)?.id === channel.id) return line.y;
		}
	}
	return undefined;
}

/** The other end of a backend belongs to a guest that is not drawn now. */
function hiddenPeer(snapshot: Snapshot, guests: readonly DomainFrame[], part: PartView): boolean {
	const channel = snapshot.channels.find(({id, backPart}) => backPart === part.id || id === part.channel);
	return channel !== undefined && !guests.some(({domain}) => domain.name === channel.frontend);
}

function spotsOf(snapshot: Snapshot, layout: Omit<HostLayout, 'spots'>): Spot[] {
	const spots: Spot[] = [];
	const inFrames = (pane: Pane, frames: readonly DomainFrame[], domains: readonly DomainView[]) => {
		for (const domain of domains) {
			const frame = frames.find((each) => each.domain === domain);
			spots.push({subject: {kind: 'domain', domain}, pane, y: frame?.y});
			const inside = contents(domain).map((content): Spot => {
				const line = frame?.lines.find((each) =>
					content.kind === 'part'
						? each.kind === 'part' && each.part === content.part
						: each.kind === 'job' && each.job === content.job,
				);
				const subject: Subject =
					content.kind === 'part'
						? {kind: 'part', part: content.part, domain}
						: {kind: 'job', job: content.job, domain};
				return {subject, pane, y: line?.y};
			});
			// As drawn, from top to bottom; what has no line comes last.
			const bottom = Number.MAX_SAFE_INTEGER;
			spots.push(...inside.toSorted((a, b) => (a.y ?? bottom) - (b.y ?? bottom)));
		}
	};
	inFrames(
		'left',
		layout.left,
		snapshot.domains.filter(({role}) => role !== 'guest'),
	);
	for (const channel of snapshot.channels) {
		const span = layout.channels.find((each) => each.channel === channel);
		spots.push({subject: {kind: 'channel', channel}, pane: 'channels', y: span?.y});
	}
	inFrames(
		'guests',
		layout.guests,
		snapshot.domains.filter(({role}) => role === 'guest'),
	);
	spots.push({subject: {kind: 'xen', xen: snapshot.xen}, pane: 'xen', y: layout.xen.y});
	for (const part of snapshot.xen.parts) {
		spots.push({subject: {kind: 'part', part, domain: undefined}, pane: 'xen', y: layout.xen.y + 1});
	}
	for (const cpu of snapshot.cpus) spots.push({subject: {kind: 'cpu', cpu}, pane: 'xen', y: layout.xen.y + 1});
	for (const device of snapshot.devices) {
		spots.push({subject: {kind: 'device', device}, pane: 'hardware', y: layout.hardware.y + 1});
	}
	const {lan} = snapshot;
	if (lan !== undefined) {
		for (const host of lan.hosts) spots.push({subject: {kind: 'lan', lan, host}, pane: 'hardware', y: layout.lan.y});
	}
	return spots;
}
