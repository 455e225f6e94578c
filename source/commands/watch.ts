/** `ringtop [watch] [SCENARIO]`: the console on a scenario, live. */
import {parseSpeed} from '../sim/scenario/units.js';
import {parseCaptures} from './capture-files.js';
import {showConsole} from './console.js';
import {loadScenario, loadVariants, parseArchitecture, readOption} from './load.js';
import type {Request} from './options.js';
import {checkRecordTarget} from './record-target.js';
import {defaultScenario} from './scenarios.js';
import {parseSeed} from './seed.js';
import {openTerminal} from './terminal.js';

export async function run({words: [word = defaultScenario], options}: Request): Promise<number> {
	// What is wrong with the words is told before what is wrong with the terminal.
	const speed = readOption('speed', options.speed, parseSpeed);
	const arch = readOption('arch', options.arch, parseArchitecture);
	const seed = parseSeed(options.seed);
	const {scenario} = loadScenario(word, true, arch);
	if (options.record !== undefined) checkRecordTarget(options.record);
	const captures = parseCaptures(options.capture, scenario);
	const terminal = openTerminal(word);
	const chosen = {...scenario, seed: seed ?? scenario.seed};
	return showConsole({
		scenario: chosen,
		variants: loadVariants(word, chosen.seed),
		terminal,
		speed,
		ascii: options.ascii !== undefined,
		record: options.record,
		captures,
		reproduce: `ringtop run ${word} --seed ${chosen.seed}`,
	});
}
