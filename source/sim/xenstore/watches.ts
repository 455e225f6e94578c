/**
Watches: who wants to hear of changes at a node and below it. A watch fires once when it is registered and then for every
change the watcher may know of, in the order in which the watches were registered (tools/xenstored/watch.c). An event
says "look again"; it carries the path and the watcher's own token, never the value.
*/
import {type Change, mayLearn} from './changes.js';
import {StoreError} from './errors.js';
import {isAtOrBelow} from './path.js';

export interface Watch {
	/** Absolute. */
	readonly path: string;
	readonly token: string;
	/** Characters to cut off an event's path for a watch that was registered with a relative one. */
	readonly prefix: number;
}

/** One connection's watches. */
export class Watches {
	readonly #watches: Watch[] = [];

	get count(): number {
		return this.#watches.length;
	}

	/** @throws StoreError EEXIST for the same path and token, E2BIG with more than `limit` registered. */
	add(watch: Watch, limit: number): void {
		if (this.#watches.some(({path, token}) => path === watch.path && token === watch.token)) {
			throw new StoreError('EEXIST');
		}

		if (this.#watches.length > limit) {
			throw new StoreError('E2BIG');
		}

		this.#watches.push(watch);
	}

	/** @throws StoreError ENOENT */
	remove(path: string, token: string): void {
		const at = this.#watches.findIndex((watch) => watch.path === path && watch.token === token);
		if (at < 0) {
			throw new StoreError('ENOENT');
		}

		this.#watches.splice(at, 1);
	}

	clear(): void {
		this.#watches.length = 0;
	}

	/** Calls `event` with path and token for each watch of domain `domid` that this change concerns. */
	fire(change: Change, domid: number, event: (path: string, token: string) => void): void {
		if (this.#watches.length === 0 || !mayLearn(change, domid)) {
			return;
		}

		for (const watch of this.#watches) {
			if (change.exact ? change.path === watch.path : isAtOrBelow(change.path, watch.path)) {
				event(change.path.slice(watch.prefix), watch.token);
			}
		}
	}

	[Symbol.iterator](): IterableIterator<Watch> {
		return this.#watches[Symbol.iterator]();
	}
}
