/**
blkfront: a guest's virtual disk. Takes block requests, grants their pages to the backend, describes them in ring slots, and
answers them when responses come. Behaviour after Linux's xen-blkfront (shadow table, checks of every response, "disabled for
further use"), the ring after Xen's public io/ring.h and io/blkif.h. The xenbus side is in blkfront-xenbus.ts.
*/
import {assert} from '../../engine/assert.js';
import type {Occupancy} from '../../engine/occupancy.js';
import type {Step} from '../../engine/step.js';
import * as blkif from '../channel/blkif.js';
import type {ChannelEnd} from '../channel/channel-end.js';
import type {FrontRing} from '../channel/ring.js';
import {
	type BlockDevice,
	type BlockLimits,
	type BlockRequest,
	flushOperation,
	ioError,
	okay,
	readOperation,
} from '../kernel/block-device.js';
import type {Cost} from '../kernel/cost.js';
import type {GuestKernel} from '../kernel/kernel.js';
import {FrontChannel, setupRetry} from './blkfront-channel.js';
import {blkfrontCosts} from './blkfront-costs.js';
import {type BlkfrontOptions, type BlkfrontState, unconnectedLimits} from './blkfront-options.js';
import {Reaper} from './blkfront-reaper.js';
import {rowOnRing, rowRefused, Shadow} from './blkfront-shadow.js';
import {BlkfrontXenbus, type DiskFacts} from './blkfront-xenbus.js';

export {blkfrontCosts} from './blkfront-costs.js';
export type {BlkfrontOptions, BlkfrontState} from './blkfront-options.js';

/** How long a request waits when no grant reference is free. */
const grantRetry = 1_000_000;
/** A step that fills a slot carries the shadow row and the channel's incarnation: those of a channel given up do nothing. */
const rowBits = 8;
const rowMask = (1 << rowBits) - 1;

export class Blkfront implements BlockDevice, ChannelEnd {
	readonly name: string;
	readonly shadow: Shadow;
	readonly xenbus: BlkfrontXenbus;
	state: BlkfrontState = 'connecting';
	notifying = false;
	/** Requests answered, and how many of them not with okay. */
	completed = 0;
	errors = 0;
	/** Told of each answered request, the nanoseconds it took and its status. For observers; changes nothing. */
	onCompleted: ((nanoseconds: number, request: BlockRequest, status: number) => void) | null = null;
	/** Told how many requests are on the ring whenever that changes. For observers; changes nothing. */
	occupancy: Occupancy | null = null;
	/** Called each time the disk becomes usable, and when it has closed for good. */
	onConnected: (() => void) | null = null;
	onClosed: (() => void) | null = null;

	readonly #limits = unconnectedLimits();
	readonly #channel: FrontChannel;
	readonly #reaper: Reaper;
	#backend = 0;
	/** Requests published so far on this ring: our own count, whatever the page says. */
	#published = 0;
	/** Counts the channels given up. */
	#incarnation = 0;
	/** Requests asked for and not yet filled, by vCPU: the last of a batch pushes. */
	readonly #unfilled = new Int32Array(128);
	readonly #outcomes: Int32Array;
	readonly #waiters: (() => void)[] = [];
	#opened: (reference: number, port: number) => void = () => {};

	readonly #fill: Step;
	readonly #refill: Step;
	readonly #refuse: Step;
	readonly #push: Step;
	readonly #notify: Step;
	readonly #setup: Step;
	readonly #reissue: Step;
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
		this.#channel = new FrontChannel(kernel, name, {hash: options.hash, writes: options.ringWrites});
		this.#reaper = new Reaper(kernel, name, this.#channel, this.shadow, {
			finish: (row, status) => this.#finish(row, status),
			disable: (text) => this.#disable(text),
			flushUnsupported: () => {
				this.#limits.volatileCache = false;
			},
			taken: (outstanding) => {
				if (this.occupancy !== null) this.occupancy.set(kernel.now(), outstanding);
			},
		});
		this.xenbus = new BlkfrontXenbus(kernel, virtualDevice, {
			open: (backend, opened) => {
				this.#backend = backend;
				this.#opened = opened;
				kernel.step(this.#setup, this.#incarnation);
			},
			connect: (facts) => this.#connect(facts),
			close: () => this.#close(),
			release: () => this.#releaseChannel(),
			reconnect: () => this.reconnect(),
			log: (text) => kernel.log('error', `${name}: ${text}`),
		});
		const define = (what: string, cost: Cost, run: (argument: number) => void) =>
			kernel.define(`blkfront ${name} ${what}`, cost, run);
		this.#fill = define('fill', blkfrontCosts.fill, (mark) => {
			if (mark >> rowBits === this.#incarnation) this.#fillSlot(mark & rowMask);
		});
		this.#refill = define('refill', blkfrontCosts.fill, (mark) => {
			if (mark >> rowBits !== this.#incarnation) return;
			this.#unfilled[this.shadow.requests[mark & rowMask]?.vcpu ?? 0]++;
			this.#fillSlot(mark & rowMask);
		});
		this.#refuse = define('refuse', blkfrontCosts.refuse, (row) => this.#finish(row, this.#outcomes[row]));
		this.#push = define('push', blkfrontCosts.push, () => this.#pushRequests());
		this.#notify = kernel.hypercall(`blkfront ${name} notify`, blkfrontCosts.notify, () => {
			this.notifying = false;
			if (this.port >= 0) kernel.notify(this.port);
		});
		this.#setup = kernel.hypercall(`blkfront ${name} setup`, blkfrontCosts.setup, (mark) => {
			if (mark === this.#incarnation) this.#setUp();
		});
		this.#reissue = define('reissue', blkfrontCosts.reissue, (mark) => {
			if (mark === this.#incarnation) this.#issueAgain();
		});
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
		return this.#channel.ring;
	}

	get looking(): boolean {
		return this.#reaper.looking;
	}

	/** Keeps this end from looking at its ring (true), or lets it: for tests that read the ring themselves. */
	set looking(looking: boolean) {
		this.#reaper.looking = looking;
	}

	get port(): number {
		return this.#channel.port;
	}

	/** Reference of the ring page's grant, -1 without a ring. */
	get ringReference(): number {
		return this.#channel.reference;
	}

	/** Grants that the backend still mapped when they were to end. */
	get deferredGrants(): number {
		return this.#channel.deferredGrants;
	}

	get waiting(): number {
		return Math.min(this.ring?.unconsumedResponses ?? 0, this.ring?.size ?? 0);
	}

	/** Requests on the ring, published or about to be, and not answered. */
	get inFlight(): number {
		return this.ring?.outstanding ?? 0;
	}

	/** Publications of requests since the start, and those of them the backend was notified of. */
	get pushes(): number {
		return this.#channel.pushes;
	}

	get notifications(): number {
		return this.#channel.notifications;
	}

	submit(request: BlockRequest): boolean {
		if (this.shadow.free === 0 || this.state === 'connecting') {
			return false;
		}

		const {kernel, shadow} = this;
		const row = shadow.take(request, kernel.now());
		kernel.trace.hop(kernel.now(), request.identity, this.#atSubmit, row);
		if (this.state !== 'connected') return this.#answer(row, ioError);

		if (request.operation === flushOperation) {
			assert(request.segments === 0, 'a flush carries no segments');
			// Where nothing the device acknowledged can be lost there is nothing to flush.
			if (!this.#limits.volatileCache) return this.#answer(row, okay);
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
		this.kernel.task(this.#reaper.interrupt, 0, this.options.vcpu);
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

	/**
	The toolstack has taken the device away. When its backend did not close it, for it was gone, nobody will answer any more: every request
	fails, as Linux fails what is on a disk that is pulled. The caller is inside a step of the kernel.
	*/
	remove(): void {
		this.xenbus.stop();
		if (this.state === 'closed') return;
		this.state = 'closing';
		this.#releaseChannel();
		this.#issueAgain();
	}

	#askToFill(row: number, request: BlockRequest): void {
		this.#unfilled[request.vcpu]++;
		const mark = (this.#incarnation << rowBits) | row;
		this.kernel.step(this.#fill, mark, request.segments * this.#perGrant);
	}

	/** Answers a request without the ring, in a step of its own; true, for it is taken. */
	#answer(row: number, status: number): true {
		this.shadow.states[row] = rowRefused;
		this.#outcomes[row] = status;
		this.kernel.step(this.#refuse, row);
		return true;
	}

	#fillSlot(row: number): void {
		const {kernel, shadow} = this;
		const request = shadow.requests[row];
		const {ring} = this;
		assert(request !== null && ring !== null, 'a row being filled has its request and its ring');
		const last = --this.#unfilled[request.vcpu] === 0;
		if (!this.#channel.grantSegments(this.#backend, shadow, row, request)) {
			kernel.timer(grantRetry, this.#refill, (this.#incarnation << rowBits) | row);
		} else {
			this.#writeSlot(ring, row, request);
		}

		if (last) kernel.step(this.#push);
	}

	#writeSlot(ring: FrontRing, row: number, request: BlockRequest): void {
		const {kernel, shadow, options} = this;
		const slot = ring.slot(ring.requestProducer);
		const entry = ring.nextRequest();
		if (this.occupancy !== null) this.occupancy.set(kernel.now(), ring.outstanding);
		shadow.describe(row, request, ring.words, entry, options.virtualDevice & 0xffff);
		options.hash?.words(ring.words, entry, 6 + 2 * request.segments);
		shadow.states[row] = rowOnRing;
		shadow.slots[row] = slot;
		options.identities.slots[slot] = request.identity;
		options.identities.since[slot] = kernel.now();
		kernel.trace.hop(kernel.now(), request.identity, this.#atSlot, slot);
	}

	#pushRequests(): void {
		const {ring} = this;
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
		// Each is asked once: who is refused again queues again.
		for (let count = this.#waiters.length; count > 0; count--) {
			if (this.shadow.free === 0 || this.state === 'connecting') return;
			this.#waiters.shift()?.();
		}
	}

	/** A response that cannot be true: the device is of no use until it is given a new backend. */
	#disable(text: string): void {
		this.state = 'error';
		this.#reaper.stop();
		this.kernel.log('error', `${this.name}: ${text}`);
		this.kernel.log('error', `${this.name}: disabled for further use`);
		this.#wake();
	}

	#setUp(): void {
		const {kernel} = this;
		const channel = this.#channel;
		if (!channel.open(this.#backend, this.#reaper.interrupt, this.options.vcpu)) {
			kernel.timer(setupRetry, this.#setup, this.#incarnation);
			return;
		}

		this.#published = 0;
		this.#reaper.stopped = false;
		this.#opened(channel.reference, channel.port);
	}

	#connect(facts: DiskFacts): void {
		const {sectors, sectorBytes: logicalBlock, flushCache: volatileCache, readonly} = facts;
		Object.assign(this.#limits, {sectors, logicalBlock, volatileCache, readonly});
		this.kernel.step(this.#reissue, this.#incarnation);
	}

	#issueAgain(): void {
		const {kernel, shadow} = this;
		if (!this.#channel.letGo()) {
			kernel.timer(grantRetry, this.#reissue, this.#incarnation);
			return;
		}

		if (this.state === 'closing') {
			// To nobody: the disk is gone.
			for (const [row] of shadow.asked()) this.#answer(row, ioError);
			this.#close();
			return;
		}

		// The rest follows as steps, so that re-issued requests come before new ones.
		this.state = 'connected';
		const asked = shadow.asked();
		if (this.#incarnation > 0) kernel.log('info', `${this.name}: Connected`);
		if (asked.length > 0) kernel.log('info', `${this.name}: re-issued ${asked.length} requests`);
		for (const [row, request] of asked) this.#askToFill(row, request);

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
			this.onClosed?.();
			this.#wake();
		}
	}

	/** Gives up the ring, its port and every grant. Rows on the ring go back to asked. */
	#releaseChannel(): void {
		this.#incarnation = (this.#incarnation + 1) & 0xffff;
		if (this.ring === null) {
			return;
		}

		this.#unfilled.fill(0);
		this.#channel.close(this.shadow);
		if (this.occupancy !== null) this.occupancy.set(this.kernel.now(), 0);
		this.notifying = false;
		this.#reaper.looking = false;
	}
}
