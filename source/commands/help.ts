/** `ringtop help [COMMAND]` and `--help`: written from the table of commands and options. */
import {closest} from '../engine/closest.js';
import {
	architectureNotes,
	type Command,
	commands,
	isCommand,
	type Option,
	type OptionName,
	options,
	type Request,
} from './options.js';
import {exitCode, UserError} from './user-error.js';

export async function run({words: [name]}: Request): Promise<number> {
	if (name === undefined) {
		process.stdout.write(overview());
		return exitCode.met;
	}
	if (!isCommand(name)) {
		const near = closest(name, Object.keys(commands));
		throw new UserError(`unknown command '${name}'${near === undefined ? '' : `, did you mean '${near}'?`}`);
	}
	process.stdout.write(commandHelp(commands[name]));
	return exitCode.met;
}

function overview(): string {
	const rows = Object.values(commands).map(({usage, about}): [string, string] => [usage, about]);
	const names = Object.keys(options).filter((name): name is OptionName => Object.hasOwn(options, name));
	return [
		'ringtop: a Xen host in your terminal',
		'',
		'Usage',
		...table(rows),
		'',
		'SCENARIO is the name of a shipped scenario or a file.',
		'',
		'Options',
		...table(names.map(optionRow)),
		'',
		...architectureNotes,
		'',
		'Exit codes: 0 expectations met, 1 not met, 2 bad input, 130 interrupted.',
		'',
	].join('\n');
}

function commandHelp({usage, about, options: own, notes = []}: Command): string {
	const lines = [`${usage}: ${about}`, ''];
	if (own.length > 0) lines.push('Options', ...table(own.map(optionRow)), '');
	if (notes.length > 0) lines.push(...notes, '');
	return lines.join('\n');
}

function optionRow(name: OptionName): [string, string] {
	const {value, about}: Option = options[name];
	return [value === undefined ? `--${name}` : `--${name} ${value}`, about];
}

function table(rows: ReadonlyArray<readonly [string, string]>): string[] {
	const width = Math.max(...rows.map(([left]) => left.length));
	return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
