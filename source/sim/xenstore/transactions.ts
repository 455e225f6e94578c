/**
A transaction: its own copy of every node it touched, checked against the tree when it commits. A node somebody changed since
it was first read here makes the whole of it fail with EAGAIN, and nothing has happened (tools/xenstored/transaction.c). Adding
a child changes the parent, so two transactions that add different children to one directory collide.
*/
import {assert} from '../../engine/assert.js';
import {type Change, mergeChange} from './changes.js';
import {StoreError} from './errors.js';
import type {NodeContents, Tree, View} from './tree.js';

interface Accessed {
	/** When first touched; 0 when there was no such node. */
	readonly generation: number;
	contents: NodeContents | undefined;
	modified: boolean;
}

export class Transaction implements View {
	/** Set when a quota made a part of it impossible: it can no longer be committed. */
	failed = false;
	readonly #accessed = new Map<string, Accessed>();
	readonly #ownedMore = new Map<number, number>();
	readonly #changes = new Map<string, Change>();

	/** @param limit how many different nodes it may touch. */
	constructor(
		readonly id: number,
		readonly tree: Tree,
		readonly limit: number,
	) {}

	read(path: string): NodeContents | undefined {
		return this.#access(path).contents;
	}

	put(path: string, contents: NodeContents): void {
		const accessed = this.#access(path);
		this.#forgetOwner(accessed);
		this.#count(contents.permissions[0].domid, 1);
		accessed.contents = contents;
		accessed.modified = true;
	}

	remove(path: string): void {
		const accessed = this.#access(path);
		assert(accessed.contents !== undefined && path !== '/', 'a node that is removed exists and is not the root');
		this.#forgetOwner(accessed);
		accessed.contents = undefined;
		accessed.modified = true;
	}

	ownedBy(domid: number): number {
		return this.tree.ownedBy(domid) + (this.#ownedMore.get(domid) ?? 0);
	}

	generationOf(path: string): number {
		return this.#accessed.get(path)?.generation ?? this.tree.generationOf(path);
	}

	/** Remembers what to tell watchers after the commit; once a node. */
	changed(change: Change): void {
		mergeChange(this.#changes, change);
	}

	/**
	Applies everything, or nothing.
	@param nodes how many nodes its owner may own, Infinity for domain zero.
	@returns what watchers are to be told.
	@throws StoreError EAGAIN when a node it touched has changed since; ENOMEM when it broke a limit; ENOSPC when the owner would own too many nodes.
	*/
	commit(domid: number, nodes: number): Iterable<Change> {
		if (this.failed) {
			throw new StoreError('ENOMEM');
		}

		if ((this.#ownedMore.get(domid) ?? 0) > 0 && this.ownedBy(domid) > nodes) {
			throw new StoreError('ENOSPC');
		}

		for (const [path, accessed] of this.#accessed) {
			if (this.tree.generationOf(path) !== accessed.generation) {
				throw new StoreError('EAGAIN');
			}
		}

		for (const [path, accessed] of this.#accessed) {
			if (!accessed.modified) {
				continue;
			}

			if (accessed.contents !== undefined) {
				this.tree.put(path, accessed.contents);
			} else if (accessed.generation !== 0) {
				this.tree.remove(path);
			}
		}

		return this.#changes.values();
	}

	#access(path: string): Accessed {
		let accessed = this.#accessed.get(path);
		if (accessed === undefined) {
			if (this.#accessed.size >= this.limit) {
				this.failed = true;
				throw new StoreError('ENOSPC');
			}

			const node = this.tree.read(path);
			accessed = {generation: node?.generation ?? 0, contents: node, modified: false};
			this.#accessed.set(path, accessed);
		}

		return accessed;
	}

	#forgetOwner(accessed: Accessed): void {
		if (accessed.contents !== undefined) {
			this.#count(accessed.contents.permissions[0].domid, -1);
		}
	}

	#count(domid: number, change: number): void {
		this.#ownedMore.set(domid, (this.#ownedMore.get(domid) ?? 0) + change);
	}
}
