/** What watchers are told: one node that changed. Who may learn of it was decided when it changed. */
import {accessOf, mayRead, type Permission} from './permissions.js';

export interface Change {
	readonly path: string;
	/** Part of a removed subtree: concerns only those who watch this very path. */
	readonly exact: boolean;
	/** Permission lists of the node, of the node before, and of its parent: who may read by any of them is told. */
	readonly readable: readonly (readonly Permission[])[];
}

export function mayLearn(change: Change, domid: number): boolean {
	return change.readable.some(
		(permissions) => permissions.length > 0 && (accessOf(permissions, domid) & mayRead) !== 0,
	);
}

/** Keeps one change a node in the order of the first; one for everybody below replaces an exact one, not the other way round. */
export function mergeChange(changes: Map<string, Change>, change: Change): void {
	const before = changes.get(change.path);
	changes.set(change.path, {
		path: change.path,
		exact: change.exact && (before?.exact ?? true),
		readable: before === undefined ? change.readable : [...change.readable, ...before.readable.slice(0, 1)],
	});
}
