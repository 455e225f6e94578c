/** The Log view: every event with virtual time, source and severity, in order, narrowed by words. */
import type {Canvas, Rectangle, Run} from '../canvas.js';
import {clock} from '../format.js';
import type {ConsoleState, LogLine, World} from '../state.js';
import {clean, counted, cut, left, wrap} from '../text.js';

const severities: readonly string[] = ['debug', 'info', 'notice', 'warning', 'error'];

/** Once the run is over: what came of it, in words; undefined before. */
export function overWords({snapshot, clock: time}: Pick<World, 'snapshot' | 'clock'>): string | undefined {
	if (snapshot === undefined || time?.finished !== true) return undefined;
	const {length} = snapshot.expectations;
	if (length === 0) return 'run over';
	const met = snapshot.expectations.filter(({met: each}) => each === true).length;
	return `run over: ${met} of ${length} expectations met`;
}

/** Lines the filter leaves: every word in source, topic or text; the name of a severity means that one and worse. */
export function filteredLog(lines: readonly LogLine[], filter: string): readonly LogLine[] {
	const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
	if (words.length === 0) return lines;
	let least = 0;
	const texts: string[] = [];
	for (const word of words) {
		const severity = severities.indexOf(word);
		if (severity >= 0) least = Math.max(least, severity);
		else texts.push(word);
	}
	return lines.filter(({severity, source, topic, text}) => {
		if (severities.indexOf(severity) < least) return false;
		const haystack = `${source} ${topic} ${text}`.toLowerCase();
		return texts.every((word) => haystack.includes(word));
	});
}

/** The mark before a line, and how it is drawn. */
function look({severity, topic}: LogLine): readonly [glyph: string, style: string] {
	if (topic === 'fault') return ['⚑', 'warn'];
	if (severity === 'error') return ['✗', 'bad'];
	if (severity === 'warning') return ['▲', 'warn'];
	if (topic === 'say') return ['›', 'accent'];
	return [' ', severity === 'debug' ? 'dim' : ''];
}

/** One line: `0:11.020 ⚑ timeline   evt.lost …`. */
export function logRuns(line: LogLine): Run[] {
	const [glyph, style] = look(line);
	// What the scenario says needs no source: its mark says who speaks, and the words get the room.
	const source = line.topic === 'say' ? '' : left(clean(line.source), 10);
	return [
		[clock(line.time).padStart(9), 'dim'],
		[` ${glyph}`, style],
		[source === '' ? '' : ` ${source}`, 'dim'],
		[` ${clean(line.text)}`, style],
	];
}

/** Which filtered line carries the mark: the newest while following. */
export function markedLine(lines: readonly LogLine[], cursor: number | undefined): number {
	if (cursor === undefined) return lines.length - 1;
	const at = lines.findIndex(({number}) => number >= cursor);
	return at < 0 ? lines.length - 1 : at;
}

/** Rows of the list in a view of this height; the rest is heading and the marked line in full. */
export function logRows(height: number): number {
	return Math.max(1, height - 5);
}

export function drawLog(canvas: Canvas, area: Rectangle, world: World, state: ConsoleState): void {
	const {filter, cursor} = state.log;
	const lines = filteredLog(world.log, filter);
	const rows = logRows(area.height);
	const marked = markedLine(lines, cursor);
	const bottom = Math.min(lines.length, Math.max(rows, marked + Math.ceil(rows / 2)));
	const top = cursor === undefined ? Math.max(0, lines.length - rows) : Math.max(0, bottom - rows);
	const number = counted(lines.length, 'line');
	const about = filter === '' ? number : `${number} of ${world.log.length} with “${filter}”`;
	const box = {...area, height: rows + 2};
	canvas.frame(
		box,
		'dim',
		{left: [[' Log ', 'bold']], right: [[` ${about} `, filter === '' ? 'dim' : 'warn']]},
		{right: [[cursor === undefined ? ' following ' : ' G follows the newest again ', 'dim']]},
	);
	lines.slice(top, top + rows).forEach((line, index) => {
		const chosen = top + index === marked;
		const y = area.y + 1 + index;
		canvas.put(area.x + 1, y, chosen ? '►' : ' ', 'bold warn');
		canvas.runs(area.x + 2, y, logRuns(line), area.width - 4);
	});
	if (lines.length === 0) {
		const text = filter === '' ? 'Nothing has been logged yet.' : 'No line has these words. / changes them.';
		canvas.put(area.x + 3, area.y + 1, text, 'dim');
		return;
	}
	const line = lines[marked];
	const said = wrap(clean(line.text), area.width - 5);
	const head = `${clock(line.time, 9)}  ${clean(line.source)}  ${line.severity}, ${line.topic}`;
	canvas.put(area.x + 1, area.y + rows + 2, '►', 'bold warn');
	canvas.put(area.x + 3, area.y + rows + 2, cut(head, area.width - 4), 'bold');
	said.slice(0, 2).forEach((text, index) => {
		canvas.put(area.x + 3, area.y + rows + 3 + index, text);
	});
}
