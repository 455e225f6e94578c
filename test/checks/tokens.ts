/**
 * A small tokenizer of TypeScript for the checks of this folder: it tells code from comments, strings, templates and
 * regular expressions, which is all the checks need and what plain text search gets wrong. Inside JSX text an
 * apostrophe looks like a string; a string ends with its line, so that costs at most one line.
 */

export type TokenKind = 'name' | 'number' | 'string' | 'template' | 'regexp' | 'punctuation';

/** For strings `text` is what stands between the quotes; the code inside `${}` gives tokens of its own. */
export type Token = {readonly kind: TokenKind; readonly text: string; readonly line: number};

// After these words a slash begins a regular expression, not a division.
const beforeExpression = new Set([
	'return',
	'typeof',
	'case',
	'do',
	'else',
	'in',
	'of',
	'void',
	'delete',
	'throw',
	'new',
	'instanceof',
	'yield',
	'await',
]);
const punctuators = ['>>>=', '...', '===', '!==', '**=', '<<=', '>>=', '>>>', '&&=', '||=', '??='];
const shortPunctuators = [
	'=>',
	'==',
	'!=',
	'<=',
	'>=',
	'&&',
	'||',
	'??',
	'?.',
	'++',
	'--',
	'+=',
	'-=',
	'*=',
	'/=',
	'%=',
	'**',
	'<<',
	'>>',
	'&=',
	'|=',
	'^=',
];

/** The tokens of `source`, comments left out. */
export function tokenize(source: string): Token[] {
	const tokens: Token[] = [];
	// Depth of braces at which each open template continues.
	const templates: number[] = [];
	let depth = 0;
	let line = 1;
	let at = source.startsWith('#!') ? endOfLine(source, 0) : 0;

	const add = (kind: TokenKind, text: string) => {
		tokens.push({kind, text, line});
	};

	while (at < source.length) {
		const char = source[at];
		if (char === '\n') {
			line++;
			at++;
		} else if (/\s/.test(char)) {
			at++;
		} else if (source.startsWith('//', at)) {
			at = endOfLine(source, at);
		} else if (source.startsWith('/*', at)) {
			const end = source.indexOf('*/', at + 2);
			const stop = end < 0 ? source.length : end + 2;
			line += countLines(source, at, stop);
			at = stop;
		} else if (char === "'" || char === '"') {
			const end = endOfString(source, at);
			add('string', source.slice(at + 1, end));
			at = end + 1;
		} else if (char === '`') {
			at = template(at + 1);
		} else if (/[\p{ID_Start}$_#]/u.test(char)) {
			const [word] = /^#?[\p{ID_Continue}$]*/u.exec(source.slice(at, at + 200)) ?? [char];
			add('name', word);
			at += Math.max(1, word.length);
		} else if (/\d/.test(char)) {
			const [digits] = /^(?:0[xXbBoO][\da-fA-F_]+n?|[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?n?)/.exec(
				source.slice(at, at + 200),
			) ?? [char];
			add('number', digits);
			at += Math.max(1, digits.length);
		} else if (char === '/' && startsExpression(tokens.at(-1))) {
			const end = endOfRegexp(source, at);
			add('regexp', source.slice(at, end));
			at = end;
		} else if (char === '}' && templates.at(-1) === depth) {
			templates.pop();
			at = template(at + 1);
		} else {
			if (char === '{') depth++;
			if (char === '}') depth--;
			const text =
				punctuators.find((long) => source.startsWith(long, at)) ??
				shortPunctuators.find((short) => source.startsWith(short, at)) ??
				char;
			add('punctuation', text);
			at += text.length;
		}
	}
	return tokens;

	/** Reads template text from `from`; returns where code goes on. */
	function template(from: number): number {
		const started = line;
		for (let i = from; i < source.length; i++) {
			if (source[i] === '\\') {
				if (source[i + 1] === '\n') line++;
				i++;
			} else if (source[i] === '\n') {
				line++;
			} else if (source[i] === '`') {
				tokens.push({kind: 'template', text: source.slice(from, i), line: started});
				return i + 1;
			} else if (source.startsWith('${', i)) {
				tokens.push({kind: 'template', text: source.slice(from, i), line: started});
				templates.push(depth);
				return i + 2;
			}
		}
		return source.length;
	}
}

function startsExpression(before: Token | undefined): boolean {
	if (before === undefined) return true;
	if (before.kind === 'name') return beforeExpression.has(before.text);
	return before.kind === 'punctuation' && ![')', ']', '}', '++', '--'].includes(before.text);
}

function endOfLine(source: string, at: number): number {
	const end = source.indexOf('\n', at);
	return end < 0 ? source.length : end;
}

/** Index of the closing quote, or of the end of the line. */
function endOfString(source: string, at: number): number {
	for (let i = at + 1; i < source.length; i++) {
		if (source[i] === source[at] || source[i] === '\n') return source[i] === '\n' ? i - 1 : i;
		if (source[i] === '\\') i++;
	}
	return source.length;
}

function endOfRegexp(source: string, at: number): number {
	let inClass = false;
	for (let i = at + 1; i < source.length; i++) {
		const char = source[i];
		if (char === '\n') return i;
		if (char === '\\') i++;
		else if (char === '[') inClass = true;
		else if (char === ']') inClass = false;
		else if (char === '/' && !inClass) return i + 1 + (/^[a-z]*/.exec(source.slice(i + 1, i + 9))?.[0].length ?? 0);
	}
	return source.length;
}

function countLines(source: string, from: number, to: number): number {
	let lines = 0;
	for (let i = from; i < to; i++) if (source[i] === '\n') lines++;
	return lines;
}
