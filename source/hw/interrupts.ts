/**
The interrupt controller: what local APICs and an I/O APIC do for the machine. Devices send messages (a write of data =
vector to 0xFEE0_0000 | cpu << 12, Intel SDM volume 3 §10.11) or hold a level line of a pin up. A vector in service on a CPU is
delivered again only after its end of interrupt; raised meanwhile, once or often, it is kept pending once. A pin whose line
is still up is delivered again after the end of interrupt (I/O APIC remote IRR, 82093AA §3.2.4).
*/
import {assert} from '../engine/assert.js';
import type {Engine} from '../engine/engine.js';
import {alter, delay, drop, type FaultPoint} from '../engine/fault-points.js';
import {Step} from '../engine/step.js';

const vectors = 256;
const messageBase = 0xfee0_0000;

/** The address a device writes to interrupt `cpu`; the data is the vector. */
export function messageAddress(cpu: number): number {
	return messageBase + cpu * 4096;
}

/** One device's way to send messages. Owns the fault point `interrupt.message <name>`: drop loses one, delay holds it, alter sends it twice. */
export class MessageSource {
	/** Messages the device sent, whatever became of them. */
	sent = 0;
	private readonly controller: InterruptController;
	private readonly faults: FaultPoint;
	private readonly late: Step;
	private readonly engine: Engine;

	constructor(controller: InterruptController, engine: Engine, name: string) {
		this.controller = controller;
		this.engine = engine;
		this.faults = engine.faults.point(`interrupt.message ${name}`, [name]);
		this.late = new Step(`late message of ${name}`, engine.world, 0, false, (packed) =>
			controller.deliver(packed >> 8, packed & 255),
		);
	}

	/** @param address low 32 bits of the message address; @param data its low byte is the vector. */
	send(address: number, data: number): void {
		this.sent++;
		const cpu = (address >>> 12) & 255;
		const vector = data & 255;
		const armed = this.faults.armed;
		if (armed !== null) {
			const verdict = armed.decide(vector);
			if (verdict === drop) {
				return;
			}

			if (verdict === delay) {
				this.engine.after(armed.value, this.late, (cpu << 8) | vector);
				return;
			}

			if (verdict === alter) {
				this.controller.deliver(cpu, vector);
			}
		}

		this.controller.deliver(cpu, vector);
	}
}

/** One device's hold on a pin; several share a pin, whose line is up while any holds it. Fault point `interrupt.line <name>`: drop loses a rise. */
export class InterruptLine {
	private isUp = false;
	private readonly controller: InterruptController;
	private readonly faults: FaultPoint;

	constructor(
		controller: InterruptController,
		engine: Engine,
		name: string,
		readonly pin: number,
	) {
		this.controller = controller;
		this.faults = engine.faults.point(`interrupt.line ${name}`, [name]);
	}

	get up(): boolean {
		return this.isUp;
	}

	/** Raises or lowers the device's share of the line. Repeating the level it has does nothing. */
	set(up: boolean): void {
		if (up === this.isUp) {
			return;
		}

		if (up && this.faults.armed !== null && this.faults.armed.decide(this.pin) === drop) {
			return;
		}

		this.isUp = up;
		this.controller.holdPin(this.pin, up ? 1 : -1);
	}
}

export class InterruptController {
	/** A CPU is interrupted. Set by the hypervisor. Until `endOfInterrupt` the same vector does not interrupt the same CPU again. */
	onInterrupt: (cpu: number, vector: number) => void = () => {};
	/** Interrupts handed to CPUs so far. */
	delivered = 0;
	/** Messages that found their vector already pending and were merged with it. */
	merged = 0;
	/** Messages and routes to CPUs or vectors that do not exist. */
	refused = 0;
	private readonly engine: Engine;
	private readonly inService: Uint8Array;
	private readonly pending: Uint8Array;
	private readonly holders: Int32Array;
	private readonly masked: Uint8Array;
	private readonly remoteIrr: Uint8Array;
	/** Pins whose remote IRR is set: none in a machine of message interrupts. */
	private awaited = 0;
	private readonly cpuOf: Int32Array;
	private readonly vectorOf: Int32Array;

	/** @param pins inputs for level lines. */
	constructor(
		engine: Engine,
		readonly cpus: number,
		readonly pins = 24,
	) {
		assert(cpus > 0 && cpus <= 256, 'messages reach CPUs 0 to 255');
		this.engine = engine;
		this.inService = new Uint8Array(cpus * vectors);
		this.pending = new Uint8Array(cpus * vectors);
		this.holders = new Int32Array(pins);
		this.masked = new Uint8Array(pins).fill(1);
		this.remoteIrr = new Uint8Array(pins);
		this.cpuOf = new Int32Array(pins);
		this.vectorOf = new Int32Array(pins);
	}

	/** A way to send messages for the device of this name. */
	messageSource(name: string): MessageSource {
		return new MessageSource(this, this.engine, name);
	}

	/** A device's share of a pin. */
	line(name: string, pin: number): InterruptLine {
		assert(pin >= 0 && pin < this.pins, 'the pin exists');
		return new InterruptLine(this, this.engine, name, pin);
	}

	/** Where a pin interrupts. Pins start masked and routed to CPU 0, vector 0. */
	route(pin: number, cpu: number, vector: number): void {
		assert(
			cpu >= 0 && cpu < this.cpus && vector >= 16 && vector < vectors,
			'a pin is routed to a CPU and a vector from 16',
		);
		this.cpuOf[pin] = cpu;
		this.vectorOf[pin] = vector;
	}

	/** A masked pin delivers nothing; unmasked while its line is up it delivers at once. */
	mask(pin: number, masked: boolean): void {
		this.masked[pin] = masked ? 1 : 0;
		this.consider(pin);
	}

	isMasked(pin: number): boolean {
		return this.masked[pin] === 1;
	}

	lineIsUp(pin: number): boolean {
		return this.holders[pin] > 0;
	}

	/** The CPU is done with `vector`: what is pending for it, or a line still up, interrupts again now. */
	endOfInterrupt(cpu: number, vector: number): void {
		const at = cpu * vectors + vector;
		this.inService[at] = 0;
		for (let pin = 0; pin < this.pins && this.awaited > 0; pin++) {
			if (this.remoteIrr[pin] === 1 && this.vectorOf[pin] === vector && this.cpuOf[pin] === cpu) {
				this.remoteIrr[pin] = 0;
				this.awaited--;
				this.consider(pin);
			}
		}

		if (this.pending[at] === 1 && this.inService[at] === 0) {
			this.pending[at] = 0;
			this.deliver(cpu, vector);
		}
	}

	/** Forgets what is in service and pending for a vector: its binding is gone, or the CPU starts afresh. */
	forget(cpu: number, vector: number): void {
		this.inService[cpu * vectors + vector] = 0;
		this.pending[cpu * vectors + vector] = 0;
	}

	/** A host reset: nothing in service or pending, all pins masked. Lines stay as devices hold them. */
	reset(): void {
		this.inService.fill(0);
		this.pending.fill(0);
		this.remoteIrr.fill(0);
		this.awaited = 0;
		this.masked.fill(1);
	}

	/** An interrupt arrives for `cpu`: from a message, a pin, or out of nowhere (a spurious one). */
	deliver(cpu: number, vector: number): void {
		if (cpu >= this.cpus || vector < 16) {
			this.refused++;
			return;
		}

		const at = cpu * vectors + vector;
		if (this.inService[at] === 1) {
			this.merged += this.pending[at];
			this.pending[at] = 1;
			return;
		}

		this.inService[at] = 1;
		this.delivered++;
		this.onInterrupt(cpu, vector);
	}

	/** For `InterruptLine`: one more or one fewer device holds the pin's line up. */
	holdPin(pin: number, change: 1 | -1): void {
		this.holders[pin] += change;
		assert(this.holders[pin] >= 0, 'a line is lowered by who raised it');
		this.consider(pin);
	}

	private consider(pin: number): void {
		if (this.holders[pin] > 0 && this.masked[pin] === 0 && this.remoteIrr[pin] === 0) {
			this.remoteIrr[pin] = 1;
			this.awaited++;
			this.deliver(this.cpuOf[pin], this.vectorOf[pin]);
		}
	}
}
