/**
 * The Domains view: xentop's summary and table, then what xentop leaves out. NAME, STATE and the sort column stay,
 * Left and Right scroll the others; as in xentop, Down and Up hide domains from the top of the list, and the topmost
 * one that is shown is the selected one.
 */
import type {ChannelView, CpuView, DomainView, Snapshot} from '../../observe/snapshot.js';
import type {Canvas, Rectangle, Run} from '../canvas.js';
import {bitRate, clock, duration, percent, quantity, sparkline, throughput} from '../format.js';
import type {ConsoleState, DomainsState, World} from '../state.js';
import {cut, left, right, width} from '../text.js';
import {
	columnWidths,
	networkLines,
	sortDomains,
	summaryLines,
	vbdLines,
	vcpuLines,
	type XentopDomain,
	xentopColumns,
} from '../xentop-table.js';
import {overWords} from './log.js';

type Row = XentopDomain & {readonly view: DomainView};

/** A domain as xentop counts it. */
export function toXentop(view: DomainView): Row {
	return {
		view,
		id: view.id,
		name: view.name,
		state: view.state,
		cpuTime: view.cpuTime,
		cpuPercent: view.run,
		memory: view.memory,
		maximumMemory: view.maximumMemory,
		vcpus: view.vcpus.map(({id, state, cpuTime}) => ({id, online: state !== 'offline', cpuTime})),
		networks: view.vifs,
		vbds: view.vbds.map((vbd) => ({...vbd, type: 'BlkBack', failing: false})),
		ssid: 0,
	};
}

/** All domains in the order of the list, before any are hidden from its top. */
export function orderedDomains(snapshot: Snapshot, {sort, reversed, zeroFirst}: DomainsState): Row[] {
	const byId = snapshot.domains.map(toXentop).sort((a, b) => a.id - b.id);
	const sorted = sortDomains(byId, sort, reversed);
	if (!zeroFirst) return sorted;
	return [...sorted.filter(({id}) => id === 0), ...sorted.filter(({id}) => id !== 0)];
}

/** How many columns may be scrolled away: all but NAME, STATE and the sort column. */
export const scrollableColumns = xentopColumns.length - 2;

/** Columns that xentop does not have, over the window of the snapshot. */
interface OwnColumn {
	readonly heading: string;
	readonly width: number;
	readonly cell: (domain: DomainView, snapshot: Snapshot, mark: string) => string;
	readonly style?: string;
}

const ownColumns: readonly OwnColumn[] = [
	{heading: 'STEAL(%)', width: 8, cell: ({wait}, _, mark) => `${mark}${percent(wait)}`},
	{
		heading: 'REQ/s',
		width: 7,
		cell: ({name}, snapshot, mark) => shown(rates(snapshot, name, 'vbd')?.requests, quantity, mark),
	},
	{
		heading: 'DISK',
		width: 10,
		cell: ({name}, snapshot, mark) => shown(rates(snapshot, name, 'vbd')?.bytes, throughput, mark),
	},
	{
		heading: 'NET',
		width: 9,
		cell: ({name}, snapshot, mark) => shown(rates(snapshot, name, 'vif')?.bytes, (bytes) => bitRate(8 * bytes), mark),
	},
	{
		heading: 'P99 PER DISK',
		width: 14,
		cell: ({vbds}, _, mark) =>
			vbds.flatMap(({name, p99}) => (p99 === undefined ? [] : [`${name} ${mark}${duration(p99)}`])).join(', ') || '-',
	},
	// To the scale of all its virtual CPUs, as `run` is of one.
	{
		heading: 'CPU 0 TO 100 %',
		width: 14,
		cell: ({history, vcpus}) => sparkline(history, 14, 100 * Math.max(1, vcpus.length)),
		style: 'cool',
	},
];

/** What went over a domain's own channels of a kind; undefined when it has none. */
function rates(
	{channels}: Snapshot,
	frontend: string,
	kind: ChannelView['kind'],
): {readonly requests: number; readonly bytes: number} | undefined {
	const own = channels.filter((channel) => channel.frontend === frontend && channel.kind === kind);
	if (own.length === 0) return undefined;
	return {
		requests: own.reduce((sum, {requestRate}) => sum + requestRate, 0),
		bytes: own.reduce((sum, {bytesPerSecond}) => sum + bytesPerSecond, 0),
	};
}

function shown(value: number | undefined, format: (value: number) => string, mark: string): string {
	return value === undefined ? '-' : `${mark}${format(value)}`;
}

/** Which of xentop's columns are shown in `cells` cells, in order; `rest` is what remains at the right. */
function shownColumns(widths: readonly number[], {sort, scrolled}: DomainsState, cells: number) {
	const shown = [0, 1];
	let room = cells - widths[0] - widths[1] - 1;
	const take = (column: number) => {
		if (widths[column] + 1 > room) return false;
		shown.push(column);
		room -= widths[column] + 1;
		return true;
	};
	const others = xentopColumns.map((_, column) => column).slice(2);
	const scrollable = others.filter((column) => column !== sort);
	const gone = new Set(scrollable.slice(0, scrolled));
	const remaining = others.filter((column) => !gone.has(column));
	// The sort column stands where it belongs if that is on the screen, else right after STATE.
	let before = 0;
	for (const column of remaining) {
		if (column === sort) break;
		before += widths[column] + 1;
	}
	const pinned = sort > 1 && before + widths[sort] + 1 > room;
	if (pinned) take(sort);
	let complete = true;
	for (const column of remaining) {
		if (pinned && column === sort) continue;
		if (!take(column)) {
			complete = false;
			break;
		}
	}
	return {shown, room, complete};
}

export function drawDomains(
	canvas: Canvas,
	area: Rectangle,
	snapshot: Snapshot,
	world: World,
	state: ConsoleState,
): void {
	const {domains: view} = state;
	const all = orderedDomains(snapshot, view);
	const hidden = Math.min(view.hidden, Math.max(0, all.length - 1));
	const listed = all.slice(hidden);
	const {host, cpus} = snapshot;
	let y = area.y;
	const put = (text: string, style = '') => canvas.put(area.x + 1, y++, text, style, area.width - 1);
	const over = overWords(world);
	if (over !== undefined) canvas.runsRight(area.x + area.width - 1, y, [[over, 'bold']]);
	canvas.put(area.x + 1, y++, `ringtop - ${clock(snapshot.time)}   Xen ${host.xenVersion}`);
	for (const line of summaryLines(all, {...host, cpus: cpus.length})) put(line);
	const bottom = area.y + area.height;
	const widths = columnWidths(listed);
	const x = area.x + 2;
	const {shown, room, complete} = shownColumns(widths, view, area.width - 2);
	const mark = snapshot.window < 1e9 ? '~' : '';
	// Beside the table if all of it fits, else all of it below, when there is room: one table torn in two is hard to read.
	const beside = complete && ownColumns.reduce((cells, column) => cells + column.width + 1, 0) <= room;
	const own = beside ? ownColumns : [];
	const panels: Panel[] = beside ? [] : [ownPanel(all, snapshot, mark, ownColumns)];
	if (view.physicalCpus) panels.unshift(cpuPanel(cpus, mark));
	const wanted = panels.reduce((rows, {lines}) => rows + lines.length + 2, 0);
	const tableRows = Math.max(6, Math.min(bottom - y, bottom - y - Math.min(wanted, Math.floor((bottom - y) * 0.6))));
	const tableBottom = Math.min(bottom, y + tableRows);
	const header = () => drawHeader(canvas, x, y++, area.width - 2, shown, own, widths, view.sort);
	header();
	let drawn = 0;
	for (const [index, domain] of listed.entries()) {
		if (view.repeatHeader && index > 0 && y < tableBottom) header();
		if (y >= tableBottom) break;
		drawn++;
		canvas.put(area.x, y, index === 0 ? '►' : ' ', 'bold warn');
		let at = x;
		for (const column of shown) {
			const cell = xentopColumns[column].cell(domain, widths[column], host.memoryTotal);
			const style =
				column === view.sort ? 'bold' : index === 0 && column === 0 ? 'bold accent' : cellStyle(domain, column);
			canvas.put(at, y, cell, style);
			at += widths[column] + 1;
		}
		for (const column of own) {
			canvas.put(at, y, right(column.cell(domain.view, snapshot, mark), column.width), column.style ?? '');
			at += column.width + 1;
		}
		y++;
		// In xentop's order.
		const extra = [
			...(view.vcpuRows ? vcpuRows(domain) : []),
			...(view.networkRows ? networkLines(domain) : []),
			...(view.diskRows ? vbdLines(domain) : []),
		];
		for (const line of extra.flatMap((each) => continued(each, area.width - 3))) {
			if (y < tableBottom) canvas.put(x, y++, line, 'dim');
		}
	}
	const more = listed.length - drawn;
	if (more > 0) canvas.put(area.x + area.width - 12, tableBottom - 1, ` +${more} more `, 'bold');
	for (const panel of panels) y = drawPanel(canvas, {...area, y: y + 1, height: bottom - y - 1}, panel);
}

/** As xentop's, a line that is too long goes on below; ours breaks before the name of a value. */
function continued(line: string, cells: number): string[] {
	if (width(line) <= cells) return [line];
	const lines: string[] = [];
	for (const piece of line.split(/(?= {2,}\w+:)/)) {
		const last = lines.at(-1);
		if (last !== undefined && width(last + piece) <= cells) lines[lines.length - 1] = last + piece;
		else lines.push(last === undefined ? piece : `     ${piece.trimStart()}`);
	}
	return lines;
}

/** xentop's own line, and for each virtual CPU what it leaves out: its state, where it is, what it got. */
function vcpuRows(domain: Row): string[] {
	return [
		...vcpuLines(domain),
		...domain.view.vcpus.map(
			({id, state, cpu, run, wait, blocked, priority}) =>
				`  vcpu${id} ${left(state, 8)} cpu${cpu}  run ${right(percent(run), 5)}  wait ${right(percent(wait), 5)}  ` +
				`blocked ${right(percent(blocked), 5)} %  ${priority.toUpperCase()}`,
		),
	];
}

function cellStyle({state}: Row, column: number): string {
	if (column !== 1) return '';
	return state.includes('c') || state.includes('d') ? 'bad' : state.includes('p') ? 'warn' : '';
}

function drawHeader(
	canvas: Canvas,
	x: number,
	y: number,
	cells: number,
	shown: readonly number[],
	own: readonly OwnColumn[],
	widths: readonly number[],
	sort: number,
): void {
	canvas.put(x - 2, y, ' '.repeat(cells + 2), 'inverse');
	let at = x;
	for (const column of shown) {
		const {heading} = xentopColumns[column];
		canvas.put(at, y, right(heading, widths[column]), column === sort ? 'inverse bold' : 'inverse');
		at += widths[column] + 1;
	}
	for (const {heading, width: size} of own) {
		canvas.put(at, y, right(heading, size), 'inverse');
		at += size + 1;
	}
}

interface Panel {
	readonly title: string;
	readonly head: string;
	readonly lines: readonly (readonly Run[])[];
}

function drawPanel(canvas: Canvas, area: Rectangle, {title, head, lines}: Panel): number {
	if (area.height < 3) return area.y;
	const rows = Math.min(lines.length, area.height - 2);
	canvas.put(area.x, area.y, `── ${title} `.padEnd(area.width, '─'), 'dim');
	canvas.put(area.x + 2, area.y + 1, head, 'dim', area.width - 2);
	lines.slice(0, rows).forEach((runs, index) => {
		canvas.runs(area.x + 2, area.y + 2 + index, runs, area.width - 2);
	});
	return area.y + 2 + rows;
}

function ownPanel(domains: readonly Row[], snapshot: Snapshot, mark: string, columns: readonly OwnColumn[]): Panel {
	const line = (cells: readonly string[]) => cells.join(' ');
	return {
		title: 'what xentop leaves out',
		head: line([right('NAME', 10), ...columns.map(({heading, width: size}) => right(heading, size))]),
		lines: domains.map((domain): Run[] => [
			[right(cut(domain.name, 10), 10)],
			...columns.map(
				({cell, width: size, style}): Run => [` ${right(cell(domain.view, snapshot, mark), size)}`, style ?? ''],
			),
		]),
	};
}

function cpuPanel(cpus: readonly CpuView[], mark: string): Panel {
	const bars = 20;
	return {
		title: 'physical CPUs',
		head: `${right('CPU', 5)} ${right('BUSY(%)', 8)} ${left('', bars)}  ${left('NOW', 12)} ${left('MOST', 18)} HISTORY`,
		lines: cpus.map(({id, busy, running, top, history}): Run[] => {
			const filled = Math.max(0, Math.min(bars, Math.round((busy / 100) * bars)));
			const most = busy > 0 ? `${cut(top.name, 10)} ${mark}${percent(top.share)}%` : '';
			return [
				[`${right(`cpu${id}`, 5)} ${right(`${mark}${percent(busy)}`, 8)} `],
				['█'.repeat(filled), busy > 95 ? 'warn' : 'good'],
				['░'.repeat(bars - filled), 'dim'],
				[`  ${left(running, 12)} `, running === 'idle' ? 'dim' : 'accent'],
				[`${left(most, Math.max(18, width(most)))} `],
				[sparkline(history, 24, 100), 'cool'],
			];
		}),
	};
}
