/** `--seed`: one reading of it for every command that takes one. */
import {UserError} from './user-error.js';

/** The seed as typed, a whole number up to 2^53 - 1; undefined when there is none. Throws UserError. */
export function parseSeed(text: string | undefined): number | undefined {
	if (text === undefined) return undefined;
	const seed = Number(text);
	if (!/^\d+$/.test(text) || !Number.isSafeInteger(seed)) {
		throw new UserError(`--seed ${text}: a seed is a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`);
	}
	return seed;
}
