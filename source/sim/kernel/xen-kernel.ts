/**
The kernel that the hypervisor must contain when native drivers and backends live in it, as in Xen 1.0 (whose tree carries Linux's drivers
and the services they call). Steps run in Xen on a physical CPU ahead of any vCPU and are booked to Xen; interrupts reach the handler
directly; every frame is within reach, but only Xen's own and those pinned for it are used; `panic()` is the whole host's.
*/
import {assert} from '../../engine/assert.js';
import type {Severity} from '../../engine/log.js';
import {type Owner, Step} from '../../engine/step.js';
import type {Trace} from '../../engine/trace.js';
import {frameBytes, type Memory} from '../../hw/memory.js';
import {DOMID_XEN} from '../xen/domid.js';
import type {Hypervisor} from '../xen/hypervisor.js';
import type {BoundInterrupt, DeviceKernel} from './assigned-device.js';
import type {Cost} from './cost.js';
import {type Direction, type DmaMemory, HostPanic, type Page} from './kernel.js';

/** A page that Xen and a domain both reach. */
export interface SharedPage {
	readonly frame: number;
	readonly words: Int32Array;
}

export class XenKernel implements DeviceKernel, Owner {
	alive = true;
	readonly name = 'Xen';
	readonly domid = DOMID_XEN;
	readonly trace: Trace;
	/** Frames of domains pinned now, each as often as it is. */
	pinned = 0;
	private readonly memory: Memory;
	/** Xen's own pages that nobody uses, a stack. */
	private readonly free: Page[] = [];
	private readonly timers = new Map<Step, Step>();

	constructor(private readonly xen: Hypervisor) {
		this.trace = xen.engine.trace;
		this.memory = xen.machine.memory;
		xen.frames.addDomain(DOMID_XEN);
	}

	now(): number {
		return this.xen.engine.now;
	}

	define(name: string, cost: Cost, run: (argument: number) => void): Step {
		return new Step(name, this, this.xen.ns(cost), true, run);
	}

	step(step: Step, argument = 0, extraNanoseconds = 0): void {
		const cpu = this.xen.cpus.executing;
		assert(cpu !== null && cpu.chain === cpu.xenChain, "Xen's own steps are asked for inside steps of Xen's own");
		cpu.xenChain.push(step, argument, extraNanoseconds);
	}

	/**
	A new chain, on the physical CPU of that number, else on the one whose step asks for it (Xen 1.0's softirqs). This is also how a
	hypercall, a step of the calling domain's, leaves work to Xen itself.
	*/
	task(step: Step, argument = 0, cpu = -1): void {
		const {all, executing} = this.xen.cpus;
		const on = cpu >= 0 ? all[cpu % all.length] : (executing ?? all[0]);
		on.raise(step, argument);
	}

	timer(nanoseconds: number, step: Step, argument = 0): number {
		let due = this.timers.get(step);
		if (due === undefined) {
			due = new Step(`timer of ${step.name}`, this, 0, true, (value) => this.task(step, value));
			this.timers.set(step, due);
		}

		return this.xen.engine.after(nanoseconds, due, argument);
	}

	cancelTimer(timer: number): void {
		this.xen.engine.cancel(timer);
	}

	page(): Page {
		const page = this.free.pop() ?? this.xen.frames.allocate(DOMID_XEN);
		if (page < 0) {
			this.panic('out of memory');
		}

		this.memory.words(page).fill(0);
		return page;
	}

	releasePage(page: Page): void {
		assert(this.xen.frames.ownerOf(page) === DOMID_XEN, 'Xen releases pages of its own');
		this.free.push(page);
	}

	bytes(page: Page): Buffer {
		this.checkReach(page);
		return this.memory.bytes(page);
	}

	words(page: Page): Int32Array {
		this.checkReach(page);
		return this.memory.words(page);
	}

	dmaMemory(bytes: number, alignment = frameBytes, limit = this.memory.size): DmaMemory {
		const count = Math.ceil(bytes / frameBytes);
		assert(count >= 1 && count <= 32, 'DMA memory is at most 128 KiB');
		assert(alignment >= frameBytes && alignment % frameBytes === 0, 'alignment is whole pages');
		const most = Math.floor(limit / frameBytes);
		const first = this.xen.frames.allocateContiguous(DOMID_XEN, count, alignment / frameBytes, most);
		if (first < 0) {
			this.panic(`no ${count} contiguous pages for DMA`);
		}

		return {address: first * frameBytes, bytes: count * frameBytes, words: this.memory.span(first, count)};
	}

	/** Of Xen's own pages and of domains' pinned ones: a device address is a machine address. */
	dmaAddress(page: Page, _direction: Direction): number {
		this.checkReach(page);
		return page * frameBytes;
	}

	/**
	Pins a frame that `domid` names in a request: it stays the domain's, and is not free before `unpin`, whatever the domain does.
	Xen's devices may reach it meanwhile, and write it when `writable`.
	@returns false, and nothing done, when the frame is not the domain's own (or not memory at all).
	*/
	pin(domid: number, frame: number, writable: boolean): boolean {
		const {frames, assignment} = this.xen;
		if (!frames.isOwn(domid, frame)) {
			return false;
		}

		frames.reference(frame, writable);
		assignment.contextOf(DOMID_XEN)?.enter(frame, writable);
		this.pinned++;
		return true;
	}

	unpin(frame: number, writable: boolean): void {
		this.xen.assignment.contextOf(DOMID_XEN)?.remove(frame, writable);
		this.xen.frames.dereference(frame, writable);
		this.pinned--;
	}

	/** Whether a frame is the domain's own and nobody uses it beside the domain itself. */
	isExclusive(domid: number, frame: number): boolean {
		const {frames} = this.xen;
		return frames.isOwn(domid, frame) && frames.isPlain(frame);
	}

	/** A page of Xen's that it shares with a domain, zeroed: where a ring of the domain's lies. It goes when the domain does. */
	sharedPage(domid: number): SharedPage {
		const frame = this.xen.frames.allocateShared(domid);
		if (frame < 0) {
			this.panic('out of memory');
		}

		return {frame, words: this.memory.words(frame)};
	}

	/** A page flip: the domain gets Xen's page `own` for its frame `theirs`, which becomes a page of Xen's. */
	flip(own: Page, theirs: number): void {
		assert(this.xen.frames.ownerOf(own) === DOMID_XEN, 'Xen flips pages of its own');
		this.xen.frames.exchange(own, theirs);
	}

	/** The handler follows the interrupt's entry in the same chain of Xen's, on the CPU it is routed to. */
	bindInterrupt(_pirq: number, handler: Step, argument: number): BoundInterrupt {
		const {vector: systemVector, cpu} = this.xen.bindOwnVector(handler, argument);
		return {cpu, systemVector, unbind: () => {}};
	}

	log(severity: Severity, text: string): void {
		this.xen.engine.log.add(this.xen.engine.now, this.name, severity, 'kernel', text);
	}

	panic(reason: string): never {
		throw new HostPanic(reason);
	}

	/** The hypervisor has crashed: no CPU runs anything any more. Domains' kernels are ended by whoever ends the host. */
	die(): void {
		this.alive = false;
		this.xen.halt();
	}

	/** Xen maps all memory, and uses its own frames and those pinned. */
	private checkReach(page: Page): void {
		const {frames} = this.xen;
		assert(
			frames.ownerOf(page) === DOMID_XEN || frames.references(page) > 0,
			'Xen reaches frames that are its own or pinned',
		);
	}
}
