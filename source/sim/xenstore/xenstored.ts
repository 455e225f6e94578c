/**
xenstored as work in domain zero (tools/xenstored/core.c, domain.c): woken by event channels, it goes round the connected
domains, takes one request off a ring, answers it, and writes what fits into the rings that have something to get. All of it
costs CPU there, so a starved domain zero is a slow store. One notification for each batch written, and one for reading
from a ring that was full; the real daemon also sends one for every read, which a waiting client does not need.
*/
import {delay, drop, type FaultPoint, type FaultPoints, pass} from '../../engine/fault-points.js';
import type {Step} from '../../engine/step.js';
import type {RingStoreClient} from './client.js';
import type {StoreConnection} from './connection.js';
import type {ErrorName} from './errors.js';
import {defaultQuotas, type Quotas} from './quotas.js';
import {
	errorField,
	errorProtocol,
	errorRingIndex,
	featureError,
	ringBytes,
	StoreRingEnd,
	serverFeatures,
} from './ring.js';
import {type DomainLinks, Store} from './store.js';
import {type StoreKernel, storeCosts} from './store-kernel.js';
import {type Message, MessageAssembler} from './wire.js';

export interface XenstoredOptions {
	readonly quotas?: Quotas;
	/** Where the fault points `xenstored.request` (subject: domain; drop, delay) and `xenstored.event` (drop) are declared. */
	readonly faults?: FaultPoints;
	/** Maps a domain's xenstore page for domain zero, by its machine frame; undefined when it may not or cannot. */
	mapPage(domid: number, frame: number): Int32Array | undefined;
	/** The mapping is no longer needed. */
	unmapPage(domid: number): void;
}

interface Link {
	readonly connection: StoreConnection;
	readonly ring: StoreRingEnd;
	readonly port: number;
	readonly assembler: MessageAssembler;
	/** A complete request, waiting for its turn. */
	message: Message | undefined;
	/** The peer broke the protocol and is not listened to any more. */
	ignored: boolean;
	/** Something happened for it that it has not been notified of. */
	notify: boolean;
	/** Its request hung for as long as a fault says; it is not asked again. */
	delayed: boolean;
}

interface Introduction {
	readonly domid: number;
	readonly words: Int32Array;
	readonly port: number;
	readonly done: (error: ErrorName | '') => void;
}

export class Xenstored implements DomainLinks {
	readonly store: Store;
	readonly #kernel: StoreKernel;
	readonly #options: XenstoredOptions;
	readonly #links = new Map<number, Link>();
	/** Domains in the order in which they are served. */
	#order: number[] = [];
	#next = 0;
	#busy = false;
	readonly #introductions: Introduction[] = [];
	readonly #requestFault: FaultPoint | undefined;
	readonly #event: Step;
	readonly #turn: Step;
	readonly #request: Step;
	readonly #deliver: Step;
	readonly #bind: Step;
	readonly #open: Step;
	readonly #notify: Step;
	#local: RingStoreClient | undefined;

	/** @param kernel domain zero's. */
	constructor(kernel: StoreKernel, options: XenstoredOptions) {
		this.#kernel = kernel;
		this.#options = options;
		this.store = new Store(this, options.quotas ?? defaultQuotas);
		this.#requestFault = options.faults?.point('xenstored.request', [kernel.name]);
		const eventFault = options.faults?.point('xenstored.event', [kernel.name]);
		if (eventFault !== undefined) {
			this.store.allowEvent = (domid) => eventFault.armed === null || eventFault.armed.decide(domid) !== drop;
		}

		this.#event = kernel.define('xenstored.event', storeCosts.interrupt, () => this.#wake());
		this.#turn = kernel.define('xenstored.turn', storeCosts.turn, () => this.#takeTurn());
		this.#request = kernel.define('xenstored.request', storeCosts.request, (domid) => this.#handle(domid));
		this.#deliver = kernel.define('xenstored.deliver', storeCosts.deliver, () => this.#deliverAll());
		this.#bind = kernel.hypercall('xenstored.bind', storeCosts.evtchn, () => this.#bindNext());
		this.#open = kernel.hypercall('xenstored.open', storeCosts.evtchn, () => this.#openLocal());
		this.#notify = kernel.hypercall('xenstored.notify', storeCosts.evtchn, (domid) => this.#notifyDomain(domid));
	}

	/** Begins to serve domain zero's own kernel, whose page needs no mapping. */
	start(local: RingStoreClient): void {
		this.#local = local;
		this.#kernel.task(this.#open);
	}

	/** A domain is gone without a RELEASE (Xen told domain zero by VIRQ_DOM_EXC): its watches and transactions go, @releaseDomain fires. */
	domainGone(domid: number): void {
		const link = this.#links.get(domid);
		if (link !== undefined) {
			this.store.disconnect(link.connection);
			this.release(domid);
		}

		this.store.domainEvent('@releaseDomain');
		this.#wake();
	}

	/** A domain has shut down and is still there: whoever cares looks. */
	domainShutdown(): void {
		this.store.domainEvent('@releaseDomain');
		this.#wake();
	}

	/** For the store: bound in a hypercall of its own before the request is answered. */
	introduce(domid: number, frame: number, port: number, done: (error: ErrorName | '') => void): void {
		const words = this.#options.mapPage(domid, frame);
		if (words === undefined) {
			done('EINVAL');
			return;
		}

		this.#introductions.push({domid, words, port, done});
	}

	/** For the store: the domain was released. */
	release(domid: number): void {
		const link = this.#links.get(domid);
		if (link !== undefined) {
			this.#links.delete(domid);
			this.#order = this.#order.filter((other) => other !== domid);
			this.#kernel.closePort(link.port);
			this.#options.unmapPage(domid);
		}
	}

	/** Something is to be looked at; once is enough. */
	#wake(): void {
		if (!this.#busy) {
			this.#busy = true;
			this.#kernel.task(this.#turn);
		}
	}

	/** Takes one request, from the next domain in turn that has a whole one; rests when nobody has. */
	#takeTurn(): void {
		for (let i = 0; i < this.#order.length; i++) {
			const domid = this.#order[(this.#next + i) % this.#order.length];
			const link = this.#links.get(domid);
			if (link !== undefined && this.#receive(link)) {
				this.#next = (this.#next + i + 1) % this.#order.length;
				this.#kernel.step(this.#request, domid);
				return;
			}
		}

		if (this.#flushAll()) {
			this.#notifyNext();
			return;
		}

		this.#busy = false;
	}

	/** Reads towards the next request of a domain; true when it is complete. */
	#receive(link: Link): boolean {
		const {ring, assembler, connection} = link;
		if (link.message !== undefined) {
			return true;
		}

		if (link.ignored || (!connection.privileged && connection.outstanding >= this.store.quotas.outstanding)) {
			return false;
		}

		if (ring.readable === ringBytes) {
			link.notify = true;
		}

		let count = 1;
		while (count > 0 && !assembler.complete && !assembler.broken) {
			count = ring.read(assembler.buffer, assembler.used, assembler.wanted);
			assembler.used += Math.max(0, count);
		}

		if (count < 0 || assembler.broken) {
			this.#ignore(link, count < 0 ? errorRingIndex : errorProtocol);
			return false;
		}

		if (assembler.complete) {
			link.message = assembler.take();
			return true;
		}

		return false;
	}

	#handle(domid: number): void {
		const link = this.#links.get(domid);
		const message = link?.message;
		if (link !== undefined && message !== undefined) {
			const armed = this.#requestFault?.armed ?? null;
			const verdict = armed === null || link.delayed ? pass : armed.decide(domid);
			if (armed !== null && verdict === delay) {
				// One thread serves everybody: while it hangs, the whole store does.
				link.delayed = true;
				this.#kernel.timer(armed.value, this.#request, domid);
				return;
			}

			link.message = undefined;
			link.delayed = false;
			if (verdict !== drop) {
				this.store.request(link.connection, message);
			}
		}

		this.#kernel.step(this.#introductions.length > 0 ? this.#bind : this.#deliver);
	}

	#bindNext(): void {
		const introduction = this.#introductions.shift();
		if (introduction !== undefined) {
			const {domid, words, port, done} = introduction;
			const local = this.#kernel.bindInterdomain(domid, port, this.#event, domid);
			if (local < 0) {
				this.#options.unmapPage(domid);
				done('EINVAL');
			} else {
				this.#link(domid, words, local);
				done('');
			}
		}

		this.#kernel.step(this.#deliver);
	}

	/** Both ends of the channel between domain zero's kernel and its xenstored are domain zero's. */
	#openLocal(): void {
		const local = this.#local;
		if (local !== undefined) {
			const {domid} = this.#kernel;
			const remote = this.#kernel.allocUnbound(domid, local.interrupt);
			const port = this.#kernel.bindInterdomain(domid, remote, this.#event, domid);
			this.#link(domid, local.words, port);
			local.connect(remote);
			this.#wake();
		}
	}

	#link(domid: number, words: Int32Array, port: number): void {
		const ring = new StoreRingEnd(words, 'xenstored');
		words[serverFeatures] = featureError;
		const connection = this.store.connect(domid);
		const assembler = new MessageAssembler();
		this.#links.set(domid, {
			connection,
			ring,
			port,
			assembler,
			message: undefined,
			ignored: false,
			notify: false,
			delayed: false,
		});
		this.#order.push(domid);
	}

	#deliverAll(): void {
		this.#flushAll();
		this.#notifyNext();
	}

	/** Writes what fits into every ring. True when somebody is to be notified. */
	#flushAll(): boolean {
		let any = false;
		for (const link of this.#links.values()) {
			if (!link.ignored && link.connection.outstanding > 0) {
				const result = link.connection.flush((bytes, from) => {
					const count = link.ring.write(bytes, from);
					link.notify ||= count > 0;
					return count;
				});
				if (result < 0) {
					this.#ignore(link, errorRingIndex);
				}
			}

			any ||= link.notify;
		}

		return any;
	}

	/** Notifies one domain after the other, a hypercall each, then goes on with the next request. */
	#notifyNext(): void {
		for (const [domid, link] of this.#links) {
			if (link.notify) {
				this.#kernel.step(this.#notify, domid);
				return;
			}
		}

		this.#kernel.step(this.#turn);
	}

	#notifyDomain(domid: number): void {
		const link = this.#links.get(domid);
		if (link !== undefined) {
			link.notify = false;
			this.#kernel.notify(link.port);
		}

		this.#notifyNext();
	}

	#ignore(link: Link, error: number): void {
		link.ignored = true;
		link.ring.words[errorField] = error;
		const what = error === errorProtocol ? 'sent a message that is too long' : 'has impossible ring indices';
		this.#kernel.log('error', `xenstored: domain ${link.connection.domid} ${what}, it is ignored from now on`);
	}
}
