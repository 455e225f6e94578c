/** What the NVMe controller tells the host, and what the host refuses it: MSI-X, its line, IOMMU, bus mastering. */
import {describe, expect, it} from 'vitest';
import {IommuContext} from '../../../source/hw/iommu.js';
import {dataFrame, NvmePoker, readyPoker} from '../../support/nvme-poker.js';

const data = dataFrame * 4096;

describe('interrupts', () => {
	it('MSI-X: each queue’s vector, a message a completion', () => {
		const poker = readyPoker();
		poker.createQueues(2, 16, 48, true, 5);
		poker.delivered.length = 0;
		poker.command(1, {opcode: 0});
		poker.command(2, {opcode: 0});
		expect(poker.delivered).toEqual([0x41, 0x45]);
	});

	it('a masked vector keeps its interrupt pending and sends it once when unmasked', () => {
		const poker = readyPoker();
		poker.write(0x2000 + 16 + 12, 1);
		poker.command(1, {opcode: 0});
		poker.command(1, {opcode: 0});
		expect(poker.delivered).toEqual([]);
		expect(poker.read(0x3000)).toBe(2);
		poker.write(0x2000 + 16 + 12, 0);
		expect(poker.delivered).toEqual([0x41]);
		expect(poker.read(0x3000)).toBe(0);
	});

	it('so does the function mask, for all vectors', () => {
		const poker = readyPoker();
		const control = poker.capability(0x11) + 2;
		poker.config(control, 2, 0xc000);
		poker.command(1, {opcode: 0});
		expect(poker.delivered).toEqual([]);
		poker.config(control, 2, 0x8000);
		expect(poker.delivered).toEqual([0x41]);
	});

	it('a queue without interrupts sends none', () => {
		const poker = readyPoker();
		poker.createQueues(2, 16, 48, false);
		poker.delivered.length = 0;
		poker.command(2, {opcode: 0});
		expect(poker.delivered).toEqual([]);
	});

	it('without MSI-X the line is up until the driver has consumed what was posted', () => {
		const poker = new NvmePoker();
		poker.enable();
		const pin = poker.bus.readConfig('00:04.0', 0x3c, 1);
		poker.interrupts.route(pin, 0, 0x30);
		poker.interrupts.mask(pin, false);
		poker.submit(0, {opcode: 6, words: {10: 1}});
		poker.run();
		expect(poker.interrupts.lineIsUp(pin)).toBe(true);
		expect(poker.bus.readConfig('00:04.0', 6, 2) & 8).toBe(8);
		expect(poker.delivered).toEqual([0x30]);
		poker.interrupts.endOfInterrupt(0, 0x30);
		expect(poker.delivered).toEqual([0x30, 0x30]);
		poker.completions(0);
		expect(poker.interrupts.lineIsUp(pin)).toBe(false);
		poker.interrupts.endOfInterrupt(0, 0x30);
		expect(poker.delivered).toEqual([0x30, 0x30]);
	});

	it('INTMS lowers the line, INTMC raises it again; so does INTx disable', () => {
		const poker = new NvmePoker();
		poker.enable();
		const pin = poker.bus.readConfig('00:04.0', 0x3c, 1);
		poker.submit(0, {opcode: 6, words: {10: 1}});
		poker.run();
		poker.write(0x0c, 1);
		expect(poker.interrupts.lineIsUp(pin)).toBe(false);
		expect(poker.read(0x10)).toBe(1);
		poker.write(0x10, 1);
		expect(poker.interrupts.lineIsUp(pin)).toBe(true);
		poker.config(4, 2, 0x0406);
		expect(poker.interrupts.lineIsUp(pin)).toBe(false);
	});
});

describe('what the host refuses', () => {
	function guarded(poker: NvmePoker): IommuContext {
		const context = new IommuContext('test', poker.memory.frames);
		for (let frame = 0; frame < dataFrame; frame++) {
			context.enter(frame, true);
		}

		poker.iommu.device('nvme0').attach(context);
		return context;
	}

	it('a read into a frame not in the IOMMU: nothing is written, the access is logged', () => {
		const poker = readyPoker();
		guarded(poker);
		const faults: [string, number, boolean][] = [];
		poker.iommu.onFault = (...fault) => faults.push(fault);
		poker.memory.bytes(dataFrame).fill(0xaa);
		expect(poker.command(1, poker.transfer(2, 0, 8)).status).toBe(0x004);
		expect(poker.memory.bytes(dataFrame).every((byte) => byte === 0xaa)).toBe(true);
		expect(faults).toEqual([['nvme0', data, true]]);
	});

	it('a read-only frame: writes to disk pass, reads from disk are refused', () => {
		const poker = readyPoker();
		const context = guarded(poker);
		context.enter(dataFrame, false);
		expect(poker.command(1, poker.transfer(1, 0, 8)).status).toBe(0);
		expect(poker.command(1, poker.transfer(2, 0, 8)).status).toBe(0x004);
		context.remove(dataFrame, false);
		expect(poker.command(1, poker.transfer(1, 0, 8)).status).toBe(0x004);
	});

	it('a frame that left the IOMMU while the command was under way', () => {
		const poker = readyPoker();
		const context = guarded(poker);
		context.enter(dataFrame, true);
		const cid = poker.submit(1, poker.transfer(2, 0, 8));
		poker.run(5_000);
		context.remove(dataFrame, true);
		poker.run();
		expect(poker.completions(1)).toMatchObject([{cid, status: 0x004}]);
	});

	it('everything, after detach: the controller fails at its next fetch', () => {
		const poker = readyPoker();
		poker.iommu.device('nvme0').detach();
		poker.submit(1, {opcode: 0});
		poker.run();
		expect(poker.status).toBe(3);
		expect(poker.completions(1, false)).toEqual([]);
		expect(poker.iommu.faults).toBe(1);
	});

	it('all memory accesses and messages while bus mastering is off', () => {
		const poker = readyPoker();
		poker.submit(1, poker.transfer(2, 0, 8));
		poker.run(5_000);
		poker.memory.bytes(dataFrame).fill(0xaa);
		poker.config(4, 2, 2);
		poker.run();
		expect(poker.memory.bytes(dataFrame).every((byte) => byte === 0xaa)).toBe(true);
		expect(poker.completions(1, false)).toEqual([]);
		expect(poker.delivered).toEqual([]);
		expect(poker.status).toBe(3);
	});
});
