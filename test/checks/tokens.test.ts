/** The tokenizer the checks stand on: code, and only code, comes out as names. */
import {describe, expect, test} from 'vitest';
import {tokenize} from './tokens.js';

const names = (source: string) =>
	tokenize(source)
		.filter(({kind}) => kind === 'name')
		.map(({text}) => text);

describe('the tokenizer', () => {
	test('leaves out comments', () => {
		expect(names('a; // Date\n/* Math\n random */ b /** process */')).toEqual(['a', 'b']);
	});

	test('keeps strings apart from code, escapes included', () => {
		expect(names(`const a = 'it\\'s Date'; const b = "Math // no comment"; c`)).toEqual([
			'const',
			'a',
			'const',
			'b',
			'c',
		]);
	});

	test('reads the code inside a template, nested ones too', () => {
		// biome-ignore lint/suspicious/noTemplateCurlyInString: this is source text.
		expect(names('`Date ${a + `x ${ {b: 1}.b } Math`} process` + c')).toEqual(['a', 'b', 'b', 'c']);
	});

	test('tells a regular expression from a division', () => {
		expect(names('x = /Date[\'/]"/g.test(y) / z; return /Math/')).toEqual(['x', 'test', 'y', 'z', 'return']);
		expect(names('a / b / c')).toEqual(['a', 'b', 'c']);
		expect(names('f(x) / 2; "q" // Date')).toEqual(['f', 'x']);
	});

	test('counts lines through comments, templates and strings', () => {
		const tokens = tokenize('#!/usr/bin/env node\n/*\n*/ a\n`\n\n`\nb');
		expect(tokens.map(({text, line}) => [text, line])).toEqual([
			['a', 3],
			['\n\n', 4],
			['b', 7],
		]);
	});

	test('keeps ** whole, and numbers out of names', () => {
		expect(tokenize('a **= 2e3 ** 0xFFn').map(({text}) => text)).toEqual(['a', '**=', '2e3', '**', '0xFFn']);
	});

	test('an apostrophe in JSX text costs no more than its line', () => {
		expect(names("<Text>don't</Text>\nimport")).toEqual(['Text', 'don', 'import']);
	});
});
