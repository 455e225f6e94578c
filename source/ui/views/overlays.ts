/** What lies over a view: help with the legend, the fault palette, the list of faults, a stopped simulation. */
import type {Snapshot} from '../../observe/snapshot.js';
import type {Canvas, Rectangle, Run} from '../canvas.js';
import {bindings, keyName, type ViewName, viewTitles} from '../keys.js';
import {type PaletteState, paletteEntries, parameterValue} from '../palette.js';
import {type SentenceKey, sentences} from '../sentences.js';
import type {World} from '../state.js';
import {clean, cut, left, width, wrap} from '../text.js';

/** Kinds of parts a view shows, for its legend. */
const legends: Readonly<Record<ViewName, readonly string[]>> = {
	host: [
		'channel',
		'domain',
		'blkback',
		'blkfront',
		'netback',
		'netfront',
		'bridge',
		'disk',
		'driver',
		'xenstored',
		'job',
		'netjob',
		'xen',
		'cpu',
		'device',
		'lan',
	],
	domains: ['domain', 'cpu'],
	channel: ['channel', 'slot'],
	log: [],
};

/** What a kind is called where its name alone would say nothing; '' where its first sentence begins with it. */
const headings: Readonly<Record<string, string>> = {
	domain: '',
	bridge: '',
	job: 'disk job',
	netjob: 'network job',
	xen: 'Xen',
	cpu: 'CPU',
	lan: 'LAN host',
};

const moreWords: Readonly<Record<ViewName, readonly string[]>> = {
	host: [
		'run is the share of one CPU a domain used, wait the share in which it could run and did not (steal).',
		'~ marks figures over less than one simulated second. ► marks what is selected. ✓ data verified: what a job read ' +
			'back so far is what was written.',
		'A network has three names: eth0 is its end in the guest, as Linux calls it; vif1.0 its end at the backend, network ' +
			'0 of domain 1; web vif0 the channel between them, which the lines of checks and faults speak of.',
		'While the host is frozen or slow, ■ are requests of the selected ring where they are: on the channel, in the ' +
			'backend, in the device. A history of CPU is drawn against a whole CPU, one of rates against its highest.',
	],
	domains: [
		'The columns are those of xentop: totals since start, in its order and widths. STATE: d dying, s shutdown, ' +
			'b blocked, c crashed, p paused, r running. NETTX, NETRX and the rows after n count as the backend does: what it ' +
			'receives (RX) the guest has sent. The topmost row is the selected one; Enter looks at its ring.',
	],
	channel: [
		'Indices run freely and wrap at 2^32; a slot is an index modulo the size. req_event and rsp_event say which ' +
			'index the other end wants to be woken at: a push that does not pass it needs no notification (held off).',
	],
	log: ['› said by the scenario   ⚑ a fault   ▲ warning   ✗ error. A severity in the filter means that one and worse.'],
};

/** Cells between the two columns of keys. */
const columnGap = 2;

/** All lines of the help of a view. */
export function helpLines(view: ViewName, cells: number): Run[][] {
	const own = bindings.filter((binding) => binding.modes.includes(view));
	const keys = own.map((binding) => binding.keys.map(keyName).join(' '));
	const keyCells = Math.max(...keys.map(width));
	const halves = cells >= 110 ? 2 : 1;
	const column = Math.floor((cells - columnGap * (halves - 1)) / halves);
	const items = own.map((binding, index) =>
		wrap(binding.aboutIn?.[view] ?? binding.about, column - keyCells - 2).map((about, row): Run[] => [
			[left(row === 0 ? keys[index] : '', keyCells), 'bold accent'],
			[`  ${left(about, column - keyCells - 2)}`],
		]),
	);
	const perColumn = Math.ceil(items.length / halves);
	const columns = Array.from({length: halves}, (_, half) =>
		items.slice(half * perColumn, (half + 1) * perColumn).flat(),
	);
	const rows = Math.max(...columns.map(({length}) => length));
	const lines: Run[][] = Array.from({length: rows}, (_, row) =>
		columns.flatMap((each, half) => [
			...(half > 0 ? [[' '.repeat(columnGap)] as Run] : []),
			...(each[row] ?? [[' '.repeat(column)] as Run]),
		]),
	);
	lines.push([]);
	for (const words of moreWords[view]) for (const line of wrap(words, cells)) lines.push([[line]]);
	for (const kind of legends[view]) {
		const states = Object.keys(sentences).filter((key): key is SentenceKey => key.startsWith(`${kind}.`));
		const heading = headings[kind] ?? kind;
		const head = heading === '' ? '' : `${heading}: `;
		const [what, ...more] = wrap(sentences[states[0]].what, cells - head.length);
		lines.push(
			[],
			[
				[head, 'bold'],
				[what, head === '' ? 'bold' : ''],
			],
		);
		for (const line of more) lines.push([[`${' '.repeat(head.length)}${line}`]]);
		for (const key of states) {
			const {glyph, state} = sentences[key];
			const [first, ...rest] = wrap(state, cells - 16);
			lines.push([[`  ${left(glyph, 12)}  `, 'accent'], [first]]);
			for (const line of rest) lines.push([[`${' '.repeat(16)}${line}`]]);
		}
	}
	return lines;
}

/** Lines of help that fit at once. */
export const helpRows = (rows: number) => rows - 4;

/** The furthest a help can be scrolled. */
export function helpEnd(view: ViewName, columns: number, rows: number): number {
	return Math.max(0, helpLines(view, columns - 6).length - helpRows(rows));
}

export function drawHelp(canvas: Canvas, area: Rectangle, view: ViewName, top: number): void {
	canvas.clear(area);
	const lines = helpLines(view, area.width - 6);
	const rows = area.height - 2;
	const from = Math.min(top, Math.max(0, lines.length - rows));
	const more = lines.length - from - rows;
	canvas.frame(
		area,
		'dim',
		{left: [[` Keys and legend: ${viewTitles[view][1]} `, 'bold']]},
		{right: [[more > 0 ? ` ${more} more lines: down ` : from > 0 ? ' end: up ' : '', 'dim']]},
	);
	lines.slice(from, from + rows).forEach((runs, index) => {
		canvas.runs(area.x + 3, area.y + 1 + index, runs, area.width - 6);
	});
}

/** A box in the middle of the screen. */
function middle(canvas: Canvas, columns: number, rows: number): Rectangle {
	const boxWidth = Math.min(canvas.columns - 2, columns);
	const height = Math.min(canvas.rows - 2, rows);
	return {
		x: Math.floor((canvas.columns - boxWidth) / 2),
		y: Math.max(1, Math.floor((canvas.rows - height) / 3)),
		width: boxWidth,
		height,
	};
}

export function drawPalette(canvas: Canvas, snapshot: Snapshot, world: World, palette: PaletteState): void {
	const entries = paletteEntries(snapshot, world.faultKinds, palette);
	const cursor = Math.min(palette.cursor, entries.length - 1);
	const entry = entries[cursor];
	const box = middle(canvas, 76, Math.min(canvas.rows - 4, 13 + Math.min(8, entries.length)));
	canvas.clear(box);
	const near = palette.near[0]?.replace('.', ' ') ?? '';
	canvas.frame(box, 'accent', {left: [[' Inject a fault ', 'bold']], right: [[near === '' ? '' : ` ${near} `, 'dim']]});
	const x = box.x + 2;
	const cells = box.width - 4;
	let y = box.y + 1;
	canvas.runs(x, y++, [
		['› ', 'accent'],
		[palette.text],
		palette.field === 0 ? [' ', 'inverse'] : [''],
		[palette.text === '' ? ' type to search: lost, event …' : '', 'dim'],
	]);
	y++;
	const rows = Math.max(1, box.height - 12);
	const top = Math.max(0, Math.min(cursor - rows + 1, entries.length - rows));
	entries.slice(top, top + rows).forEach((each, index) => {
		const at = top + index;
		if (!each.near && (at === 0 || entries[at - 1].near) && entries.some(({near: fits}) => fits)) {
			canvas.put(x, y++, `─ elsewhere ${'─'.repeat(cells - 12)}`, 'dim');
		}
		const chosen = at === cursor;
		const target = each.target.replace('.', ' ');
		const text = `${left(each.kind.layer, 16)} ${left(each.kind.title, 22)} ${target}`;
		canvas.runs(x, y++, [
			// The one mark is where the keyboard is.
			[chosen ? (palette.field === 0 ? '► ' : '– ') : '  ', 'bold warn'],
			[cut(text, cells - 2), chosen ? 'bold' : ''],
		]);
	});
	if (entry === undefined) {
		const text = palette.text === '' ? 'There is nothing here that can break.' : 'No fault has these words.';
		canvas.put(x + 2, y, text, 'warn');
		return;
	}
	y++;
	entry.kind.parameters.forEach((parameter, index) => {
		const chosen = palette.field === index + 1;
		const value = parameterValue(palette, parameter);
		const shown = parameter.name === 'direction' ? directionWords(snapshot, entry.target, value) : value;
		const hint = !chosen ? '' : parameter.kind === 'choice' ? '  ← → change it' : '  type a number, or ← →';
		canvas.runs(x, y++, [
			[chosen ? '► ' : '  ', 'bold warn'],
			[left(parameter.name, 12), 'dim'],
			[shown, chosen ? 'bold accent' : ''],
			chosen && parameter.kind === 'count' ? [' ', 'inverse'] : [''],
			[hint, 'dim'],
		]);
	});
	y++;
	for (const line of wrap(entry.kind.sentence, cells)) if (y < box.y + box.height - 1) canvas.put(x, y++, line);
}

/** `db to Domain-0`: a direction in names. */
function directionWords({channels}: Snapshot, target: string, direction: string): string {
	const channel = channels.find(({id}) => id === target);
	if (channel === undefined) return direction;
	const {frontend, backend} = channel;
	return direction === 'to-backend' ? `${frontend} to ${backend}` : `${backend} to ${frontend}`;
}

export function drawFaults(canvas: Canvas, snapshot: Snapshot, cursor: number): void {
	const {faults} = snapshot;
	const box = middle(canvas, 90, Math.max(5, Math.min(faults.length + 4, canvas.rows - 4)));
	canvas.clear(box);
	canvas.frame(box, 'accent', {left: [[' Faults ', 'bold']], right: [[' enter clears, esc closes ', 'dim']]});
	const x = box.x + 2;
	if (faults.length === 0) {
		canvas.put(x, box.y + 2, 'None was injected. f injects one.', 'dim');
		return;
	}
	const styles = {armed: 'warn', active: 'bold bad', spent: 'dim', cleared: 'dim'} as const;
	const rows = box.height - 3;
	const marked = Math.min(cursor, faults.length - 1);
	const top = Math.max(0, Math.min(marked - rows + 1, faults.length - rows));
	canvas.put(
		x + 2,
		box.y + 1,
		`${left('state', 9)}${left('fault', 12)}${left('where', 16)}${left('fired', 7)}what`,
		'dim',
	);
	faults.slice(top, top + rows).forEach((fault, index) => {
		const y = box.y + 2 + index;
		const {state, fault: name, target, fired, text} = fault;
		canvas.runs(x, y, [[top + index === marked ? '► ' : '  ', 'bold warn']]);
		canvas.runs(
			x + 2,
			y,
			[
				[left(state, 9), styles[state]],
				[left(name, 12)],
				[left(target.replace('.', ' '), 16)],
				[left(String(fired), 7)],
				[clean(text)],
			],
			box.width - 6,
		);
	});
}

/** The simulation stopped on an error of its own. */
export function drawFailure(canvas: Canvas, text: string): void {
	const lines = text.split('\n').flatMap((line) => wrap(clean(line), Math.min(96, canvas.columns - 8)));
	const box = middle(canvas, 100, lines.length + 5);
	canvas.clear(box);
	canvas.frame(box, 'bad', {left: [[' The simulation stopped ', 'bold bad']]});
	lines.slice(0, box.height - 4).forEach((line, index) => {
		canvas.put(box.x + 2, box.y + 1 + index, line, '', box.width - 4);
	});
	canvas.put(box.x + 2, box.y + box.height - 2, 'q leaves; the text is printed again then.', 'dim');
}
