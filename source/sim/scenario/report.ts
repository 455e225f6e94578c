/** How the builders say that something cannot exist: at a path of the file, with what was perhaps meant. */
import {closest} from '../../engine/closest.js';
import {quoted} from './problems.js';

/** Notes a problem at the value, or at the key, of a path of the file; what is there is then left out. */
export type ReportAt = (path: readonly PropertyKey[], message: string, where?: 'value' | 'key') => undefined;

/** `'nvme0p7', did you mean 'nvme0p1'?`, or what there is. */
export function didYouMean(word: string, known: readonly string[]): string {
	const near = closest(word, known);
	const all = known.length === 0 ? 'there is none' : `there is ${known.slice(0, 8).join(', ')}`;
	return `${quoted(word)}${near === undefined ? `; ${all}` : `, did you mean ${quoted(near)}?`}`;
}
