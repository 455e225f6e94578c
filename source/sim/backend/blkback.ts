/**
blkback: serves one virtual disk. Takes requests off the ring, copies each slot once and validates the copy, maps the guest's
pages, hands them to a block device, and answers in whatever order it completes. Checks, counters and messages after Linux's
xen-blkback (blkback.c, dispatch_rw_block_io); the ring after Xen's public io/ring.h. The xenbus side is in blkback-xenbus.ts.
*/
import {assert} from '../../engine/assert.js';
import type {Step} from '../../engine/step.js';
import * as blkif from '../channel/blkif.js';
import type {ChannelEnd} from '../channel/channel-end.js';
import type {BackRing} from '../channel/ring.js';
import {
	type BlockRequest,
	flushOperation,
	notSupported,
	okay,
	readOperation,
	sectorBytes,
	writeOperation,
} from '../kernel/block-device.js';
import type {Cost} from '../kernel/cost.js';
import type {GuestKernel} from '../kernel/kernel.js';
import {BackChannel} from './blkback-channel.js';
import {RequestCheck, requestDenied, requestMisaligned, requestValid} from './blkback-check.js';
import {blkbackCosts} from './blkback-costs.js';
import {Intake} from './blkback-intake.js';
import type {BlkbackOptions} from './blkback-options.js';
import {PendingRequests} from './blkback-pending.js';
import {BlkbackXenbus} from './blkback-xenbus.js';

export {blkbackCosts} from './blkback-costs.js';
export type {BlkbackOptions} from './blkback-options.js';

/** How long the ring's thread sleeps after an operation that no frontend should send. */
const badOperationPause = 1_000_000;

export class Blkback implements ChannelEnd {
	readonly name: string;
	readonly xenbus: BlkbackXenbus;
	readonly pending: PendingRequests;
	notifying = false;
	/** The counters of /sys/bus/xen-backend/devices/vbd-*: statistics; sectors of 512 bytes. */
	readRequests = 0;
	writeRequests = 0;
	flushRequests = 0;
	readSectors = 0;
	writeSectors = 0;
	/** Requests answered with BLKIF_RSP_ERROR or _EOPNOTSUPP. */
	errors = 0;
	/** Segments mapped at this instant. */
	grantsMapped = 0;

	readonly #channel: BackChannel;
	readonly #check: RequestCheck;
	readonly #intake: Intake;
	#closing = false;
	/** The pending request that the device had no room for, -1 when none waits. */
	#refused = -1;
	#readonly: boolean;
	#remotePort = -1;
	#connected: (problem: string) => void = () => {};
	#disconnected: () => void = () => {};

	readonly #validate: Step;
	readonly #map: Step;
	readonly #submit: Step;
	readonly #unmap: Step;
	readonly #respond: Step;
	readonly #notify: Step;
	readonly #connect: Step;
	readonly #bind: Step;
	readonly #disconnect: Step;
	readonly #room: () => void;
	readonly #perMap: number;
	readonly #perUnmap: number;
	readonly #atMap: number;
	readonly #atSubmit: number;
	readonly #atDone: number;
	readonly #atRespond: number;

	constructor(
		private readonly kernel: GuestKernel,
		private readonly options: BlkbackOptions,
	) {
		const {device, channel, frontend, virtualDevice} = options;
		const {limits} = device;
		assert(
			limits.segments >= blkif.maximumSegments && limits.bytes >= blkif.maximumRequestBytes,
			'the device takes any blkif request as it is',
		);
		this.name = `blkback ${channel}`;
		this.#readonly = options.readonly === true || limits.readonly;
		this.#check = new RequestCheck(limits);
		this.#channel = new BackChannel(kernel, frontend, {hash: options.hash, writes: options.ringWrites});
		this.pending = new PendingRequests(options.pendingRequests ?? 32, (request, status) => this.#done(request, status));
		this.xenbus = new BlkbackXenbus(kernel, frontend, virtualDevice, {
			device,
			readonly: () => this.#readonly,
			setReadonly: () => {
				this.#readonly = true;
			},
			connect: (reference, port, connected) => {
				this.#remotePort = port;
				this.#connected = connected;
				kernel.step(this.#connect, reference);
			},
			disconnect: (disconnected) => {
				this.#disconnected = disconnected;
				this.#closing = true;
				this.#intake.closing = true;
				this.#finishClosing();
			},
			log: (text) => kernel.log('error', `${this.name}: ${text}`),
		});
		this.#intake = new Intake(kernel, this.name, options, this.#channel, this.pending, (index) => {
			kernel.step(this.#validate, index);
		});
		const define = (what: string, cost: Cost, run: (argument: number) => void) =>
			kernel.define(`${this.name} ${what}`, cost, run);
		const hypercall = (what: string, cost: Cost, run: (argument: number) => void) =>
			kernel.hypercall(`${this.name} ${what}`, cost, run);
		this.#validate = define('validate', blkbackCosts.validate, (index) => this.#validateCopy(index));
		this.#map = hypercall('map', blkbackCosts.map, (index) => this.#mapSegments(index));
		this.#submit = define('submit', blkbackCosts.submit, (index) => this.#submitRequest(index));
		this.#unmap = hypercall('unmap', blkbackCosts.unmap, (index) => this.#unmapSegments(index));
		this.#respond = define('respond', blkbackCosts.respond, (index) => this.#putResponse(index));
		this.#notify = hypercall('notify', blkbackCosts.notify, (index) => {
			this.notifying = false;
			if (this.port >= 0) kernel.notify(this.port);
			this.#free(index);
		});
		this.#connect = hypercall('connect', blkbackCosts.connect, (reference) => this.#mapRing(reference));
		this.#bind = hypercall('bind', blkbackCosts.bind, () => this.#bindPort());
		this.#disconnect = hypercall('disconnect', blkbackCosts.disconnect, () => this.#unmapRing());
		this.#room = () => {
			const index = this.#refused;
			if (index < 0) return;
			this.#refused = -1;
			kernel.task(this.#submit, index, options.vcpu);
		};
		this.#perMap = define('per map', blkbackCosts.mapSegment, () => {}).cost;
		this.#perUnmap = define('per unmap', blkbackCosts.unmapSegment, () => {}).cost;
		const {trace} = kernel;
		this.#atMap = trace.point(`${channel} mapped`);
		this.#atSubmit = trace.point(`${channel} ${device.name}`);
		this.#atDone = trace.point(`${channel} completed`);
		this.#atRespond = trace.point(`${channel} response`);
	}

	/** Publishes the disk and waits for its frontend. The caller is inside a step of the kernel. */
	start(): void {
		this.xenbus.start();
	}

	/** The ring, for whoever looks; null while not connected. */
	get ring(): BackRing | null {
		return this.#channel.ring;
	}

	get looking(): boolean {
		return this.#intake.looking;
	}

	/** True once the frontend's indices were impossible: this ring is not processed again. */
	get halted(): boolean {
		return this.#intake.halted;
	}

	/** Times that a request found no free pending request. */
	get outOfRequests(): number {
		return this.#intake.outOfRequests;
	}

	get port(): number {
		return this.#channel.port;
	}

	get waiting(): number {
		const {ring} = this;
		return ring === null || this.halted ? 0 : ring.unconsumedRequests;
	}

	/** Publications of responses since the start, and those of them the frontend was notified of. */
	get pushes(): number {
		return this.#channel.pushes;
	}

	get notifications(): number {
		return this.#channel.notifications;
	}

	/** Looks at the ring as if an event had come: the operator's kick. The caller is inside no step. */
	kick(): void {
		this.kernel.task(this.#intake.interrupt, 0, this.options.vcpu);
	}

	/** Looks at the private copy only. Counts as Linux does: a request counts before it is found wrong. */
	#validateCopy(index: number): void {
		const {pending, kernel} = this;
		const copy = pending.copies[index];
		const request = pending.requests[index];
		switch (blkif.requestOperation(copy)) {
			case blkif.operationRead:
				this.readRequests++;
				request.operation = readOperation;
				break;
			case blkif.operationWrite:
				this.writeRequests++;
				request.operation = writeOperation;
				break;
			case blkif.operationFlushDiskcache:
				this.flushRequests++;
				request.operation = flushOperation;
				break;
			case blkif.operationWriteBarrier:
			case blkif.operationDiscard:
				// Known, and not offered in XenStore.
				pending.statuses[index] = blkif.responseNotSupported;
				kernel.step(this.#respond, index);
				this.#intake.next();
				return;
			default:
				pending.statuses[index] = blkif.responseError;
				kernel.step(this.#respond, index);
				this.#intake.pause(badOperationPause);
				return;
		}

		const verdict = this.#check.check(copy, request, this.#readonly);
		if (verdict !== requestValid) {
			if (verdict === requestDenied) this.#logDenied(request);
			else if (verdict === requestMisaligned) {
				kernel.log('debug', `${this.name}: misaligned I/O request from domain ${this.options.frontend}`);
			}

			pending.statuses[index] = blkif.responseError;
			kernel.step(this.#respond, index);
			this.#intake.next();
			return;
		}

		const {segments} = request;
		if (segments === 0) kernel.step(this.#submit, index);
		else kernel.step(this.#map, index, segments * this.#perMap);
	}

	#logDenied({sector, bytes}: BlockRequest): void {
		const device = this.options.virtualDevice.toString(16).padStart(4, '0');
		const end = sector + bytes / sectorBytes;
		this.kernel.log('debug', `${this.name}: access denied: [${sector},${end}] on dev=${device}`);
	}

	/** Maps all segments, for reads writable and for writes readable only; one that fails fails the request. */
	#mapSegments(index: number): void {
		const {pending, kernel, options} = this;
		const copy = pending.copies[index];
		const request = pending.requests[index];
		const base = index * blkif.maximumSegments;
		const readonly = request.operation === writeOperation;
		let failure = 0;
		for (let i = 0; i < request.segments; i++) {
			const handle = kernel.mapGrant(options.frontend, blkif.segmentReference(copy, i), readonly, true);
			pending.handles[base + i] = handle;
			if (handle < 0) failure = handle;
			else {
				request.pages[i] = kernel.mappedPage(handle);
				this.grantsMapped++;
			}
		}

		pending.mapped[index] = request.segments;
		kernel.trace.hop(kernel.now(), pending.identities[index], this.#atMap, index);
		if (failure < 0) {
			kernel.log('debug', `${this.name}: invalid buffer, could not remap it (${failure})`);
			pending.statuses[index] = blkif.responseError;
			kernel.step(this.#unmap, index, request.segments * this.#perUnmap);
			this.#intake.next();
			return;
		}

		kernel.step(this.#submit, index);
	}

	/** Hands the request to the device: its driver's steps come first, then the next look at the ring. */
	#submitRequest(index: number): void {
		const {pending, kernel, options} = this;
		const request = pending.requests[index];
		request.identity = pending.identities[index];
		request.vcpu = options.vcpu ?? 0;
		if (!options.device.submit(request)) {
			this.#refused = index;
			options.device.whenRoom(this.#room);
			return;
		}

		if (request.operation === readOperation) this.readSectors += request.bytes / sectorBytes;
		else this.writeSectors += request.bytes / sectorBytes;
		kernel.trace.hop(kernel.now(), request.identity, this.#atSubmit, index);
		this.#intake.next();
	}

	/** The device is done with the pages. Runs in a step of the driver, which lives in this same kernel. */
	#done(request: BlockRequest, status: number): void {
		const {pending, kernel} = this;
		const index = request.tag;
		kernel.trace.hop(kernel.now(), request.identity, this.#atDone, index);
		if (status === okay) pending.statuses[index] = blkif.responseOkay;
		else if (status === notSupported) pending.statuses[index] = blkif.responseNotSupported;
		else pending.statuses[index] = blkif.responseError;
		const mapped = pending.mapped[index];
		if (mapped > 0) kernel.step(this.#unmap, index, mapped * this.#perUnmap);
		else kernel.step(this.#respond, index);
	}

	#unmapSegments(index: number): void {
		const {pending, kernel} = this;
		const base = index * blkif.maximumSegments;
		for (let i = 0; i < pending.mapped[index]; i++) {
			const handle = pending.handles[base + i];
			if (handle < 0) continue;
			const status = kernel.unmapGrant(handle);
			assert(status === 0, 'a handle is unmapped once');
			pending.handles[base + i] = -1;
			this.grantsMapped--;
		}

		pending.mapped[index] = 0;
		kernel.step(this.#respond, index);
	}

	/** Writes and publishes a response, under one lock in Linux and so one step here; then notifies if that was asked for. */
	#putResponse(index: number): void {
		const {pending, kernel, options} = this;
		const {ring} = this;
		const status = pending.statuses[index];
		if (status !== blkif.responseOkay) this.errors++;
		if (ring === null) {
			this.#free(index);
			return;
		}

		const copy = pending.copies[index];
		const slot = ring.slot(ring.responseProducer);
		const entry = ring.nextResponse();
		blkif.writeResponse(ring.words, entry, copy[2], copy[3], blkif.requestOperation(copy), status);
		options.hash?.words(ring.words, entry, 3);
		kernel.trace.hop(kernel.now(), pending.identities[index], this.#atRespond, slot);
		if (ring.pushResponses()) {
			this.notifying = true;
			kernel.step(this.#notify, index);
		} else {
			this.#free(index);
		}
	}

	#free(index: number): void {
		this.pending.release(index);
		this.#intake.freed();
		if (this.#closing) this.#finishClosing();
	}

	#mapRing(reference: number): void {
		const problem = this.#channel.map(reference);
		if (problem !== '') {
			this.#connected(problem);
			return;
		}

		this.#closing = false;
		this.#intake.open();
		this.kernel.step(this.#bind);
	}

	/** The new port is pending at once, so that requests already on the ring are found. */
	#bindPort(): void {
		this.#connected(this.#channel.bind(this.#remotePort, this.#intake.interrupt, this.options.vcpu));
	}

	/** Closing waits until the device has let go of every request. */
	#finishClosing(): void {
		if (this.pending.inUse === 0) this.kernel.step(this.#disconnect);
	}

	#unmapRing(): void {
		this.#channel.close();
		this.#intake.looking = false;
		if (this.#closing) {
			this.#closing = false;
			this.#disconnected();
		}
	}
}
