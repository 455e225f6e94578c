/**
The PCI bus: functions by address, configuration accesses, register accesses through base address registers. A function that
is absent, removed, or does not decode memory answers all ones and ignores writes. Every register access enters the state
hash and passes the fault point `pci.register <name>` (drop: the access never reaches the device; alter: a read is answered with
the rule's value). Firmware's work, assigning addresses and interrupt pins, is done when a function is plugged in.
*/
import {assert} from '../engine/assert.js';
import type {Engine} from '../engine/engine.js';
import {alter, drop, type FaultPoint} from '../engine/fault-points.js';
import type {Bar, ConfigSpace} from './pci-config.js';
import {interruptLineOffset} from './pci-config.js';

export type AccessBytes = 1 | 2 | 4;

export interface PciFunction {
	/** `00:04.0` */
	readonly address: string;
	/** The host's name for it, `nvme0`. */
	readonly name: string;
	readonly config: ConfigSpace;
	readonly bars: readonly Bar[];
	/** The access is within the BAR; `offset` in bytes from its start. Four bytes are answered as a signed 32-bit number. */
	readRegister(bar: number, offset: number, bytes: AccessBytes): number;
	writeRegister(bar: number, offset: number, bytes: AccessBytes, value: number): void;
	/** Function level reset: everything as after power-on, configuration space included. Nothing the function was doing happens later. */
	reset(): void;
}

/** What a read is answered with when nobody answers. Signed for four bytes. */
export function allOnes(bytes: AccessBytes): number {
	return bytes === 4 ? -1 : bytes === 2 ? 0xffff : 0xff;
}

/** A BAR of a function as a CPU has it mapped: small, long-lived, made once for each mapping. */
export class RegisterWindow {
	private readonly slot: Slot;
	private readonly bar: Bar;
	private readonly io: boolean;
	private readonly engine: Engine;

	constructor(engine: Engine, slot: Slot, bar: Bar) {
		this.engine = engine;
		this.slot = slot;
		this.bar = bar;
		this.io = bar.kind === 'io';
	}

	get bytes(): number {
		return this.bar.bytes;
	}

	read8(offset: number): number {
		return this.readFrom(offset, 1);
	}

	read16(offset: number): number {
		return this.readFrom(offset, 2);
	}

	/** Signed. */
	read32(offset: number): number {
		return this.readFrom(offset, 4);
	}

	write8(offset: number, value: number): void {
		this.writeTo(offset, 1, value & 0xff);
	}

	write16(offset: number, value: number): void {
		this.writeTo(offset, 2, value & 0xffff);
	}

	write32(offset: number, value: number): void {
		this.writeTo(offset, 4, value | 0);
	}

	private answers(offset: number, bytes: AccessBytes): boolean {
		const slot = this.slot;
		return (
			slot.present &&
			(this.io ? slot.device.config.ioEnabled : slot.device.config.memoryEnabled) &&
			offset >= 0 &&
			offset + bytes <= this.bar.bytes
		);
	}

	private readFrom(offset: number, bytes: AccessBytes): number {
		const slot = this.slot;
		let value = allOnes(bytes);
		if (this.answers(offset, bytes)) {
			const armed = slot.faults.armed;
			const verdict = armed === null ? 0 : armed.decide(offset);
			if (armed !== null && verdict === alter) {
				value = armed.value;
			} else if (verdict !== drop) {
				value = slot.device.readRegister(this.bar.index, offset, bytes);
			}
		}

		this.engine.hash.word(slot.mark + offset);
		this.engine.hash.word(value);
		return value;
	}

	private writeTo(offset: number, bytes: AccessBytes, value: number): void {
		const slot = this.slot;
		this.engine.hash.word(~(slot.mark + offset));
		this.engine.hash.word(value);
		if (!this.answers(offset, bytes)) {
			return;
		}

		const armed = slot.faults.armed;
		if (armed !== null && armed.decide(offset) === drop) {
			return;
		}

		slot.device.writeRegister(this.bar.index, offset, bytes, value);
	}
}

class Slot {
	present = true;
	constructor(
		readonly device: PciFunction,
		readonly faults: FaultPoint,
		/** Tells the function's register accesses from others' in the state hash. */
		readonly mark: number,
	) {}
}

export class PciBus {
	private readonly slots = new Map<string, Slot>();
	private readonly windows = new Map<string, RegisterWindow>();
	private readonly engine: Engine;
	/** Machine addresses for memory BARs, below the interrupt messages; and ports for I/O BARs. */
	private nextMemory = 0xc000_0000;
	private nextPort = 0xc000;
	private nextPin = 16;

	/** @param pins of the interrupt controller: functions are spread over 16 … pins-1. */
	constructor(
		engine: Engine,
		readonly pins = 24,
	) {
		this.engine = engine;
	}

	/**
	Puts a function on the bus and gives its BARs addresses and, if it has an interrupt pin, the next of the controller's pins (in the
	interrupt line register, where software looks for it). Decoding and bus mastering stay off.
	*/
	plug(device: PciFunction): void {
		assert(!this.slots.get(device.address)?.present, `${device.address} is free`);
		const faults = this.engine.faults.point(`pci.register ${device.name}`, [device.name]);
		this.slots.set(device.address, new Slot(device, faults, (this.slots.size + 1) << 24));
		for (const bar of device.bars) {
			if (bar.kind === 'io') {
				this.nextPort = Math.ceil(this.nextPort / bar.bytes) * bar.bytes;
				device.config.setBarAddress(bar, this.nextPort);
				this.nextPort += bar.bytes;
			} else {
				this.nextMemory = Math.ceil(this.nextMemory / bar.bytes) * bar.bytes;
				device.config.setBarAddress(bar, this.nextMemory);
				this.nextMemory += bar.bytes;
			}
		}

		assert(this.nextMemory < 0xfe00_0000 && this.nextPort < 0x1_0000, 'the functions fit in the bus windows');
		device.config.write(interruptLineOffset, 1, this.nextPin);
		this.nextPin = this.nextPin + 1 < this.pins ? this.nextPin + 1 : 16;
	}

	/**
	The function is gone, or back: surprise removal, loss of its power. While gone it answers nothing, and nothing it was doing reaches
	the host; back, it is as after a reset, with its addresses.
	*/
	setPresent(address: string, present: boolean): void {
		const slot = this.slots.get(address);
		assert(slot !== undefined, `there is a function ${address}`);
		if (slot.present && !present) {
			this.resetFunction(address);
		}

		slot.present = present;
	}

	isPresent(address: string): boolean {
		return this.slots.get(address)?.present === true;
	}

	/** The function at `address`, present or removed; undefined where there never was one. */
	find(address: string): PciFunction | undefined {
		return this.slots.get(address)?.device;
	}

	/** Every function plugged in, in the order of plugging. */
	*[Symbol.iterator](): IterableIterator<PciFunction> {
		for (const slot of this.slots.values()) {
			yield slot.device;
		}
	}

	/** Little-endian; all ones (unsigned) where no function answers. */
	readConfig(address: string, offset: number, bytes: AccessBytes): number {
		const slot = this.slots.get(address);
		return slot?.present ? slot.device.config.read(offset, bytes) : allOnes(bytes) >>> 0;
	}

	writeConfig(address: string, offset: number, bytes: AccessBytes, value: number): void {
		const slot = this.slots.get(address);
		this.engine.hash.word(slot === undefined ? offset : slot.mark + 0x80_0000 + offset);
		this.engine.hash.word(value);
		if (slot?.present) {
			slot.device.config.write(offset, bytes, value);
		}
	}

	/** A BAR as mapped for a CPU. The same object each time. */
	window(address: string, bar: number): RegisterWindow {
		const key = `${address} ${bar}`;
		let window = this.windows.get(key);
		if (window === undefined) {
			const slot = this.slots.get(address);
			const found = slot?.device.bars.find((candidate) => candidate.index === bar);
			assert(slot !== undefined && found !== undefined, `${address} has a BAR ${bar}`);
			window = new RegisterWindow(this.engine, slot, found);
			this.windows.set(key, window);
		}

		return window;
	}

	/** A CPU reads a machine address outside memory: what the BAR that decodes it answers, else all ones. */
	read(address: number, bytes: AccessBytes): number {
		const found = this.decode(address);
		if (found === undefined) {
			return allOnes(bytes);
		}

		const [window, offset] = found;
		return bytes === 4 ? window.read32(offset) : bytes === 2 ? window.read16(offset) : window.read8(offset);
	}

	write(address: number, bytes: AccessBytes, value: number): void {
		const found = this.decode(address);
		if (found === undefined) {
			return;
		}

		const [window, offset] = found;
		if (bytes === 4) {
			window.write32(offset, value);
		} else if (bytes === 2) {
			window.write16(offset, value);
		} else {
			window.write8(offset, value);
		}
	}

	/**
	Resets a function and puts its addresses and interrupt line back, as Linux's pci_reset_function does around a function level
	reset. Decoding, bus mastering and interrupts are off afterwards.
	*/
	resetFunction(address: string): void {
		const slot = this.slots.get(address);
		assert(slot !== undefined, `there is a function ${address}`);
		const {config, bars} = slot.device;
		const addresses = bars.map((bar) => config.barAddress(bar));
		const line = config.read(interruptLineOffset, 1);
		slot.device.reset();
		bars.forEach((bar, i) => {
			config.setBarAddress(bar, addresses[i]);
		});
		config.write(interruptLineOffset, 1, line);
	}

	/** A reset of the bus, as when the host restarts: every function that is present. Media keep what they hold. */
	reset(): void {
		for (const slot of this.slots.values()) {
			this.resetFunction(slot.device.address);
		}
	}

	private decode(address: number): [RegisterWindow, number] | undefined {
		for (const slot of this.slots.values()) {
			if (!slot.present || !slot.device.config.memoryEnabled) {
				continue;
			}

			for (const bar of slot.device.bars) {
				const start = slot.device.config.barAddress(bar);
				if (bar.kind !== 'io' && address >= start && address < start + bar.bytes) {
					return [this.window(slot.device.address, bar.index), address - start];
				}
			}
		}

		return undefined;
	}
}
