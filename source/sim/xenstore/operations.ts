/**
What requests do to nodes, with the checks of tools/xenstored/core.c in its order: path, permission, quota. They work on a
view, so the same lines serve the tree and a transaction. A refusal is thrown before anything has changed.
*/
import type {Change} from './changes.js';
import {StoreError} from './errors.js';
import {baseName, childOf, parentOf} from './path.js';
import {accessOf, mayOwn, mayRead, mayWrite, type Permission} from './permissions.js';
import type {Quotas} from './quotas.js';
import type {NodeContents, View} from './tree.js';

/** Who asks. Domain zero is privileged: no permission and no quota holds it. */
export interface Caller {
	readonly domid: number;
	readonly quotas: Quotas;
}

const nothing = Buffer.alloc(0);

/** @throws StoreError ENOENT, EACCES */
export function readNode(view: View, caller: Caller, path: string): NodeContents {
	return find(view, caller, path, mayRead);
}

/** Writes a value; a node that is not there comes into being, with every directory above it. */
export function writeNode(view: View, caller: Caller, path: string, value: Buffer): Change {
	const node = findOrAbsent(view, caller, path, mayWrite);
	const written = node === undefined ? create(view, caller, path, value) : {...node, value};
	if (node !== undefined) {
		checkSize(caller, written);
		view.put(path, written);
	}

	return {path, exact: false, readable: [written.permissions, parentPermissions(view, path)]};
}

/** Creates an empty node; one that exists is fine and no change. */
export function makeDirectory(view: View, caller: Caller, path: string): Change | undefined {
	if (findOrAbsent(view, caller, path, mayWrite) !== undefined) {
		return undefined;
	}

	const made = create(view, caller, path, nothing);
	return {path, exact: false, readable: [made.permissions, parentPermissions(view, path)]};
}

/** Removes a node and everything below it, deepest first. One that is missing is fine if its parent is there. */
export function removeNode(view: View, caller: Caller, path: string): Change[] {
	const node = findOrAbsent(view, caller, path, mayWrite);
	if (path === '/') {
		throw new StoreError('EINVAL');
	}

	const above = parentOf(path);
	const parent = view.read(above);
	if (parent === undefined) {
		throw new StoreError('ENOENT');
	}

	if (node === undefined) {
		return [];
	}

	const changes: Change[] = [];
	removeSubtree(view, path, node, parent.permissions, path, changes);
	view.put(above, {...parent, children: parent.children.filter((name) => name !== baseName(path))});
	return changes;
}

/** Only the owner may; only domain zero may name another owner. */
export function setPermissions(view: View, caller: Caller, path: string, permissions: readonly Permission[]): Change {
	if (permissions.length === 0) {
		throw new StoreError('EINVAL');
	}

	if (caller.domid !== 0 && permissions.length > caller.quotas.permissionEntries) {
		throw new StoreError('ENOSPC');
	}

	const node = find(view, caller, path, mayWrite | mayOwn);
	if (caller.domid !== 0 && permissions[0].domid !== node.permissions[0].domid) {
		throw new StoreError('EPERM');
	}

	const changed = {...node, permissions};
	checkSize(caller, changed);
	view.put(path, changed);
	return {path, exact: false, readable: [permissions, node.permissions, parentPermissions(view, path)]};
}

/** Bytes a node takes in xenstored's database: header, 8 a permission, value, names of children. */
export function nodeBytes(node: NodeContents): number {
	let bytes = 24 + 8 * node.permissions.length + node.value.length;
	for (const name of node.children) {
		bytes += name.length + 1;
	}

	return bytes;
}

function find(view: View, caller: Caller, path: string, access: number): NodeContents {
	const node = findOrAbsent(view, caller, path, access);
	if (node === undefined) {
		throw new StoreError('ENOENT');
	}

	return node;
}

/** The node if the caller may do `access`; undefined if it is missing and the caller may know that; EACCES otherwise. */
function findOrAbsent(view: View, caller: Caller, path: string, access: number): NodeContents | undefined {
	const node = view.read(path);
	if (node !== undefined) {
		if ((accessOf(node.permissions, caller.domid) & access) !== access) {
			throw new StoreError('EACCES');
		}

		return node;
	}

	if (path.startsWith('@')) {
		return undefined;
	}

	let above = path;
	let ancestor: NodeContents | undefined;
	while (ancestor === undefined) {
		above = parentOf(above);
		ancestor = view.read(above);
	}

	if ((accessOf(ancestor.permissions, caller.domid) & access) === 0) {
		throw new StoreError('EACCES');
	}

	return undefined;
}

/** Makes a node and the missing directories above it. Each inherits its parent's permissions; a guest owns what it creates. */
function create(view: View, caller: Caller, path: string, value: Buffer): NodeContents {
	const missing: string[] = [];
	let above = path;
	let parent: NodeContents | undefined;
	while (parent === undefined) {
		missing.push(above);
		above = parentOf(above);
		parent = view.read(above);
	}

	if (caller.domid !== 0 && view.ownedBy(caller.domid) + missing.length > caller.quotas.nodes) {
		throw new StoreError('ENOSPC');
	}

	const inherited =
		caller.domid === 0
			? parent.permissions
			: [{domid: caller.domid, access: parent.permissions[0].access}, ...parent.permissions.slice(1)];
	const grown = {...parent, children: [...parent.children, baseName(missing[missing.length - 1])]};
	const created = missing.map((_, i) => ({
		value: i === 0 ? value : nothing,
		permissions: inherited,
		children: i === 0 ? [] : [baseName(missing[i - 1])],
	}));
	for (const node of [grown, ...created]) {
		checkSize(caller, node);
	}

	for (let i = 0; i < missing.length; i++) {
		view.put(missing[i], created[i]);
	}

	view.put(above, grown);
	return created[0];
}

function removeSubtree(
	view: View,
	path: string,
	node: NodeContents,
	parent: readonly Permission[],
	root: string,
	changes: Change[],
): void {
	for (const name of node.children) {
		const child = childOf(path, name);
		const below = view.read(child);
		if (below !== undefined) {
			removeSubtree(view, child, below, node.permissions, root, changes);
		}
	}

	view.remove(path);
	changes.push({path, exact: path !== root, readable: [node.permissions, parent]});
}

function parentPermissions(view: View, path: string): readonly Permission[] {
	return path === '/' || path.startsWith('@') ? [] : (view.read(parentOf(path))?.permissions ?? []);
}

function checkSize(caller: Caller, node: NodeContents): void {
	if (caller.domid !== 0 && nodeBytes(node) >= caller.quotas.nodeBytes) {
		throw new StoreError('ENOSPC');
	}
}
