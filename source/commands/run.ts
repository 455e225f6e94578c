/** `ringtop run SCENARIO`: as fast as it can, then a report; exit 0 when every expectation was met. */
import {parseDuration} from '../sim/scenario/units.js';
import {loadScenario, parseArchitecture, readOption} from './load.js';
import type {Request} from './options.js';
import {UserError} from './user-error.js';

export async function run({words: [word], options}: Request): Promise<number> {
	const until = readOption('until', options.until, parseDuration);
	const arch = readOption('arch', options.arch, parseArchitecture);
	const {file, scenario} = loadScenario(word);
	void [file, scenario, arch, until];
	throw new UserError('the report is not part of this build yet');
}
