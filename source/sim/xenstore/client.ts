/**
A kernel's end of its xenstore ring, after Linux drivers/xen/xenbus/xenbus_comms.c and xenbus_xs.c: requests are written into
the page as far as there is room and pipelined by request id, the event channel is notified, answers and watch events are
read and handed on as work of this kernel. Domain zero's kernel has such a page too, as in Linux (xenstored maps it from
/proc/xen/xsd_kva); xl shares it here, as it may through /dev/xen/xenbus.
*/
import {assert} from '../../engine/assert.js';
import type {Step} from '../../engine/step.js';
import {errorNamed} from './errors.js';
import {errorField, ringBytes, StoreRingEnd} from './ring.js';
import {type StoreKernel, storeCosts} from './store-kernel.js';
import {
	encodeMessage,
	type Message,
	MessageAssembler,
	messageType,
	payloadMaximum,
	payloadOf,
	stringsOf,
} from './wire.js';

type Answered = (error: string, payload: Buffer) => void;

interface ClientWatch {
	readonly path: string;
	readonly token: string;
	readonly fired: (path: string) => void;
}

const nothing = Buffer.alloc(0);
/** xenstored's quota for a domain is ten. */
const openTransactions = 8;

export class RingStoreClient {
	/** Handler of the event channel's local end: give it to allocUnbound. */
	readonly interrupt: Step;
	/** Requests sent and messages received, watch events among them. */
	requests = 0;
	messages = 0;
	events = 0;
	readonly #kernel: StoreKernel;
	readonly #ring: StoreRingEnd;
	readonly #write: Step;
	readonly #read: Step;
	readonly #notify: Step;
	readonly #fail: Step;
	#port = -1;
	#writing = false;
	#reading = false;
	#nextRequest = 1;
	readonly #outgoing: Buffer[] = [];
	#sent = 0;
	readonly #assembler = new MessageAssembler();
	readonly #waiting = new Map<number, Answered>();
	/** By the token on the wire, which is unlike any other live watch's. */
	readonly #watches = new Map<string, ClientWatch>();
	#broken = false;
	#transactions = 0;
	readonly #laterTransactions: (() => void)[] = [];

	/** @param words the page shared with xenstored, all zero at first. */
	constructor(
		kernel: StoreKernel,
		readonly words: Int32Array,
	) {
		this.#kernel = kernel;
		this.#ring = new StoreRingEnd(words, 'domain');
		this.interrupt = kernel.define('xenbus.event', storeCosts.interrupt, () => this.#wake());
		this.#write = kernel.define('xenbus.write', storeCosts.write, () => this.#writeRequests());
		this.#read = kernel.define('xenbus.read', storeCosts.read, () => this.#readMessage());
		this.#notify = kernel.hypercall('xenbus.notify', storeCosts.evtchn, () => kernel.notify(this.#port));
		this.#fail = kernel.define('xenbus.fail', storeCosts.read, (id) => this.#answer(id, 'E2BIG', nothing));
	}

	/** The local end of the event channel to xenstored. What was asked before waits in the page until then. */
	connect(port: number): void {
		this.#port = port;
		this.#startWriting();
		this.#wake();
	}

	read(path: string, done: (error: string, value: string) => void, transaction = 0): void {
		this.#ask(messageType.read, [path], transaction, (error, payload) => done(error, payload.toString('utf8')));
	}

	write(path: string, value: string, done?: (error: string) => void, transaction = 0): void {
		const payload = Buffer.concat([payloadOf([path], 'utf8'), Buffer.from(value, 'utf8')]);
		this.#send(messageType.write, payload, transaction, (error) => done?.(error));
	}

	/** Names of a node's children; a list too long for one message is fetched in parts, from the start again if it changes meanwhile. */
	directory(path: string, done: (error: string, names: string[]) => void, transaction = 0): void {
		this.#ask(messageType.directory, [path], transaction, (error, payload) => {
			if (error === 'E2BIG') {
				this.#directoryParts(path, '', [], 0, done, transaction);
			} else {
				done(error, stringsOf(payload));
			}
		});
	}

	makeDirectory(path: string, done?: (error: string) => void, transaction = 0): void {
		this.#ask(messageType.makeDirectory, [path], transaction, (error) => done?.(error));
	}

	remove(path: string, done?: (error: string) => void, transaction = 0): void {
		this.#ask(messageType.remove, [path], transaction, (error) => done?.(error));
	}

	getPermissions(path: string, done: (error: string, permissions: string[]) => void, transaction = 0): void {
		this.#ask(messageType.getPermissions, [path], transaction, (error, payload) => done(error, stringsOf(payload)));
	}

	/** @param permissions `n0`, `r5` and so on, the owner's first. */
	setPermissions(path: string, permissions: string[], done?: (error: string) => void, transaction = 0): void {
		this.#ask(messageType.setPermissions, [path, ...permissions], transaction, (error) => done?.(error));
	}

	/** Fires once at registration and for every change at `path` and below. The token is made unlike the others' if it must be. */
	watch(path: string, token: string, fired: (path: string) => void): void {
		let wireToken = token;
		for (let n = 2; this.#watches.has(wireToken); n++) {
			wireToken = `${token}#${n}`;
		}

		this.#watches.set(wireToken, {path, token, fired});
		this.#ask(messageType.watch, [path, wireToken], 0, (error) => {
			if (error !== '') {
				this.#watches.delete(wireToken);
				this.#kernel.log('warning', `xenbus: watch on ${path} failed: ${error}`);
			}
		});
	}

	/** No event of the watch is delivered any more, even one that is under way. */
	unwatch(path: string, token: string): void {
		for (const [wireToken, watch] of this.#watches) {
			if (watch.path === path && watch.token === token) {
				this.#watches.delete(wireToken);
				this.#ask(messageType.unwatch, [path, wireToken], 0, () => {});
				return;
			}
		}
	}

	/**
	Runs `body` with a transaction's number; `finish(true)` commits and, should somebody else have changed what it touched, runs
	`body` again. Waits its turn while as many are open as xenstored lets a domain have. `done('')` after the commit, `done('ECANCELED')` after `finish(false)`, else the error's name.
	*/
	transaction(
		body: (transaction: number, finish: (commit: boolean) => void) => void,
		done: (error: string) => void,
	): void {
		if (this.#transactions >= openTransactions) {
			this.#laterTransactions.push(() => this.transaction(body, done));
			return;
		}

		this.#transactions++;
		this.#runTransaction(body, (error) => {
			this.#transactions--;
			this.#laterTransactions.shift()?.();
			done(error);
		});
	}

	#runTransaction(
		body: (transaction: number, finish: (commit: boolean) => void) => void,
		done: (error: string) => void,
	): void {
		this.#ask(messageType.transactionStart, [''], 0, (error, payload) => {
			if (error !== '') {
				done(error);
				return;
			}

			const id = Number(stringsOf(payload)[0]);
			let finished = false;
			body(id, (commit) => {
				assert(!finished, 'a transaction is finished once');
				finished = true;
				this.#ask(messageType.transactionEnd, [commit ? 'T' : 'F'], id, (ended) => {
					if (ended === 'EAGAIN') {
						this.#runTransaction(body, done);
					} else {
						done(ended === '' && !commit ? 'ECANCELED' : ended);
					}
				});
			});
		});
	}

	/** Domain zero only: makes xenstored serve a domain whose page is `frame` and whose unbound port is `port`. */
	introduce(domid: number, frame: number, port: number, done?: (error: string) => void): void {
		this.#ask(messageType.introduce, [`${domid}`, `${frame}`, `${port}`], 0, (error) => done?.(error));
	}

	/** Domain zero only: xenstored forgets the domain. */
	release(domid: number, done?: (error: string) => void): void {
		this.#ask(messageType.release, [`${domid}`], 0, (error) => done?.(error));
	}

	#directoryParts(
		path: string,
		generation: string,
		parts: Buffer[],
		offset: number,
		done: (error: string, names: string[]) => void,
		transaction: number,
	): void {
		this.#ask(messageType.directoryPart, [path, `${offset}`], transaction, (error, payload) => {
			if (error !== '') {
				done(error, []);
				return;
			}

			const [found] = stringsOf(payload);
			if (generation !== '' && found !== generation) {
				this.#directoryParts(path, '', [], 0, done, transaction);
				return;
			}

			const names = payload.subarray(found.length + 1);
			const last = names.length < 2 || names[names.length - 2] === 0;
			const all = [...parts, last ? names.subarray(0, -1) : names];
			if (last) {
				done('', stringsOf(Buffer.concat(all)));
			} else {
				this.#directoryParts(path, found, all, offset + names.length, done, transaction);
			}
		});
	}

	#ask(type: number, strings: readonly string[], transaction: number, answered: Answered): void {
		this.#send(type, payloadOf(strings, 'utf8'), transaction, answered);
	}

	#send(type: number, payload: Buffer, transaction: number, answered: Answered): void {
		const id = this.#nextRequest;
		this.#nextRequest = id === 0x7fffffff ? 1 : id + 1;
		this.#waiting.set(id, answered);
		if (payload.length > payloadMaximum) {
			this.#kernel.task(this.#fail, id);
			return;
		}

		this.requests++;
		this.#outgoing.push(encodeMessage(type, id, transaction, payload));
		this.#startWriting();
	}

	#startWriting(): void {
		if (!this.#writing && this.#outgoing.length > 0 && !this.#broken) {
			this.#writing = true;
			this.#kernel.task(this.#write);
		}
	}

	#writeRequests(): void {
		this.#writing = false;
		let wrote = false;
		while (this.#outgoing.length > 0) {
			const count = this.#ring.write(this.#outgoing[0], this.#sent);
			if (count < 0) {
				this.#break("xenstored's index is impossible");
				return;
			}

			if (count === 0) {
				break;
			}

			wrote = true;
			this.#sent += count;
			if (this.#sent === this.#outgoing[0].length) {
				this.#outgoing.shift();
				this.#sent = 0;
			}
		}

		if (wrote) {
			this.#notifyPeer();
		}
	}

	/** xenstored made room or wrote something. */
	#wake(): void {
		this.#startWriting();
		if (!this.#reading && !this.#broken && this.#ring.readable !== 0) {
			this.#reading = true;
			this.#kernel.task(this.#read);
		}
	}

	/** One message, or what there is of it. */
	#readMessage(): void {
		const wasFull = this.#ring.readable === ringBytes;
		let count = 1;
		while (count > 0 && !this.#assembler.complete && !this.#assembler.broken) {
			count = this.#ring.read(this.#assembler.buffer, this.#assembler.used, this.#assembler.wanted);
			this.#assembler.used += Math.max(0, count);
		}

		if (count < 0 || this.#assembler.broken) {
			this.#break(count < 0 ? "xenstored's index is impossible" : 'a message is too long');
			return;
		}

		// xenstored waits for room only when it found none.
		if (wasFull) {
			this.#notifyPeer();
		}

		const message = this.#assembler.complete ? this.#assembler.take() : undefined;
		if (this.#ring.readable !== 0) {
			this.#kernel.step(this.#read);
		} else {
			this.#reading = false;
		}

		if (message !== undefined) {
			this.#dispatch(message);
		}
	}

	#dispatch(message: Message): void {
		this.messages++;
		if (message.type === messageType.watchEvent) {
			this.events++;
			const [path, token] = payloadStrings(message.payload);
			this.#watches.get(token ?? '')?.fired(path);
		} else if (message.type === messageType.error) {
			this.#answer(message.requestId, errorNamed(stringsOf(message.payload)[0] ?? ''), nothing);
		} else {
			this.#answer(message.requestId, '', message.payload);
		}
	}

	#answer(id: number, error: string, payload: Buffer): void {
		const answered = this.#waiting.get(id);
		this.#waiting.delete(id);
		answered?.(error, payload);
	}

	#notifyPeer(): void {
		if (this.#port >= 0) {
			this.#kernel.step(this.#notify);
		}
	}

	#break(reason: string): void {
		this.#broken = true;
		this.#reading = false;
		const code = this.words[errorField];
		this.#kernel.log('error', `xenbus: ${reason}${code === 0 ? '' : `, error ${code}`}; the store is out of reach`);
	}
}

/** Paths and tokens as this client wrote them. */
function payloadStrings(payload: Buffer): string[] {
	return payload.toString('utf8').split('\0');
}
