/** The last line: views and keys that work here, written from the table of keys; or the newest notice. */
import type {Canvas, Run} from '../canvas.js';
import {runsWidth} from '../canvas.js';
import {type Action, bindings, keyName, type Mode, type ViewName, views, viewTitles} from '../keys.js';
import {type ConsoleState, modeOf, type Overlay, type World} from '../state.js';
import {clean, cut} from '../text.js';

/** What the footer needs to know beyond the mode. */
export interface FooterFacts {
	/** The run is over: only what still does something is offered. */
	readonly finished?: boolean;
	/** The host stands still: Space goes on. */
	readonly frozen?: boolean;
	/** A parameter of the palette has the keyboard, not the search. */
	readonly parameter?: boolean;
}

export function footerRuns(
	mode: Mode,
	cells: number,
	{finished = false, frozen = false, parameter = false}: FooterFacts = {},
): Run[] {
	const shown = views.find((view) => view === mode);
	const tabs = shown === undefined ? [] : viewTabs(shown, cells < 100);
	const over = finished && shown !== undefined;
	let wanted = bindings.flatMap(({action, footer, keys, modes}): Item[] => {
		if (over) {
			const label = modes.includes(mode) ? stillWorks[action] : undefined;
			return label === undefined ? [] : [{rank: 0, key: keyName(keys[0]), label}];
		}
		if (footer === undefined || !(footer.modes ?? modes).includes(mode)) return [];
		const rank = footer.ranks?.[mode] ?? footer.rank;
		const worded = cells < 100 ? (footer.short ?? footer.label) : footer.label;
		const label = action === 'freeze' && frozen ? 'go on' : worded;
		return [{rank, key: keyName(keys[0]).toLowerCase(), label}];
	});
	if (mode === 'palette' && parameter) {
		wanted = wanted.map((item) => (item.key === 'tab' ? {...item, label: 'next'} : item));
		wanted.unshift({rank: 99, key: '←→', label: 'change'});
	}
	if (shown !== undefined && !over) wanted.push({rank: 65, key: '-+', label: 'speed'});
	const gap = cells < 100 ? 1 + Number(over || shown === undefined) : 3;
	// Tight tabs end in a blank of their own.
	let used = 1 + runsWidth(tabs) + (tabs.length > 0 && cells >= 100 ? gap : 0) - gap;
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
		if (index > 0 || (tabs.length > 0 && cells >= 100)) runs.push([' '.repeat(gap)]);
		runs.push([key, 'bold accent'], [` ${label}`]);
	});
	return runs;
}

interface Item {
	readonly rank: number;
	readonly key: string;
	readonly label: string;
}

/** What a key is for once the run is over. */
const stillWorks: Partial<Record<Action, string>> = {restart: 'restart', leave: 'quit', help: 'help'};

function viewTabs(shown: ViewName, tight: boolean): Run[] {
	return views.flatMap((view): Run[] => {
		const [key, title] = viewTitles[view];
		const label = tight ? `${key}${title}` : `${key} ${title}`;
		return [[tight ? label : ` ${label} `, view === shown ? 'inverse bold' : ''], [tight ? ' ' : '']];
	});
}

export function drawFooter(canvas: Canvas, y: number, world: World, state: ConsoleState): void {
	const {overlay} = state;
	if (isPrompt(overlay)) {
		canvas.runs(0, y, promptRuns(overlay, state.delay));
	} else if (world.notice !== undefined) {
		const {text, severity} = world.notice;
		const style = severity === 'error' ? 'bold bad' : 'bold accent';
		canvas.put(0, y, cut(` ${clean(text)}`, canvas.columns), style);
	} else {
		const finished = world.clock?.finished === true;
		const parameter = overlay?.kind === 'palette' && overlay.palette.field > 0;
		canvas.runs(0, y, footerRuns(modeOf(state), canvas.columns, {finished, frozen: state.frozen, parameter}));
	}
}

type Prompt = Extract<Overlay, {kind: 'leave' | 'delay' | 'filter' | 'xl' | 'confirm'}>;

const prompts: ReadonlySet<string> = new Set<Prompt['kind']>(['leave', 'delay', 'filter', 'xl', 'confirm']);

function isPrompt(overlay: Overlay | undefined): overlay is Prompt {
	return overlay !== undefined && prompts.has(overlay.kind);
}

/** A question, what was typed so far with a cursor, and how it ends. */
function promptRuns(overlay: Prompt, delay: number): Run[] {
	if (overlay.kind === 'confirm') {
		return [
			[` ${overlay.question} `, 'bold warn'],
			['y', 'bold accent'],
			[' injects it, '],
			['Enter', 'bold accent'],
			[' does not'],
		];
	}
	const [question, help] = {
		leave: ['Leave ringtop?', 'q or Enter leaves, Esc stays'],
		delay: ['Figures change every', `seconds (now ${delay}); Enter takes it, Esc keeps`],
		xl: ['xl', 'Enter runs it in domain zero, Esc closes'],
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
