/**
What blkfront shares with its backend: the ring page, its event channel, and the grants of every page under way. A grant that
the backend still has mapped cannot be taken back: it is tried again every second, as Linux's drivers/xen/grant-table.c defers
it, and until then neither reference nor ring page is used again.
*/
import type {Step} from '../../engine/step.js';
import {entryBytes, maximumSegments} from '../channel/blkif.js';
import {FrontRing, type RingOptions} from '../channel/ring.js';
import {type BlockRequest, writeOperation} from '../kernel/block-device.js';
import type {GuestKernel, Page} from '../kernel/kernel.js';
import {blkfrontCosts} from './blkfront-costs.js';
import {rowAsked, rowOnRing, type Shadow} from './blkfront-shadow.js';

/** Nanoseconds until a deferred grant, or setting up without a free reference, is tried again. */
export const setupRetry = 1_000_000_000;

export class FrontChannel {
	/** Null while there is none. */
	ring: FrontRing | null = null;
	/** Reference of the ring page's grant, -1 without a ring. */
	reference = -1;
	port = -1;
	/** Grants that the backend still mapped when they were to end. */
	deferredGrants = 0;
	#page: Page = -1;
	#starved = false;
	#pushesBefore = 0;
	#notificationsBefore = 0;
	/** Page -1: of a request, not ours to release. */
	#deferred: {reference: number; page: Page}[] = [];
	#retrying = false;
	readonly #retryDeferred: Step;

	constructor(
		private readonly kernel: GuestKernel,
		private readonly name: string,
		private readonly ringOptions: RingOptions,
	) {
		this.#retryDeferred = kernel.define(`blkfront ${name} deferred grants`, blkfrontCosts.refuse, () => this.#retry());
	}

	/** Publications of requests over all rings so far, and those of them the backend was notified of. */
	get pushes(): number {
		return this.#pushesBefore + (this.ring?.pushes ?? 0);
	}

	get notifications(): number {
		return this.#notificationsBefore + (this.ring?.notifications ?? 0);
	}

	/** A new ring page, granted to `backend`, and a port for it to bind. In a hypercall step. False without a free reference. */
	open(backend: number, interrupt: Step, vcpu: number | undefined): boolean {
		const {kernel} = this;
		const page = kernel.page();
		const reference = kernel.grant(backend, page, false);
		if (reference < 0) {
			kernel.log('error', `${this.name}: no grant reference for the ring page`);
			kernel.releasePage(page);
			return false;
		}

		this.ring = new FrontRing(kernel.words(page), entryBytes, this.ringOptions);
		this.ring.initialise();
		this.#page = page;
		this.reference = reference;
		this.port = kernel.allocUnbound(backend, interrupt, 0, vcpu);
		return true;
	}

	/** Gives up ring and port, and the grants of what is on the ring: those rows are as before they were put there. */
	close(shadow: Shadow): void {
		const {kernel, ring} = this;
		if (ring === null) return;
		for (let row = 0; row < shadow.size; row++) {
			if (shadow.states[row] !== rowOnRing) continue;
			this.endGrants(shadow, row);
			shadow.states[row] = rowAsked;
		}

		this.#pushesBefore += ring.pushes;
		this.#notificationsBefore += ring.notifications;
		kernel.closePort(this.port);
		if (kernel.endGrant(this.reference)) kernel.releasePage(this.#page);
		else this.#endLater(this.reference, this.#page);
		this.ring = null;
		this.#page = -1;
		this.reference = -1;
		this.port = -1;
	}

	/** Grants a request's pages to the backend, read-only for writes. False, with nothing granted, when references have run out. */
	grantSegments(backend: number, shadow: Shadow, row: number, request: BlockRequest): boolean {
		const {kernel} = this;
		const base = row * maximumSegments;
		const readonly = request.operation === writeOperation;
		for (let i = 0; i < request.segments; i++) {
			const reference = kernel.grant(backend, request.pages[i], readonly);
			if (reference < 0) {
				shadow.grants[row] = i;
				this.endGrants(shadow, row);
				if (!this.#starved) kernel.log('warning', `${this.name}: no free grant references`);
				this.#starved = true;
				return false;
			}

			shadow.references[base + i] = reference;
		}

		this.#starved = false;
		shadow.grants[row] = request.segments;
		return true;
	}

	/** Ends a row's grants; the first reference that the backend still has mapped, or -1. Those are tried again later. */
	endGrants(shadow: Shadow, row: number): number {
		const {kernel} = this;
		const base = row * maximumSegments;
		let mapped = -1;
		for (let i = 0; i < shadow.grants[row]; i++) {
			const reference = shadow.references[base + i];
			if (!kernel.endGrant(reference)) {
				if (mapped < 0) mapped = reference;
				this.#endLater(reference, -1);
			}
		}

		shadow.grants[row] = 0;
		return mapped;
	}

	/**
	Tries the deferred grants again. False while the backend still has a page of some request mapped: what it has under way may yet reach
	the page, so the request must not be given to another, answered there and its page used anew.
	*/
	letGo(): boolean {
		this.#tryDeferred();
		return this.#deferred.every(({page}) => page >= 0);
	}

	#endLater(reference: number, page: Page): void {
		this.deferredGrants++;
		this.kernel.log('warning', `${this.name}: deferring g.e. 0x${reference.toString(16)}`);
		this.#deferred.push({reference, page});
		if (this.#retrying) return;
		this.#retrying = true;
		this.kernel.timer(setupRetry, this.#retryDeferred);
	}

	#retry(): void {
		this.#tryDeferred();
		if (this.#deferred.length > 0) this.kernel.timer(setupRetry, this.#retryDeferred);
		else this.#retrying = false;
	}

	#tryDeferred(): void {
		const {kernel} = this;
		this.#deferred = this.#deferred.filter(({reference, page}) => {
			if (!kernel.endGrant(reference)) return true;
			if (page >= 0) kernel.releasePage(page);
			return false;
		});
	}
}
