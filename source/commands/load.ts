/**
 * From a word on the command line to a checked scenario: finds and reads the file, lets the scenario room parse it,
 * and turns its problems into a UserError, one `file:line:column: message` a line.
 */
import {printableLine} from '../engine/printable.js';
import type {Variant} from '../session/catch-up.js';
import {costNames} from '../sim/host/cost-names.js';
import {parseScenario} from '../sim/scenario/parse.js';
import {Refused, ScenarioErrors} from '../sim/scenario/problems.js';
import type {Architecture, Scenario} from '../sim/scenario/types.js';
import {architectures} from '../sim/scenario/vocabulary.js';
import {asOneOf} from '../sim/scenario/words.js';
import {openScenario, type ScenarioFile} from './scenarios.js';
import {UserError} from './user-error.js';

export type LoadedScenario = {readonly file: ScenarioFile; readonly scenario: Scenario};

/** Reads and checks what `word` names, under `arch` instead of the file's own architecture. Throws UserError. */
export function loadScenario(word: string, commandsToo = false, arch?: Architecture): LoadedScenario {
	const file = openScenario(word, commandsToo);
	try {
		return {file, scenario: parseScenario(file.text, file.label, {...file, costNames, arch})};
	} catch (error) {
		if (error instanceof ScenarioErrors) throw new UserError(error.message, {complete: true});
		throw error;
	}
}

/** What `word` names under each architecture, with this seed; or, in a line, why it cannot run under it. */
export function loadVariants(word: string, seed: number): Variant[] {
	return architectures.map((arch) => {
		try {
			return {arch, scenario: {...loadScenario(word, true, parseArchitecture(arch)).scenario, seed}};
		} catch (error) {
			if (error instanceof UserError || error instanceof Refused) {
				return {arch, refusal: printableLine(error.message.split('\n')[0])};
			}

			throw error;
		}
	});
}

/** Reads an option's value with one of the scenario's own unit parsers. Throws UserError. */
export function readOption<T>(name: string, text: string | undefined, parse: (text: string) => T): T | undefined {
	if (text === undefined) return undefined;
	try {
		return parse(text);
	} catch (error) {
		if (error instanceof Refused) throw new UserError(`--${name}: ${error.message}`);
		throw error;
	}
}

/** Reads `--arch`. Throws Refused. */
export function parseArchitecture(text: string): Architecture {
	return asOneOf(text, architectures);
}
