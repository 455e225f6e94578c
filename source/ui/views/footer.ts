/** The last line: views and keys that work here, written from the table of keys; or the newest notice. */
import type {Canvas, Run} from '../canvas.js';
import {runsWidth} from '../canvas.js';
import {bindings, keyName, type Mode, type ViewName, views, viewTitles} from '../keys.js';
import {type ConsoleState, modeOf, type Overlay, type World} from '../state.js';
import {clean, cut} from '../text.js';

export function footerRuns(mode: Mode, cells: number): Run[] {
	const shown = views.find((view) => view === mode);
	const tabs = shown === undefined ? [] : viewTabs(shown, cells < 100);
	const wanted = bindings.flatMap((binding) => {
		const {footer} = binding;
		if (footer === undefined || !(footer.modes ?? binding.modes).includes(mode)) return [];
		return [{rank: footer.rank, key: keyName(binding.keys[0]).toLowerCase(), label: footer.label, binding}];
	});
	if (shown !== undefined) wanted.push({rank: 65, key: '-+', label: 'speed', binding: bindings[0]});
	const gap = cells < 100 ? 2 : 3;
	let used = 1 + runsWidth(tabs) + (tabs.length > 0 ? gap : 0);
	const kept = wanted
		.toSorted((a, b) => b.rank - a.rank)
		.filter(({key, label}) => {
			const size = key.length + 1 + label.length + gap;
			if (used + size > cells) return false;
			used += size;
			return true;
		});
	const order = wanted.filter((item) => kept.includes(item));
	// Help stands last, where a person looks for it.
	order.sort((a, b) => Number(a.label === 'help') - Number(b.label === 'help'));
	const runs: Run[] = [[' '], ...tabs];
	order.forEach(({key, label}, index) => {
		if (index > 0 || tabs.length > 0) runs.push([' '.repeat(gap)]);
		runs.push([key, 'bold accent'], [` ${label}`]);
	});
	return runs;
}

function viewTabs(shown: ViewName, tight: boolean): Run[] {
	return views.flatMap((view): Run[] => {
		const [key, title] = viewTitles[view];
		const label = tight ? `${key}${title}` : `${key} ${title}`;
		return [[tight ? label : ` ${label} `, view === shown ? 'inverse bold' : ''], [tight ? ' ' : '']];
	});
}

export function drawFooter(canvas: Canvas, y: number, world: World, state: ConsoleState): void {
	const {overlay} = state;
	if (overlay?.kind === 'leave' || overlay?.kind === 'delay' || overlay?.kind === 'filter') {
		canvas.runs(0, y, promptRuns(overlay, state.delay));
	} else if (world.notice !== undefined) {
		const {text, severity} = world.notice;
		const style = severity === 'error' ? 'bold bad' : 'bold accent';
		canvas.put(0, y, cut(` ${clean(text)}`, canvas.columns), style);
	} else canvas.runs(0, y, footerRuns(modeOf(state), canvas.columns));
}

type Prompt = Extract<Overlay, {kind: 'leave' | 'delay' | 'filter'}>;

/** A question, what was typed so far with a cursor, and how it ends. */
function promptRuns(overlay: Prompt, delay: number): Run[] {
	const [question, help] = {
		leave: ['Leave ringtop?', 'q or Enter leaves, Esc stays'],
		delay: ['Figures change every', `seconds (now ${delay}); Enter takes it, Esc keeps`],
		filter: ['Show lines with', 'words or a severity; Enter takes it, Esc as before'],
	}[overlay.kind];
	const typed: Run[] =
		overlay.kind === 'leave'
			? []
			: [
					[overlay.text, 'accent'],
					[' ', 'inverse'],
				];
	return [[` ${question} `, 'bold'], ...typed, [`  ${help}`, 'dim']];
}
