/**
What is wrong with a scenario, and where. Every problem names file, line and column (from 1) and says what to do; all of
them are reported together, in the order in which a reader meets them.
*/
import {printableLine} from '../../engine/printable.js';

export interface Place {
	readonly file: string;
	/** From 1. */
	readonly line: number;
	/** From 1, in UTF-16 code units. */
	readonly column: number;
}

export interface Problem extends Place {
	readonly message: string;
}

/** `web-and-db.yaml:12:7: unknown key 'iodeph', did you mean 'iodepth'?`, safe to print. */
export function formatProblem(problem: Problem): string {
	return printableLine(`${problem.file}:${problem.line}:${problem.column}: ${problem.message}`);
}

/** Thrown by `parseScenario`: nothing of the scenario was started. `message` is the list, one problem a line. */
export class ScenarioErrors extends Error {
	override readonly name = 'ScenarioErrors';
	readonly problems: readonly Problem[];

	constructor(problems: readonly Problem[]) {
		super(problems.map(formatProblem).join('\n'));
		this.problems = problems;
	}
}

/** One value that cannot be read; whoever knows the position turns it into a Problem. */
export class Refused extends Error {
	override readonly name = 'Refused';
}

/** The word as it is shown in a message: quoted, and cut where somebody put a novel. */
export function quoted(word: string): string {
	return word.length > 40 ? `'${word.slice(0, 40)}…'` : `'${word}'`;
}
