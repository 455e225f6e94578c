/** The tree as xenstore-ls prints it (tools/xs-clients/xenstore_client.c): one space a level, name = "value", odd bytes escaped. */
import {childOf} from './path.js';
import {permissionText} from './permissions.js';
import type {Tree} from './tree.js';

export interface ListedNode {
	readonly path: string;
	readonly depth: number;
	/** `state = "4"` */
	readonly text: string;
	/** `n0,r1` */
	readonly permissions: string;
}

/** Everything below `path`, depth first, children in the order the store keeps them. Stops after `limit` nodes. */
export function listTree(tree: Tree, path = '/', limit = Number.POSITIVE_INFINITY): ListedNode[] {
	const nodes: ListedNode[] = [];
	list(tree, path, 0, limit, nodes);
	return nodes;
}

/** What `xenstore-ls path` would print; with permissions as `-p` appends them. */
export function treeText(tree: Tree, path = '/', permissions = false): string {
	return listTree(tree, path)
		.map((node) => `${' '.repeat(node.depth)}${node.text}${permissions ? `   (${node.permissions})` : ''}\n`)
		.join('');
}

/** Tab, newline, return and backslash as C writes them, other control characters in octal, bytes from 128 on in hexadecimal. */
export function escaped(value: Buffer): string {
	let text = '';
	for (const byte of value) {
		if (byte === 9) text += '\\t';
		else if (byte === 10) text += '\\n';
		else if (byte === 13) text += '\\r';
		else if (byte === 92) text += '\\\\';
		else if (byte < 32) text += `\\${byte.toString(8).padStart(3, '0')}`;
		else if (byte < 127) text += String.fromCharCode(byte);
		else text += `\\x${byte.toString(16).padStart(2, '0')}`;
	}

	return text;
}

function list(tree: Tree, path: string, depth: number, limit: number, nodes: ListedNode[]): void {
	for (const name of tree.read(path)?.children ?? []) {
		const child = childOf(path, name);
		const node = tree.read(child);
		if (node === undefined || nodes.length >= limit) {
			return;
		}

		nodes.push({
			path: child,
			depth,
			text: `${name} = "${escaped(node.value)}"`,
			permissions: node.permissions.map(permissionText).join(','),
		});
		list(tree, child, depth + 1, limit, nodes);
	}
}
