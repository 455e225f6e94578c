/**
blkback: serves one virtual disk. Takes requests off the ring, copies each slot once and validates the copy, maps the guest's
pages, hands them to a block device, and answers in whatever order it completes. Checks, counters and messages after Linux's
xen-blkback (blkback.c, dispatch_rw_block_io); the ring after Xen's public io/ring.h. The xenbus side is in blkback-xenbus.ts.
*/
import {assert} from '../../engine/assert.js';
import type {FaultPoint} from '../../engine/fault-points.js';
import type {StateHash} from '../../engine/state-hash.js';
import type {Step} from '../../engine/step.js';
import * as blkif from '../channel/blkif.js';
import type {ChannelEnd} from '../channel/channel-end.js';
import {BackRing} from '../channel/ring.js';
import type {RingIdentities} from '../channel/ring-identities.js';
import {
	type BlockDevice,
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
import {PendingRequests} from './blkback-pending.js';
import {BlkbackXenbus} from './blkback-xenbus.js';

export const blkbackCosts = {
	interrupt: {name: 'blkback.interrupt', ns: 200, source: "knob: the handler wakes the ring's thread"},
	take: {name: 'blkback.take', ns: 250, source: 'knob: thread switch share, 112 bytes copied from the shared page'},
	validate: {name: 'blkback.validate', ns: 150, source: 'knob: checks of the copy'},
	map: {name: 'blkback.map', ns: 300, source: 'knob: GNTTABOP_map_grant_ref, one hypercall a request'},
	mapSegment: {
		name: 'blkback.map_segment',
		ns: 350,
		source: 'knob: per segment, grant entry pinned, page and IOMMU entry set',
	},
	submit: {name: 'blkback.submit', ns: 400, source: 'knob: bio built and sent through the block layer'},
	unmap: {name: 'blkback.unmap', ns: 300, source: 'knob: GNTTABOP_unmap_grant_ref, one hypercall a request'},
	unmapSegment: {
		name: 'blkback.unmap_segment',
		ns: 450,
		source: 'knob: per segment, with its share of the IOTLB flush',
	},
	respond: {name: 'blkback.respond', ns: 200, source: 'knob: 16 bytes written and published'},
	notify: {
		name: 'blkback.notify',
		ns: 300,
		source: "knob: EVTCHNOP_send, 0.3 to 1 microseconds in the Xen papers' era",
	},
	arm: {name: 'blkback.arm', ns: 50, source: 'knob: one store and a barrier'},
	recheck: {name: 'blkback.recheck', ns: 50, source: 'knob: one load of a shared cache line'},
	connect: {name: 'blkback.connect', ns: 3000, source: 'knob: GNTTABOP_map_grant_ref of the ring page'},
	bind: {name: 'blkback.bind', ns: 1000, source: 'knob: EVTCHNOP_bind_interdomain'},
	disconnect: {name: 'blkback.disconnect', ns: 3000, source: 'knob: port closed, ring page unmapped'},
} satisfies Record<string, Cost>;

/** How long the ring's thread sleeps after an operation that no frontend should send. */
const badOperationPause = 1_000_000;

export interface BlkbackOptions {
	/** Domain of the frontend. */
	readonly frontend: number;
	readonly virtualDevice: number;
	/** The channel's name for traces, `web.xvda`. */
	readonly channel: string;
	/** What the disk really is, usually a Volume. */
	readonly device: BlockDevice;
	readonly readonly?: boolean;
	/** vCPU that the event channel and the ring's work are bound to. */
	readonly vcpu?: number;
	readonly identities: RingIdentities;
	/** Requests that may be under way at once; Linux has 32 for a one-page ring. */
	readonly pendingRequests?: number;
	readonly hash?: StateHash;
	/** Asked before every store of a ring index by this end. */
	readonly ringWrites?: FaultPoint;
}

export class Blkback implements ChannelEnd {
	readonly name: string;
	readonly xenbus: BlkbackXenbus;
	readonly pending: PendingRequests;
	looking = false;
	notifying = false;
	port = -1;
	/** True once the frontend's indices were impossible: this ring is not processed again. */
	halted = false;
	/** The counters of /sys/bus/xen-backend/devices/vbd-*: statistics; sectors of 512 bytes. */
	outOfRequests = 0;
	readRequests = 0;
	writeRequests = 0;
	flushRequests = 0;
	readSectors = 0;
	writeSectors = 0;
	/** Requests answered with BLKIF_RSP_ERROR or _EOPNOTSUPP. */
	errors = 0;
	/** Segments mapped at this instant. */
	grantsMapped = 0;

	#ring: BackRing | null = null;
	#ringHandle = -1;
	#closing = false;
	#starving = false;
	/** The pending request that the device had no room for, -1 when none waits. */
	#refused = -1;
	#readonly: boolean;
	#pushesBefore = 0;
	#notificationsBefore = 0;
	#remotePort = -1;
	#connected: (problem: string) => void = () => {};
	#disconnected: () => void = () => {};

	readonly #interrupt: Step;
	readonly #take: Step;
	readonly #validate: Step;
	readonly #map: Step;
	readonly #submit: Step;
	readonly #unmap: Step;
	readonly #respond: Step;
	readonly #notify: Step;
	readonly #arm: Step;
	readonly #recheck: Step;
	readonly #connect: Step;
	readonly #bind: Step;
	readonly #disconnect: Step;
	readonly #room: () => void;
	readonly #perMap: number;
	readonly #perUnmap: number;
	readonly #atTake: number;
	readonly #atMap: number;
	readonly #atSubmit: number;
	readonly #atDone: number;
	readonly #atRespond: number;
	readonly #logicalMask: number;

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
		this.#logicalMask = limits.logicalBlock / sectorBytes - 1;
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
				this.#finishClosing();
			},
			log: (text) => kernel.log('error', `${this.name}: ${text}`),
		});
		const define = (what: string, cost: Cost, run: (argument: number) => void) =>
			kernel.define(`${this.name} ${what}`, cost, run);
		const hypercall = (what: string, cost: Cost, run: (argument: number) => void) =>
			kernel.hypercall(`${this.name} ${what}`, cost, run);
		this.#interrupt = define('interrupt', blkbackCosts.interrupt, () => this.#wakeUp());
		this.#take = define('take', blkbackCosts.take, () => this.#takeRequest());
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
		this.#arm = define('arm', blkbackCosts.arm, () => this.#armEvent());
		this.#recheck = define('recheck', blkbackCosts.recheck, () => this.#checkAgain());
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
		this.#atTake = trace.point(`${channel} blkback`);
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
		return this.#ring;
	}

	get waiting(): number {
		return this.#ring === null || this.halted ? 0 : this.#ring.unconsumedRequests;
	}

	/** Publications of responses since the start, and those of them the frontend was notified of. */
	get pushes(): number {
		return this.#pushesBefore + (this.#ring?.pushes ?? 0);
	}

	get notifications(): number {
		return this.#notificationsBefore + (this.#ring?.notifications ?? 0);
	}

	/** Looks at the ring as if an event had come: the operator's kick. The caller is inside no step. */
	kick(): void {
		this.kernel.task(this.#interrupt, 0, this.options.vcpu);
	}

	#wakeUp(): void {
		if (!this.looking && this.#ring !== null && !this.halted) {
			this.looking = true;
			this.kernel.task(this.#take, 0, this.options.vcpu);
		}
	}

	/** Takes one request: copies its slot once. Without one, arms the event and goes to sleep. */
	#takeRequest(): void {
		const ring = this.#ring;
		if (ring === null || this.#closing || this.halted) {
			this.looking = false;
			return;
		}

		if (ring.requestsOverflow) {
			this.#halt(ring);
			return;
		}

		if (ring.unconsumedRequests === 0 || ring.consumerOverflow) {
			if (ring.requestEventArmed) this.looking = false;
			else this.kernel.step(this.#arm);
			return;
		}

		const {pending, options, kernel} = this;
		if (pending.free === 0) {
			// Stays awake: the next request to be freed goes on from here.
			this.outOfRequests++;
			this.#starving = true;
			return;
		}

		const index = pending.take();
		const slot = ring.slot(ring.requestConsumer);
		blkif.copyRequest(ring.words, ring.nextRequest(), pending.copies[index]);
		const identity = options.identities.slots[slot];
		pending.identities[index] = identity;
		kernel.trace.hop(kernel.now(), identity, this.#atTake, slot);
		kernel.step(this.#validate, index);
	}

	/** The next request, or to sleep. */
	#next(): void {
		const ring = this.#ring;
		this.kernel.step(ring !== null && ring.unconsumedRequests > 0 ? this.#take : this.#arm);
	}

	#armEvent(): void {
		if (this.#ring === null) {
			this.looking = false;
			return;
		}

		this.#ring.armRequestEvent();
		this.kernel.step(this.#recheck);
	}

	#checkAgain(): void {
		if (this.#ring !== null && this.#ring.unconsumedRequests > 0) this.kernel.step(this.#take);
		else this.looking = false;
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
				this.#next();
				return;
			default:
				pending.statuses[index] = blkif.responseError;
				kernel.step(this.#respond, index);
				kernel.timer(badOperationPause, this.#take);
				return;
		}

		if (!this.#isValid(copy, request)) {
			pending.statuses[index] = blkif.responseError;
			kernel.step(this.#respond, index);
			this.#next();
			return;
		}

		const {segments} = request;
		if (segments === 0) kernel.step(this.#submit, index);
		else kernel.step(this.#map, index, segments * this.#perMap);
	}

	#isValid(copy: Int32Array, request: BlockRequest): boolean {
		const segments = blkif.requestSegmentCount(copy);
		const flush = request.operation === flushOperation;
		request.segments = segments;
		if (flush ? segments !== 0 : segments === 0 || segments > blkif.maximumSegments) {
			return false;
		}

		let sectors = 0;
		for (let i = 0; i < segments; i++) {
			const first = blkif.segmentFirst(copy, i);
			const last = blkif.segmentLast(copy, i);
			if (last >= blkif.sectorsPerPage || last < first) {
				return false;
			}

			request.offsets[i] = first * sectorBytes;
			request.lengths[i] = (last - first + 1) * sectorBytes;
			sectors += last - first + 1;
		}

		const sector = blkif.requestSector(copy);
		request.sector = flush ? 0 : sector;
		if (request.operation !== readOperation && this.#readonly) {
			this.#deny(sector, sectors);
			return false;
		}

		if (sectors > 0 && sector + sectors > this.options.device.limits.sectors) {
			this.#deny(sector, sectors);
			return false;
		}

		const mask = this.#logicalMask;
		if (mask !== 0) {
			let misaligned = sector % (mask + 1);
			for (let i = 0; i < segments; i++) {
				misaligned |= (request.lengths[i] / sectorBytes) & mask;
			}

			if (misaligned !== 0) {
				this.kernel.log('debug', `${this.name}: misaligned I/O request from domain ${this.options.frontend}`);
				return false;
			}
		}

		return true;
	}

	#deny(sector: number, sectors: number): void {
		const device = this.options.virtualDevice.toString(16).padStart(4, '0');
		this.kernel.log('debug', `${this.name}: access denied: [${sector},${sector + sectors}] on dev=${device}`);
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
			this.#next();
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
		this.#next();
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
		const ring = this.#ring;
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
		if (this.#starving) {
			this.#starving = false;
			this.kernel.task(this.#take, 0, this.options.vcpu);
		}

		if (this.#closing) this.#finishClosing();
	}

	#halt(ring: BackRing): void {
		const device = this.options.virtualDevice.toString(16).padStart(4, '0');
		const produced = ring.words[0] >>> 0;
		const answered = ring.responseProducer >>> 0;
		this.kernel.log(
			'error',
			`${this.name}: impossible number of ring requests (${produced} - ${answered} = ${(produced - answered) >>> 0}): ` +
				`halting ring processing on dev=${device}`,
		);
		this.halted = true;
		this.looking = false;
		this.kernel.maskPort(this.port);
	}

	#mapRing(reference: number): void {
		const {kernel, options} = this;
		const handle = kernel.mapGrant(options.frontend, reference, false, false);
		if (handle < 0) {
			this.#connected(`mapping ring-ref ${reference}: ${handle}`);
			return;
		}

		const words = kernel.words(kernel.mappedPage(handle));
		const ring = new BackRing(words, blkif.entryBytes, {hash: options.hash, writes: options.ringWrites});
		this.#ringHandle = handle;
		if (!ring.attachShared()) {
			kernel.unmapGrant(handle);
			this.#ringHandle = -1;
			this.#connected('the shared indices are impossible');
			return;
		}

		this.#ring = ring;
		this.#closing = false;
		this.halted = false;
		kernel.step(this.#bind);
	}

	/** The new port is pending at once, so that requests already on the ring are found. */
	#bindPort(): void {
		const {kernel, options} = this;
		const port = kernel.bindInterdomain(options.frontend, this.#remotePort, this.#interrupt, 0, options.vcpu);
		if (port < 0) {
			this.#unmapRing();
			this.#connected(`binding event-channel ${this.#remotePort}: ${port}`);
			return;
		}

		this.port = port;
		this.#connected('');
	}

	/** Closing waits until the device has let go of every request. */
	#finishClosing(): void {
		if (this.pending.inUse === 0) this.kernel.step(this.#disconnect);
	}

	#unmapRing(): void {
		const {kernel} = this;
		const ring = this.#ring;
		if (this.port >= 0) kernel.closePort(this.port);
		this.port = -1;
		if (ring !== null) {
			this.#pushesBefore += ring.pushes;
			this.#notificationsBefore += ring.notifications;
			kernel.unmapGrant(this.#ringHandle);
		}

		this.#ring = null;
		this.#ringHandle = -1;
		this.looking = false;
		if (this.#closing) {
			this.#closing = false;
			this.#disconnected();
		}
	}
}
