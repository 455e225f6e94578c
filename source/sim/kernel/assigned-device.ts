/**
A PCI function as the kernel of the domain it is assigned to sees it: every access goes through the hypervisor's assignment, so that
a function taken away answers with all ones. Interrupts arrive as event channels bound to the function's pirqs.
*/
import {assert} from '../../engine/assert.js';
import type {Step} from '../../engine/step.js';
import {messageAddress} from '../../hw/interrupts.js';
import {errorName} from '../xen/errno.js';
import type {Hypervisor} from '../xen/hypervisor.js';
import type {DomainKernel} from './domain-kernel.js';
import type {PciDevice, Registers} from './kernel.js';

interface Bound {
	readonly port: number;
	readonly cpu: number;
	readonly systemVector: number;
}

/** Configuration space offsets: vendor and device, class code. */
const vendorOffset = 0;
const deviceOffset = 2;
/** The line's own place among a function's bound interrupts; message vectors are 0 and up. */
const line = -1;

export class AssignedDevice implements PciDevice {
	readonly vendor: number;
	readonly device: number;
	private readonly bound = new Map<number, Bound>();

	constructor(
		private readonly xen: Hypervisor,
		private readonly kernel: DomainKernel,
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
		for (const {port, cpu, systemVector} of this.bound.values()) {
			this.kernel.closePort(port);
			this.xen.machine.interrupts.forget(cpu, systemVector);
			this.xen.freeVector(systemVector);
		}

		this.bound.clear();
	}

	reset(): void {
		if (this.xen.assignment.permits(this.kernel.domid, this.address) === 0) {
			this.xen.machine.bus.resetFunction(this.address);
		}
	}

	private bind(vector: number, pirq: number, handler: Step): Bound {
		const port = this.checked(this.xen.events.bindPirq(this.kernel.domid, pirq), 'interrupt');
		this.kernel.handlePort(port, handler, Math.max(vector, 0));
		const {vector: systemVector, cpu} = this.xen.bindVector(this.kernel.domid, pirq);
		const bound = {port, cpu, systemVector};
		this.bound.set(vector, bound);
		return bound;
	}

	private checked(status: number, what: string): number {
		return status < 0 ? this.refused(status, what) : status;
	}

	/** Xen refused: the refusal is logged, and code that goes on as if it had the device is a bug of its kernel's. */
	private refused(status: number, what: string): never {
		this.xen.engine.log.add(
			this.xen.engine.now,
			'Xen',
			'warning',
			'kernel',
			`${this.kernel.name}: ${what} of ${this.address} refused: ${errorName(status)}`,
		);
		this.kernel.panic(`${this.name}: ${what} refused: ${errorName(status)}`);
	}
}
