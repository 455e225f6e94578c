/** Configuration space and bus: identity, sizing, capabilities, decoding, and what answers when nobody does. */
import {describe, expect, it} from 'vitest';
import {Engine} from '../../source/engine/engine.js';
import {type AccessBytes, PciBus, type PciFunction} from '../../source/hw/pci.js';
import {type Bar, ConfigSpace} from '../../source/hw/pci-config.js';

class Scratch implements PciFunction {
	readonly bars: readonly Bar[] = [
		{index: 0, kind: 'memory64', bytes: 4096},
		{index: 2, kind: 'memory32', bytes: 256},
		{index: 3, kind: 'io', bytes: 64},
	];
	readonly config = new ConfigSpace(
		{
			vendor: 0x1234,
			device: 0x5678,
			classCode: 0x020000,
			revision: 3,
			subsystemVendor: 1,
			subsystem: 2,
			interruptPin: 1,
		},
		this.bars,
	);
	readonly values = new Map<string, number>();
	resets = 0;

	constructor(
		readonly address: string,
		readonly name: string,
	) {
		this.config.addExpress();
		this.config.onFunctionReset = () => this.reset();
	}

	readRegister(bar: number, offset: number, bytes: AccessBytes): number {
		return this.values.get(`${bar} ${offset} ${bytes}`) ?? 0;
	}

	writeRegister(bar: number, offset: number, bytes: AccessBytes, value: number): void {
		this.values.set(`${bar} ${offset} ${bytes}`, value);
	}

	reset(): void {
		this.resets++;
		this.config.reset();
	}
}

function plugged() {
	const bus = new PciBus(new Engine(1));
	const device = new Scratch('00:05.0', 'scratch0');
	bus.plug(device);
	return {bus, device};
}

describe('configuration space', () => {
	it('tells who the function is, by accesses of one, two and four bytes', () => {
		const {bus} = plugged();
		expect(bus.readConfig('00:05.0', 0, 4)).toBe(0x5678_1234);
		expect(bus.readConfig('00:05.0', 2, 2)).toBe(0x5678);
		expect(bus.readConfig('00:05.0', 8, 4)).toBe(0x0200_0003);
		expect(bus.readConfig('00:05.0', 0x0b, 1)).toBe(2);
		expect(bus.readConfig('00:05.0', 0x3d, 1)).toBe(1);
	});

	it('identity and status cannot be written, the command register only where it has bits', () => {
		const {bus} = plugged();
		bus.writeConfig('00:05.0', 0, 4, -1);
		bus.writeConfig('00:05.0', 4, 4, -1);
		expect(bus.readConfig('00:05.0', 0, 4)).toBe(0x5678_1234);
		expect(bus.readConfig('00:05.0', 4, 2)).toBe(0x0547);
		expect(bus.readConfig('00:05.0', 6, 2)).toBe(0x0010);
	});

	it.each([
		[0, 0xffff_f004],
		[1, 0xffff_ffff],
		[2, 0xffff_ff00],
		[3, 0xffff_ffc1],
		[4, 0],
	])('BAR %i sizes to %i', (bar, size) => {
		const {bus} = plugged();
		bus.writeConfig('00:05.0', 0x10 + bar * 4, 4, -1);
		expect(bus.readConfig('00:05.0', 0x10 + bar * 4, 4)).toBe(size);
	});

	it('an absent function answers all ones', () => {
		const {bus} = plugged();
		expect(bus.readConfig('00:06.0', 0, 4)).toBe(0xffff_ffff);
		expect(bus.readConfig('00:06.0', 0, 2)).toBe(0xffff);
		bus.writeConfig('00:06.0', 4, 2, 7);
	});

	it('capabilities are a list that ends; PCI Express offers function level reset, which happens', () => {
		const {bus, device} = plugged();
		const at = bus.readConfig('00:05.0', 0x34, 1);
		expect(bus.readConfig('00:05.0', at, 2)).toBe(0x0010);
		expect((bus.readConfig('00:05.0', at + 4, 4) >>> 28) & 1).toBe(1);
		bus.writeConfig('00:05.0', 4, 2, 6);
		bus.writeConfig('00:05.0', at + 8, 2, 0x8000);
		expect(device.resets).toBe(1);
		expect(bus.readConfig('00:05.0', 4, 2)).toBe(0);
		expect(bus.readConfig('00:05.0', at + 8, 2)).toBe(0);
	});
});

describe('registers', () => {
	it('are reached through the window of a BAR, in the width asked for, four bytes signed', () => {
		const {bus, device} = plugged();
		bus.writeConfig('00:05.0', 4, 2, 3);
		const window = bus.window('00:05.0', 0);
		expect(bus.window('00:05.0', 0)).toBe(window);
		window.write32(8, 0xffff_fffe);
		window.write16(12, 0x1_2345);
		window.write8(14, 0x199);
		expect(window.read32(8)).toBe(-2);
		expect(device.values.get('0 12 2')).toBe(0x2345);
		expect(device.values.get('0 14 1')).toBe(0x99);
		bus.window('00:05.0', 3).write8(1, 7);
		expect(device.values.get('3 1 1')).toBe(7);
	});

	it('are reached by machine address through whichever BAR decodes it', () => {
		const {bus, device} = plugged();
		bus.writeConfig('00:05.0', 4, 2, 2);
		const base = bus.readConfig('00:05.0', 0x18, 4);
		bus.write(base + 16, 4, 99);
		expect(device.values.get('2 16 4')).toBe(99);
		expect(bus.read(base + 16, 4)).toBe(99);
		expect(bus.read(base + 256, 4)).toBe(-1);
		bus.writeConfig('00:05.0', 0x18, 4, base + 0x10000);
		expect(bus.read(base + 16, 4)).toBe(-1);
		expect(bus.read(base + 0x10010, 4)).toBe(99);
	});

	it('answer all ones, and take nothing, while decoding is off, out of range, or the function is gone', () => {
		const {bus, device} = plugged();
		const window = bus.window('00:05.0', 0);
		const ports = bus.window('00:05.0', 3);
		window.write32(0, 1);
		expect([window.read8(0), window.read16(0), window.read32(0)]).toEqual([0xff, 0xffff, -1]);
		bus.writeConfig('00:05.0', 4, 2, 2);
		expect([window.read32(0), window.read32(4096), window.read32(4094)]).toEqual([0, -1, -1]);
		expect(ports.read8(0)).toBe(0xff);
		bus.setPresent('00:05.0', false);
		expect(window.read32(0)).toBe(-1);
		expect(bus.readConfig('00:05.0', 0, 4)).toBe(0xffff_ffff);
		expect(device.values.size).toBe(0);
		bus.setPresent('00:05.0', true);
		expect(bus.readConfig('00:05.0', 0, 4)).toBe(0x5678_1234);
	});
});

it('functions get addresses of their own, and pins in turn', () => {
	const {bus} = plugged();
	bus.plug(new Scratch('00:06.0', 'scratch1'));
	expect(bus.readConfig('00:05.0', 0x10, 4)).not.toBe(bus.readConfig('00:06.0', 0x10, 4));
	expect([bus.readConfig('00:05.0', 0x3c, 1), bus.readConfig('00:06.0', 0x3c, 1)]).toEqual([16, 17]);
	expect([...bus].map((device) => device.name)).toEqual(['scratch0', 'scratch1']);
});
