/**
 * The first line: which scenario and architecture, what is on (recording, faults, frozen), how fast time passes and
 * where it is. When the line is too short the least important words go first, never the clock.
 */
import type {Snapshot} from '../../observe/snapshot.js';
import type {ClockView} from '../../session/messages.js';
import type {Canvas, Run} from '../canvas.js';
import {runsWidth} from '../canvas.js';
import {clock, clockDigits, duration, speed} from '../format.js';
import type {ConsoleState, World} from '../state.js';
import {clean, cut, width} from '../text.js';

/** Real seconds without anything moving after which the header names what comes next. */
const patience = 2;

export function headerRuns(world: World, state: ConsoleState, cells: number): Run[] {
	const {snapshot, clock: time} = world;
	if (snapshot === undefined) return [[' ringtop', 'bold']];
	const stepping = state.frozen && time?.finished !== true;
	// Most important first; the order on the screen is the order of `place`.
	const items: Array<{readonly place: number; readonly run: Run}> = [];
	const add = (place: number, text: string, style = '') => items.push({place, run: [text, style]});
	add(70, clock(snapshot.time, clockDigits(state.speed, stepping)), 'bold');
	const other = time?.catchingUp;
	if (other !== undefined) {
		const [under] = clean(other.title).split(':');
		const part = Math.floor((100 * other.now) / Math.max(1, other.until));
		add(60, `re-running: ${under}, ${part} %; esc keeps`, 'bold warn');
	} else if (time?.finished === true) add(60, 'HALTED', 'bold warn');
	else if (state.frozen) add(60, 'FROZEN', 'bold warn');
	else add(60, `► ${speed(state.speed)}`, 'accent');
	const {down} = snapshot;
	if (down !== undefined) add(46, `HOST DOWN: ${down.next} in ${duration(down.inNanoseconds)}`, 'bold bad');
	if (state.recording) add(30, 'REC', 'bold bad');
	const fired = snapshot.faults.reduce((sum, fault) => sum + fault.fired, 0);
	if (fired > 0) add(40, `⚑ ${fired} fired`, 'warn');
	const wrong = snapshot.findings.filter(({explainedBy}) => explainedBy === '').length;
	if (wrong > 0) add(35, `✗ ${wrong} unexplained`, 'bold bad');
	if (time?.replaying === true || time?.hashes !== undefined) {
		const {words, good} = replayWords(time.hashes);
		add(20, words, good ? 'bold accent' : 'bold bad');
	}
	if (time !== undefined && !state.frozen && !time.finished && Number.isFinite(state.speed) && time.reached < 0.95) {
		add(50, `behind: ${(time.reached * (state.speed / 1e9)).toPrecision(2)}× of ${speed(state.speed)}`, 'warn');
	}
	const next = down !== undefined ? undefined : nextWords(snapshot, state, time?.finished === true);
	if (next !== undefined) add(45, next, 'accent');
	add(80, `seed ${snapshot.scenario.seed}`, 'dim');
	const name = clean(snapshot.scenario.name);
	const title = clean(snapshot.scenario.architecture);
	const gap = 3;
	const fits = (runs: readonly Run[], head: number) => head + runsWidth(runs) + gap * runs.length <= cells - 1;
	const taken: Array<(typeof items)[number]> = [];
	const order = () => taken.toSorted((a, b) => a.place - b.place).map(({run}) => run);
	for (const item of items) {
		taken.push(item);
		if (!fits(order(), 1 + Math.min(12, width(name)))) taken.pop();
	}
	const tail = order();
	const tailWidth = runsWidth(tail) + gap * (tail.length - 1);
	const room = cells - 2 - tailWidth - gap;
	const runs: Run[] = [[' '], [cut(name, room), 'bold']];
	const left = room - width(name) - 3;
	// Whole, or what stands before its colon, or nothing.
	const whole = [title, title.split(':')[0]].find((words) => width(words) <= left);
	if (whole !== undefined) runs.push([`   ${whole}`]);
	runs.push([' '.repeat(Math.max(1, cells - 1 - tailWidth - runsWidth(runs)))]);
	tail.forEach((run, index) => {
		if (index > 0) runs.push([' '.repeat(gap)]);
		runs.push(run);
	});
	return runs;
}

/** `REPLAY 7/12 ✓`: state hashes compared of those recorded, and whether all were equal. */
function replayWords(hashes: ClockView['hashes']): {readonly words: string; readonly good: boolean} {
	if (hashes === undefined || hashes.of === 0) return {words: 'REPLAY', good: true};
	const {compared, of, differsAt} = hashes;
	if (differsAt !== undefined) return {words: `REPLAY ✗ differs at ${clock(differsAt)}`, good: false};
	return {words: `REPLAY ${compared}/${of}${compared > 0 ? ' ✓' : ''}`, good: true};
}

/** What comes next, when a person would otherwise look at a picture that does not move. */
function nextWords({next}: Snapshot, {speed: pace, frozen}: ConsoleState, finished: boolean): string | undefined {
	if (next === undefined || finished) return undefined;
	if (!frozen && next.inNanoseconds / pace < patience) return undefined;
	return `next: ${clean(next.what)} in ${duration(next.inNanoseconds)}`;
}

export function drawHeader(canvas: Canvas, world: World, state: ConsoleState): void {
	canvas.runs(0, 0, headerRuns(world, state, canvas.columns));
}
