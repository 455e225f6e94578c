/**
 * The command line in, one request out. The first word is a command, or else names what `watch` shows. Anything not
 * understood is refused with what is near it, before any work begins: nothing is half-started.
 */
import meow from 'meow';
import {closest} from '../engine/closest.js';
import {
	type CommandName,
	commands,
	isCommand,
	type Option,
	type OptionName,
	type OptionValues,
	options,
	type Request,
} from './options.js';
import {parseSeed} from './seed.js';
import {UserError} from './user-error.js';

// xentop's own letters: -h -V -d -n -x -r -v -f -b -i -z -p.
const xentopLetters = 'hVdnxrvfbizp';

/** Understands `argv` (without node and the script). Throws UserError. */
export function parseArguments(argv: readonly string[]): Request {
	const {input, unnormalizedFlags: flags} = tokenize(joinNegative(argv));
	const values: Partial<Record<OptionName, string | readonly string[]>> = {};
	for (const [name, value] of Object.entries(flags)) {
		if (value === undefined) continue;
		if (!Object.hasOwn(options, name)) throw unknownOption(name);
		// The check above makes the name one of the table's.
		const option = name as OptionName;
		const {value: placeholder, many}: Option = options[option];
		if (many) {
			// meow lists what may be given several times, and leaves out what was given without a value.
			const list = Array.isArray(value) ? value.map(String) : [];
			const times = argv.filter((word) => word === `--${name}` || word.startsWith(`--${name}=`)).length;
			if (list.length < times) throw new UserError(`--${name} needs a value: --${name} ${placeholder}`);
			if (list.length > 0) values[option] = list;
			continue;
		}
		if (placeholder === undefined && value !== true) throw new UserError(`--${name} takes no value`);
		if (value === '') throw new UserError(`--${name} needs a value: --${name} ${placeholder}`);
		values[option] = String(value);
	}
	// Each value was made as the table says of its option.
	const given = values as OptionValues;
	const [command, words] = splitCommand(input);
	// Help and version answer whatever else is on the line.
	if (given.help !== undefined) return {command: 'help', words: input.length > 0 ? [command] : [], options: {}};
	if (given.version !== undefined) return {command: 'version', words: [], options: {}};
	checkWords(command, words);
	checkOptions(command, given);
	return {command, words, options: given};
}

/** No option is a digit: `--until -1s` means `--until=-1s`, whose parser knows what is wrong with it. */
function joinNegative(argv: readonly string[]): string[] {
	const joined: string[] = [];
	for (const word of argv) {
		const before = joined.at(-1);
		const name = before?.slice(2) ?? '';
		const takesValue =
			before?.startsWith('--') && Object.hasOwn(options, name) && 'value' in options[name as OptionName];
		if (takesValue && /^-\d/.test(word)) joined[joined.length - 1] = `${before}=${word}`;
		else joined.push(word);
	}
	return joined;
}

function tokenize(argv: readonly string[]) {
	const flags: Record<string, {type: 'string' | 'boolean'; isMultiple?: true}> = {};
	for (const [name, option] of Object.entries(options)) {
		flags[name] = {
			type: 'value' in option ? 'string' : 'boolean',
			...('many' in option ? {isMultiple: true} : {}),
		};
	}
	try {
		return meow({
			importMeta: import.meta,
			argv,
			flags,
			autoHelp: false,
			autoVersion: false,
			booleanDefault: undefined,
		});
	} catch (error) {
		// meow throws plain errors only for flags it was told of: one given twice.
		throw new UserError(
			error instanceof Error ? error.message.replace(/^The flag /, '').replace(/\.$/, '') : String(error),
		);
	}
}

function splitCommand(input: readonly string[]): [CommandName, readonly string[]] {
	const first = input[0];
	if (first !== undefined && isCommand(first)) return [first, input.slice(1)];
	return ['watch', input];
}

function checkWords(command: CommandName, words: readonly string[]): void {
	const {usage, words: allowed} = commands[command];
	const [fewest, most] = allowed;
	if (words.length < fewest) {
		const what = usage.split(' ').at(-1) === 'FILE' ? 'a recording' : 'a scenario';
		throw new UserError(`ringtop ${command} needs ${what}: ${usage} ('ringtop list' shows the shipped scenarios)`);
	}
	if (words.length > most) throw new UserError(`'${words[most]}' is one word too many: ${usage}`);
}

function checkOptions(command: CommandName, given: OptionValues): void {
	const allowed: readonly OptionName[] = commands[command].options;
	for (const name of Object.keys(given)) {
		if (allowed.some((option) => option === name)) continue;
		const users = Object.entries(commands).filter(([, {options: own}]) => own.some((option) => option === name));
		const where = users.map(([user]) => `ringtop ${user}`).join(', ');
		throw new UserError(`--${name} is not an option of 'ringtop ${command}' (it is one of: ${where})`);
	}
	parseSeed(given.seed);
	if (given.hash !== undefined && given.hash !== 'full') {
		throw new UserError(`--hash ${given.hash}: the only value is 'full'`);
	}
}

function unknownOption(name: string): UserError {
	if (name.length === 1) {
		const owner = xentopLetters.includes(name) ? ' belongs to xentop' : '';
		const near = {h: '--help', V: '--version'}[name];
		const meant = near === undefined ? "'ringtop --help' lists them" : `did you mean '${near}'?`;
		return new UserError(
			owner === ''
				? `unknown option '-${name}'; options are long: ${meant}`
				: `'-${name}'${owner}; options are long: ${meant}`,
		);
	}
	const near = closest(name, Object.keys(options));
	const meant = near === undefined ? "'ringtop --help' lists the options" : `did you mean '--${near}'?`;
	return new UserError(`unknown option '--${name}', ${meant}`);
}
