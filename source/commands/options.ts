/**
 * The commands and their options, as data: argument handling, `--help` and the suggestions all read this one table.
 * Options are long only; single letters belong to xentop, whose batch mode keeps them for itself.
 */

/** One option; `value` is the placeholder of its value, absent for a switch; `many` may be given several times. */
export type Option = {readonly value?: string; readonly many?: true; readonly about: string};

export const options = {
	until: {value: 'TIME', about: 'stop at this simulated time, for example 10s or 250ms'},
	seed: {value: 'N', about: "seed of every random stream (else the file's, else 1)"},
	arch: {value: 'NAME', about: "the device architecture (else the file's)"},
	json: {about: 'write the report as JSON to stdout, everything else to stderr'},
	markdown: {about: 'write the table as Markdown'},
	sensitivity: {about: 'run again with every knob at half and at double, and show the ranges: three times the work'},
	hash: {value: 'full', about: 'hash all bytes moved, not only the stamp of each sector'},
	record: {value: 'FILE', about: 'write a recording: a scenario with what you did and its state hashes'},
	capture: {
		value: 'INTERFACE=FILE',
		many: true,
		about: 'write the frames of eth0, web:0, … to a pcapng file; may be given several times',
	},
	speed: {value: 'SPEED', about: '1x is real time; 10x, 100x, max; or simulated time per second, 1ms/s'},
	ascii: {about: 'draw with ASCII characters only'},
	help: {about: 'show help'},
	version: {about: 'show the version'},
} as const satisfies Record<string, Option>;

export type OptionName = keyof typeof options;

/** Values as typed, a list of an option that may be given several times; switches that are on are 'true'. */
export type OptionValues = {
	readonly [Name in OptionName]?: (typeof options)[Name] extends {readonly many: true} ? readonly string[] : string;
};

/** What a command gets to see of the command line. */
export type Request = {
	readonly command: CommandName;
	/** The words after the command. */
	readonly words: readonly string[];
	readonly options: OptionValues;
};

/** One command. */
export type Command = {
	readonly usage: string;
	readonly about: string;
	/** Fewest and most words after the command. */
	readonly words: readonly [number, number];
	readonly options: readonly OptionName[];
	/** Said after the options, a line each. */
	readonly notes?: readonly string[];
};

/** What the names of architectures mean here, a line each. */
export const architectureNotes: readonly string[] = [
	"xen2 is Xen 2.0's placement (drivers and backends in domain zero) with the channels of today's Xen.",
	'Xen 2.0 itself, in 2004, had no XenStore, no event index on its block ring, and backends that mapped',
	"guests' pages by privilege instead of by grant: docs/fidelity.md.",
];

export const commands = {
	watch: {
		usage: 'ringtop [watch] [SCENARIO]',
		about: 'watch a scenario live (without a name: web-and-db)',
		words: [0, 1],
		options: ['seed', 'arch', 'record', 'capture', 'speed', 'ascii'],
	},
	run: {
		usage: 'ringtop run SCENARIO',
		about: 'run a scenario or a recording as fast as it goes, then report',
		words: [1, 1],
		options: ['until', 'seed', 'arch', 'capture', 'json', 'hash'],
	},
	compare: {
		usage: 'ringtop compare SCENARIO',
		about: 'run a scenario under every architecture, then put them side by side',
		words: [1, 1],
		options: ['until', 'seed', 'json', 'markdown', 'sensitivity'],
		notes: architectureNotes,
	},
	replay: {
		usage: 'ringtop replay FILE',
		about: 'watch a recording again',
		words: [1, 1],
		options: ['capture', 'speed', 'ascii'],
	},
	list: {
		usage: 'ringtop list',
		about: 'list the shipped scenarios',
		words: [0, 0],
		options: [],
	},
	help: {
		usage: 'ringtop help [COMMAND]',
		about: 'show this, or how one command is used',
		words: [0, 1],
		options: [],
	},
	version: {
		usage: 'ringtop version',
		about: 'show the version',
		words: [0, 0],
		options: [],
	},
} as const satisfies Record<string, Command>;

export type CommandName = keyof typeof commands;

export function isCommand(word: string): word is CommandName {
	return Object.hasOwn(commands, word);
}
