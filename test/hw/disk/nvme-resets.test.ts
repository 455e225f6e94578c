/** The NVMe controller when things go wrong: resets, hanging commands, its fault points; and what it leaves in hash and trace. */
import {describe, expect, it} from 'vitest';
import {alter, delay, drop} from '../../../source/engine/fault-points.js';
import {arm, dataFrame, readyPoker} from '../../support/nvme-poker.js';

const page = 4096;
const data = dataFrame * 4096;

describe('resets', () => {
	it('nothing under way at a controller reset happens later', () => {
		for (let after = 0; after < 14_000; after += 350) {
			const poker = readyPoker();
			const written = poker.fill(dataFrame, 1);
			poker.place(1, poker.transfer(1, 8, 8));
			poker.place(1, poker.transfer(2, 64, 8, data + page));
			poker.ring(1);
			poker.memory.bytes(dataFrame + 1).fill(0xaa);
			poker.run(after);
			poker.write(0x14, 0x0046_0000);
			const medium = poker.medium.sector(8).equals(written.subarray(0, 512));
			const memory = poker.memory.bytes(dataFrame + 1)[0];
			const posted = poker.completions(1, false).length;
			const {delivered} = poker;
			const interrupts = delivered.length;
			poker.run();
			expect(poker.medium.sector(8).equals(written.subarray(0, 512))).toBe(medium);
			expect(poker.memory.bytes(dataFrame + 1)[0]).toBe(memory);
			expect(poker.completions(1, false)).toHaveLength(posted);
			expect(delivered).toHaveLength(interrupts);
			expect(poker.medium.gauges.outstanding).toBe(0);
			poker.enable();
			poker.createQueues(1);
			expect(poker.command(1, poker.transfer(2, 8, 8)).status).toBe(0);
		}
	});

	it('a function level reset also forgets registers, BARs, interrupts; the medium keeps its bytes', () => {
		const poker = readyPoker();
		const written = poker.fill(dataFrame, 1);
		poker.command(1, poker.transfer(1, 8, 8));
		const express = poker.capability(0x10);
		poker.submit(1, poker.transfer(2, 8, 8));
		poker.config(express + 8, 2, 0x8000);
		expect(poker.bus.readConfig('00:04.0', 4, 2)).toBe(0);
		expect(poker.bus.readConfig('00:04.0', 0x10, 4)).toBe(4);
		expect(poker.read(0x1c)).toBe(-1);
		poker.config(4, 2, 6);
		expect([poker.status, poker.read(0x14), poker.read(0x24), poker.read(0x28)]).toEqual([0, 0, 0, 0]);
		poker.run();
		expect(poker.medium.sector(8)).toEqual(written.subarray(0, 512));
		poker.enableMsix();
		poker.enable();
		poker.createQueues(1);
		expect(poker.command(1, poker.transfer(2, 8, 8)).status).toBe(0);
	});

	it('the bus’s reset of a function puts its addresses back', () => {
		const poker = readyPoker();
		const before = poker.bus.readConfig('00:04.0', 0x10, 4);
		poker.bus.resetFunction('00:04.0');
		expect(poker.bus.readConfig('00:04.0', 0x10, 4)).toBe(before);
		expect(poker.bus.readConfig('00:04.0', 4, 2)).toBe(0);
	});

	it('a normal shutdown flushes before CSTS.SHST says complete; an abrupt one does not', () => {
		const poker = readyPoker();
		poker.write(0x14, 0x0046_4001);
		expect(poker.status & 12).toBe(4);
		poker.run();
		expect(poker.status & 12).toBe(8);
		expect(poker.medium.flushes).toBe(1);
		poker.write(0x14, 0x0046_0000);
		poker.run();
		expect(poker.status).toBe(0);
		poker.enable();
		poker.write(0x14, 0x0046_8001);
		expect(poker.status & 12).toBe(8);
		expect(poker.medium.flushes).toBe(1);
	});

	it('loss of power: the medium is told, everything stops, an unsafe shutdown is counted', () => {
		const poker = readyPoker();
		poker.submit(1, poker.transfer(1, 8, 8));
		poker.run(2_000);
		poker.controller.losePower();
		poker.bus.setPresent('00:04.0', false);
		expect(poker.status).toBe(-1);
		poker.run();
		poker.bus.setPresent('00:04.0', true);
		poker.controller.restorePower();
		expect(poker.completions(1, false)).toEqual([]);
		expect(poker.medium.powerLost).toBe(true);
		expect(poker.controller.log.unsafeShutdowns).toBe(1);
	});
});

describe('commands that hang', () => {
	it('are aborted on request, and answered as aborted', () => {
		const poker = readyPoker();
		arm(poker, 'disk.command nvme0', drop);
		const cid = poker.submit(1, poker.transfer(1, 8, 8));
		poker.run(1_000_000_000);
		expect(poker.completions(1)).toEqual([]);
		expect(poker.admin({opcode: 8, words: {10: 1 | (cid << 16)}}).result).toBe(0);
		expect(poker.completions(1)).toMatchObject([{cid, status: 0x007}]);
		expect(poker.command(1, poker.transfer(1, 8, 8)).status).toBe(0);
	});

	it('an asynchronous event request is aborted like any command', () => {
		const poker = readyPoker();
		const cid = poker.submit(0, {opcode: 0x0c});
		poker.run();
		const abort = poker.submit(0, {opcode: 8, words: {10: cid << 16}});
		poker.run();
		const found = poker.completions(0);
		expect(found.find((c) => c.cid === cid)?.status).toBe(0x007);
		expect(found.find((c) => c.cid === abort)?.result).toBe(0);
	});
});

describe('fault points', () => {
	it('a delayed command completes later, an altered one with the rule’s status', () => {
		const poker = readyPoker();
		arm(poker, 'disk.command nvme0', delay, 5_000_000);
		poker.submit(1, poker.transfer(2, 0, 8));
		poker.run(4_000_000);
		expect(poker.completions(1)).toEqual([]);
		poker.run(2_000_000);
		expect(poker.completions(1)).toMatchObject([{status: 0}]);
		arm(poker, 'disk.command nvme0', alter, 0x280);
		expect(poker.command(1, poker.transfer(1, 0, 8)).status).toBe(0x280);
	});

	it('a completion is lost, doubled, or carries a stale phase', () => {
		const poker = readyPoker();
		arm(poker, 'disk.completion nvme0', drop);
		poker.submit(1, {opcode: 0});
		poker.run();
		expect(poker.completions(1)).toEqual([]);
		arm(poker, 'disk.completion nvme0', alter, 1);
		const cid = poker.submit(1, {opcode: 0});
		poker.run();
		expect(poker.completions(1).map((c) => c.cid)).toEqual([cid, cid]);
		arm(poker, 'disk.completion nvme0', alter, 2);
		poker.submit(1, {opcode: 0});
		poker.run();
		expect(poker.completions(1)).toEqual([]);
		expect(poker.delivered.length).toBeGreaterThan(0);
	});

	it('an interrupt message is lost, late, or comes twice', () => {
		const poker = readyPoker();
		arm(poker, 'interrupt.message nvme0', drop);
		poker.command(1, {opcode: 0});
		expect(poker.delivered).toEqual([]);
		arm(poker, 'interrupt.message nvme0', delay, 1_000_000);
		poker.submit(1, {opcode: 0});
		poker.run(500_000);
		expect(poker.delivered).toEqual([]);
		poker.run();
		expect(poker.delivered).toEqual([0x41]);
		poker.completions(1);
		arm(poker, 'interrupt.message nvme0', alter);
		poker.command(1, {opcode: 0});
		expect(poker.delivered).toEqual([0x41, 0x41, 0x41]);
	});

	it('a DMA access is refused, or strays to another frame', () => {
		const poker = readyPoker();
		poker.fill(dataFrame, 1);
		poker.command(1, poker.transfer(1, 0, 8));
		poker.submit(1, poker.transfer(2, 0, 8));
		poker.run(5_000);
		arm(poker, 'dma nvme0', drop);
		poker.run();
		expect(poker.completions(1)).toMatchObject([{status: 0x004}]);
		poker.submit(1, poker.transfer(2, 0, 8));
		poker.run(5_000);
		arm(poker, 'dma nvme0', alter, 999);
		poker.run();
		expect(poker.completions(1)).toMatchObject([{status: 0}]);
		expect(poker.memory.bytes(999).equals(poker.memory.bytes(dataFrame))).toBe(true);
	});

	it('a register access never arrives, or is answered with something else', () => {
		const poker = readyPoker();
		arm(poker, 'pci.register nvme0', drop);
		expect(poker.status).toBe(-1);
		arm(poker, 'pci.register nvme0', alter, 2);
		expect(poker.status).toBe(2);
		expect(poker.status).toBe(1);
	});
});

describe('the state hash and the trace', () => {
	it('the same pokes give the same hash; another register access, another hash', () => {
		const hash = (extra: boolean) => {
			const poker = readyPoker();
			poker.command(1, poker.transfer(1, 0, 8));
			if (extra) {
				poker.read(0x1c);
			}

			return poker.engine.hash.toString();
		};
		expect(hash(false)).toBe(hash(false));
		expect(hash(true)).not.toBe(hash(false));
	});

	it('a request’s hops are recorded under the identity its driver gave it', () => {
		const poker = readyPoker();
		const request = poker.engine.trace.begin();
		poker.controller.requestIdentity = (queue, cid) => (queue === 1 && cid === 9 ? request : 0);
		poker.command(1, {...poker.transfer(2, 0, 8), cid: 9});
		expect(poker.engine.trace.recent(10).map((hop) => hop.point)).toEqual([
			'nvme0 medium',
			'nvme0 transfer',
			'nvme0 completion',
		]);
	});

	it('a 4 KiB read takes three events of the controller’s and medium’s, a write four', () => {
		const poker = readyPoker();
		const count = (opcode: 1 | 2) => {
			const before = poker.engine.executed;
			poker.command(1, poker.transfer(opcode, 0, 8));
			return poker.engine.executed - before;
		};
		expect([count(2), count(1)]).toEqual([3, 4]);
	});
});
