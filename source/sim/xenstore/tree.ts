/**
The store's data: nodes by path, each with a value, permissions, the names of its children in the order they came, and a
generation that changes whenever the node does. After tools/xenstored/core.c, which also starts with the same five nodes.
*/
import {assert} from '../../engine/assert.js';
import type {Permission} from './permissions.js';

export interface NodeContents {
	readonly value: Buffer;
	readonly permissions: readonly Permission[];
	readonly children: readonly string[];
}

export interface StoreNode extends NodeContents {
	/** Different after every change of this node in the whole store's life. Never 0: that stands for a node that is not there. */
	readonly generation: number;
}

/** What requests work on: the tree itself, or a transaction over it. */
export interface View {
	read(path: string): NodeContents | undefined;
	put(path: string, contents: NodeContents): void;
	remove(path: string): void;
	/** Nodes the domain owns, as seen here. */
	ownedBy(domid: number): number;
	/** The node's generation, for DIRECTORY_PART: same number, same list. */
	generationOf(path: string): number;
}

const nothing = Buffer.alloc(0);

export class Tree implements View {
	readonly #nodes = new Map<string, StoreNode>();
	readonly #owned = new Map<number, number>();
	#generation = 0;

	constructor() {
		const permissions = [{domid: 0, access: 0}];
		this.put('/', {value: nothing, permissions, children: ['tool']});
		this.put('/tool', {value: nothing, permissions, children: ['xenstored']});
		for (const path of ['/tool/xenstored', '@releaseDomain', '@introduceDomain']) {
			this.put(path, {value: nothing, permissions, children: []});
		}
	}

	/** Nodes in the store, the special ones included. */
	get size(): number {
		return this.#nodes.size;
	}

	read(path: string): StoreNode | undefined {
		return this.#nodes.get(path);
	}

	put(path: string, contents: NodeContents): void {
		const {value, permissions, children} = contents;
		assert(permissions.length > 0, 'a node has an owner');
		const before = this.#nodes.get(path);
		if (before !== undefined) {
			this.#count(before.permissions[0].domid, -1);
		}

		this.#count(permissions[0].domid, 1);
		this.#nodes.set(path, {value, permissions, children, generation: ++this.#generation});
	}

	remove(path: string): void {
		const node = this.#nodes.get(path);
		assert(node !== undefined && path !== '/', 'a node that is removed exists and is not the root');
		this.#count(node.permissions[0].domid, -1);
		this.#nodes.delete(path);
		this.#generation++;
	}

	ownedBy(domid: number): number {
		return this.#owned.get(domid) ?? 0;
	}

	generationOf(path: string): number {
		return this.#nodes.get(path)?.generation ?? 0;
	}

	#count(domid: number, change: number): void {
		const count = this.ownedBy(domid) + change;
		assert(count >= 0, 'nobody owns fewer than no nodes');
		this.#owned.set(domid, count);
	}
}
