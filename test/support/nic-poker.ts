/**
An 82540EM on a bench: memory, bus, interrupt controller, IOMMU, a wire whose other end is the test's, and hands that poke its registers.
There is no driver: a test writes descriptors and tails, and looks at descriptors, registers, frames and interrupts.
*/
import {expect} from 'vitest';
import {Engine} from '../../source/engine/engine.js';
import type {Verdict} from '../../source/engine/fault-points.js';
import {InterruptController} from '../../source/hw/interrupts.js';
import {Iommu, IommuContext} from '../../source/hw/iommu.js';
import {frameCheckBytes, gapBytes, preambleBytes, type WireEnd, type WireFrame} from '../../source/hw/lan/wire.js';
import {Memory} from '../../source/hw/memory.js';
import {E1000} from '../../source/hw/nic/e1000.js';
import type {E1000Options} from '../../source/hw/nic/e1000-options.js';
import {PciBus, type RegisterWindow} from '../../source/hw/pci.js';

export const address = '00:05.0';
export const name = 'eth0';
export const mac = Uint8Array.of(0x00, 0x16, 0x3e, 0x12, 0x34, 0x56);

/** Frames of machine memory the bench uses. */
export const transmitRing = 16;
export const receiveRing = 17;
export const transmitData = 64;
export const receiveData = 256;

/** TDESC.CMD. */
export const eop = 1;
export const ifcs = 2;
export const ic = 4;
export const rs = 8;
export const dext = 32;
export const ide = 128;
export const whole = eop | ifcs | rs;

/** Causes. */
export const txdw = 1;
export const txqe = 2;
export const lsc = 4;
export const rxdmt0 = 16;
export const rxo = 64;
export const rxt0 = 128;
export const mdac = 512;

export interface Sent {
	at: number;
	bytes: Buffer;
	damaged: boolean;
	identity: number;
	note: string;
}

/** The NIC's end of a wire of 1 Gb/s: what it sends is kept, what it hears is the test's. */
export class BenchWire implements WireEnd {
	readonly rate = 1_000_000_000;
	up = true;
	readonly sent: Sent[] = [];
	/** Frames handed out and not given back or sent. */
	out = 0;
	/** When the wire is free again; sending earlier is an error of the NIC. */
	free = 0;
	readonly #engine: Engine;

	constructor(engine: Engine) {
		this.#engine = engine;
	}

	frame(bytes: number): WireFrame {
		this.out++;
		return {bytes: Buffer.alloc(bytes), length: 0, damaged: false, note: '', identity: 0};
	}

	release(_frame: WireFrame): void {
		this.out--;
	}

	send(frame: WireFrame): number {
		const {now} = this.#engine;
		if (now < this.free) throw new Error(`the wire is busy until ${this.free}, sent at ${now}`);
		this.out--;
		this.sent.push({
			at: now,
			bytes: Buffer.from(frame.bytes.subarray(0, frame.length)),
			damaged: frame.damaged,
			identity: frame.identity,
			note: frame.note,
		});
		const duration = 8 * (preambleBytes + frame.length + frameCheckBytes + gapBytes);
		this.free = now + duration;
		return duration;
	}
}

export interface Received {
	length: number;
	checksum: number;
	status: number;
	errors: number;
}

export class NicPoker {
	readonly engine = new Engine(1);
	readonly memory = new Memory(16 * 1024 * 1024);
	readonly interrupts = new InterruptController(this.engine, 2);
	readonly iommu = new Iommu();
	readonly bus = new PciBus(this.engine);
	readonly wire = new BenchWire(this.engine);
	readonly nic: E1000;
	readonly registers: RegisterWindow;
	readonly pin: number;
	/** Times at which the line interrupted. */
	readonly delivered: number[] = [];
	/** Called for each interrupt, before its end of interrupt; a driver would read ICR. */
	onInterrupt: () => void = () => {};
	tail = 0;

	constructor(options: Partial<E1000Options> = {}) {
		const {engine, memory, interrupts, iommu} = this;
		this.nic = new E1000({engine, memory, interrupts, iommu}, this.wire, {address, name, mac, ...options});
		this.bus.plug(this.nic);
		this.iommu.device(name).passThrough();
		this.pin = this.bus.readConfig(address, 0x3c, 1);
		this.interrupts.route(this.pin, 0, 0x40);
		this.interrupts.mask(this.pin, false);
		this.interrupts.onInterrupt = (cpu, vector) => {
			this.delivered.push(this.engine.now);
			this.onInterrupt();
			this.interrupts.endOfInterrupt(cpu, vector);
		};
		// A line that stays up interrupts without end unless somebody reads ICR.
		this.onInterrupt = () => {
			this.read(0xc0);
		};
		this.registers = this.bus.window(address, 0);
		this.config(4, 2, 0x0007);
	}

	config(offset: number, bytes: 1 | 2 | 4, value: number): void {
		this.bus.writeConfig(address, offset, bytes, value);
	}

	read(offset: number): number {
		return this.registers.read32(offset);
	}

	write(offset: number, value: number): void {
		this.registers.write32(offset, value);
	}

	/** Lets `nanoseconds` pass. */
	run(nanoseconds = 1_000_000): void {
		this.engine.run(this.engine.now + nanoseconds, 10_000_000);
	}

	/** CTRL.SLU, and forgets the link change. */
	linkUp(): this {
		this.write(0, this.read(0) | 0x40);
		this.read(0xc0);
		return this;
	}

	/** A transmit ring of `size` descriptors, TCTL.EN and PSP. */
	transmitter(size = 64): this {
		this.linkUp();
		this.write(0x3800, transmitRing * 4096);
		this.write(0x3804, 0);
		this.write(0x3808, size * 16);
		this.write(0x3810, 0);
		this.write(0x3818, 0);
		this.write(0x0400, 0x0004_010a);
		this.tail = 0;
		return this;
	}

	/** A receive ring of `size` descriptors with a page each, of which `free` are the hardware's; RCTL.EN, BAM, SECRC, and `extra`. */
	receiver(size = 64, free = size - 1, extra = 0): this {
		this.linkUp();
		for (let i = 0; i < size; i++) this.offer(i, (receiveData + i) * 4096);
		this.write(0x2800, receiveRing * 4096);
		this.write(0x2804, 0);
		this.write(0x2808, size * 16);
		this.write(0x2810, 0);
		this.write(0x2818, free);
		this.write(0x0100, 0x0400_8002 | extra);
		return this;
	}

	/** A receive descriptor with this buffer. */
	offer(index: number, buffer: number): void {
		const words = this.memory.words(receiveRing + (index >> 8));
		words.fill(0, (index & 255) * 4, (index & 255) * 4 + 4);
		words[(index & 255) * 4] = buffer;
	}

	/** Writes a legacy descriptor; see `frame` for its data. */
	describe(
		index: number,
		buffer: number,
		length: number,
		command: number,
		css = 0,
		cso = 0,
		ring = transmitRing,
	): void {
		const words = this.memory.words(ring + (index >> 8));
		const at = (index & 255) * 4;
		words[at] = buffer | 0;
		words[at + 1] = Math.floor(buffer / 4_294_967_296);
		words[at + 2] = length | (cso << 16) | (command << 24);
		words[at + 3] = css << 8;
	}

	/** Puts a frame of `length` bytes in the data page of its descriptor and describes it whole; does not ring. Returns its bytes. */
	place(length: number, command = whole, css = 0, cso = 0): Buffer {
		const index = this.tail;
		const page = transmitData + (index & 127);
		const bytes = frameTo(Uint8Array.of(0x52, 0x54, 0, 0, 0, 1), length, index);
		bytes.copy(this.memory.bytes(page));
		this.describe(index, page * 4096, length, command, css, cso);
		this.tail = (index + 1) % (this.read(0x3808) / 16);
		return bytes;
	}

	ring(): void {
		this.write(0x3818, this.tail);
	}

	/** Places, rings, and lets a millisecond pass. */
	transmit(length: number, command = whole): Buffer {
		const bytes = this.place(length, command);
		this.ring();
		this.run();
		return bytes;
	}

	/** DD of a transmit descriptor. */
	done(index: number): boolean {
		return (this.memory.words(transmitRing + (index >> 8))[(index & 255) * 4 + 3] & 1) === 1;
	}

	/** A frame arrives now. */
	deliver(bytes: Buffer, damaged = false, identity = 0): void {
		const frame = this.wire.frame(bytes.length);
		bytes.copy(frame.bytes);
		frame.length = bytes.length;
		frame.damaged = damaged;
		frame.identity = identity;
		this.nic.receive(frame);
	}

	/** What a receive descriptor was written back with. */
	received(index: number): Received {
		const words = this.memory.words(receiveRing + (index >> 8));
		const at = (index & 255) * 4;
		return {
			length: words[at + 2] & 0xffff,
			checksum: words[at + 2] >>> 16,
			status: words[at + 3] & 0xff,
			errors: (words[at + 3] >>> 8) & 0xff,
		};
	}

	/** The first bytes of a receive descriptor's page. */
	bytes(index: number, length: number): Buffer {
		return Buffer.from(this.memory.bytes(receiveData + index).subarray(0, length));
	}

	arm(point: string, verdict: Verdict, value = 0, times = 1): void {
		const found = this.engine.faults.get(`${point} ${name}`);
		if (found === undefined) throw new Error(`no fault point ${point}`);
		let left = times;
		found.armed = {value, decide: () => (left-- > 0 ? verdict : 0)};
	}

	/** A register of the PHY, by MDIC. */
	phy(register: number): number {
		this.write(0x20, (2 << 26) | (1 << 21) | (register << 16));
		this.run(100_000);
		return this.read(0x20) & 0xffff;
	}

	setPhy(register: number, value: number): void {
		this.write(0x20, (1 << 26) | (1 << 21) | (register << 16) | value);
		this.run(100_000);
	}
}

/** A frame of `length` bytes (without FCS) to an address, with a pattern that depends on `seed`. */
export function frameTo(destination: Uint8Array, length: number, seed = 0): Buffer {
	const bytes = Buffer.alloc(length);
	for (let i = 0; i < length; i++) bytes[i] = (i * 31 + seed * 17 + (i >> 8)) & 0xff;
	bytes.set(destination.subarray(0, Math.min(6, length)));
	if (length >= 14) {
		bytes.set(mac, 6);
		bytes.writeUInt16BE(0x88b5, 12);
	}

	return bytes;
}

/** CTRL.RST, proper programming, and a frame each way: whatever was done before, the NIC works. */
export function recovers(poker: NicPoker): void {
	poker.onInterrupt = () => {
		poker.read(0xc0);
	};
	poker.config(4, 2, 7);
	poker.iommu.device(name).passThrough();
	poker.write(0, 1 << 26);
	poker.run(20_000_000);
	const sent = poker.wire.sent.length;
	poker.transmitter().receiver();
	poker.transmit(100);
	poker.deliver(toUs(200));
	expect(poker.wire.sent).toHaveLength(sent + 1);
	expect(poker.done(0)).toBe(true);
	expect(poker.received(0)).toMatchObject({length: 200, status: 7});
	expect(poker.wire.out).toBe(0);
}

/** The IOMMU permits the NIC everything but frames from `from` on. */
export function onlyBelow(poker: NicPoker, from: number): void {
	const context = new IommuContext('test', poker.memory.frames);
	context.enterRun(0, from, true);
	poker.iommu.device(name).attach(context);
}

export const toUs = (length: number, seed = 0) => frameTo(mac, length, seed);
