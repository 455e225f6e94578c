/**
The store: the tree, everybody's connections, and what each request means (docs/misc/xenstore.txt, tools/xenstored/core.c).
It knows messages and nothing of rings, time or CPUs: xenstored.ts gives it those, and a socket could as well.
Not modelled: CONTROL, SET_TARGET and live update.
*/
import type {Change} from './changes.js';
import {StoreConnection} from './connection.js';
import {type ErrorName, StoreError} from './errors.js';
import {makeDirectory, readNode, removeNode, setPermissions, writeNode} from './operations.js';
import {canonicalPath, domainPath, isRelative} from './path.js';
import {parsePermission, permissionText} from './permissions.js';
import {defaultQuotas, type Quotas} from './quotas.js';
import type {Transaction} from './transactions.js';
import {Tree, type View} from './tree.js';
import {type Message, messageType, payloadMaximum, payloadOf, stringsOf} from './wire.js';

/** What only the machine under xenstored can do. Each calls `done` with '' or an error's name, at once or later. */
export interface DomainLinks {
	/** Maps a domain's xenstore page and binds its event channel. */
	introduce(domid: number, frame: number, port: number, done: (error: ErrorName | '') => void): void;
	/** Lets go of both. */
	release(domid: number): void;
}

type Handler = (connection: StoreConnection, view: View, message: Message) => Buffer | undefined;

const okay = payloadOf(['OK']);

export class Store {
	readonly tree = new Tree();
	/** In the order in which they connected. */
	readonly connections: StoreConnection[] = [];
	/** Requests answered, of all connections that ever were. */
	requests = 0;
	/** Watch events queued. */
	events = 0;
	/** Transactions refused at their end because somebody else changed a node they had touched. */
	conflicts = 0;
	/** Asked for each watch event; false loses it. For faults. */
	allowEvent: (domid: number) => boolean = () => true;
	readonly #handlers = new Map<number, Handler>();

	constructor(
		readonly links: DomainLinks,
		readonly quotas: Quotas = defaultQuotas,
	) {
		this.#defineNodes();
		this.#defineConnections();
		this.#defineDomains();
	}

	get nodes(): number {
		return this.tree.size;
	}

	get watches(): number {
		let count = 0;
		for (const connection of this.connections) {
			count += connection.watches.count;
		}

		return count;
	}

	connect(domid: number): StoreConnection {
		const connection = new StoreConnection(domid, this.quotas);
		this.connections.push(connection);
		return connection;
	}

	disconnect(connection: StoreConnection): void {
		connection.reset();
		const at = this.connections.indexOf(connection);
		if (at >= 0) {
			this.connections.splice(at, 1);
		}
	}

	/** Answers a request by queueing a reply on its connection, and events on whichever they concern. */
	request(connection: StoreConnection, message: Message): void {
		this.requests++;
		connection.requests++;
		try {
			const handler = this.#handlers.get(message.type);
			if (handler === undefined) {
				throw new StoreError('ENOSYS');
			}

			const answer = handler(connection, this.#view(connection, message), message);
			if (answer !== undefined) {
				this.#reply(connection, message, answer);
			}
		} catch (error) {
			if (!(error instanceof StoreError)) {
				throw error;
			}

			this.#refuse(connection, message, error.errno);
		}
	}

	/** Tells whoever watches @introduceDomain or @releaseDomain. */
	domainEvent(name: '@introduceDomain' | '@releaseDomain'): void {
		const permissions = this.tree.read(name)?.permissions ?? [];
		this.#fire({path: name, exact: true, readable: [permissions]});
	}

	#reply(connection: StoreConnection, message: Message, payload: Buffer): void {
		if (payload.length > payloadMaximum) {
			this.#refuse(connection, message, 'E2BIG');
			return;
		}

		connection.reply(message.type, message.requestId, message.transaction, payload);
	}

	#refuse(connection: StoreConnection, message: Message, errno: ErrorName): void {
		connection.reply(messageType.error, message.requestId, message.transaction, payloadOf([errno]));
	}

	#view(connection: StoreConnection, {type, transaction}: Message): View {
		if (transaction === 0 || type === messageType.watch || type === messageType.unwatch) {
			return this.tree;
		}

		const found = connection.transactions.get(transaction);
		if (found === undefined) {
			throw new StoreError('ENOENT');
		}

		return found;
	}

	/** Events follow at once, or after the commit of the transaction that made the change. */
	#changed(view: View, change: Change | undefined): Buffer {
		if (change !== undefined) {
			if (view === this.tree) {
				this.#fire(change);
			} else {
				// A view that is not the tree is a transaction: #view made it.
				(view as Transaction).changed(change);
			}
		}

		return okay;
	}

	#fire(change: Change): void {
		for (const connection of this.connections) {
			connection.watches.fire(change, connection.domid, (path, token) => this.#event(connection, path, token));
		}
	}

	#event(connection: StoreConnection, path: string, token: string): void {
		if (this.allowEvent(connection.domid) && connection.event(path, token)) {
			this.events++;
		}
	}

	#path(connection: StoreConnection, path: string | undefined, special = false): string {
		if (path === undefined) {
			throw new StoreError('EINVAL');
		}

		return canonicalPath(path, connection.domid, special, !connection.privileged);
	}

	#defineNodes(): void {
		this.#handlers.set(messageType.read, (connection, view, message) => {
			return readNode(view, connection, this.#path(connection, onlyString(message))).value;
		});
		this.#handlers.set(messageType.directory, (connection, view, message) => {
			return payloadOf(readNode(view, connection, this.#path(connection, onlyString(message))).children);
		});
		this.#handlers.set(messageType.directoryPart, (connection, view, message) => {
			const [given, offset, ...more] = stringsOf(message.payload);
			if (offset === undefined || more.length > 0) {
				throw new StoreError('EINVAL');
			}

			const path = this.#path(connection, given);
			const names = payloadOf(readNode(view, connection, path).children);
			return directoryPart(view.generationOf(path), names, Number.parseInt(offset, 10) || 0);
		});
		this.#handlers.set(messageType.write, (connection, view, message) => {
			const end = message.payload.indexOf(0);
			const path = this.#path(connection, end < 0 ? undefined : message.payload.toString('latin1', 0, end));
			return this.#changed(view, writeNode(view, connection, path, message.payload.subarray(end + 1)));
		});
		this.#handlers.set(messageType.makeDirectory, (connection, view, message) => {
			return this.#changed(view, makeDirectory(view, connection, this.#path(connection, onlyString(message))));
		});
		this.#handlers.set(messageType.remove, (connection, view, message) => {
			for (const change of removeNode(view, connection, this.#path(connection, onlyString(message)))) {
				this.#changed(view, change);
			}

			return okay;
		});
		this.#handlers.set(messageType.getPermissions, (connection, view, message) => {
			const path = this.#path(connection, onlyString(message), true);
			return payloadOf(readNode(view, connection, path).permissions.map(permissionText));
		});
		this.#handlers.set(messageType.setPermissions, (connection, view, message) => {
			const [given, ...texts] = stringsOf(message.payload);
			const path = this.#path(connection, given, true);
			return this.#changed(view, setPermissions(view, connection, path, texts.map(parsePermission)));
		});
	}

	#defineConnections(): void {
		this.#handlers.set(messageType.watch, (connection, _view, message) => {
			const [given, token] = stringsOf(message.payload);
			const path = this.#path(connection, given, true);
			if (token === undefined) {
				throw new StoreError('EINVAL');
			}

			const prefix = isRelative(given) ? connection.home.length + 1 : 0;
			const limit = connection.privileged ? Number.POSITIVE_INFINITY : this.quotas.watches;
			connection.watches.add({path, token, prefix}, limit);
			this.#reply(connection, message, okay);
			this.#event(connection, path.slice(prefix), token);
			return undefined;
		});
		this.#handlers.set(messageType.unwatch, (connection, _view, message) => {
			const [given, token] = stringsOf(message.payload);
			connection.watches.remove(this.#path(connection, given, true), token ?? '');
			return okay;
		});
		this.#handlers.set(messageType.resetWatches, (connection) => {
			connection.reset();
			return okay;
		});
		this.#handlers.set(messageType.transactionStart, (connection, view) => {
			if (view !== this.tree) {
				throw new StoreError('EBUSY');
			}

			return payloadOf([`${connection.startTransaction(this.tree)}`]);
		});
		this.#handlers.set(messageType.transactionEnd, (connection, _view, message) => {
			const word = onlyString(message);
			if (word !== 'T' && word !== 'F') {
				throw new StoreError('EINVAL');
			}

			const transaction = connection.transactions.get(message.transaction);
			if (transaction === undefined) {
				throw new StoreError('ENOENT');
			}

			connection.transactions.delete(message.transaction);
			if (word === 'T') {
				this.#commit(connection, transaction);
			}

			return okay;
		});
	}

	#commit(connection: StoreConnection, transaction: Transaction): void {
		const limit = connection.privileged ? Number.POSITIVE_INFINITY : this.quotas.nodes;
		try {
			for (const change of transaction.commit(connection.domid, limit)) {
				this.#fire(change);
			}
		} catch (error) {
			if (error instanceof StoreError && error.errno === 'EAGAIN') {
				this.conflicts++;
			}

			throw error;
		}
	}

	#defineDomains(): void {
		this.#handlers.set(messageType.getDomainPath, (_connection, _view, message) => {
			return payloadOf([domainPath(numberOf(onlyString(message)))]);
		});
		this.#handlers.set(messageType.isDomainIntroduced, (connection, _view, message) => {
			return payloadOf([this.#connectionOf(connection, onlyString(message)) === undefined ? 'F' : 'T']);
		});
		this.#handlers.set(messageType.resume, (connection, _view, message) => {
			if (this.#connectionOf(connection, onlyString(message)) === undefined) {
				throw new StoreError('ENOENT');
			}

			return okay;
		});
		this.#handlers.set(messageType.release, (connection, _view, message) => {
			const found = this.#connectionOf(connection, onlyString(message));
			if (found === undefined) {
				throw new StoreError('ENOENT');
			}

			if (found.privileged) {
				throw new StoreError('EINVAL');
			}

			this.disconnect(found);
			this.links.release(found.domid);
			this.domainEvent('@releaseDomain');
			return okay;
		});
		this.#handlers.set(messageType.introduce, (connection, _view, message) => {
			const [domid, frame, port] = stringsOf(message.payload);
			if (port === undefined) {
				throw new StoreError('EINVAL');
			}

			if (this.#connectionOf(connection, domid) !== undefined) {
				return okay;
			}

			this.links.introduce(numberOf(domid), numberOf(frame), numberOf(port), (error) => {
				if (error === '') {
					this.#reply(connection, message, okay);
					this.domainEvent('@introduceDomain');
				} else {
					this.#refuse(connection, message, error);
				}
			});
			return undefined;
		});
	}

	/** A domain's connection, for requests that only domain zero may make. */
	#connectionOf(asking: StoreConnection, domid: string): StoreConnection | undefined {
		if (!asking.privileged) {
			throw new StoreError('EACCES');
		}

		const number = numberOf(domid);
		return this.connections.find((connection) => connection.domid === number);
	}
}

/** Exactly one string, and its NUL ends the payload. */
function onlyString({payload}: Message): string {
	if (payload.length === 0 || payload.indexOf(0) !== payload.length - 1) {
		throw new StoreError('EINVAL');
	}

	return payload.toString('latin1', 0, payload.length - 1);
}

function numberOf(text: string): number {
	if (!/^\d{1,10}$/.test(text)) {
		throw new StoreError('EINVAL');
	}

	return Number(text);
}

/** A piece of a directory too long for one message: generation, whole names from `offset` on, one more NUL after the last of all. */
function directoryPart(generation: number, names: Buffer, offset: number): Buffer {
	const head = payloadOf([`${generation}`]);
	if (offset >= names.length) {
		return Buffer.concat([head, Buffer.alloc(1)]);
	}

	const limit = Math.min(names.length, offset + payloadMaximum - head.length - 1);
	// Back to the end of the last whole name that fits.
	const end = limit === names.length ? limit : names.lastIndexOf(0, limit - 1) + 1;
	const tail = end === names.length ? 1 : 0;
	return Buffer.concat([head, names.subarray(offset, end), Buffer.alloc(tail)]);
}
