/** `ringtop replay FILE`: watches a recording again; the keys that would change it are off. */
import {parseSpeed} from '../sim/scenario/units.js';
import {parseCaptures} from './capture-files.js';
import {showConsole} from './console.js';
import {loadScenario, readOption} from './load.js';
import type {Request} from './options.js';
import {openTerminal} from './terminal.js';
import {UserError} from './user-error.js';

export async function run({words: [word], options}: Request): Promise<number> {
	const speed = readOption('speed', options.speed, parseSpeed);
	const {scenario} = loadScenario(word);
	if (scenario.recording === undefined) {
		throw new UserError(`${word} is a scenario, not a recording; watch it with: ringtop ${word}`);
	}

	const captures = parseCaptures(options.capture, scenario);
	const terminal = openTerminal(word);
	return showConsole({
		scenario,
		variants: [],
		terminal,
		speed,
		ascii: options.ascii !== undefined,
		record: undefined,
		captures,
		reproduce: `ringtop run ${word}`,
	});
}
