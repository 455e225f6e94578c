/**
The block backend of Xen 1.0, in the hypervisor. A domain's hypercall puts it on a list; a tasklet takes at most 16 requests of a domain, then
goes to the next; of all domains together at most 64 are under way. Every page a request names is checked to be the domain's and pinned;
a disk is a list of extents of a real one. After xen/drivers/block/xen_block.c: its limits, its order of checks, its statuses.
*/
import type {Step} from '../../engine/step.js';
import * as vbd1 from '../channel/vbd1.js';
import {okay, readOperation, sectorBytes} from '../kernel/block-device.js';
import type {Cost} from '../kernel/cost.js';
import type {XenKernel} from '../kernel/xen-kernel.js';
import type {EventBits} from '../xen/event-bits.js';
import {eventBlkdev} from '../xen/shared-info1.js';
import {BlockClient, type BlockClientOptions, type VirtualDisk} from './xen1-vbd-client.js';
import {vbd1BackCosts} from './xen1-vbd-costs.js';
import {Xen1Pending} from './xen1-vbd-pending.js';

/** MAX_PENDING_REQS, and BATCH_PER_DOMAIN. */
export const pendingLimit = 64;
export const batchPerDomain = 16;

export class Xen1BlockBackend {
	readonly pending: Xen1Pending;
	readonly clients = new Map<number, BlockClient>();
	/** Domains' turns, and requests found to be none that can be done. */
	rounds = 0;
	refused = 0;
	/** Domains whose turn is to come, and the one whose turn it is with what it may still take. */
	private readonly list: BlockClient[] = [];
	private current: BlockClient | null = null;
	private budget = 0;
	/** The tasklet is asked for or at work. */
	private scheduled = false;
	/** The pending request that the device had no room for, -1 when none waits. */
	private waiting = -1;
	private readonly round: Step;
	private readonly take: Step;
	private readonly validate: Step;
	private readonly pin: Step;
	private readonly submit: Step;
	private readonly unpin: Step;
	private readonly respond: Step;
	private readonly event: Step;
	private readonly room: () => void;
	private readonly perPin: number;
	private readonly perUnpin: number;

	constructor(
		private readonly kernel: XenKernel,
		private readonly bits: EventBits,
	) {
		const define = (what: string, cost: Cost, run: (argument: number) => void) =>
			kernel.define(`block ${what}`, cost, run);
		this.pending = new Xen1Pending(kernel, pendingLimit, (request, status) => this.done(request.tag, status));
		this.round = define('round', vbd1BackCosts.round, () => this.nextDomain());
		this.take = define('take', vbd1BackCosts.take, () => this.takeRequest());
		this.validate = define('validate', vbd1BackCosts.validate, (index) => this.check(index));
		this.pin = define('pin', vbd1BackCosts.pin, (index) => this.pinPages(index));
		this.submit = define('submit', vbd1BackCosts.submit, (index) => this.hand(index));
		this.unpin = define('unpin', vbd1BackCosts.unpin, (index) => this.unpinPages(index));
		this.respond = define('respond', vbd1BackCosts.respond, (index) => this.answer(index));
		this.event = define('event', vbd1BackCosts.event, (domid) => this.tell(domid));
		this.perPin = define('per page pinned', vbd1BackCosts.pin, () => {}).cost;
		this.perUnpin = define('per page unpinned', vbd1BackCosts.unpin, () => {}).cost;
		this.room = () => {
			const index = this.waiting;
			this.waiting = -1;
			if (index >= 0) kernel.task(this.submit, index);
		};
	}

	/** A domain gets its ring, in a page that Xen shares with it (start_info.blk_ring). */
	attach(options: BlockClientOptions): BlockClient {
		const {trace} = this.kernel;
		const {domid, name} = options;
		const point = (where: string) => trace.point(`${name}.blk ${where}`);
		const client = new BlockClient(this.kernel.sharedPage(domid), options, {
			taken: point('taken'),
			pinned: point('pinned'),
			device: point('device'),
			answered: point('response'),
		});
		this.clients.set(domid, client);
		return client;
	}

	/** The domain is gone. Its pages stay pinned until the device is done with them. */
	detach(domid: number): void {
		const client = this.clients.get(domid);
		if (client !== undefined) client.ring = null;
		this.clients.delete(domid);
	}

	/** XEN_BLOCK_SEG_CREATE: a virtual disk of a domain's, of the extents that `disk.device` maps. */
	createDisk(domid: number, device: number, disk: VirtualDisk): void {
		this.clients.get(domid)?.disks.set(device, disk);
	}

	/** XEN_BLOCK_SEG_DELETE. What is under way goes on. */
	deleteDisk(domid: number, device: number): void {
		this.clients.get(domid)?.disks.delete(device);
	}

	/** block_io_op, in the hypercall of a domain that has put requests on its ring. */
	blockIo(domid: number): void {
		const client = this.clients.get(domid);
		if (client === undefined || client.queued) return;
		client.queued = true;
		this.list.push(client);
		this.schedule();
	}

	private schedule(): void {
		if (this.scheduled) return;
		this.scheduled = true;
		this.kernel.task(this.round);
	}

	private nextDomain(): void {
		const client = this.pending.free === 0 ? undefined : this.list.shift();
		if (client === undefined) {
			this.scheduled = false;
			return;
		}

		this.rounds++;
		this.current = client;
		this.budget = batchPerDomain;
		this.kernel.step(this.take);
	}

	/** Takes one request: copies its slot once. Or ends the domain's turn. */
	private takeRequest(): void {
		const {kernel, pending} = this;
		const client = this.current;
		if (client === null) return;
		const {ring} = client;
		const more = ring?.hasRequest === true;
		if (ring === null || !more || this.budget === 0 || pending.free === 0) {
			client.queued = more;
			if (more) this.list.push(client);
			this.current = null;
			kernel.step(this.round);
			return;
		}

		this.budget--;
		const index = pending.take(client);
		const slot = ring.requestConsumer;
		vbd1.copyRequest(ring.words, ring.nextRequest(), pending.copies[index]);
		const identity = client.options.identities.slots[slot];
		pending.identities[index] = identity;
		kernel.trace.hop(kernel.now(), identity, client.points.taken, slot);
		kernel.step(this.validate, index);
	}

	private check(index: number): void {
		const {pending, kernel} = this;
		const client = pending.clients[index];
		if (client !== null && this.isPossible(client, index)) {
			kernel.step(this.pin, index, (pending.pages(index) - 1) * this.perPin);
			return;
		}

		this.refuse(index);
	}

	/** Looks at the private copy only. */
	private isPossible(client: BlockClient, index: number): boolean {
		const copy = this.pending.copies[index];
		const operation = vbd1.requestOperation(copy);
		const write = operation === vbd1.operationWrite;
		if (write) client.writeRequests++;
		else if (operation === vbd1.operationRead) client.readRequests++;
		else return false;
		const disk = client.disks.get(vbd1.requestDevice(copy));
		if (disk === undefined || vbd1.requestSegments(copy) > vbd1.maximumSegments) return false;
		const {limits} = disk.device;
		if (write && (disk.readonly || limits.readonly)) return false;
		const sectors = this.pending.sectors(index);
		const first = vbd1.requestSector(copy);
		const unit = limits.logicalBlock / sectorBytes;
		return sectors > 0 && first + sectors <= limits.sectors && first % unit === 0 && sectors % unit === 0;
	}

	private refuse(index: number): void {
		this.refused++;
		this.pending.statuses[index] = vbd1.statusBad;
		this.kernel.step(this.respond, index);
		this.kernel.step(this.take);
	}

	private pinPages(index: number): void {
		const {pending, kernel} = this;
		const client = pending.clients[index];
		if (client === null) return;
		if (!pending.pin(index, client.domid)) {
			kernel.log('debug', `block: ${client.name}: a buffer is not its own`);
			pending.unpin(index);
			this.refuse(index);
			return;
		}

		kernel.trace.hop(kernel.now(), pending.identities[index], client.points.pinned, index);
		kernel.step(this.submit, index);
	}

	/** Hands the next part to the device: the driver's steps come first, then, after the first part, the next look at the ring. */
	private hand(index: number): void {
		const {pending, kernel} = this;
		const client = pending.clients[index];
		const disk = client?.disks.get(vbd1.requestDevice(pending.copies[index]));
		const request = pending.requests[index];
		const first = pending.parts[index] === 0;
		if (client === null || disk === undefined) {
			// The disk was taken away since.
			this.end(index, vbd1.statusBad);
		} else {
			if (request.segments === 0) pending.fill(index, disk.device.limits);
			if (!disk.device.submit(request)) {
				this.waiting = index;
				disk.device.whenRoom(this.room);
				return;
			}

			pending.parts[index]++;
			if (request.operation === readOperation) client.readSectors += request.bytes / sectorBytes;
			else client.writeSectors += request.bytes / sectorBytes;
			kernel.trace.hop(kernel.now(), request.identity, client.points.device, index);
		}

		if (first) kernel.step(this.take);
	}

	/** The device is done with a part. Runs in a step of its driver, in Xen like this. */
	private done(index: number, status: number): void {
		const {pending, kernel} = this;
		const request = pending.requests[index];
		request.segments = 0;
		if (status !== okay) this.end(index, vbd1.statusError);
		else if (pending.handed[index] < pending.sectors(index)) kernel.step(this.submit, index);
		else this.end(index, vbd1.statusOkay);
	}

	private end(index: number, status: number): void {
		this.pending.statuses[index] = status;
		this.kernel.step(this.unpin, index, (this.pending.pinned[index] - 1) * this.perUnpin);
	}

	private unpinPages(index: number): void {
		this.pending.unpin(index);
		this.kernel.step(this.respond, index);
	}

	/** Writes and publishes a response; the event follows when this chain of Xen's is through, for all it has answered. */
	private answer(index: number): void {
		const {pending, kernel} = this;
		const client = pending.clients[index];
		const status = pending.statuses[index];
		if (client !== null && client.ring !== null) {
			const {ring, options} = client;
			const copy = pending.copies[index];
			const entry = ring.nextResponse();
			vbd1.writeResponse(ring.words, entry, copy[0], vbd1.requestOperation(copy), status);
			options.hash?.words(ring.words, entry, 3);
			ring.publishResponses();
			if (status !== vbd1.statusOkay) client.errors++;
			kernel.trace.hop(kernel.now(), pending.identities[index], client.points.answered, index);
			if (!client.notifying) {
				client.notifying = true;
				kernel.task(this.event, client.domid);
			}
		}

		pending.release(index);
		if (this.list.length > 0 && pending.inUse < pendingLimit / 2) this.schedule();
	}

	private tell(domid: number): void {
		const client = this.clients.get(domid);
		if (client === undefined) return;
		client.notifying = false;
		client.events++;
		this.bits.send(domid, eventBlkdev);
	}
}
