/** What the IOMMU permits, and the door by which devices reach memory. */
import {describe, expect, it} from 'vitest';
import {Engine} from '../../source/engine/engine.js';
import {Dma, frameOf, refused} from '../../source/hw/dma.js';
import {Iommu, IommuContext} from '../../source/hw/iommu.js';
import {Memory} from '../../source/hw/memory.js';
import {ConfigSpace} from '../../source/hw/pci-config.js';

describe('a context', () => {
	it('permits what was entered: reading, and writing where it was entered as writable', () => {
		const context = new IommuContext('web', 100);
		context.enter(5, false);
		context.enter(6, true);
		expect([context.permits(5, false), context.permits(5, true)]).toEqual([true, false]);
		expect([context.permits(6, false), context.permits(6, true)]).toEqual([true, true]);
		expect(context.permits(7, false)).toBe(false);
	});

	it('counts entries of a frame: it is permitted until the last leaves', () => {
		const context = new IommuContext('web', 100);
		context.enter(5, true);
		context.enter(5, false);
		context.enter(5, true);
		context.remove(5, true);
		expect(context.permits(5, true)).toBe(true);
		context.remove(5, true);
		expect([context.permits(5, false), context.permits(5, true)]).toEqual([true, false]);
		context.remove(5, false);
		expect([context.permits(5, false), context.entries]).toEqual([false, 0]);
	});

	it('does not let out what never entered', () => {
		const context = new IommuContext('web', 100);
		expect(() => context.remove(5, false)).toThrow('was entered');
		context.enter(5, false);
		expect(() => context.remove(5, true)).toThrow('as writable');
		expect(() => context.enter(100, false)).toThrow('a frame of the machine');
	});
});

describe('a device', () => {
	it('is refused everything until attached and after detach, and its faults are counted and told', () => {
		const iommu = new Iommu();
		const told: unknown[] = [];
		iommu.onFault = (...fault) => told.push(fault);
		const device = iommu.device('nvme0');
		expect(device.permits(3, true)).toBe(false);
		const context = new IommuContext('web', 100);
		context.enter(3, true);
		device.attach(context);
		expect(device.permits(3, true)).toBe(true);
		device.detach();
		expect(device.permits(3, false)).toBe(false);
		expect(told).toEqual([
			['nvme0', 3 * 4096, true],
			['nvme0', 3 * 4096, false],
		]);
		expect([device.faults, iommu.faults]).toEqual([2, 2]);
	});

	it('passes unchecked where there is no IOMMU', () => {
		const device = new Iommu().device('nvme0');
		device.passThrough();
		expect(device.permits(99, true)).toBe(true);
		device.detach();
		expect(device.permits(99, true)).toBe(false);
	});

	it('reaches a frame that exists, with bus mastering, and no other', () => {
		const config = new ConfigSpace(
			{vendor: 1, device: 1, classCode: 1, revision: 0, subsystemVendor: 0, subsystem: 0, interruptPin: 0},
			[],
		);
		const device = new Iommu().device('nvme0');
		device.passThrough();
		const dma = new Dma(new Engine(1), new Memory(8 * 4096), config, device);
		expect(dma.reach(3, true)).toBe(refused);
		config.write(4, 2, 4);
		expect([dma.reach(0, true), dma.reach(7, false), dma.reach(8, false)]).toEqual([0, 7, refused]);
		expect(dma.reach(frameOf(0x1000, 0), false)).toBe(1);
		expect(dma.reach(frameOf(0, 0xffff_ffff), false)).toBe(refused);
		expect([dma.accesses, dma.refusals]).toEqual([6, 3]);
	});
});
