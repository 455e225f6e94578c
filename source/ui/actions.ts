/** What the keyboard can be for: views, modes, and everything a key can do in one of them. */

export const views = ['host', 'domains', 'channel', 'log'] as const;
export type ViewName = (typeof views)[number];

/** What has the keyboard. In `palette`, `delay`, `filter` and `xl` every letter, blank and digit is text. */
export type Mode = ViewName | 'help' | 'palette' | 'faults' | 'delay' | 'filter' | 'xl' | 'confirm' | 'leave';
export const modes: readonly Mode[] = [
	...views,
	'help',
	'palette',
	'faults',
	'delay',
	'filter',
	'xl',
	'confirm',
	'leave',
];
export const textModes: ReadonlySet<Mode> = new Set<Mode>(['palette', 'delay', 'filter', 'xl']);

export type Action =
	| 'view-host'
	| 'view-domains'
	| 'view-channel'
	| 'view-log'
	| 'next-pane'
	| 'previous-pane'
	| 'up'
	| 'down'
	| 'left'
	| 'right'
	| 'page-up'
	| 'page-down'
	| 'first'
	| 'last'
	| 'look'
	| 'back'
	| 'freeze'
	| 'step'
	| 'slower'
	| 'faster'
	| 'real-time'
	| 'inject'
	| 'list-faults'
	| 'kick'
	| 'clear-last'
	| 'record'
	| 'restart'
	| 'architecture'
	| 'xl'
	| 'agree'
	| 'sort-next'
	| 'sort-left'
	| 'sort-right'
	| 'reverse'
	| 'vcpu-rows'
	| 'network-rows'
	| 'disk-rows'
	| 'repeat-header'
	| 'zero-first'
	| 'physical-cpus'
	| 'delay'
	| 'filter'
	| 'help'
	| 'repaint'
	| 'leave'
	| 'quit'
	| 'suspend'
	| 'next-field'
	| 'previous-field'
	| 'accept'
	| 'erase'
	| 'clear-fault';
