/**
 * Every key of the console, once: this table drives dispatch, the footer, the help and the README. A mode is what has
 * the keyboard: a view, or something laid over it. Only keys that do something are here.
 */

import {type Action, type Mode, modes, textModes, type ViewName, views} from './actions.js';

export * from './actions.js';

export interface Binding {
	readonly action: Action;
	/** As decode.ts names them: a character, or `up`, `enter`, `ctrl-c` … */
	readonly keys: readonly string[];
	readonly modes: readonly Mode[];
	/** What it does, as help and README say it. */
	readonly about: string;
	/** Words in the footer and how much they are wanted there (higher stays longer); absent: help only. */
	readonly footer?: {
		readonly label: string;
		readonly rank: number;
		readonly modes?: readonly Mode[];
		/** What stands for the label on a narrow screen. */
		readonly short?: string;
		/** Where it is wanted more or less than elsewhere. */
		readonly ranks?: Partial<Record<Mode, number>>;
	};
	/** What it does in one view, where that is not what it does in all. */
	readonly aboutIn?: Partial<Record<ViewName, string>>;
}

const over: readonly Mode[] = ['help', 'faults'];
const everywhere = modes;

export const bindings: readonly Binding[] = [
	{action: 'view-host', keys: ['1'], modes: views, about: 'the host as a figure'},
	{action: 'view-domains', keys: ['2'], modes: views, about: 'domains as xentop lists them'},
	{action: 'view-channel', keys: ['3'], modes: views, about: 'one ring under glass'},
	{action: 'view-log', keys: ['5'], modes: views, about: 'everything that happened, in order'},
	{
		action: 'next-pane',
		keys: ['tab'],
		modes: ['host', 'channel'],
		about: 'next pane; in Channel the next ring',
		aboutIn: {host: 'next pane', channel: 'next ring'},
	},
	{
		action: 'previous-pane',
		keys: ['shift-tab'],
		modes: ['host', 'channel'],
		about: 'previous pane or ring',
		aboutIn: {host: 'previous pane', channel: 'previous ring'},
	},
	{
		action: 'up',
		keys: ['up', 'k'],
		modes: [...views, ...over],
		about: 'move up; in Domains show one more from the top',
		aboutIn: {
			host: 'to the part above',
			domains: 'show one more from the top',
			channel: 'request above',
			log: 'line above',
		},
	},
	{
		action: 'down',
		keys: ['down', 'j'],
		modes: [...views, ...over],
		about: 'move down; in Domains hide the topmost',
		aboutIn: {host: 'to the part below', domains: 'hide the topmost', channel: 'request below', log: 'line below'},
	},
	{
		action: 'left',
		keys: ['left', 'h'],
		modes: ['host', 'domains', 'channel'],
		about: 'move left; in Domains scroll the columns',
		aboutIn: {host: 'to the part at the left', domains: 'scroll the columns', channel: 'previous ring'},
	},
	{
		action: 'right',
		keys: ['right', 'l'],
		modes: ['host', 'domains', 'channel'],
		about: 'move right; in Domains scroll the columns',
		aboutIn: {host: 'to the part at the right', domains: 'scroll the columns', channel: 'next ring'},
	},
	{action: 'page-up', keys: ['pageup'], modes: [...views, ...over], about: 'a page up'},
	{action: 'page-down', keys: ['pagedown'], modes: [...views, ...over], about: 'a page down'},
	{action: 'first', keys: ['g', 'home'], modes: [...views, ...over], about: 'to the first'},
	{
		action: 'last',
		keys: ['G', 'end'],
		modes: [...views, ...over],
		about: 'to the last; the log follows again',
		aboutIn: {host: 'to the last', domains: 'to the last', channel: 'to the last'},
	},
	{
		action: 'look',
		keys: ['enter'],
		modes: ['host', 'domains'],
		about: 'look inside what is selected',
		footer: {label: 'look', rank: 55, modes: ['host', 'domains'], ranks: {domains: 77}},
		aboutIn: {host: 'look inside what is selected', domains: 'look at the ring of the topmost'},
	},
	{
		action: 'back',
		keys: ['escape'],
		modes: [...views, ...over, 'palette', 'delay', 'filter', 'xl', 'confirm', 'leave'],
		about: 'back, close; at the top it asks before leaving',
		footer: {label: 'back', rank: 80, modes: ['channel', 'help', 'faults', 'palette', 'delay', 'filter', 'leave']},
	},
	{
		action: 'freeze',
		keys: [' '],
		modes: views,
		about: 'freeze the host, go on',
		footer: {label: 'freeze', rank: 70},
	},
	{
		action: 'step',
		keys: ['.'],
		modes: views,
		about: 'step to the next hop of any request, then freeze',
		footer: {label: 'step', rank: 60},
	},
	{action: 'slower', keys: ['-', '['], modes: views, about: 'ten times slower, down to 1 µs/s'},
	{action: 'faster', keys: ['+', ']'], modes: views, about: 'ten times faster, up to max'},
	{action: 'real-time', keys: ['='], modes: views, about: 'real time, going'},
	{
		action: 'inject',
		keys: ['f'],
		modes: views,
		about: 'inject a fault',
		footer: {label: 'fault', rank: 75, modes: ['host', 'channel', 'log']},
	},
	{action: 'list-faults', keys: ['F'], modes: views, about: 'armed, active and spent faults; clear one'},
	{
		action: 'kick',
		keys: ['!'],
		modes: views,
		about: 'kick the selected ring: both ends look at it again',
		aboutIn: {channel: 'kick this ring: both ends look at it again'},
		footer: {label: 'kick', rank: 50, modes: ['host', 'channel']},
	},
	{action: 'clear-last', keys: ['u'], modes: views, about: 'clear the last fault'},
	{
		action: 'record',
		keys: ['w'],
		modes: views,
		about: 'recording on, off',
		footer: {label: 'record', rank: 45},
	},
	{action: 'restart', keys: ['0'], modes: views, about: 'restart the scenario with the same seed'},
	{
		action: 'architecture',
		keys: ['a'],
		modes: views,
		about: 'the same run under the next architecture, up to now and on',
		footer: {label: 'architecture', rank: 58, modes: ['host'], short: 'arch'},
	},
	{action: 'xl', keys: [':'], modes: views, about: 'an xl command for domain zero, such as: pause web'},
	{
		action: 'sort-next',
		keys: ['s', 'S'],
		modes: ['domains'],
		about: 'sort by the next column',
		footer: {label: 'sort', rank: 76},
	},
	{action: 'sort-left', keys: ['<'], modes: ['domains'], about: 'sort by the column to the left'},
	{action: 'sort-right', keys: ['>'], modes: ['domains'], about: 'sort by the column to the right'},
	{action: 'reverse', keys: ['o'], modes: ['domains'], about: 'reverse the order'},
	{
		action: 'vcpu-rows',
		keys: ['v', 'V'],
		modes: ['domains'],
		about: 'rows of virtual CPUs on, off',
		footer: {label: 'vcpus', rank: 74},
	},
	{
		action: 'network-rows',
		keys: ['n', 'N'],
		modes: ['domains'],
		about: 'rows of networks on, off',
		footer: {label: 'nets', rank: 73},
	},
	{
		action: 'disk-rows',
		keys: ['b', 'B'],
		modes: ['domains'],
		about: 'rows of virtual block devices on, off',
		footer: {label: 'vbds', rank: 73},
	},
	{action: 'repeat-header', keys: ['r', 'R'], modes: ['domains'], about: 'header before each domain on, off'},
	{action: 'zero-first', keys: ['z'], modes: ['domains'], about: 'domain zero first, whatever the order'},
	{
		action: 'physical-cpus',
		keys: ['p'],
		modes: ['domains'],
		about: 'physical CPUs on, off',
		footer: {label: 'pcpus', rank: 72},
	},
	{
		action: 'delay',
		keys: ['d', 'D'],
		modes: views,
		about: 'how often printed figures change, in real seconds',
		footer: {label: 'delay', rank: 40, modes: ['domains']},
	},
	{
		action: 'filter',
		keys: ['/'],
		modes: ['log'],
		about: 'show only lines with these words (a severity means that one and worse)',
		footer: {label: 'filter', rank: 76},
	},
	{
		action: 'help',
		keys: ['?'],
		modes: [...views, 'help'],
		about: 'keys and legend of this view',
		footer: {label: 'help', rank: 90, modes: views},
	},
	{action: 'repaint', keys: ['ctrl-l'], modes: everywhere, about: 'repaint the screen'},
	{action: 'suspend', keys: ['ctrl-z'], modes: everywhere, about: 'suspend; fg comes back'},
	{
		action: 'leave',
		keys: ['q', 'Q'],
		modes: [...views, ...over, 'leave'],
		about: 'quit',
		footer: {label: 'quit', rank: 30},
	},
	{action: 'quit', keys: ['ctrl-c'], modes: everywhere, about: 'quit, always'},
	{
		action: 'accept',
		keys: ['enter'],
		modes: ['palette'],
		about: 'inject the fault',
		footer: {label: 'inject', rank: 85},
	},
	{
		action: 'accept',
		keys: ['enter'],
		modes: ['delay', 'filter', 'xl', 'leave', 'help'],
		about: 'take the value, run the command, leave, close the help',
	},
	{action: 'agree', keys: ['y', 'Y'], modes: ['confirm'], about: 'yes'},
	{action: 'back', keys: ['n', 'N', 'enter'], modes: ['confirm'], about: 'no'},
	{
		action: 'next-field',
		keys: ['tab'],
		modes: ['palette'],
		about: 'next of search and parameters',
		footer: {label: 'parameters', rank: 84},
	},
	{action: 'previous-field', keys: ['shift-tab'], modes: ['palette'], about: 'previous of them'},
	{action: 'up', keys: ['up'], modes: ['palette'], about: 'previous fault'},
	{action: 'down', keys: ['down'], modes: ['palette'], about: 'next fault'},
	{action: 'left', keys: ['left'], modes: ['palette'], about: 'previous choice of this field'},
	{action: 'right', keys: ['right'], modes: ['palette'], about: 'next choice of this field'},
	{
		action: 'erase',
		keys: ['backspace', 'delete'],
		modes: ['palette', 'delay', 'filter', 'xl'],
		about: 'erase the last character',
	},
	{
		action: 'clear-fault',
		keys: ['enter', 'c', 'delete'],
		modes: ['faults'],
		about: 'clear the fault under the mark',
		footer: {label: 'clear', rank: 82},
	},
];

const byMode = new Map<Mode, Map<string, Binding>>(
	modes.map((mode) => [
		mode,
		new Map(
			bindings
				.filter((binding) => binding.modes.includes(mode))
				.flatMap((binding) => binding.keys.map((key): [string, Binding] => [key, binding])),
		),
	]),
);

/** What `key` does where `mode` has the keyboard. */
export function bindingFor(mode: Mode, key: string): Binding | undefined {
	return byMode.get(mode)?.get(key);
}

export const viewTitles: Readonly<Record<ViewName, readonly [key: string, title: string]>> = {
	host: ['1', 'Host'],
	domains: ['2', 'Domains'],
	channel: ['3', 'Channel'],
	log: ['5', 'Log'],
};

/** For a key that does nothing in this view: the line that says where it works, if it works anywhere. */
export function elsewhere(mode: Mode, key: string): string | undefined {
	if (textModes.has(mode) || bindingFor(mode, key) !== undefined) return undefined;
	const view = views.find((name) => bindingFor(name, key) !== undefined);
	const binding = view === undefined ? undefined : bindingFor(view, key);
	if (view === undefined || binding === undefined) return undefined;
	const [number, title] = viewTitles[view];
	return `${keyName(key)} works in ${title} (key ${number}): ${binding.about}`;
}

const names: Readonly<Record<string, string>> = {
	' ': 'Space',
	up: '↑',
	down: '↓',
	left: '←',
	right: '→',
	pageup: 'PgUp',
	pagedown: 'PgDn',
	home: 'Home',
	end: 'End',
	enter: 'Enter',
	escape: 'Esc',
	tab: 'Tab',
	'shift-tab': 'Shift-Tab',
	backspace: 'Backspace',
	delete: 'Del',
	'ctrl-c': 'Ctrl-C',
	'ctrl-l': 'Ctrl-L',
	'ctrl-z': 'Ctrl-Z',
};

/** A key as it is printed on one. */
export function keyName(key: string): string {
	return names[key] ?? key;
}

/** The keys of views as a table for the README. */
export function keysAsMarkdown(): string {
	const rows = bindings
		.filter((binding) => binding.modes.some((mode) => views.some((view) => view === mode)))
		.map((binding) => {
			const where = views.every((view) => binding.modes.includes(view))
				? ''
				: ` (${views
						.filter((view) => binding.modes.includes(view))
						.map((view) => viewTitles[view][1])
						.join(', ')})`;
			return `| ${binding.keys.map((key) => `\`${keyName(key)}\``).join(' ')} | ${binding.about}${where} |`;
		});
	return ['| key | does |', '|---|---|', ...rows, ''].join('\n');
}
