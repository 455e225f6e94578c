/** `ringtop run SCENARIO`: as fast as it can, then a report; exit 0 when every expectation was met. */
import {parseDuration} from '../sim/scenario/units.js';
import {loadScenario, readOption} from './load.js';
import type {Request} from './options.js';
import {UserError} from './user-error.js';

export async function run({words: [word], options}: Request): Promise<number> {
	const {file, scenario} = loadScenario(word);
	const until = readOption('until', options.until, parseDuration);
	void [file, scenario, until];
	throw new UserError('the report is not part of this build yet');
}
