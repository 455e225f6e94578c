/**
A PCI function as the kernel it is assigned to sees it: every access goes through the hypervisor's assignment, so that a function taken
away answers with all ones. How an interrupt reaches the driver is the kernel's part: an event channel in a domain, a handler of Xen's
own in the hypervisor.
*/
import {assert} from '../../engine/assert.js';
import type {Step} from '../../engine/step.js';
import {messageAddress} from '../../hw/interrupts.js';
import {errorName} from '../xen/errno.js';
import type {Hypervisor} from '../xen/hypervisor.js';
import type {Kernel, PciDevice, Registers} from './kernel.js';

/** An interrupt that reaches a kernel. */
export interface BoundInterrupt {
	readonly cpu: number;
	/** The vector that interrupts `cpu`. */
	readonly systemVector: number;
	/** Ends it: the handler is not run again. The vector is the caller's to free. */
	unbind(): void;
}

/** A kernel that devices can be assigned to. */
export interface DeviceKernel extends Kernel {
	/** Whose devices they are, for the hypervisor's assignment. */
	readonly domid: number;
	/** Has `handler` run with `argument` for a physical interrupt; a negative error when it is somebody else's. */
	bindInterrupt(pirq: number, handler: Step, argument: number): BoundInterrupt | number;
}

/** Configuration space offsets: vendor and device, class code. */
const vendorOffset = 0;
const deviceOffset = 2;
/** The line's own place among a function's bound interrupts; message vectors are 0 and up. */
const line = -1;

export class AssignedDevice implements PciDevice {
	readonly vendor: number;
	readonly device: number;
	private readonly bound = new Map<number, BoundInterrupt>();

	constructor(
		private readonly xen: Hypervisor,
		private readonly kernel: DeviceKernel,
		readonly address: string,
		readonly name: string,
	) {
		this.vendor = this.readConfig(vendorOffset, 2);
		this.device = this.readConfig(deviceOffset, 2);
	}

	readConfig(offset: number, bytes: 1 | 2 | 4): number {
		return this.checked(
			this.xen.assignment.readConfig(this.kernel.domid, this.address, offset, bytes),
			'configuration read',
		);
	}

	writeConfig(offset: number, bytes: 1 | 2 | 4, value: number): void {
		const status = this.xen.assignment.writeConfig(this.kernel.domid, this.address, offset, bytes, value);
		this.checked(status, 'configuration write');
	}

	registers(bar: number): Registers {
		const window = this.xen.assignment.registers(this.kernel.domid, this.address, bar);
		return typeof window === 'number' ? this.refused(window, `mapping of BAR ${bar}`) : window;
	}

	bindMessage(vector: number, handler: Step): {address: number; data: number} {
		const pirq = this.checked(this.xen.assignment.messagePirq(this.kernel.domid, this.address, vector), 'interrupt');
		const bound = this.bind(vector, pirq, handler);
		return {address: messageAddress(bound.cpu), data: bound.systemVector};
	}

	bindLine(handler: Step): void {
		const pirq = this.checked(this.xen.assignment.linePirq(this.kernel.domid, this.address), 'interrupt');
		const bound = this.bind(line, pirq, handler);
		this.xen.machine.interrupts.route(pirq, bound.cpu, bound.systemVector);
		this.xen.machine.interrupts.mask(pirq, false);
	}

	endOfInterrupt(vector: number): void {
		const bound = this.bound.get(vector) ?? this.bound.get(line);
		assert(bound !== undefined, 'an interrupt that was delivered is bound');
		this.xen.machine.interrupts.endOfInterrupt(bound.cpu, bound.systemVector);
	}

	unbindInterrupts(): void {
		for (const bound of this.bound.values()) {
			bound.unbind();
			this.xen.machine.interrupts.forget(bound.cpu, bound.systemVector);
			this.xen.freeVector(bound.systemVector);
		}

		this.bound.clear();
	}

	reset(): void {
		if (this.xen.assignment.permits(this.kernel.domid, this.address) === 0) {
			this.xen.machine.bus.resetFunction(this.address);
		}
	}

	private bind(vector: number, pirq: number, handler: Step): BoundInterrupt {
		const bound = this.kernel.bindInterrupt(pirq, handler, Math.max(vector, 0));
		if (typeof bound === 'number') {
			this.refused(bound, 'interrupt');
		}

		this.bound.set(vector, bound);
		return bound;
	}

	private checked(status: number, what: string): number {
		return status < 0 ? this.refused(status, what) : status;
	}

	/** Xen refused: code that goes on as if it had the device is a bug of its kernel's. */
	private refused(status: number, what: string): never {
		this.kernel.panic(`${this.name}: ${what} refused: ${errorName(status)}`);
	}
}
