/** `ringtop replay FILE`: watches a recording again; the keys that would change it are off. */
import {parseSpeed} from '../sim/scenario/units.js';
import {loadScenario, readOption} from './load.js';
import type {Request} from './options.js';
import {openTerminal} from './terminal.js';
import {UserError} from './user-error.js';

export async function run({words: [word], options}: Request): Promise<number> {
	const speed = readOption('speed', options.speed, parseSpeed);
	const {file, scenario} = loadScenario(word);
	const terminal = openTerminal(word);
	void [file, scenario, speed, terminal];
	throw new UserError('the console is not part of this build yet');
}
