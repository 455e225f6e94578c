/**
The small grammar of single values, as zod schemas: sizes, times, words, names, whole numbers, switches. Each reads a YAML
value and says in one sentence what it wanted. `strict` is a map that knows its keys: others get a suggestion, and keys of
later parts of the language are named as such instead of being taken for slips.
*/
import {z} from 'zod';
import {closest} from '../../engine/closest.js';
import {quoted, Refused} from './problems.js';
import {kindOf, parseDuration, parseSize} from './units.js';

/** A value read by `read`, which throws Refused for what it cannot take. */
export function scalar<T>(read: (value: unknown) => T) {
	return z.unknown().transform((value, context): T => {
		try {
			return read(value);
		} catch (error) {
			if (!(error instanceof Refused)) {
				throw error;
			}

			context.addIssue({code: 'custom', message: error.message});
			return z.NEVER;
		}
	});
}

export function size(plain = 1, least = 0, most = Number.MAX_SAFE_INTEGER, limits = '') {
	return scalar((value) => {
		const bytes = parseSize(value, plain);
		if (bytes < least || bytes > most) {
			throw new Refused(`${quoted(String(value))} is out of range; ${limits}`);
		}

		return bytes;
	});
}

export function duration(plain = 0, most = 30 * 86_400 * 1_000_000_000) {
	return scalar((value) => {
		const ns = parseDuration(value, plain);
		if (ns > most) {
			throw new Refused(`${quoted(String(value))} is too long; nothing here lasts more than 30 days`);
		}

		return ns;
	});
}

export function integer(least: number, most: number) {
	return scalar((value) => {
		if (typeof value !== 'number' || !Number.isInteger(value)) {
			const found = typeof value === 'number' || typeof value === 'string' ? quoted(String(value)) : kindOf(value);
			throw new Refused(`expected a whole number, got ${found}`);
		}

		if (value < least || value > most) {
			throw new Refused(`${value} is out of range; it goes from ${least} to ${most}`);
		}

		return value;
	});
}

export function oneOf<const Word extends string>(words: readonly Word[], later: Readonly<Record<string, string>> = {}) {
	return scalar((value) => asOneOf(value, words, later));
}

/** @throws Refused unless `value` is one of `words`; `later` are words that nothing implements yet, and why. */
export function asOneOf<const Word extends string>(
	value: unknown,
	words: readonly Word[],
	later: Readonly<Record<string, string>> = {},
): Word {
	const known = words.find((word) => word === value);
	if (known !== undefined) {
		return known;
	}

	if (typeof value !== 'string') {
		throw new Refused(`expected ${listed(words)}, got ${typeof value === 'number' ? value : kindOf(value)}`);
	}

	if (Object.hasOwn(later, value)) {
		throw new Refused(`${quoted(value)} is not built yet: ${later[value]}`);
	}

	const near = closest(value, words);
	const hint = near === undefined ? `; it is ${listed(words)}` : `, did you mean ${quoted(near)}?`;
	throw new Refused(`unknown word ${quoted(value)}${hint}`);
}

/** Chances in a million of `1%` or `0.01`; `least` 0 admits never, 1 does not. */
export function chance(least: 0 | 1) {
	return scalar((value) => {
		const percent = typeof value === 'string' ? /^(\d{1,3}(?:\.\d{1,9})?)%$/.exec(value) : null;
		const exact = percent === null ? Number(value) * 1_000_000 : Number(percent[1]) * 10_000;
		if ((percent === null && typeof value !== 'number') || !(exact >= 0 && exact <= 1_000_000)) {
			throw new Refused(`${quoted(String(value))} is not a probability; write such as 1% or 0.01`);
		}

		const parts = Math.round(exact);
		// What is less than half a part would become never.
		if (parts < (exact === 0 ? least : 1)) {
			throw new Refused(`${quoted(String(value))} is too small; a probability is at least one in a million, 0.000001`);
		}

		return parts;
	});
}

/** on, off, true, false, yes, no, and fio's 1 and 0. */
export function flag() {
	return scalar((value) => {
		if (value === true || value === 'on' || value === 'yes' || value === 1) {
			return true;
		}

		if (value === false || value === 'off' || value === 'no' || value === 0) {
			return false;
		}

		throw new Refused(`expected on or off, got ${typeof value === 'string' ? quoted(value) : kindOf(value)}`);
	});
}

export function word(what: string, most = 200) {
	return scalar((value) => asWord(value, what, most));
}

export function asWord(value: unknown, what: string, most = 200): string {
	if (typeof value !== 'string') {
		const hint = typeof value === 'number' || typeof value === 'boolean' ? '; write it in quotes' : '';
		throw new Refused(`expected ${what}, got ${kindOf(value)}${hint}`);
	}

	if (value.length > most) {
		throw new Refused(`${what} is longer than ${most} characters`);
	}

	if (value.trim() === '') {
		throw new Refused(`${what} is empty`);
	}

	return value;
}

/** A sentence or two: line breaks of a YAML block become spaces. */
export function prose(what: string) {
	return scalar((value) => asWord(value, what, 500).replace(/\s+/g, ' ').trim());
}

/** What a domain, job, device or fault may be called: one word that can stand in a metric such as web.xvda.read.p99. */
export function name(what: string, reserved: readonly string[] = []) {
	return scalar((value) => {
		const text = asWord(value, `the name of ${what}`, 40);
		// Letters to Unicode, but nothing to see: U+3164 and the other fillers.
		const invisible = /\p{Default_Ignorable_Code_Point}/u.exec(text);
		if (invisible !== null) {
			const code = (invisible[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
			throw new Refused(`the name of ${what} has the invisible character U+${code}; remove it`);
		}

		if (!/^[\p{L}\p{N}_][\p{L}\p{M}\p{N}_+-]*$/u.test(text)) {
			throw new Refused(`${quoted(text)} cannot name ${what}; use letters, digits, - and _`);
		}

		if (reserved.includes(text)) {
			throw new Refused(`${quoted(text)} cannot name ${what}; the word has its own meaning in expectations`);
		}

		return text;
	});
}

/** A map with exactly these keys. `later`: keys of the language that nothing implements yet, and what they belong to. */
export function strict<Shape extends z.ZodRawShape>(shape: Shape, later: Readonly<Record<string, string>> = {}) {
	const known = Object.keys(shape);
	return z.strictObject(shape, {
		error: (issue) =>
			issue.code === 'unrecognized_keys'
				? // One line a key, in the order of the issue's keys; explain() in parse.ts takes them apart again.
					(issue.keys as string[]).map((key) => unknownKey(key, known, later)).join('\n')
				: undefined,
	});
}

/** A map from names to the same kind of thing. */
export function named<Value extends z.ZodType>(what: string, value: Value, reserved: readonly string[] = []) {
	const read = name(what, reserved);
	return z.record(
		// A map forgets the place of keys that are whole numbers, and the order of names is the order of creation.
		read.refine((text) => !/^\d+$/.test(text), {message: `digits alone cannot name ${what}; add a letter, such as n1`}),
		value,
	);
}

function unknownKey(key: string, known: readonly string[], later: Readonly<Record<string, string>>): string {
	if (Object.hasOwn(later, key)) {
		return `${quoted(key)} is not built yet: ${later[key]}`;
	}

	const near = closest(key, known);
	if (near !== undefined) {
		return `unknown key ${quoted(key)}, did you mean ${quoted(near)}?`;
	}

	return `unknown key ${quoted(key)}; here belong ${known.join(', ')}`;
}

export function listed(words: readonly string[]): string {
	return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words[words.length - 1]}`;
}
