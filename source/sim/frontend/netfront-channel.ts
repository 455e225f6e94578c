/**
What netfront shares with its backend: the pages of two rings and one event channel for both. A grant that the backend still has
mapped cannot be taken back: it is tried again every second, as Linux's drivers/xen/grant-table.c defers it, and until then neither
reference nor page is used again.
*/
import type {Step} from '../../engine/step.js';
import {rxEntryBytes, txEntryBytes} from '../channel/netif.js';
import {FrontRing, type RingOptions} from '../channel/ring.js';
import type {GuestKernel, Page} from '../kernel/kernel.js';
import {netfrontCosts} from './netfront-costs.js';

/** Nanoseconds until a deferred grant, or setting up without a free reference, is tried again. */
export const setupRetry = 1_000_000_000;

/** One ring of the two: its page, the page's grant, and the ring on it. */
export class SharedRing {
	/** Null while there is none. */
	ring: FrontRing | null = null;
	/** Reference of the page's grant, -1 without a ring. */
	reference = -1;
	page: Page = -1;
	private pushesBefore = 0;
	private notificationsBefore = 0;

	constructor(
		private readonly entryBytes: number,
		private readonly options: RingOptions,
	) {}

	/** Publications of requests over all rings so far, and those of them the backend was notified of. */
	get pushes(): number {
		return this.pushesBefore + (this.ring?.pushes ?? 0);
	}

	get notifications(): number {
		return this.notificationsBefore + (this.ring?.notifications ?? 0);
	}

	/** A new page, granted to `backend`. False without a free reference. */
	open(kernel: GuestKernel, backend: number): boolean {
		const page = kernel.page();
		const reference = kernel.grant(backend, page, false);
		if (reference < 0) {
			kernel.releasePage(page);
			return false;
		}

		this.ring = new FrontRing(kernel.words(page), this.entryBytes, this.options);
		this.ring.initialise();
		this.page = page;
		this.reference = reference;
		return true;
	}

	forget(): void {
		this.pushesBefore = this.pushes;
		this.notificationsBefore = this.notifications;
		this.ring = null;
		this.page = -1;
		this.reference = -1;
	}
}

export class VifFrontChannel {
	readonly transmit: SharedRing;
	readonly receive: SharedRing;
	/** Domain of the backend; -1 before the first ring. */
	backend = -1;
	port = -1;
	/** Grants that the backend still mapped when they were to end. */
	deferredGrants = 0;
	/** Page -1: not ours to release. */
	private readonly deferred: {reference: number; page: Page}[] = [];
	private readonly retryDeferred: Step;

	constructor(
		private readonly kernel: GuestKernel,
		private readonly name: string,
		transmit: RingOptions,
		receive: RingOptions,
	) {
		this.transmit = new SharedRing(txEntryBytes, transmit);
		this.receive = new SharedRing(rxEntryBytes, receive);
		this.retryDeferred = kernel.define(`netfront ${name} deferred grants`, netfrontCosts.clean, () => this.retry());
	}

	/** New ring pages and a port for `backend` to bind. In a hypercall step. False without free references. */
	open(backend: number, interrupt: Step, vcpu: number | undefined): boolean {
		const {kernel} = this;
		this.backend = backend;
		if (!this.transmit.open(kernel, backend) || !this.receive.open(kernel, backend)) {
			kernel.log('error', `${this.name}: no grant reference for a ring page`);
			this.give(this.transmit);
			return false;
		}

		this.port = kernel.allocUnbound(backend, interrupt, 0, vcpu);
		return true;
	}

	/** Gives up rings and port. */
	close(): void {
		if (this.port >= 0) this.kernel.closePort(this.port);
		this.port = -1;
		this.give(this.transmit);
		this.give(this.receive);
	}

	/** Ends a grant whose page (-1: not ours) is free afterwards, now or when the backend has let go of it. */
	endOrDefer(reference: number, page: Page): void {
		const {kernel} = this;
		if (kernel.endGrant(reference)) {
			if (page >= 0) kernel.releasePage(page);
			return;
		}

		this.deferredGrants++;
		kernel.log('warning', `${this.name}: deferring g.e. 0x${reference.toString(16)}`);
		if (this.deferred.push({reference, page}) === 1) kernel.timer(setupRetry, this.retryDeferred);
	}

	private give(shared: SharedRing): void {
		if (shared.ring === null) return;
		this.endOrDefer(shared.reference, shared.page);
		shared.forget();
	}

	private retry(): void {
		const {kernel} = this;
		for (const grant of this.deferred.splice(0)) {
			if (!kernel.endGrant(grant.reference)) this.deferred.push(grant);
			else if (grant.page >= 0) kernel.releasePage(grant.page);
		}

		if (this.deferred.length > 0) kernel.timer(setupRetry, this.retryDeferred);
	}
}
