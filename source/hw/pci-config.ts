/**
Configuration space of one PCI function: 256 bytes of a type 0 header and capabilities, each with a mask of what software may
write. Base address registers are sized by writing all ones, as their masks make it come out. After PCI Local Bus
Specification 3.0 §6 and PCI Express Base Specification §7.8 (function level reset, Device Control bit 15).
*/
import {assert} from '../engine/assert.js';

export const configBytes = 256;

export const vendorOffset = 0x00;
export const deviceOffset = 0x02;
export const commandOffset = 0x04;
export const statusOffset = 0x06;
export const revisionOffset = 0x08;
export const barOffset = 0x10;
export const subsystemOffset = 0x2c;
export const capabilityPointer = 0x34;
export const interruptLineOffset = 0x3c;
export const interruptPinOffset = 0x3d;

export const commandIo = 1 << 0;
export const commandMemory = 1 << 1;
export const commandBusMaster = 1 << 2;
export const commandIntxDisable = 1 << 10;
export const statusInterrupt = 1 << 3;
export const statusCapabilities = 1 << 4;

export const expressCapability = 0x10;
export const msixCapability = 0x11;

/** What a base address register decodes: memory below 4 GiB, memory anywhere (takes two registers), or I/O ports. */
export type BarKind = 'memory32' | 'memory64' | 'io';

export interface Bar {
	readonly index: number;
	readonly kind: BarKind;
	/** A power of two, at least 16 (memory) or 4 (I/O). */
	readonly bytes: number;
}

export interface ConfigIdentity {
	readonly vendor: number;
	readonly device: number;
	/** Class code, subclass, programming interface: 0x010802. */
	readonly classCode: number;
	readonly revision: number;
	readonly subsystemVendor: number;
	readonly subsystem: number;
	/** 1 = INTA# … 4 = INTD#, 0 = none. */
	readonly interruptPin: number;
}

export class ConfigSpace {
	readonly bars: readonly Bar[];
	/** The device reacts to a write of the command register, or of a capability's registers. Set by the function. */
	onWrite: (offset: number) => void = () => {};
	/** Software asked for a function level reset. Set by the function. */
	onFunctionReset: () => void = () => {};
	private readonly data = Buffer.alloc(configBytes);
	private readonly writable = Buffer.alloc(configBytes);
	private readonly initial = Buffer.alloc(configBytes);
	private lastCapability = 0;
	private nextCapability = 0x40;
	private express = 0;

	constructor(identity: ConfigIdentity, bars: readonly Bar[]) {
		this.bars = bars;
		const data = this.data;
		data.writeUInt16LE(identity.vendor, vendorOffset);
		data.writeUInt16LE(identity.device, deviceOffset);
		data.writeUInt32LE(identity.classCode * 256 + identity.revision, revisionOffset);
		data.writeUInt16LE(identity.subsystemVendor, subsystemOffset);
		data.writeUInt16LE(identity.subsystem, subsystemOffset + 2);
		data[interruptPinOffset] = identity.interruptPin;
		this.writable[interruptLineOffset] = 0xff;
		this.writable[0x0c] = 0xff;
		let command = commandBusMaster | commandIntxDisable | (1 << 6) | (1 << 8);
		for (const bar of bars) {
			assert((bar.bytes & (bar.bytes - 1)) === 0 && bar.bytes >= 4, 'a BAR is a power of two');
			const at = barOffset + bar.index * 4;
			const mask = bar.bytes - 1;
			if (bar.kind === 'io') {
				command |= commandIo;
				data[at] = 1;
				this.writable.writeUInt32LE(~(mask | 3) >>> 0, at);
			} else {
				command |= commandMemory;
				data[at] = bar.kind === 'memory64' ? 4 : 0;
				this.writable.writeUInt32LE(~(mask | 15) >>> 0, at);
				if (bar.kind === 'memory64') {
					this.writable.writeUInt32LE(0xffff_ffff, at + 4);
				}
			}
		}

		this.writable.writeUInt16LE(command, commandOffset);
		this.data.copy(this.initial);
	}

	/** Appends a capability of `bytes` bytes, id and link included; what of it may be written is said with `permit`. Returns its offset. */
	addCapability(id: number, bytes: number): number {
		const at = this.nextCapability;
		assert(at + bytes <= configBytes, 'capabilities fit in configuration space');
		this.nextCapability = (at + bytes + 3) & ~3;
		this.data[at] = id;
		if (this.lastCapability === 0) {
			this.data[capabilityPointer] = at;
			this.data[statusOffset] |= statusCapabilities;
		} else {
			this.data[this.lastCapability + 1] = at;
		}

		this.lastCapability = at;
		this.data.copy(this.initial);
		return at;
	}

	/** A PCI Express endpoint capability that offers function level reset. */
	addExpress(): void {
		const at = this.addCapability(expressCapability, 0x3c);
		this.preset16(at + 2, 0x0002);
		this.preset16(at + 4, 0);
		this.preset16(at + 6, 1 << 12);
		this.permit16(at + 8, 0xffff);
		this.express = at;
	}

	/** Initial value of 16 bits, restored by reset. */
	preset16(offset: number, value: number): void {
		this.data.writeUInt16LE(value, offset);
		this.initial.writeUInt16LE(value, offset);
	}

	preset32(offset: number, value: number): void {
		this.data.writeUInt32LE(value >>> 0, offset);
		this.initial.writeUInt32LE(value >>> 0, offset);
	}

	/** Which bits of 16 software may write. */
	permit16(offset: number, mask: number): void {
		this.writable.writeUInt16LE(mask, offset);
	}

	/** Little-endian, unsigned. */
	read(offset: number, bytes: 1 | 2 | 4): number {
		assert(offset >= 0 && offset % bytes === 0 && offset + bytes <= configBytes, 'configuration accesses are aligned');
		return this.data.readUIntLE(offset, bytes);
	}

	write(offset: number, bytes: 1 | 2 | 4, value: number): void {
		assert(offset >= 0 && offset % bytes === 0 && offset + bytes <= configBytes, 'configuration accesses are aligned');
		let rest = value;
		for (let i = offset; i < offset + bytes; i++) {
			const mask = this.writable[i];
			this.data[i] = (this.data[i] & ~mask) | (rest & mask);
			rest >>>= 8;
		}

		const express = this.express;
		if (express > 0 && offset <= express + 9 && offset + bytes > express + 9 && (this.data[express + 9] & 0x80) !== 0) {
			this.data[express + 9] &= 0x7f;
			this.onFunctionReset();
			return;
		}

		this.onWrite(offset);
	}

	get command(): number {
		return this.data[commandOffset] | (this.data[commandOffset + 1] << 8);
	}

	get memoryEnabled(): boolean {
		return (this.data[commandOffset] & commandMemory) !== 0;
	}

	get ioEnabled(): boolean {
		return (this.data[commandOffset] & commandIo) !== 0;
	}

	get busMaster(): boolean {
		return (this.data[commandOffset] & commandBusMaster) !== 0;
	}

	get intxDisabled(): boolean {
		return (this.command & commandIntxDisable) !== 0;
	}

	/** The status register's interrupt bit: the function would hold its line up. */
	setInterruptStatus(up: boolean): void {
		if (up) {
			this.data[statusOffset] |= statusInterrupt;
		} else {
			this.data[statusOffset] &= ~statusInterrupt;
		}
	}

	/** Address in bytes that a BAR decodes. */
	barAddress(bar: Bar): number {
		const at = barOffset + bar.index * 4;
		const low = this.data.readUInt32LE(at);
		if (bar.kind === 'io') {
			return low - (low & 3);
		}

		const high = bar.kind === 'memory64' ? this.data.readUInt32LE(at + 4) : 0;
		return high * 4_294_967_296 + (low - (low & 15));
	}

	setBarAddress(bar: Bar, address: number): void {
		const at = barOffset + bar.index * 4;
		this.write(at, 4, address % 4_294_967_296);
		if (bar.kind === 'memory64') {
			this.write(at + 4, 4, Math.floor(address / 4_294_967_296));
		}
	}

	/** Everything as after power-on: bus mastering, decoding and interrupts off, addresses lost. */
	reset(): void {
		this.initial.copy(this.data);
	}
}
