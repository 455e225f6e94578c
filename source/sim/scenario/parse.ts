/** Text in, a Scenario or every problem with its position out. The only door from files to the simulation. */
import type {z} from 'zod';
import {buildScenario} from './build.js';
import type {Located} from './located.js';
import {leadsOut, placeOf, plainOf, type ReadInclude, readMerged, valuePlaceOf} from './merge.js';
import {type Problem, quoted, Refused, ScenarioErrors} from './problems.js';
import {scenarioSchema} from './schema.js';
import type {Architecture, Scenario} from './types.js';
import {kindOf} from './units.js';

export interface ParseOptions {
	/** Reads the files of `include:`; without it there are none. */
	readonly readInclude?: ReadInclude;
	/** Reads the files of `pcap:`; without it there are none. */
	readonly readFile?: ReadFile;
	/** Names of the costs a file may override; without it any name is taken. */
	readonly costNames?: readonly string[];
	/** The architecture, whatever the file says. */
	readonly arch?: Architecture;
}

/** The bytes of a file beside `from`, or undefined when there is none. Throws Refused for what cannot be read. */
export type ReadFile = (name: string, from: string) => Uint8Array | undefined;

const mostProblems = 50;

/**
Parses a scenario or a recording.
@param file its name for messages.
@throws ScenarioErrors with every problem found.
*/
export function parseScenario(text: string, file: string, options: ParseOptions = {}): Scenario {
	const tree = readMerged(text, file, options.readInclude);
	// The root is a map, so its plain form is one.
	const source = plainOf(tree) as Record<string, unknown>;
	const shape = scenarioSchema.safeParse(source);
	const problems: Problem[] = [];
	if (!shape.success) {
		for (const issue of shape.error.issues) {
			explain(issue, tree, problems);
		}

		throw new ScenarioErrors(sorted(problems, file));
	}

	const report = (path: readonly PropertyKey[], message: string, where: 'value' | 'key' = 'value'): undefined => {
		problems.push({...(where === 'key' ? placeOf : valuePlaceOf)(tree, path), message});
	};

	const readCapture = (path: readonly PropertyKey[], name: string): Uint8Array | undefined => {
		if (leadsOut(name)) {
			return report(path, `${quoted(name)} leads out of the scenario's folder; name a file beside it`);
		}

		try {
			const bytes = options.readFile?.(name, valuePlaceOf(tree, path).file);
			return bytes ?? report(path, `there is no file ${quoted(name)}`);
		} catch (error) {
			if (error instanceof Refused) {
				return report(path, `${quoted(name)}: ${error.message}`);
			}

			throw error;
		}
	};
	const data = {...shape.data, arch: options.arch ?? shape.data.arch};
	const scenario = buildScenario(data, source, report, options.costNames, readCapture);
	if (problems.length > 0) {
		throw new ScenarioErrors(sorted(problems, file));
	}

	return scenario;
}

function explain(issue: z.core.$ZodIssue, tree: Located, problems: Problem[]): void {
	const {path} = issue;
	if (issue.code === 'unrecognized_keys') {
		const messages = issue.message.split('\n');
		for (const [index, key] of issue.keys.entries()) {
			problems.push({...placeOf(tree, [...path, key]), message: messages[index]});
		}

		return;
	}

	if (issue.code === 'invalid_key') {
		problems.push({...placeOf(tree, path), message: issue.issues[0]?.message ?? issue.message});
		return;
	}

	const last = String(path[path.length - 1] ?? 'the file');
	const place = valuePlaceOf(tree, path);
	const found = valueAt(tree, path);
	if (found === undefined) {
		problems.push({
			...place,
			message: `${typeof path[path.length - 1] === 'number' ? 'a value' : `'${last}'`} is missing`,
		});
		return;
	}

	switch (issue.code) {
		case 'invalid_type': {
			const wanted = issue.expected === 'array' ? 'a list' : 'a map';
			const what = typeof path[path.length - 1] === 'number' ? 'each entry' : `'${last}'`;
			problems.push({...place, message: `${what} must be ${wanted}, not ${kindOf(plainOf(found))}`});
			return;
		}

		case 'too_big':
			problems.push({...place, message: `'${last}' has more than ${issue.maximum} entries`});
			return;
		default:
			problems.push({...place, message: issue.message});
	}
}

function valueAt(root: Located, path: readonly PropertyKey[]): Located | undefined {
	let node: Located | undefined = root;
	for (const step of path) {
		node =
			node?.kind === 'map'
				? node.entries.get(String(step))?.node
				: node?.kind === 'list'
					? node.items[Number(step)]
					: undefined;
	}

	return node;
}

/** In the order in which a reader meets them, the file's own before those of what it includes. */
function sorted(problems: readonly Problem[], file: string): Problem[] {
	const files = [file, ...new Set(problems.map((problem) => problem.file).filter((name) => name !== file))];
	return [...problems]
		.sort((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column)
		.slice(0, mostProblems);
}
