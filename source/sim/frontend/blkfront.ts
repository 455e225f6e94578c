/**
blkfront: a guest's virtual disk. Takes block requests, grants their pages to the backend, describes them in ring slots, and
answers them when responses come. Behaviour after Linux's xen-blkfront (shadow table, checks of every response, "disabled for
further use"), the ring after Xen's public io/ring.h and io/blkif.h. The xenbus side is in blkfront-xenbus.ts.
*/
import {assert} from '../../engine/assert.js';
import type {FaultPoint} from '../../engine/fault-points.js';
import type {Occupancy} from '../../engine/occupancy.js';
import type {StateHash} from '../../engine/state-hash.js';
import type {Step} from '../../engine/step.js';
import * as blkif from '../channel/blkif.js';
import type {ChannelEnd} from '../channel/channel-end.js';
import {FrontRing} from '../channel/ring.js';
import type {RingIdentities} from '../channel/ring-identities.js';
import {
	type BlockDevice,
	type BlockLimits,
	type BlockRequest,
	flushOperation,
	ioError,
	okay,
	readOperation,
	sectorBytes,
	writeOperation,
} from '../kernel/block-device.js';
import type {Cost} from '../kernel/cost.js';
import type {GuestKernel, Page} from '../kernel/kernel.js';
import {rowAsked, rowOnRing, rowRefused, Shadow} from './blkfront-shadow.js';
import {BlkfrontXenbus, type DiskFacts} from './blkfront-xenbus.js';

export const blkfrontCosts = {
	fill: {name: 'blkfront.fill', ns: 400, source: 'knob: shadow row and 112-byte slot, some tens of cache lines'},
	grant: {name: 'blkfront.grant', ns: 100, source: 'knob: per segment, a grant entry written and taken back'},
	push: {name: 'blkfront.push', ns: 100, source: 'knob: two barriers and two shared cache lines'},
	notify: {
		name: 'blkfront.notify',
		ns: 300,
		source: "knob: EVTCHNOP_send, 0.3 to 1 microseconds in the Xen papers' era",
	},
	reap: {
		name: 'blkfront.reap',
		ns: 400,
		source: 'knob: a response copied, checked, its grants ended, its request completed',
	},
	arm: {name: 'blkfront.arm', ns: 50, source: 'knob: one store and a barrier'},
	recheck: {name: 'blkfront.recheck', ns: 50, source: 'knob: one load of a shared cache line'},
	refuse: {name: 'blkfront.refuse', ns: 100, source: 'knob'},
	setup: {name: 'blkfront.setup', ns: 2000, source: 'knob: ring page, grant, EVTCHNOP_alloc_unbound'},
	reissue: {name: 'blkfront.reissue', ns: 500, source: 'knob: the shadow walked in order of submission'},
} satisfies Record<string, Cost>;

/** How long a grant that the peer still maps is left alone before it is tried again; Linux's deferred grants do the same. */
const deferredGrantRetry = 1_000_000_000;
/** How long a request waits when no grant reference is free. */
const grantRetry = 1_000_000;
/** A step that fills a slot carries the shadow row and the channel's incarnation: those of a channel given up do nothing. */
const rowBits = 8;
const rowMask = (1 << rowBits) - 1;

export interface BlkfrontOptions {
	/** The disk's name in the guest, `xvda`. */
	readonly name: string;
	/** The channel's name for traces, `web.xvda`. */
	readonly channel: string;
	/** Device number, 51712 for xvda. */
	readonly virtualDevice: number;
	/** vCPU that the event channel is bound to. */
	readonly vcpu?: number;
	readonly identities: RingIdentities;
	readonly hash?: StateHash;
	/** Asked before every store of a ring index by this end. */
	readonly ringWrites?: FaultPoint;
}

export type BlkfrontState = 'connecting' | 'connected' | 'closing' | 'closed' | 'error';

interface MutableLimits extends BlockLimits {
	sectors: number;
	logicalBlock: number;
	volatileCache: boolean;
	readonly: boolean;
}

export class Blkfront implements BlockDevice, ChannelEnd {
	readonly name: string;
	readonly shadow: Shadow;
	readonly xenbus: BlkfrontXenbus;
	state: BlkfrontState = 'connecting';
	looking = false;
	notifying = false;
	port = -1;
	/** Reference of the ring page's grant, -1 without a ring. */
	ringReference = -1;
	/** Requests answered, and how many of them not with okay. */
	completed = 0;
	errors = 0;
	/** Grants that the backend still mapped when they were to end. */
	deferredGrants = 0;
	/** Told of each answered request, the nanoseconds it took and its status. For observers; changes nothing. */
	onCompleted: ((nanoseconds: number, request: BlockRequest, status: number) => void) | null = null;
	/** Told how many requests are on the ring whenever that changes. For observers; changes nothing. */
	occupancy: Occupancy | null = null;
	/** Called once each time the disk becomes usable. */
	onConnected: (() => void) | null = null;

	readonly #limits: MutableLimits = {
		sectors: 0,
		bytes: blkif.maximumRequestBytes,
		segments: blkif.maximumSegments,
		depth: 32,
		logicalBlock: sectorBytes,
		volatileCache: false,
		forceUnitAccess: false,
		readonly: false,
	};
	#ring: FrontRing | null = null;
	#ringPage: Page = -1;
	#backend = 0;
	/** Requests published so far on this ring: our own count, whatever the page says. */
	#published = 0;
	#pushesBefore = 0;
	#notificationsBefore = 0;
	#starved = false;
	/** Counts the channels given up. */
	#incarnation = 0;
	/** Requests asked for and not yet filled, by vCPU: the last of a batch pushes. */
	readonly #unfilled = new Int32Array(128);
	readonly #outcomes: Int32Array;
	readonly #response = new Int32Array(4);
	readonly #waiters: (() => void)[] = [];
	readonly #deferred: {reference: number; page: Page}[] = [];
	#opened: (reference: number, port: number) => void = () => {};

	readonly #fill: Step;
	readonly #refill: Step;
	readonly #refuse: Step;
	readonly #push: Step;
	readonly #notify: Step;
	readonly #interrupt: Step;
	readonly #reap: Step;
	readonly #arm: Step;
	readonly #recheck: Step;
	readonly #setup: Step;
	readonly #reissue: Step;
	readonly #retryDeferred: Step;
	readonly #perGrant: number;
	readonly #atSubmit: number;
	readonly #atSlot: number;
	readonly #atPush: number;
	readonly #atReap: number;

	constructor(
		private readonly kernel: GuestKernel,
		private readonly options: BlkfrontOptions,
	) {
		const {name, channel, virtualDevice} = options;
		this.name = name;
		this.shadow = new Shadow(this.#limits.depth);
		this.#outcomes = new Int32Array(this.#limits.depth);
		this.xenbus = new BlkfrontXenbus(kernel, virtualDevice, {
			open: (backend, opened) => {
				this.#backend = backend;
				this.#opened = opened;
				kernel.step(this.#setup);
			},
			connect: (facts) => this.#connect(facts),
			close: () => this.#close(),
			release: () => this.#releaseChannel(),
			log: (text) => kernel.log('error', `${name}: ${text}`),
		});
		const define = (what: string, cost: Cost, run: (argument: number) => void) =>
			kernel.define(`blkfront ${name} ${what}`, cost, run);
		this.#fill = define('fill', blkfrontCosts.fill, (mark) => {
			if (mark >> rowBits === this.#incarnation) this.#fillSlot(mark & rowMask);
		});
		this.#refill = define('refill', blkfrontCosts.fill, (mark) => {
			if (mark >> rowBits !== this.#incarnation) return;
			this.#unfilled[this.#vcpuOf(mark & rowMask)]++;
			this.#fillSlot(mark & rowMask);
		});
		this.#refuse = define('refuse', blkfrontCosts.refuse, (row) => this.#finish(row, this.#outcomes[row]));
		this.#push = define('push', blkfrontCosts.push, () => this.#pushRequests());
		this.#notify = kernel.hypercall(`blkfront ${name} notify`, blkfrontCosts.notify, () => {
			this.notifying = false;
			if (this.port >= 0) kernel.notify(this.port);
		});
		this.#interrupt = define('interrupt', blkfrontCosts.reap, () => {
			if (!this.looking) {
				this.looking = true;
				this.#look();
			}
		});
		this.#reap = define('reap', blkfrontCosts.reap, () => this.#look());
		this.#arm = define('arm', blkfrontCosts.arm, () => this.#armEvent());
		this.#recheck = define('recheck', blkfrontCosts.recheck, () => this.#checkAgain());
		this.#setup = kernel.hypercall(`blkfront ${name} setup`, blkfrontCosts.setup, () => this.#setUp());
		this.#reissue = define('reissue', blkfrontCosts.reissue, () => this.#issueAgain());
		this.#retryDeferred = define('deferred grants', blkfrontCosts.refuse, () => this.#retryDeferredGrants());
		this.#perGrant = define('per grant', blkfrontCosts.grant, () => {}).cost;
		this.#atSubmit = kernel.trace.point(`${channel} blkfront`);
		this.#atSlot = kernel.trace.point(`${channel} slot`);
		this.#atPush = kernel.trace.point(`${channel} ring`);
		this.#atReap = kernel.trace.point(`${channel} answered`);
	}

	/** Begins the xenbus handshake. The caller is inside a step of the kernel. */
	start(): void {
		this.xenbus.start();
	}

	get limits(): BlockLimits {
		return this.#limits;
	}

	/** The ring, for whoever looks; null before there is one. */
	get ring(): FrontRing | null {
		return this.#ring;
	}

	get waiting(): number {
		return this.#ring === null ? 0 : Math.min(this.#ring.unconsumedResponses, this.#ring.size);
	}

	/** Requests on the ring, published or about to be, and not answered. */
	get inFlight(): number {
		return this.#ring === null ? 0 : this.#ring.outstanding;
	}

	/** Publications of requests since the start, and those of them the backend was notified of. */
	get pushes(): number {
		return this.#pushesBefore + (this.#ring?.pushes ?? 0);
	}

	get notifications(): number {
		return this.#notificationsBefore + (this.#ring?.notifications ?? 0);
	}

	submit(request: BlockRequest): boolean {
		if (this.shadow.free === 0 || this.state === 'connecting') {
			return false;
		}

		const {kernel, shadow} = this;
		const row = shadow.take(request, kernel.now());
		kernel.trace.hop(kernel.now(), request.identity, this.#atSubmit, row);
		if (this.state !== 'connected') {
			this.#answer(row, ioError);
			return true;
		}

		if (request.operation === flushOperation) {
			assert(request.segments === 0, 'a flush carries no segments');
			if (!this.#limits.volatileCache) {
				// Nothing the device acknowledged can be lost: there is nothing to flush.
				this.#answer(row, okay);
				return true;
			}

			shadow.operations[row] = blkif.operationFlushDiskcache;
		} else {
			assert(request.segments >= 1 && request.segments <= blkif.maximumSegments, 'a request has 1 to 11 segments');
			shadow.operations[row] = request.operation === readOperation ? blkif.operationRead : blkif.operationWrite;
		}

		this.#askToFill(row, request);
		return true;
	}

	whenRoom(wake: () => void): void {
		this.#waiters.push(wake);
	}

	/** Looks at the ring as if an event had come: the operator's kick. The caller is inside no step. */
	kick(): void {
		this.kernel.task(this.#interrupt, 0, this.options.vcpu);
	}

	/**
	Goes over to a new backend (or a new incarnation of the old one): gives up ring, port and grants, shakes hands again and issues
	every unanswered request again in order of submission. The caller is inside a step of the kernel.
	*/
	reconnect(): void {
		this.state = 'connecting';
		this.#releaseChannel();
		this.xenbus.restart();
	}

	#askToFill(row: number, request: BlockRequest): void {
		this.#unfilled[request.vcpu]++;
		const mark = (this.#incarnation << rowBits) | row;
		this.kernel.step(this.#fill, mark, request.segments * this.#perGrant);
	}

	/** Answers a request without the ring, in a step of its own. */
	#answer(row: number, status: number): void {
		this.shadow.states[row] = rowRefused;
		this.#outcomes[row] = status;
		this.kernel.step(this.#refuse, row);
	}

	#fillSlot(row: number): void {
		const {kernel, shadow} = this;
		const request = shadow.requests[row];
		const ring = this.#ring;
		assert(request !== null && ring !== null, 'a row being filled has its request and its ring');
		const last = --this.#unfilled[request.vcpu] === 0;
		if (!this.#grantSegments(row, request)) {
			kernel.timer(grantRetry, this.#refill, (this.#incarnation << rowBits) | row);
		} else {
			this.#writeSlot(ring, row, request);
		}

		if (last) kernel.step(this.#push);
	}

	/** Grants every page to the backend, read-only for writes. False, with nothing granted, when references have run out. */
	#grantSegments(row: number, request: BlockRequest): boolean {
		const {kernel, shadow} = this;
		const base = row * blkif.maximumSegments;
		const readonly = request.operation === writeOperation;
		for (let i = 0; i < request.segments; i++) {
			const reference = kernel.grant(this.#backend, request.pages[i], readonly);
			if (reference < 0) {
				shadow.grants[row] = i;
				this.#endGrants(row);
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

	#writeSlot(ring: FrontRing, row: number, request: BlockRequest): void {
		const {kernel, shadow, options} = this;
		const slot = ring.slot(ring.requestProducer);
		const entry = ring.nextRequest();
		if (this.occupancy !== null) this.occupancy.set(kernel.now(), ring.outstanding);
		const words = ring.words;
		const count = request.segments;
		const operation = shadow.operations[row];
		blkif.writeRequest(words, entry, operation, count, options.virtualDevice & 0xffff, row, request.sector);
		const base = row * blkif.maximumSegments;
		for (let i = 0; i < count; i++) {
			const offset = request.offsets[i];
			const end = offset + request.lengths[i];
			assert(((offset | end) & (sectorBytes - 1)) === 0, 'segments are whole sectors');
			const first = offset >> 9;
			const last = (end >> 9) - 1;
			assert(last < blkif.sectorsPerPage && last >= first, 'a segment lies within its page');
			blkif.writeSegment(words, entry, i, shadow.references[base + i], first, last);
		}

		options.hash?.words(words, entry, 6 + 2 * count);
		shadow.states[row] = rowOnRing;
		shadow.slots[row] = slot;
		options.identities.slots[slot] = request.identity;
		options.identities.since[slot] = kernel.now();
		kernel.trace.hop(kernel.now(), request.identity, this.#atSlot, slot);
	}

	#pushRequests(): void {
		const ring = this.#ring;
		if (ring === null || this.#published === ring.requestProducer) {
			return;
		}

		const {kernel, options} = this;
		for (let index = this.#published; index !== ring.requestProducer; index = (index + 1) | 0) {
			const slot = ring.slot(index);
			kernel.trace.hop(kernel.now(), options.identities.slots[slot], this.#atPush, slot);
		}

		this.#published = ring.requestProducer;
		if (ring.pushRequests()) {
			this.notifying = true;
			kernel.step(this.#notify);
		}
	}

	/** One look at the ring: takes a response if there is one; then the next, or to sleep. */
	#look(): void {
		const ring = this.#ring;
		if (ring === null || this.state === 'error') {
			this.looking = false;
			return;
		}

		if (ring.unconsumedResponses === 0) {
			if (ring.responseEventArmed) this.looking = false;
			else this.kernel.step(this.#arm);
			return;
		}

		if (ring.responsesOverflow) {
			this.#disable(`illegal number of responses ${ring.unconsumedResponses}`);
			return;
		}

		this.#takeResponse(ring);
		// What completes may have ended the channel: look at the field again.
		if (this.#ring !== ring || !this.looking) {
			this.looking = false;
			return;
		}

		this.kernel.step(ring.unconsumedResponses > 0 ? this.#reap : this.#arm);
	}

	#armEvent(): void {
		const ring = this.#ring;
		if (ring === null) {
			this.looking = false;
			return;
		}

		ring.armResponseEvent();
		// With no request out no response can come meanwhile; otherwise the final check closes the race.
		if (ring.outstanding === 0) this.looking = false;
		else this.kernel.step(this.#recheck);
	}

	#checkAgain(): void {
		if (this.#ring !== null && this.#ring.unconsumedResponses > 0) this.kernel.step(this.#reap);
		else this.looking = false;
	}

	#takeResponse(ring: FrontRing): void {
		const {shadow} = this;
		const response = this.#response;
		blkif.copyResponse(ring.words, ring.nextResponse(), response);
		if (this.occupancy !== null) this.occupancy.set(this.kernel.now(), ring.outstanding);
		const row = response[0];
		if (response[1] !== 0 || row < 0 || row >= shadow.size) {
			this.#disable(`response has incorrect id (${row >>> 0})`);
			return;
		}

		if (shadow.states[row] !== rowOnRing) {
			this.#disable('response references no pending request');
			return;
		}

		const operation = blkif.responseOperation(response);
		if (operation !== shadow.operations[row]) {
			this.#disable(`response has wrong operation (${operation} instead of ${shadow.operations[row]})`);
			return;
		}

		const mapped = this.#endGrants(row);
		if (mapped >= 0) {
			this.#disable(`backend has not unmapped grant: ${mapped}`);
			return;
		}

		let status = okay;
		const answer = blkif.responseStatusOf(response);
		if (answer === blkif.responseNotSupported && operation === blkif.operationFlushDiskcache) {
			this.#limits.volatileCache = false;
			this.kernel.log('warning', `${this.name}: flush disk cache: not supported by the backend, no longer asked for`);
		} else if (answer !== blkif.responseOkay) {
			status = ioError;
		}

		this.#finish(row, status);
	}

	/** Ends a row's grants; the first reference that the backend still has mapped, or -1. Those are tried again later. */
	#endGrants(row: number): number {
		const {kernel, shadow} = this;
		const base = row * blkif.maximumSegments;
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

	#finish(row: number, status: number): void {
		const {kernel, shadow} = this;
		const nanoseconds = kernel.now() - shadow.since[row];
		const request = shadow.release(row);
		this.completed++;
		if (status !== okay) this.errors++;
		kernel.trace.hop(kernel.now(), request.identity, this.#atReap, row);
		// Whoever has waited longest comes before what the completed request's owner may submit now.
		this.#wake();
		if (this.onCompleted !== null) this.onCompleted(nanoseconds, request, status);
		request.done(request, status);
		if (this.state === 'closing') this.#close();
	}

	#wake(): void {
		for (let count = this.#waiters.length; count > 0 && shadowHasRoom(this.shadow, this.state); count--) {
			this.#waiters.shift()?.();
		}
	}

	/** A response that cannot be true: the device is of no use until it is given a new backend. */
	#disable(text: string): void {
		this.state = 'error';
		this.looking = false;
		this.kernel.log('error', `${this.name}: ${text}`);
		this.kernel.log('error', `${this.name}: disabled for further use`);
		this.#wake();
	}

	#setUp(): void {
		const {kernel, options} = this;
		const page = kernel.page();
		const ring = new FrontRing(kernel.words(page), blkif.entryBytes, {hash: options.hash, writes: options.ringWrites});
		ring.initialise();
		const reference = kernel.grant(this.#backend, page, false);
		if (reference < 0) {
			kernel.log('error', `${this.name}: no grant reference for the ring page`);
			kernel.releasePage(page);
			kernel.timer(deferredGrantRetry, this.#setup);
			return;
		}

		this.#ring = ring;
		this.#ringPage = page;
		this.#published = 0;
		this.ringReference = reference;
		this.port = kernel.allocUnbound(this.#backend, this.#interrupt, 0, options.vcpu);
		this.#opened(reference, this.port);
	}

	#connect(facts: DiskFacts): void {
		const limits = this.#limits;
		limits.sectors = facts.sectors;
		limits.logicalBlock = facts.sectorBytes;
		limits.volatileCache = facts.flushCache;
		limits.readonly = facts.readonly;
		this.state = 'connected';
		// The rest follows as steps, so that re-issued requests come before new ones.
		this.kernel.step(this.#reissue);
	}

	#issueAgain(): void {
		const {kernel, shadow} = this;
		const rows = shadow.inOrder().filter((row) => shadow.states[row] === rowAsked);
		if (rows.length > 0) kernel.log('info', `${this.name}: recovered ${rows.length} descriptors`);
		for (const row of rows) {
			const request = shadow.requests[row];
			if (request !== null) this.#askToFill(row, request);
		}

		this.onConnected?.();
		this.#wake();
	}

	/** The backend is closing: takes nothing new; when everything is answered the channel ends. */
	#close(): void {
		if (this.state === 'closed') {
			return;
		}

		this.state = 'closing';
		if (this.shadow.free === this.shadow.size) {
			this.state = 'closed';
			this.#limits.sectors = 0;
			this.xenbus.closed();
			this.#wake();
		}
	}

	/** Gives up the ring, its port and every grant. Rows on the ring go back to asked. */
	#releaseChannel(): void {
		const {kernel, shadow} = this;
		if (this.#ring === null) {
			return;
		}

		this.#incarnation = (this.#incarnation + 1) & 0xffff;
		this.#unfilled.fill(0);
		for (let row = 0; row < shadow.size; row++) {
			if (shadow.states[row] !== rowOnRing) continue;
			this.#endGrants(row);
			shadow.states[row] = rowAsked;
		}

		this.#pushesBefore += this.#ring.pushes;
		this.#notificationsBefore += this.#ring.notifications;
		kernel.closePort(this.port);
		if (kernel.endGrant(this.ringReference)) kernel.releasePage(this.#ringPage);
		else this.#endLater(this.ringReference, this.#ringPage);
		this.#ring = null;
		if (this.occupancy !== null) this.occupancy.set(kernel.now(), 0);
		this.#ringPage = -1;
		this.ringReference = -1;
		this.port = -1;
		this.notifying = false;
		this.looking = false;
	}

	/** Remembers a grant that is still mapped, and the page that must not be used again before it ends (-1: not ours to release). */
	#endLater(reference: number, page: Page): void {
		this.deferredGrants++;
		this.kernel.log('warning', `${this.name}: deferring g.e. 0x${reference.toString(16)}`);
		if (this.#deferred.push({reference, page}) === 1) this.kernel.timer(deferredGrantRetry, this.#retryDeferred);
	}

	#retryDeferredGrants(): void {
		const {kernel} = this;
		for (const grant of this.#deferred.splice(0)) {
			if (!kernel.endGrant(grant.reference)) this.#deferred.push(grant);
			else if (grant.page >= 0) kernel.releasePage(grant.page);
		}

		if (this.#deferred.length > 0) kernel.timer(deferredGrantRetry, this.#retryDeferred);
	}

	#vcpuOf(row: number): number {
		return this.shadow.requests[row]?.vcpu ?? 0;
	}
}

/** Room for a waiter: a free row on a disk that takes requests (or refuses them at once). */
function shadowHasRoom(shadow: Shadow, state: BlkfrontState): boolean {
	return shadow.free > 0 && state !== 'connecting';
}
