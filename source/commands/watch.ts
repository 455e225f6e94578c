/** `ringtop [watch] [SCENARIO]`: the console on a scenario, live. */
import {parseSpeed} from '../sim/scenario/units.js';
import {loadScenario, parseArchitecture, readOption} from './load.js';
import type {Request} from './options.js';
import {defaultScenario} from './scenarios.js';
import {openTerminal} from './terminal.js';
import {UserError} from './user-error.js';

export async function run({words: [word = defaultScenario], options}: Request): Promise<number> {
	// What is wrong with the words is told before what is wrong with the terminal.
	const speed = readOption('speed', options.speed, parseSpeed);
	const arch = readOption('arch', options.arch, parseArchitecture);
	const {file, scenario} = loadScenario(word, true);
	const terminal = openTerminal(word);
	void [file, scenario, arch, speed, terminal];
	throw new UserError('the console is not part of this build yet');
}
