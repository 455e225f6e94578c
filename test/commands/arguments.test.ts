/** What the command line means, and what is said when it means nothing. */
import {describe, expect, test} from 'vitest';
import {parseArguments} from '../../source/commands/arguments.js';
import {options} from '../../source/commands/options.js';

const parse = (line: string) => parseArguments(line.split(' ').filter((word) => word !== ''));
const refusal = (line: string) => {
	try {
		parse(line);
	} catch (error) {
		if (error instanceof Error && error.name === 'UserError') return error.message;
		throw error;
	}
	throw new Error(`not refused: ${line}`);
};

describe('the first word', () => {
	test('is a command, else what to watch', () => {
		expect(parse('')).toEqual({command: 'watch', words: [], options: {}});
		expect(parse('web-and-db')).toEqual({command: 'watch', words: ['web-and-db'], options: {}});
		expect(parse('watch web-and-db')).toEqual({command: 'watch', words: ['web-and-db'], options: {}});
		expect(parse('run web-and-db')).toEqual({command: 'run', words: ['web-and-db'], options: {}});
	});

	test('may be followed by as many words as the command takes', () => {
		expect(refusal('run')).toMatch(/^ringtop run needs a scenario: ringtop run SCENARIO/);
		expect(refusal('replay')).toMatch(/^ringtop replay needs a recording/);
		expect(refusal('run a b')).toBe("'b' is one word too many: ringtop run SCENARIO");
		expect(refusal('list x')).toBe("'x' is one word too many: ringtop list");
	});
});

describe('options', () => {
	test('stand anywhere, with their value after a space or an equals sign', () => {
		expect(parse('run x --until 10s --seed=7 --json --hash full').options).toEqual({
			until: '10s',
			seed: '7',
			json: 'true',
			hash: 'full',
		});
		expect(parse('--seed 7 run x')).toEqual({command: 'run', words: ['x'], options: {seed: '7'}});
	});

	test('are refused when unknown, with what is near', () => {
		expect(refusal('--sede 7')).toBe("unknown option '--sede', did you mean '--seed'?");
		expect(refusal('run x --jsn')).toBe("unknown option '--jsn', did you mean '--json'?");
		expect(refusal('--frobnicate')).toBe("unknown option '--frobnicate', 'ringtop --help' lists the options");
		expect(refusal('--no-json')).toMatch(/--json takes no value|unknown option '--no-json'/);
	});

	test('are refused when the command has no use for them', () => {
		expect(refusal('--json')).toBe(
			"--json is not an option of 'ringtop watch' (it is one of: ringtop run, ringtop compare)",
		);
		expect(refusal('list --seed 1')).toMatch(/^--seed is not an option of 'ringtop list'/);
	});

	test('are refused without the value they need, with one they do not take, or twice', () => {
		expect(refusal('run x --until')).toBe('--until needs a value: --until TIME');
		expect(refusal('run x --seed --json')).toBe('--seed needs a value: --seed N');
		expect(refusal('run x --json=yes')).toBe('--json takes no value');
		expect(refusal('run x --seed 1 --seed 2')).toMatch(/--seed can only be set once/);
	});

	test('are refused with a value that makes no sense', () => {
		for (const seed of ['x', '1.5', '-1', '1e3', '99999999999999999999']) {
			expect(refusal(`run x --seed=${seed}`)).toMatch(/a seed is a whole number from 0/);
		}
		expect(refusal('run x --seed -1')).toMatch(/a seed is a whole number from 0/);
		expect(parse('run x --until -1s').options.until).toBe('-1s');
		expect(refusal('run x --hash some')).toBe("--hash some: the only value is 'full'");
	});

	test('of one letter are left to xentop', () => {
		for (const letter of 'dinxvbfrzp') {
			expect(refusal(`-${letter}`)).toMatch(new RegExp(`^'-${letter}' belongs to xentop; options are long`));
		}
		expect(refusal('-h')).toMatch(/did you mean '--help'/);
		expect(refusal('-V')).toMatch(/did you mean '--version'/);
		expect(refusal('-q')).toMatch(/^unknown option '-q'; options are long/);
		expect(refusal('run x -b')).toMatch(/belongs to xentop/);
	});

	test('have no single letters of our own', () => {
		for (const name of Object.keys(options)) expect(name.length).toBeGreaterThan(1);
	});
});

describe('--help and --version', () => {
	test('answer whatever else is on the line', () => {
		expect(parse('--help')).toEqual({command: 'help', words: [], options: {}});
		expect(parse('run --help')).toEqual({command: 'help', words: ['run'], options: {}});
		expect(parse('run x --seed 1 --help')).toEqual({command: 'help', words: ['run'], options: {}});
		expect(parse('--version')).toEqual({command: 'version', words: [], options: {}});
	});
});
