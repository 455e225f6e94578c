/**
`include:` one file under another. Maps merge by key, a list replaces the list it meets, null removes what was included.
Every value keeps the place where it was written, in whichever file.
*/
import {closest} from '../../engine/closest.js';
import {type Located, readLocated} from './located.js';
import {type Place, type Problem, quoted, Refused, ScenarioErrors} from './problems.js';

type LocatedMap = Extract<Located, {kind: 'map'}>;

/** The text of an included file, or undefined when there is none. `from` is the file that includes it. Throws Refused for what cannot be read. */
export type ReadInclude = (name: string, from: string) => {readonly file: string; readonly text: string} | undefined;

/** Reads a file with all it includes, merged; `include` itself is gone from the result. @throws ScenarioErrors */
export function readMerged(text: string, file: string, readInclude?: ReadInclude): LocatedMap {
	const problems: Problem[] = [];
	const merged = read(text, file, [file]);
	if (problems.length > 0) {
		throw new ScenarioErrors(problems);
	}

	return merged;

	function read(text: string, file: string, chain: readonly string[]): LocatedMap {
		const tree = readLocated(text, file);
		const include = tree.entries.get('include');
		const own: LocatedMap = {...tree, entries: new Map([...tree.entries].filter(([key]) => key !== 'include'))};
		if (include === undefined) {
			return merge({kind: 'map', at: tree.at, entries: new Map()}, own, problems);
		}

		const base = readBase(include.node, file, chain);
		return base === undefined ? own : merge(base, own, problems);
	}

	function readBase(node: Located, file: string, chain: readonly string[]): LocatedMap | undefined {
		const refuse = (message: string): undefined => {
			problems.push({...node.at, message});
		};

		const name = node.kind === 'scalar' ? node.value : undefined;
		if (typeof name !== 'string' || name === '') {
			return refuse('include names one scenario file, such as web-and-db.yaml');
		}

		if (leadsOut(name)) {
			return refuse(`include ${quoted(name)} leads out of the scenario's folder; name a file beside it`);
		}

		let found: ReturnType<ReadInclude>;
		try {
			found = readInclude?.(name, file);
		} catch (error) {
			if (error instanceof Refused) {
				return refuse(`include ${quoted(name)}: ${error.message}`);
			}

			throw error;
		}

		if (found === undefined) {
			return refuse(`there is no file ${quoted(name)} to include`);
		}

		if (chain.includes(found.file)) {
			return refuse(`${quoted(name)} includes itself: ${[...chain, found.file].join(' → ')}`);
		}

		if (chain.length >= 8) {
			return refuse('files include each other more than 8 deep');
		}

		return read(found.text, found.file, [...chain, found.file]);
	}
}

/** Whether a file's name, as a scenario writes it, leads out of the scenario's folder. */
export function leadsOut(name: string): boolean {
	return /^[/\\~]|^\w+:|(^|[/\\])\.\.([/\\]|$)/.test(name);
}

function merge(base: LocatedMap, over: LocatedMap, problems: Problem[]): LocatedMap {
	const entries = new Map(base.entries);
	for (const [key, entry] of over.entries) {
		const below = entries.get(key)?.node;
		if (entry.node.kind === 'scalar' && entry.node.value === null) {
			if (below === undefined) {
				problems.push({...entry.at, message: nothingToRemove(key, base)});
			}

			entries.delete(key);
		} else if (entry.node.kind === 'map') {
			const under: LocatedMap = below?.kind === 'map' ? below : {kind: 'map', at: entry.node.at, entries: new Map()};
			entries.set(key, {at: entry.at, node: merge(under, entry.node, problems)});
		} else {
			entries.set(key, entry);
		}
	}

	return {kind: 'map', at: over.at, entries};
}

function nothingToRemove(key: string, base: LocatedMap): string {
	if (base.entries.size === 0) {
		return `${quoted(key)} has no value; give it one or remove the line`;
	}

	const near = closest(key, base.entries.keys());
	const hint = near === undefined ? '' : `, did you mean ${quoted(near)}?`;
	return `null removes what was included, but there is no ${quoted(key)} to remove${hint}`;
}

/** The values alone. Maps have no prototype, so that no key can reach one. */
export function plainOf(node: Located): unknown {
	switch (node.kind) {
		case 'scalar':
			return node.value;
		case 'list':
			return node.items.map(plainOf);
		case 'map': {
			const map: Record<string, unknown> = Object.create(null);
			for (const [key, entry] of node.entries) {
				map[key] = plainOf(entry.node);
			}

			return map;
		}
	}
}

/** Where the value at `path` stands: a map's key, a list's item; for what is missing, the nearest thing around it. */
export function placeOf(root: Located, path: readonly PropertyKey[]): Place {
	let node = root;
	let at = root.at;
	for (const step of path) {
		if (node.kind === 'map') {
			const entry = node.entries.get(String(step));
			if (entry === undefined) {
				return at;
			}

			({at, node} = entry);
		} else if (node.kind === 'list') {
			const item = node.items[Number(step)];
			if (item === undefined) {
				return at;
			}

			node = item;
			at = item.at;
		} else {
			return at;
		}
	}

	return at;
}

/** Where the value itself stands when it is a single one, else like `placeOf`: bad values are pointed at, not their keys. */
export function valuePlaceOf(root: Located, path: readonly PropertyKey[]): Place {
	let node: Located | undefined = root;
	for (const step of path) {
		node =
			node?.kind === 'map'
				? node.entries.get(String(step))?.node
				: node?.kind === 'list'
					? node.items[Number(step)]
					: undefined;
	}

	return node?.kind === 'scalar' ? node.at : placeOf(root, path);
}
