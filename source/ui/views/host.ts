/** The Host view: draws the figure that host-layout.ts has placed. */
import type {ChannelView, DomainView, SlotView, Snapshot} from '../../observe/snapshot.js';
import {type Canvas, type Rectangle, type Run, runsWidth} from '../canvas.js';
import {describe, keysFor} from '../describe.js';
import {percent, quantity, sparkline} from '../format.js';
import {keyName} from '../keys.js';
import {type ConsoleState, isSlow, type LogLine, type World} from '../state.js';
import {keyOf, type Subject, selectedSubject, troubleOf} from '../subject.js';
import {clean, cut, listed, width, wrap} from '../text.js';
import {channelAt, drawChannels} from './host-channels.js';
import type {DomainFrame} from './host-frames.js';
import {type HostLayout, layoutHost} from './host-layout.js';
import {
	channelRuns,
	cpuBars,
	cpuRuns,
	deviceColumns,
	deviceRuns,
	type Figures,
	frontRuns,
	jobRuns,
	lanHostRuns,
	lanRuns,
	partColumns,
	partRuns,
} from './lines.js';
import {logRuns, overWords} from './log.js';

interface Brush {
	readonly canvas: Canvas;
	readonly snapshot: Snapshot;
	readonly figures: Figures;
	readonly chosen: string;
	/** So slow that who is on a CPU at this instant says more than a share. */
	readonly instant: boolean;
}

/** Draws the view in `area`; needs a snapshot. */
export function drawHost(canvas: Canvas, area: Rectangle, snapshot: Snapshot, world: World, state: ConsoleState): void {
	const layout = layoutHost(snapshot, state.selected, area);
	const subject = selectedSubject(snapshot, state.selected);
	const brush: Brush = {
		canvas,
		snapshot,
		figures: {mark: snapshot.window < 1e9 ? '~' : ''},
		chosen: keyOf(subject),
		instant: isSlow(state),
	};
	for (const frame of layout.left) drawDomain(brush, frame, false);
	for (const frame of layout.guests) drawDomain(brush, frame, true);
	drawHidden(brush, layout);
	const chosenMark = (channel: ChannelView) => (isChosen(brush, {kind: 'channel', channel}) ? mark(true) : undefined);
	drawChannels(canvas, layout.channels, chosenMark);
	drawXen(brush, layout);
	drawHardware(brush, layout);
	if (brush.instant) drawMarks(brush, layout);
	drawSelection(canvas, layout.selection, snapshot, subject);
	drawTail(canvas, layout.log, snapshot, world);
}

function isChosen({chosen}: Brush, subject: Subject): boolean {
	return keyOf(subject) === chosen;
}

/** The mark of the selected part; a blank elsewhere. */
function mark(chosen: boolean): Run {
	return chosen ? ['►', 'bold warn'] : [' '];
}

function drawDomain(brush: Brush, frame: DomainFrame, guest: boolean): void {
	const {canvas, snapshot, figures} = brush;
	const {domain, x, y, width: cells, lines, hidden} = frame;
	const trouble = troubleOf(snapshot, domain);
	const style = trouble >= 4 ? 'bad' : 'dim';
	canvas.frame(frame, style, {}, hidden > 0 ? {right: [[` +${hidden} more `, 'dim']]} : {});
	const chosen = isChosen(brush, {kind: 'domain', domain});
	const shares = shareRuns(domain, figures, cells < 42);
	// The name goes before what it waited.
	const named = width(domain.name) + 6 + String(domain.id).length;
	const share = named + runsWidth(shares) <= cells ? shares : shares.filter((_, index) => index !== 2 && index !== 3);
	const name = cut(domain.name, cells - 6 - String(domain.id).length - runsWidth(share));
	canvas.edge(x, y, cells, frame.joined ? '├┤' : '╭╮', style, {right: share});
	canvas.runs(x + 1, y, [mark(chosen), [`${domain.id} `, 'dim'], [name, 'bold'], [' ']], cells - 2);
	const columns = partColumns(lines.flatMap((line) => (line.kind === 'part' ? [line.part] : [])));
	for (const line of lines) {
		const inner = cells - 4;
		let subject: Subject = {kind: 'domain', domain};
		let runs: Run[] = line.kind === 'died' ? [[cut(line.text, inner), domain.booting ? 'warn' : 'bad']] : [];
		if (line.kind === 'detail') {
			canvas.runs(x + 2, line.y, channelRuns(line.channel, inner, figures), inner);
			continue;
		}
		if (line.kind === 'job') {
			subject = {kind: 'job', job: line.job, domain};
			runs = jobRuns(line.job, inner, figures);
		} else if (line.kind === 'part') {
			const {part} = line;
			subject = {kind: 'part', part, domain};
			const channel = guest ? channelAt(snapshot, domain, part) : undefined;
			const front = guest && (channel !== undefined || part.kind === 'blkfront' || part.kind === 'disk');
			runs = front ? frontRuns(part, channel, inner, figures) : partRuns(part, inner, columns, figures);
		}
		const selected = line.kind !== 'died' && isChosen(brush, subject);
		canvas.runs(x + 1, line.y, [mark(selected)], 1);
		canvas.runs(x + 2, line.y, selected ? runs.map(bolder) : runs, inner);
	}
}

function bolder([text, style = '']: Run): Run {
	return [text, style.includes('bold') ? style : `bold ${style}`.trim()];
}

function shareRuns(domain: DomainView, {mark: approximate}: Figures, narrow: boolean): Run[] {
	if (domain.died !== undefined) return [[' died ', 'bad']];
	if (domain.booting) return [[' booting ', 'warn']];
	if (domain.pausedByXl) return [[' paused by xl ', 'warn']];
	const share = (value: number) => `${approximate}${percent(value)}`.padStart(narrow ? 4 : 5);
	return [
		[' run ', 'dim'],
		[share(domain.run)],
		[narrow ? ' wait ' : '  wait ', 'dim'],
		[share(domain.wait), domain.wait >= 20 ? 'warn' : ''],
		[narrow ? '% ' : ' % ', 'dim'],
	];
}

function drawHidden({canvas}: Brush, {guests, hiddenGuests}: HostLayout): void {
	const last = guests.at(-1);
	if (hiddenGuests === 0 || last === undefined) return;
	const text = ` +${hiddenGuests} more guests `;
	canvas.put(last.x + last.width - 2 - width(text), last.y + last.height - 1, text, 'bold');
}

/** What a channel's line is drawn with. */
const channelLines = '─═█░┄';

/**
 * In slow motion: the requests of the ring that the session shows in detail, each a mark where it is: on the channel
 * towards the backend, with the backend, in the device, on the channel back to the guest.
 */
function drawMarks({canvas, snapshot}: Brush, layout: HostLayout): void {
	const {ring, devices} = snapshot;
	const span = layout.channels.find(({channel}) => channel.id === ring?.channel);
	if (ring === undefined || span === undefined) return;
	const device = (slot: SlotView) => devices.findIndex(({name}) => slot.waitsFor.split(/\W+/).includes(name));
	const count = (fits: (slot: SlotView) => boolean) => ring.requests.filter(fits).length;
	// Marks take the place of a channel's line and of blanks, never that of words: a duration says more than they do.
	const half = Math.floor((span.width - 4) / 2);
	const onLine = (x: number, step: 1 | -1, number: number, style: string) => {
		const marks = '■'.repeat(Math.min(number, canvas.extent(x, span.y, step, half, channelLines)));
		canvas.put(step > 0 ? x : x - marks.length + 1, span.y, marks, style);
	};
	onLine(
		span.x + span.width - 3,
		-1,
		count(({state}) => state === 'request'),
		'bold warn',
	);
	onLine(
		span.x + 2,
		1,
		count(({state}) => state === 'response'),
		'bold good',
	);
	// One blank stays between the marks and the words before them.
	const inBox = (x: number, y: number, number: number, most: number) => {
		const marks = '■'.repeat(Math.max(0, Math.min(number, most, canvas.extent(x, y, -1, most + 1, ' ') - 1)));
		canvas.put(x - marks.length + 1, y, marks, 'bold accent');
	};
	inBox(
		span.from.x - 3,
		span.from.y,
		count((slot) => slot.state === 'taken' && device(slot) < 0),
		16,
	);
	const {x, y, width: cells} = layout.hardware;
	devices.slice(0, layout.deviceLines).forEach((_, index) => {
		inBox(
			x + cells - 3,
			y + 1 + index,
			count((slot) => slot.state === 'taken' && device(slot) === index),
			32,
		);
	});
}

function drawXen(brush: Brush, {xen: box, cpusPerLine, cpuHistory}: HostLayout): void {
	const {canvas, snapshot, figures} = brush;
	const {xen, cpus} = snapshot;
	const approximate = figures.mark;
	canvas.frame(box, 'dim', {
		left: [mark(isChosen(brush, {kind: 'xen', xen})), ['Xen ', 'bold']],
		right: [[' run ', 'dim'], [`${approximate}${percent(xen.run)}`.padStart(5)], [' % ', 'dim']],
	});
	let y = box.y + 1;
	const inner = box.width - 4;
	const columns = partColumns(xen.parts);
	for (const part of xen.parts) {
		canvas.runs(box.x + 1, y, [mark(isChosen(brush, {kind: 'part', part, domain: undefined}))]);
		canvas.runs(box.x + 2, y++, partRuns(part, inner, columns, figures), inner);
	}
	const cell = Math.floor(inner / cpusPerLine);
	const tall = cpuHistory ? 2 : 1;
	const lines = Math.floor((box.y + box.height - 2 - y) / tall);
	const fitting = lines * cpusPerLine;
	// When not all fit, the window of CPUs slides so that the selected one is in it.
	const at = cpus.findIndex((cpu) => isChosen(brush, {kind: 'cpu', cpu}));
	const from = Math.max(0, Math.min(at - fitting + 1, cpus.length - fitting));
	cpus.slice(from, from + fitting).forEach((cpu, index) => {
		const chosen = isChosen(brush, {kind: 'cpu', cpu});
		const x = box.x + 1 + (index % cpusPerLine) * cell;
		const row = y + Math.floor(index / cpusPerLine) * tall;
		canvas.runs(x, row, [mark(chosen), ...cpuRuns(cpu, cell - 2, figures, brush.instant)], cell);
		if (cpuHistory)
			canvas.put(x + 2 + `cpu${cpu.id}`.length, row + 1, sparkline(cpu.history, cpuBars(cell - 2), 100), 'cool');
	});
	const rest = cpus.length - fitting;
	if (rest > 0) canvas.put(box.x + box.width - 14, box.y + box.height - 1, ` +${rest} CPUs `, 'dim');
	const facts = [
		`events ${approximate}${quantity(xen.eventsSentRate)}/s sent, ${approximate}${xen.eventsHeldOff.toFixed(0)}% held off`,
		`hypercalls ${approximate}${quantity(xen.hypercallRate)}/s`,
		`switches ${approximate}${quantity(xen.contextSwitchRate)}/s`,
		xen.grantsGiven === undefined
			? 'no grants'
			: `grants ${quantity(xen.grantsGiven)} given, ${quantity(xen.grantsMapped ?? 0)} mapped`,
	];
	let line = '';
	for (const fact of facts) {
		const longer = line === '' ? fact : `${line}   ${fact}`;
		if (width(longer) <= inner) line = longer;
	}
	canvas.put(box.x + 2, box.y + box.height - 2, line, '', inner);
}

function drawHardware(brush: Brush, layout: HostLayout): void {
	const {hardware: box, deviceLines: rows} = layout;
	const {canvas, snapshot, figures} = brush;
	const {devices} = snapshot;
	const owners = [...new Set(devices.map(({owner}) => owner))];
	const number = devices.length === 1 ? '1 device' : `${devices.length} devices`;
	const owned =
		owners.length === 0
			? ''
			: `, ${devices.length === 2 && owners.length === 1 ? 'both ' : ''}owned by ${listed(owners)}`;
	canvas.frame(box, 'dim', {
		left: [[' Hardware ', 'bold']],
		right: [[` ${number}${owned} `, 'dim']],
	});
	const deviceCells = deviceColumns(devices);
	const at = devices.findIndex((device) => isChosen(brush, {kind: 'device', device}));
	const from = Math.max(0, Math.min(at - rows + 1, devices.length - rows));
	devices.slice(from, from + rows).forEach((device, index) => {
		const chosen = isChosen(brush, {kind: 'device', device});
		const runs = deviceRuns(device, box.width - 4, deviceCells, figures);
		canvas.runs(box.x + 1, box.y + 1 + index, [mark(chosen)]);
		canvas.runs(box.x + 2, box.y + 1 + index, chosen ? runs.map(bolder) : runs, box.width - 4);
	});
	const rest = devices.length - rows;
	if (rest > 0) canvas.put(box.x + box.width - 18, box.y + box.height - 1, ` +${rest} devices `, 'dim');
	drawLan(brush, layout);
}

/** Who is at the other end of the wire, side by side as far as there is room; the selected one always. */
function drawLan(brush: Brush, {hardware: box, lan: {x, y, width: cells}}: HostLayout): void {
	const {canvas, snapshot, figures} = brush;
	const {lan} = snapshot;
	if (lan === undefined) return;
	const inEdge = y === box.y + box.height - 1;
	const head = lanRuns(lan);
	const hosts = lan.hosts.map((host) => {
		const chosen = isChosen(brush, {kind: 'lan', lan, host});
		const runs = lanHostRuns(host, figures);
		return {chosen, runs: [mark(chosen), ...(chosen ? runs.map(bolder) : runs)]};
	});
	const rest = (left: number): Run[] => (left > 0 ? [[` +${left} more`, 'dim']] : []);
	let room = cells - runsWidth(head) - 2 - runsWidth(rest(hosts.length));
	const at = hosts.findIndex(({chosen}) => chosen);
	const shown: Array<readonly Run[]> = [];
	for (const {runs} of hosts.slice(Math.max(0, at))) {
		const need = runsWidth(runs) + 1;
		if (need > room && shown.length > 0) break;
		shown.push(runs);
		room -= need;
	}
	const line = [...head, ...shown.flatMap((runs): Run[] => [[' '], ...runs]), ...rest(hosts.length - shown.length)];
	if (inEdge) canvas.runs(x, y, [[' '], ...line, [' ']], cells);
	else canvas.runs(x, y, line, cells);
}

/** What the selected part is and how it is, in words, and the keys that act on it. */
export function drawSelection(canvas: Canvas, area: Rectangle, snapshot: Snapshot, subject: Subject): void {
	const {name, text} = describe(subject);
	// On a narrow screen the words get the room: the footer names the other keys as well.
	const keys = keysFor(snapshot, subject)
		.filter(([key]) => area.width >= 100 || key === 'enter')
		.map(([key, label]) => `${keyName(key).toLowerCase()} ${label}`);
	const head = `${name}   `;
	const indent = 3;
	const cells = area.width - indent - 1;
	// The name leads the first line; the keys follow the last word, on a line of their own if they must.
	const blank = ' '.repeat(width(head));
	const lines = wrap(`${blank.replace(/ /g, '\u00A0')}${text}`, cells);
	const shown = lines.slice(0, area.height);
	if (lines.length > area.height) shown[area.height - 1] = cut(`${shown[area.height - 1]} …`, cells);
	canvas.put(area.x + 1, area.y, '►', 'bold warn');
	shown.forEach((line, index) => {
		canvas.put(area.x + indent, area.y + index, line.replace(/\u00A0/g, ' '), '', cells);
	});
	canvas.put(area.x + indent, area.y, cut(name, cells), 'bold');
	const keyText = keys.join(area.width < 100 ? '  ' : '   ');
	const last = shown.length - 1;
	const end = area.x + area.width - 1;
	if (keyText === '') return;
	if (width(shown[last]) + width(keyText) + 3 <= cells)
		canvas.put(end - width(keyText), area.y + last, keyText, 'accent');
	else if (shown.length < area.height) canvas.put(end - width(keyText), area.y + shown.length, keyText, 'accent');
	else {
		const room = cells - width(keyText) - 3;
		canvas.put(area.x + indent, area.y + last, cut(shown[last].replace(/\u00A0/g, ' '), room).padEnd(cells), '');
		if (last === 0) canvas.put(area.x + indent, area.y, cut(name, cells), 'bold');
		canvas.put(end - width(keyText), area.y + last, keyText, 'accent');
	}
}

/** The newest log lines; once the run is over, what was expected and what came of it. */
function drawTail(canvas: Canvas, area: Rectangle, snapshot: Snapshot, world: World): void {
	const over = overWords(world);
	if (over !== undefined) {
		canvas.put(area.x + 1, area.y, `The ${over}. 0 restarts it.`.replace('run over', 'run is over'), 'bold');
		// Those not met are shown even when there is no room for all.
		const ordered = snapshot.expectations.toSorted((a, b) => Number(a.met === true) - Number(b.met === true));
		ordered.slice(0, area.height - 1).forEach(({text, met: each, measured}, index) => {
			const [glyph, style] = each === true ? ['✓', 'good'] : each === false ? ['✗', 'bold bad'] : ['·', 'dim'];
			canvas.runs(area.x + 1, area.y + 1 + index, [
				[glyph, style],
				[` ${text}`],
				[measured === '' ? '' : `   ${measured}`, 'dim'],
			]);
		});
		return;
	}
	const rows: (readonly Run[])[] = [];
	const lines = world.log.filter(({severity}) => severity !== 'debug').slice(-area.height);
	for (const line of lines.toReversed()) {
		const all = tailRows(line, area.width - 1);
		if (rows.length > 0 && rows.length + all.length > area.height) break;
		rows.unshift(...all.slice(0, area.height));
	}
	rows.forEach((runs, index) => {
		canvas.runs(area.x + 1, area.y + index, runs, area.width - 1);
	});
}

/** A line of the log; what the scenario says is there to be read, so that it goes on in a row of its own. */
function tailRows(line: LogLine, cells: number): Run[][] {
	if (line.topic !== 'say') return [logRuns(line)];
	const indent = runsWidth(logRuns({...line, text: ''}));
	return wrap(clean(line.text), cells - indent).map((text, row) =>
		row === 0 ? logRuns({...line, text}) : [[' '.repeat(indent)], [text, 'accent']],
	);
}
