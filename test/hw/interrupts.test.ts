/** The interrupt controller: messages and level lines, in service until their end of interrupt. */
import {beforeEach, describe, expect, it} from 'vitest';
import {Engine} from '../../source/engine/engine.js';
import {drop} from '../../source/engine/fault-points.js';
import {InterruptController, messageAddress} from '../../source/hw/interrupts.js';

let engine: Engine;
let controller: InterruptController;
let seen: [number, number][];

beforeEach(() => {
	engine = new Engine(1);
	controller = new InterruptController(engine, 4);
	seen = [];
	controller.onInterrupt = (cpu, vector) => seen.push([cpu, vector]);
});

describe('a message', () => {
	it('interrupts the CPU in its address with the vector in its data', () => {
		controller.messageSource('nvme0').send(messageAddress(3), 0x51);
		expect(seen).toEqual([[3, 0x51]]);
	});

	it('sent again before the end of interrupt is kept pending, once', () => {
		const source = controller.messageSource('nvme0');
		for (let i = 0; i < 3; i++) source.send(messageAddress(1), 0x40);
		expect(seen).toHaveLength(1);
		expect(controller.merged).toBe(1);
		controller.endOfInterrupt(1, 0x40);
		expect(seen).toHaveLength(2);
		controller.endOfInterrupt(1, 0x40);
		expect(seen).toHaveLength(2);
	});

	it('of another vector or to another CPU is not held up', () => {
		const source = controller.messageSource('nvme0');
		source.send(messageAddress(0), 0x40);
		source.send(messageAddress(0), 0x41);
		source.send(messageAddress(1), 0x40);
		expect(seen).toEqual([
			[0, 0x40],
			[0, 0x41],
			[1, 0x40],
		]);
	});

	it('to a CPU that is not there, or with a vector below 16, goes nowhere', () => {
		const source = controller.messageSource('nvme0');
		source.send(messageAddress(4), 0x40);
		source.send(messageAddress(0), 3);
		expect(seen).toEqual([]);
		expect(controller.refused).toBe(2);
	});

	it('out of nowhere is a spurious interrupt', () => {
		controller.deliver(2, 0x99);
		expect(seen).toEqual([[2, 0x99]]);
	});
});

describe('a level line', () => {
	it('delivers nothing while its pin is masked, and at once when unmasked while up', () => {
		const line = controller.line('disk', 17);
		controller.route(17, 2, 0x31);
		line.set(true);
		expect(seen).toEqual([]);
		controller.mask(17, false);
		expect(seen).toEqual([[2, 0x31]]);
	});

	it('is delivered again after each end of interrupt while it is up', () => {
		const line = controller.line('disk', 17);
		controller.route(17, 0, 0x31);
		controller.mask(17, false);
		line.set(true);
		controller.endOfInterrupt(0, 0x31);
		controller.endOfInterrupt(0, 0x31);
		expect(seen).toHaveLength(3);
		line.set(false);
		controller.endOfInterrupt(0, 0x31);
		expect(seen).toHaveLength(3);
		line.set(true);
		expect(seen).toHaveLength(4);
	});

	it('shared by several devices stays up until the last of them lowers it', () => {
		const first = controller.line('one', 16);
		const second = controller.line('two', 16);
		controller.route(16, 0, 0x30);
		controller.mask(16, false);
		first.set(true);
		second.set(true);
		expect(seen).toHaveLength(1);
		first.set(false);
		controller.endOfInterrupt(0, 0x30);
		expect(seen).toHaveLength(2);
		second.set(false);
		controller.endOfInterrupt(0, 0x30);
		expect(seen).toHaveLength(2);
		expect(controller.lineIsUp(16)).toBe(false);
	});

	it('whose rise a fault loses is down', () => {
		const line = controller.line('disk', 17);
		controller.route(17, 0, 0x31);
		controller.mask(17, false);
		const point = engine.faults.get('interrupt.line disk');
		expect(point).toBeDefined();
		if (point) point.armed = {value: 0, decide: () => drop};
		line.set(true);
		expect(seen).toEqual([]);
		expect(line.up).toBe(false);
	});
});

it('a host reset masks all pins and forgets what is in service and pending', () => {
	const source = controller.messageSource('nvme0');
	source.send(messageAddress(0), 0x40);
	source.send(messageAddress(0), 0x40);
	controller.reset();
	source.send(messageAddress(0), 0x40);
	controller.endOfInterrupt(0, 0x40);
	expect(seen).toHaveLength(2);
	expect(controller.isMasked(17)).toBe(true);
});
