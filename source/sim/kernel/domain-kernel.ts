/**
The kernel of a domain: steps run on the domain's vCPUs and so wait for the scheduler; interrupts arrive as event channels;
`panic()` kills this domain and nobody else. Models what Linux offers drivers and xenbus code under Xen.
*/
import {assert} from '../../engine/assert.js';
import type {Severity} from '../../engine/log.js';
import {type Owner, Step} from '../../engine/step.js';
import type {Trace} from '../../engine/trace.js';
import {frameBytes, type Memory} from '../../hw/memory.js';
import type {Domain} from '../xen/domain.js';
import {GNTMAP_device_map, GNTMAP_host_map, GNTMAP_readonly} from '../xen/grant-table.js';
import {GuestGrantTable} from '../xen/guest-grant-table.js';
import type {Hypervisor} from '../xen/hypervisor.js';
import type {BoundInterrupt, DeviceKernel} from './assigned-device.js';
import type {Cost} from './cost.js';
import {
	type Direction,
	type DmaMemory,
	type GrantStatus,
	type GuestKernel,
	type Page,
	Panic,
	type StoreClient,
} from './kernel.js';

export const domainKernelCosts = {
	upcall: {name: 'kernel.upcall', ns: 500, source: 'knob: evtchn_do_upcall: scan of selector and pending words'},
} satisfies Record<string, Cost>;

export class DomainKernel implements GuestKernel, DeviceKernel, Owner {
	alive = true;
	readonly name: string;
	readonly domid: number;
	readonly trace: Trace;
	readonly grants: GuestGrantTable;
	private storeClient: StoreClient | undefined;
	private readonly memory: Memory;
	/** Free pages of the domain, a stack. */
	private readonly pages: Int32Array;
	private pageCount = 0;
	private readonly handlers: (Step | undefined)[] = [];
	private readonly handlerArguments: number[] = [];
	private readonly timers = new Map<Step, Step>();
	private readonly upcallPending: boolean[];
	private readonly upcallStep: Step;

	constructor(
		private readonly xen: Hypervisor,
		readonly domain: Domain,
		frames: number,
	) {
		this.name = domain.name;
		this.domid = domain.id;
		this.trace = xen.engine.trace;
		this.memory = xen.machine.memory;
		this.pages = new Int32Array(frames);
		const populated = xen.frames.populate(domain.id, this.pages);
		assert(populated === 0, 'memory was checked before the domain was created');
		// A stack: the lowest page is handed out first.
		this.pages.reverse();
		this.pageCount = frames;
		this.grants = new GuestGrantTable((index) => {
			const grown = index === 0 ? 0 : xen.grants.grow(this.domid);
			return grown < 0 ? null : this.memory.words(xen.grants.grantFrames(this.domid)[index]);
		});
		this.upcallPending = domain.vcpus.map(() => false);
		const deliver = (port: number) => {
			const handler = this.handlers[port];
			if (handler !== undefined) {
				this.step(handler, this.handlerArguments[port]);
			}
		};
		this.upcallStep = this.define('upcall', domainKernelCosts.upcall, (vcpu) => {
			this.upcallPending[vcpu] = false;
			xen.events.takePending(this.domid, vcpu, deliver);
		});
		xen.upcalls.set(this.domid, (vcpu) => {
			if (this.alive && !this.upcallPending[vcpu]) {
				this.upcallPending[vcpu] = true;
				xen.cpus.interrupt(domain.vcpus[vcpu], this.upcallStep, vcpu);
			}
		});
	}

	now(): number {
		return this.xen.engine.now;
	}

	define(name: string, cost: Cost, run: (argument: number) => void): Step {
		return new Step(name, this, this.xen.ns(cost), false, run);
	}

	hypercall(name: string, cost: Cost, run: (argument: number) => void): Step {
		const domain = this.domain;
		return new Step(name, this, this.xen.ns(cost), true, (argument) => {
			domain.hypercalls++;
			run(argument);
		});
	}

	step(step: Step, argument = 0, extraNanoseconds = 0): void {
		this.xen.cpus.chain.push(step, argument, extraNanoseconds);
	}

	task(step: Step, argument = 0, vcpu = 0): void {
		this.xen.cpus.task(this.domain.vcpus[vcpu], step, argument);
	}

	timer(nanoseconds: number, step: Step, argument = 0): number {
		let due = this.timers.get(step);
		if (due === undefined) {
			due = new Step(`timer of ${step.name}`, this, 0, false, (value) => this.task(step, value));
			this.timers.set(step, due);
		}

		return this.xen.engine.after(nanoseconds, due, argument);
	}

	cancelTimer(timer: number): void {
		this.xen.engine.cancel(timer);
	}

	page(): Page {
		if (this.pageCount === 0) {
			this.panic('out of memory');
		}

		const page = this.pages[--this.pageCount];
		this.memory.words(page).fill(0);
		return page;
	}

	releasePage(page: Page): void {
		assert(this.xen.frames.ownerOf(page) === this.domid, 'a domain releases pages of its own');
		this.pages[this.pageCount++] = page;
	}

	bytes(page: Page): Buffer {
		this.checkReach(page);
		return this.memory.bytes(page);
	}

	words(page: Page): Int32Array {
		this.checkReach(page);
		return this.memory.words(page);
	}

	/** XENMEM_exchange: ordinary pages go back, as many neighbouring ones come. */
	dmaMemory(bytes: number, alignment = frameBytes, limit = this.memory.size): DmaMemory {
		const count = Math.ceil(bytes / frameBytes);
		assert(count >= 1 && count <= 32, 'DMA memory is at most 128 KiB');
		assert(alignment >= frameBytes && alignment % frameBytes === 0, 'alignment is whole pages');
		if (this.pageCount < count) {
			this.panic('out of memory');
		}

		for (let i = 0; i < count; i++) {
			this.xen.frames.free(this.pages[--this.pageCount]);
		}

		const step = alignment / frameBytes;
		const first = this.xen.frames.allocateContiguous(this.domid, count, step, Math.floor(limit / frameBytes));
		if (first < 0) {
			this.panic(`no ${count} contiguous pages for DMA`);
		}

		return {address: first * frameBytes, bytes: count * frameBytes, words: this.memory.span(first, count)};
	}

	dmaAddress(page: Page, _direction: Direction): number {
		return page * frameBytes;
	}

	log(severity: Severity, text: string): void {
		this.xen.engine.log.add(this.xen.engine.now, this.name, severity, 'kernel', text);
	}

	panic(reason: string): never {
		throw new Panic(reason);
	}

	grant(domid: number, page: Page, readonly: boolean): number {
		return this.grants.grant(domid, page, readonly);
	}

	endGrant(reference: number): boolean {
		return this.grants.end(reference);
	}

	mapGrant(domid: number, reference: number, readonly: boolean, device: boolean): number {
		const flags = GNTMAP_host_map | (readonly ? GNTMAP_readonly : 0) | (device ? GNTMAP_device_map : 0);
		return this.xen.grants.map(this.domid, domid, reference, flags);
	}

	mappedPage(handle: number): Page {
		return this.xen.grants.mappedFrame(this.domid, handle);
	}

	unmapGrant(handle: number): GrantStatus {
		return this.xen.grants.unmap(this.domid, handle);
	}

	copyGrant(
		domid: number,
		reference: number,
		offset: number,
		page: Page,
		pageOffset: number,
		bytes: number,
		into: boolean,
	): GrantStatus {
		return this.xen.grants.copy(this.domid, domid, reference, offset, page, pageOffset, bytes, into);
	}

	allocUnbound(remote: number, handler: Step, argument = 0, vcpu = 0): number {
		const port = this.xen.events.allocUnbound(this.domid, remote, vcpu);
		return this.handle(port, handler, argument);
	}

	bindInterdomain(remote: number, remotePort: number, handler: Step, argument = 0, vcpu = 0): number {
		const port = this.xen.events.bindInterdomain(this.domid, remote, remotePort, vcpu);
		return this.handle(port, handler, argument);
	}

	notify(port: number): void {
		this.xen.events.send(this.domid, port);
	}

	closePort(port: number): void {
		this.xen.events.close(this.domid, port);
		this.handlers[port] = undefined;
	}

	maskPort(port: number): void {
		this.xen.events.mask(this.domid, port);
	}

	unmaskPort(port: number): void {
		this.xen.events.unmask(this.domid, port);
	}

	get store(): StoreClient {
		assert(this.storeClient !== undefined, `${this.name} is connected to xenstored`);
		return this.storeClient;
	}

	connectStore(store: StoreClient): void {
		this.storeClient = store;
	}

	/** The handler of a port bound for this domain by other means (a physical interrupt, XenStore's channel). */
	handlePort(port: number, handler: Step, argument: number): void {
		this.handle(port, handler, argument);
	}

	/** A physical interrupt of a device of this domain's: Xen sends it as an event. */
	bindInterrupt(pirq: number, handler: Step, argument: number): BoundInterrupt | number {
		const port = this.xen.events.bindPirq(this.domid, pirq);
		if (port < 0) {
			return port;
		}

		this.handle(port, handler, argument);
		const {vector: systemVector, cpu} = this.xen.bindVector(this.domid, pirq);
		return {cpu, systemVector, unbind: () => this.closePort(port)};
	}

	/** Has an event of this port been taken from the shared page whose handler has not run yet? For checks. */
	isHandling(port: number): boolean {
		const handler = this.handlers[port];
		return handler !== undefined && this.xen.cpus.isPending(this.domain, handler);
	}

	/** Nothing of this kernel runs from now on. */
	die(): void {
		this.alive = false;
		this.xen.upcalls.delete(this.domid);
	}

	/** No frame is reached without ownership or a grant. */
	private checkReach(page: Page): void {
		if (this.xen.frames.ownerOf(page) !== this.domid) {
			assert(this.xen.grants.isMapped(this.domid, page, false), `${this.name} reaches pages it owns or has mapped`);
		}
	}

	private handle(port: number, handler: Step, argument: number): number {
		if (port >= 0) {
			this.handlers[port] = handler;
			this.handlerArguments[port] = argument;
		}

		return port;
	}
}
