/** Files made to hurt or mislead: refused quickly, with a place, and nothing else ever comes out. */
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {parseScenario} from '../../../source/sim/scenario/parse.js';
import {ScenarioErrors} from '../../../source/sim/scenario/problems.js';
import {base, problemsOf} from './base.js';

describe('hostile files are refused', () => {
	const bomb = ['a: &a [x,x,x,x,x,x,x,x,x,x]'];
	for (const [name, below] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf']) {
		bomb.push(`${name}: &${name} [${Array(10).fill(`*${below}`).join(',')}]`);
	}

	const deep = 'lists or maps are nested too deeply to be a scenario';
	const rows: readonly (readonly [string, string, string])[] = [
		['empty', '', '1:1: the file is empty; a scenario is a map that begins with name: and domains:'],
		['only a comment', '# hello\n', '1:1: the file is empty; a scenario is a map that begins with name: and domains:'],
		['a list', '- a\n', '1:1: the file is a list; a scenario is a map that begins with name: and domains:'],
		['a word', '\nhello', '2:1: the file is a single value; a scenario is a map that begins with name: and domains:'],
		[
			'two documents',
			`${base}---\nname: x\n`,
			'11:1: a second document begins here; a scenario is one document, remove the ---',
		],
		['binary', 'PK\u0003\u0004\n\u0000', '2:1: not text in UTF-8; is this a scenario file?'],
		['another encoding', 'name: caf\uFFFD', '1:10: not text in UTF-8; is this a scenario file?'],
		['over-large', `name: ${'x'.repeat(1 << 20)}`, '1:1: the file is larger than 1 MiB; a scenario is a page of text'],
		['a megabyte of commas', `a: [${'1,'.repeat(500_000)}]`, '1:120004: too many values; a scenario is a page of text'],
		['a megabyte of brackets', `a: ${'['.repeat(1_000_000)}`, `1:104: ${deep}`],
		['a staircase', Array.from({length: 1000}, (_, i) => `${' '.repeat(i)}a:`).join('\n'), deep],
		['an alias bomb', bomb.join('\n'), '1:8: aliases repeat too much of the file; write the values out'],
		['an alias of itself', 'a: &a [*a]', '1:7: nested more than 24 deep; no scenario needs that'],
		['an alias of nothing', 'a: *b', '1:4: alias *b has no anchor &b before it'],
		['a tag', 'name: !!js/function x', '1:7: not valid YAML: Unresolved tag: tag:yaml.org,2002:js/function'],
		['a terminal escape', 'name: "\u001B[31m"', '1:8: the hidden character U+001B is not allowed; remove it'],
		['an escaped bidi control', 'name: "a\\u202eb"', '1:7: the hidden character U+202E is not allowed; remove it'],
		[
			'a bidi control in a comment',
			'name: t # \u202E hm',
			'1:11: the hidden character U+202E is not allowed; remove it',
		],
		['a zero-width space in a key', '"we\u200Bb": 1', '1:4: the hidden character U+200B is not allowed; remove it'],
		['a byte order mark inside', 'name: a\uFEFFb', '1:8: the hidden character U+FEFF is not allowed; remove it'],
		['a lone surrogate', 'name: "\\uD800"', '1:7: the hidden character U+D800 is not allowed; remove it'],
		['a line separator', 'name: a\u2028b', '1:8: the hidden character U+2028 is not allowed; remove it'],
		['an open quote', `${base}about: "no end`, '11:15: not valid YAML: Missing closing "quote'],
	];
	for (const [what, text, message] of rows) {
		it(what, () => {
			const problems = problemsOf(text);
			expect(problems[0]).toContain(message);
			expect(problems[0].startsWith('t.yaml:')).toBe(true);
		});
	}

	it('a file name with an escape in it is printed harmlessly', () => {
		expect(() => parseScenario('', 'a\u001B[2J.yaml')).toThrow('a·[2J.yaml:1:1:');
	});

	it('a byte order mark at the start, and lines that end in CR LF, are fine', () => {
		expect(problemsOf(`\uFEFF${base.replaceAll('\n', '\r\n')}`)).toEqual([]);
	});

	it('names are normalised, so that two spellings of one name are one', () => {
		const scenario = parseScenario(base.replace('web:', 'cafe\u0301:'), 't.yaml');
		expect(scenario.domains[1].name).toBe('caf\u00E9');
		expect(problemsOf(`${base}  cafe\u0301: {}\n  caf\u00E9: {}\n`)).toEqual([
			"t.yaml:12:3: key 'caf\u00E9' is given twice, first in line 11; remove one",
		]);
	});

	it('whatever the text, there is a scenario or a list of problems, never anything else', () => {
		const word = fc.constantFrom(
			'name',
			'host',
			'domains',
			'timeline',
			'expect',
			'-',
			'{',
			'}',
			'[',
			']',
			':',
			'&a',
			'*a',
			'|',
			'>',
			'?',
			'"',
			'\n',
			'  ',
			'null',
			'1s',
			'4k',
			'web',
			'#',
			'!!map',
			'%',
			'---',
		);
		fc.assert(
			fc.property(
				fc.oneof(
					fc.string({unit: 'binary'}),
					fc.array(word, {maxLength: 40}).map((words) => words.join(' ')),
				),
				(text) => {
					try {
						parseScenario(text, 't.yaml');
					} catch (error) {
						expect(error).toBeInstanceOf(ScenarioErrors);
						expect((error as ScenarioErrors).problems.length).toBeGreaterThan(0);
					}
				},
			),
			{numRuns: 500},
		);
	});

	it('whichever line of a good file is cut or doubled, the answer is a scenario or problems with places in the file', () => {
		const lines = base.split('\n');
		fc.assert(
			fc.property(fc.nat(base.length), fc.nat(40), fc.string({maxLength: 5}), (at, cut, put) => {
				const text = base.slice(0, at) + put + base.slice(at + cut);
				for (const problem of problemsOf(text)) {
					expect(problem).toMatch(/^t\.yaml:\d+:\d+: ./);
					expect(Number(problem.split(':')[1])).toBeLessThanOrEqual(lines.length + 5);
				}
			}),
			{numRuns: 300},
		);
	});
});
