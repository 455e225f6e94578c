/**
What Xen 1.0 has for a domain's kernel beside CPU, memory and timers: its shared_info page and events, delivered as one upcall on the domain's
first vCPU (its guests had one). While the upcall works through the events the master enable is clear; it looks again after setting it. As
the guests of the time did (do_hypervisor_callback of XenoLinux).
*/
import type {Step} from '../../engine/step.js';
import type {EventBits} from '../xen/event-bits.js';
import type {Hypervisor} from '../xen/hypervisor.js';
import {SharedInfo1} from '../xen/shared-info1.js';
import type {Cost} from './cost.js';
import type {DomainKernel} from './domain-kernel.js';

export const xen1EventCosts = {
	upcall: {name: 'xen1.upcall', ns: 400, source: 'knob: callback entry, events exchanged for zero'},
	enable: {name: 'xen1.enable', ns: 50, source: 'knob: master enable set, a look at the events, return'},
} satisfies Record<string, Cost>;

const events = 31;

export class Xen1Events {
	readonly info: SharedInfo1;
	/** Upcalls taken. */
	upcalls = 0;
	private readonly handlers: Step[][] = Array.from({length: events}, () => []);
	private readonly upcall: Step;
	private readonly enable: Step;
	/** The upcall is asked for and has not begun. */
	private asked = false;

	constructor(
		private readonly xen: Hypervisor,
		private readonly kernel: DomainKernel,
		bits: EventBits,
	) {
		const frame = xen.frames.allocateShared(kernel.domid);
		this.info = new SharedInfo1(frame, xen.machine.memory.words(frame));
		this.upcall = kernel.define('upcall of Xen 1.0', xen1EventCosts.upcall, () => this.take());
		this.enable = kernel.define('events enabled', xen1EventCosts.enable, () => this.again());
		this.info.enable(true);
		bits.create(kernel.domid, kernel.name, this.info, () => this.raise());
	}

	/** `handler` runs too, as interrupt work, for an event, which is unmasked from now on. */
	handle(event: number, handler: Step): void {
		this.handlers[event].push(handler);
		this.unmask(event);
	}

	mask(event: number): void {
		this.info.mask(event);
	}

	/** An event that is set already is delivered now. */
	unmask(event: number): void {
		this.info.unmask(event);
		if (this.info.enabled && this.info.isSet(event)) this.raise();
	}

	/** Has an event been set or taken whose handler has not run yet? For checks. */
	isPending(event: number): boolean {
		if (this.info.isSet(event) && (this.asked || !this.info.enabled)) return true;
		return this.handlers[event].some((handler) => this.xen.cpus.isPending(this.kernel.domain, handler));
	}

	private raise(): void {
		if (!this.kernel.alive || this.asked) return;
		this.asked = true;
		this.xen.cpus.interrupt(this.kernel.domain.vcpus[0], this.upcall, 0);
	}

	private take(): void {
		this.asked = false;
		this.upcalls++;
		this.info.enable(false);
		let taken = this.info.take();
		while (taken !== 0) {
			const event = 31 - Math.clz32(taken & -taken);
			taken &= taken - 1;
			for (const handler of this.handlers[event]) this.kernel.step(handler, event);
		}

		this.kernel.step(this.enable);
	}

	private again(): void {
		this.info.enable(true);
		if (this.info.deliverable === 0) return;
		this.asked = true;
		this.kernel.step(this.upcall);
	}
}
