/**
One client of the store as xenstored sees it: whose it is, its watches, its open transactions and what waits to be sent to it.
A watch event that is already waiting is not queued again: an event says "look", and one look is enough.
*/
import {StoreError} from './errors.js';
import type {Caller} from './operations.js';
import {domainPath} from './path.js';
import type {Quotas} from './quotas.js';
import {Transaction} from './transactions.js';
import type {Tree} from './tree.js';
import {Watches} from './watches.js';
import {encodeMessage, messageType, payloadMaximum, payloadOf} from './wire.js';

interface Outgoing {
	readonly bytes: Buffer;
	readonly event: boolean;
}

export class StoreConnection implements Caller {
	readonly watches = new Watches();
	readonly transactions = new Map<number, Transaction>();
	/** Requests answered so far. */
	requests = 0;
	#nextTransaction = 1;
	readonly #outgoing: Outgoing[] = [];
	/** Bytes of the first outgoing message that have been sent. */
	#sent = 0;

	constructor(
		readonly domid: number,
		readonly quotas: Quotas,
	) {}

	get privileged(): boolean {
		return this.domid === 0;
	}

	/** What its relative paths are relative to. */
	get home(): string {
		return domainPath(this.domid);
	}

	/** Messages that wait to be sent. */
	get outstanding(): number {
		return this.#outgoing.length;
	}

	reply(type: number, requestId: number, transaction: number, payload: Buffer): void {
		this.#outgoing.push({bytes: encodeMessage(type, requestId, transaction, payload), event: false});
	}

	/** @returns false when the same event waits already, or it is too long to be sent. */
	event(path: string, token: string): boolean {
		const payload = payloadOf([path, token]);
		if (payload.length > payloadMaximum) {
			return false;
		}

		const bytes = encodeMessage(messageType.watchEvent, 0, 0, payload);
		// What is partly sent is under way and no longer waits.
		const waiting = this.#sent > 0 ? 1 : 0;
		if (
			!path.startsWith('@') &&
			this.#outgoing.some((other, i) => i >= waiting && other.event && other.bytes.equals(bytes))
		) {
			return false;
		}

		this.#outgoing.push({bytes, event: true});
		return true;
	}

	/** Offers what waits, in order, to `write`, which says how many bytes it took; stops when it takes none or less than none. Returns that. */
	flush(write: (bytes: Buffer, from: number) => number): number {
		while (this.#outgoing.length > 0) {
			const {bytes} = this.#outgoing[0];
			const count = write(bytes, this.#sent);
			if (count <= 0) {
				return count;
			}

			this.#sent += count;
			if (this.#sent === bytes.length) {
				this.#outgoing.shift();
				this.#sent = 0;
			}
		}

		return 0;
	}

	/** @throws StoreError ENOSPC */
	startTransaction(tree: Tree): number {
		if (!this.privileged && this.transactions.size > this.quotas.transactions) {
			throw new StoreError('ENOSPC');
		}

		while (this.#nextTransaction === 0 || this.transactions.has(this.#nextTransaction)) {
			this.#nextTransaction = (this.#nextTransaction + 1) >>> 0;
		}

		const id = this.#nextTransaction;
		const limit = this.privileged ? Number.POSITIVE_INFINITY : this.quotas.transactionNodes;
		this.transactions.set(id, new Transaction(id, tree, limit));
		this.#nextTransaction = (id + 1) >>> 0;
		return id;
	}

	/** Forgets watches and transactions, as RESET_WATCHES asks and the end of a domain brings. */
	reset(): void {
		this.watches.clear();
		this.transactions.clear();
	}
}
