/** Every misprogramming of the controller by I/O commands, doorbells and registers that we can think of, one a row, and what NVMe base specification 1.4 says comes of it. */
import {describe, expect, it} from 'vitest';
import {IommuContext} from '../../../source/hw/iommu.js';
import {dataFrame, type Entry, NvmePoker} from '../../support/nvme-poker.js';

const page = 4096;
const data = dataFrame * page;

function ready(): NvmePoker {
	const poker = new NvmePoker();
	poker.enableMsix();
	poker.enable();
	return poker;
}

function withQueue(): NvmePoker {
	const poker = ready();
	poker.createQueues(1, 16);
	return poker;
}

describe('I/O commands are refused with', () => {
	const list = data + 64 * page;
	const rows: [string, number, Entry, ((poker: NvmePoker) => void)?][] = [
		['Invalid Opcode: an opcode that does not exist', 0x001, {opcode: 0x7f}],
		['Invalid Opcode: Dataset Management, not offered by ONCS', 0x001, {opcode: 9}],
		['Invalid Opcode: Write Zeroes, not offered by ONCS', 0x001, {opcode: 8}],
		['Invalid Opcode: Compare, not offered by ONCS', 0x001, {opcode: 5}],
		['Invalid Field: a fused command', 0x002, {opcode: 2, flags: 2}],
		['Invalid Field: an SGL', 0x002, {opcode: 2, flags: 0x40}],
		['Invalid Namespace: read of namespace 0', 0x00b, {opcode: 2, namespace: 0}],
		['Invalid Namespace: write of namespace 2', 0x00b, {opcode: 1, namespace: 2}],
		['Invalid Namespace: read of all namespaces', 0x00b, {opcode: 2, namespace: -1}],
		['Invalid Namespace: flush of namespace 2', 0x00b, {opcode: 0, namespace: 2}],
		['Invalid Field: one block more than MDTS', 0x002, {opcode: 2, prp2: list, words: {12: 256}}],
		['Invalid Field: NLB of 65536 blocks', 0x002, {opcode: 1, prp2: list, words: {12: 0xffff}}],
		['LBA Out of Range: the block after the last', 0x080, {opcode: 2, words: {10: 1 << 20, 12: 0}}],
		[
			'LBA Out of Range: a write that ends one block past the last',
			0x080,
			{opcode: 1, words: {10: (1 << 20) - 7, 12: 7}},
		],
		['LBA Out of Range: a block number of 64 bits', 0x080, {opcode: 2, words: {10: 0, 11: 1, 12: 0}}],
		['LBA Out of Range: the last block number there is', 0x080, {opcode: 2, words: {10: -1, 11: -1, 12: 0}}],
		['Invalid PRP Offset: PRP 1 not at a dword', 0x013, {opcode: 2, prp1: data + 1, words: {12: 0}}],
		['Invalid PRP Offset: PRP 2 inside a page', 0x013, {opcode: 2, prp2: data + page + 4, words: {12: 15}}],
		['Invalid PRP Offset: a PRP list not at a quadword', 0x013, {opcode: 2, prp2: list + 4, words: {12: 31}}],
		[
			'Invalid PRP Offset: a PRP list entry inside a page',
			0x013,
			{opcode: 2, prp2: list, words: {12: 31}},
			(p) => p.memory.write32(list + 8, data + 512),
		],
		['Data Transfer Error: PRP 1 outside memory', 0x004, {opcode: 2, prp1: 0x7000_0000, words: {12: 0}}],
		[
			'Data Transfer Error: PRP 1 above 4 GiB, where nothing is',
			0x004,
			{opcode: 1, prp1: 0x12_0000_0000, words: {12: 0}},
		],
		['Data Transfer Error: PRP 2 outside memory', 0x004, {opcode: 1, prp2: 0x7000_0000, words: {12: 15}}],
		['Data Transfer Error: a PRP list outside memory', 0x004, {opcode: 2, prp2: 0x7000_0000, words: {12: 31}}],
		[
			'Data Transfer Error: a frame the IOMMU refuses',
			0x004,
			{opcode: 2, words: {12: 7}},
			(p) => p.iommu.device('nvme0').attach(queuesOnly(p)),
		],
	];

	function queuesOnly(poker: NvmePoker) {
		const context = new IommuContext('test', poker.memory.frames);
		for (let frame = 0; frame < dataFrame; frame++) {
			context.enter(frame, true);
		}

		return context;
	}

	it.each(rows)('%s', (_what, status, entry, prepare) => {
		const poker = withQueue();
		prepare?.(poker);
		const completion = poker.command(1, entry);
		expect(completion.status).toBe(status);
		expect(completion.doNotRetry).toBe(status !== 0x004);
		expect(poker.status).toBe(1);
		expect(poker.command(1, {opcode: 0}).status).toBe(0);
	});
});

describe('doorbells answer misuse with an error event', () => {
	const badRegister = 0x0001_0000;
	const badValue = 0x0001_0100;
	const rows: [string, number, (poker: NvmePoker) => void][] = [
		[
			'Invalid Doorbell Register: the tail of a queue that does not exist',
			badRegister,
			(p) => p.write(0x1000 + 5 * 8, 1),
		],
		[
			'Invalid Doorbell Register: the head of a queue that does not exist',
			badRegister,
			(p) => p.write(0x1004 + 5 * 8, 1),
		],
		['Invalid Doorbell Register: a queue there cannot be', badRegister, (p) => p.write(0x1000 + 200 * 8, 1)],
		['Invalid Doorbell Value: a tail equal to the size', badValue, (p) => p.write(0x1008, 16)],
		['Invalid Doorbell Value: a tail of FFFFh', badValue, (p) => p.write(0x1008, 0xffff)],
		['Invalid Doorbell Value: a head equal to the size', badValue, (p) => p.write(0x100c, 16)],
		['Invalid Doorbell Value: a head beyond the tail', badValue, (p) => p.write(0x100c, 3)],
		[
			'Invalid Doorbell Value: a tail that adds to a full queue',
			badValue,
			(p) => {
				p.write(0x1008, 15);
				p.write(0x1008, 2);
			},
		],
	];
	it.each(rows)('%s', (_what, event, misuse) => {
		const poker = withQueue();
		const cid = poker.submit(0, {opcode: 0x0c});
		poker.run();
		expect(poker.completions(0)).toEqual([]);
		misuse(poker);
		poker.run();
		expect(poker.completions(0)).toMatchObject([{cid, status: 0, result: event}]);
		expect(poker.controller.log.errors).toBeGreaterThan(0);
	});

	it('once, until the error log is read; further events wait', () => {
		const poker = withQueue();
		poker.submit(0, {opcode: 0x0c});
		poker.submit(0, {opcode: 0x0c});
		poker.write(0x1000 + 5 * 8, 1);
		poker.write(0x1008, 99);
		poker.run();
		expect(poker.completions(0)).toHaveLength(1);
		poker.submit(0, {opcode: 2, words: {10: 1 | (1 << 15) | (15 << 16)}});
		poker.run();
		expect(poker.completions(0).map((c) => c.result)).toEqual([0]);
		poker.submit(0, {opcode: 2, words: {10: 1 | (15 << 16)}});
		poker.run();
		expect(poker.completions(0).map((c) => c.result)).toEqual([0, badValue]);
	});

	it('and an event nobody has asked for yet waits for the request', () => {
		const poker = withQueue();
		poker.write(0x1000 + 5 * 8, 1);
		expect(poker.admin({opcode: 0x0c}).result).toBe(badRegister);
	});

	it('but an unchanged doorbell is ignored', () => {
		const poker = withQueue();
		const cid = poker.submit(1, {opcode: 0});
		poker.run();
		poker.ring(1);
		poker.run();
		expect(poker.completions(1).map((c) => c.cid)).toEqual([cid]);
		expect(poker.controller.log.errors).toBe(0);
	});
});

describe('limits', () => {
	it('Asynchronous Event Request Limit Exceeded: a fifth request', () => {
		const poker = ready();
		for (let i = 0; i < 4; i++) {
			poker.submit(0, {opcode: 0x0c});
		}

		expect(poker.admin({opcode: 0x0c}).status).toBe(0x105);
	});

	it('Abort Command Limit Exceeded: more aborts at once than ACL', () => {
		const poker = ready();
		for (let i = 0; i < 6; i++) {
			poker.place(0, {opcode: 8, words: {10: 1}});
		}

		poker.ring(0);
		poker.run();
		const statuses = poker.completions(0).map((c) => c.status);
		expect(statuses).toContain(0x103);
		expect(statuses.filter((status) => status === 0).length).toBeGreaterThanOrEqual(4);
	});

	it('Command ID Conflict: an identifier still in use', () => {
		const poker = withQueue();
		poker.place(1, {...poker.transfer(2, 0, 1), cid: 7});
		poker.place(1, {...poker.transfer(2, 0, 1), cid: 7});
		poker.ring(1);
		poker.run();
		expect(
			poker
				.completions(1)
				.map((c) => c.status)
				.sort(),
		).toEqual([0x000, 0x003]);
		expect(poker.command(1, {opcode: 0, cid: 7}).status).toBe(0);
	});

	it('abort of a command nobody knows: not aborted (Dword 0 bit 0), and success', () => {
		const poker = withQueue();
		for (const target of [1 | (99 << 16), 9 | (1 << 16), 0xffff_ffff | 0, 0 | (77 << 16)]) {
			expect(poker.admin({opcode: 8, words: {10: target}})).toMatchObject({status: 0, result: 1});
		}
	});
});

describe('registers', () => {
	it.each([
		['a page size other than 4 KiB (CC.MPS)', 0x0046_0081],
		['a command set other than NVM (CC.CSS)', 0x0046_0011],
		['weighted arbitration, not offered by CAP.AMS (CC.AMS)', 0x0046_0801],
	])('enable with %s: CSTS.CFS', (_what, cc) => {
		const poker = new NvmePoker();
		poker.enable(cc);
		expect(poker.status & 3).toBe(2);
	});

	it.each([
		['a submission queue of one entry', 31 << 16],
		['a completion queue of one entry', 31],
	])('enable with an admin %s (AQA): CSTS.CFS', (_what, attributes) => {
		const poker = new NvmePoker();
		poker.write(0x24, attributes);
		poker.write(0x14, 0x0046_0001);
		poker.run();
		expect(poker.status & 3).toBe(2);
	});

	it('enable without bus mastering: ready, and CSTS.CFS at the first fetch', () => {
		const poker = new NvmePoker();
		poker.config(4, 2, 2);
		poker.enable();
		expect(poker.status).toBe(1);
		poker.submit(0, {opcode: 6, words: {10: 1}});
		poker.run();
		expect(poker.status).toBe(3);
	});

	it('admin queues outside memory: CSTS.CFS at the first fetch', () => {
		const poker = new NvmePoker();
		poker.write(0x24, 0x001f_001f);
		poker.write(0x28, 0x7000_0000);
		poker.write(0x30, 0x7000_0000);
		poker.write(0x14, 0x0046_0001);
		poker.run();
		poker.write(0x1000, 1);
		poker.run();
		expect(poker.status).toBe(3);
	});

	it('a failed controller fetches nothing, and a reset makes it whole', () => {
		const poker = withQueue();
		poker.controller.fail();
		poker.submit(1, {opcode: 0});
		poker.run();
		expect(poker.status).toBe(3);
		expect(poker.completions(1)).toEqual([]);
		poker.write(0x14, 0x0046_0000);
		poker.run();
		expect(poker.status).toBe(0);
		poker.enable();
		poker.createQueues(1);
		expect(poker.command(1, {opcode: 0}).status).toBe(0);
	});

	it('doorbells before enable: ignored', () => {
		const poker = new NvmePoker();
		poker.write(0x1000, 1);
		poker.write(0x1004, 1);
		poker.run();
		expect(poker.status).toBe(0);
		poker.enable();
		expect(poker.completions(0)).toEqual([]);
		expect(poker.admin({opcode: 6, words: {10: 1}}).status).toBe(0);
	});

	it('doorbells between CC.EN and CSTS.RDY: ignored', () => {
		const poker = new NvmePoker();
		poker.write(0x24, 0x001f_001f);
		poker.write(0x28, 16 * page);
		poker.write(0x30, 24 * page);
		poker.write(0x14, 0x0046_0001);
		poker.write(0x1000, 1);
		poker.run();
		expect(poker.status).toBe(1);
		expect(poker.completions(0)).toEqual([]);
	});

	it('CAP, VS and CSTS are read-only', () => {
		const poker = ready();
		for (const offset of [0x00, 0x04, 0x08, 0x1c]) {
			const before = poker.read(offset);
			poker.write(offset, ~before);
			expect(poker.read(offset)).toBe(before);
		}
	});

	it('AQA, ASQ and ACQ do not change while CC.EN is 1', () => {
		const poker = ready();
		for (const offset of [0x24, 0x28, 0x2c, 0x30, 0x34]) {
			const before = poker.read(offset);
			poker.write(offset, 0x0003_1003);
			expect(poker.read(offset)).toBe(before);
		}
	});

	it('reserved bits of CC, AQA, ASQ and ACQ stay zero', () => {
		const poker = new NvmePoker();
		poker.write(0x24, -1);
		poker.write(0x28, -1);
		poker.write(0x30, -1);
		poker.write(0x14, 0xff00_000e | 0);
		expect(poker.read(0x24)).toBe(0x0fff_0fff);
		expect(poker.read(0x28)).toBe(-4096);
		expect(poker.read(0x30)).toBe(-4096);
		expect(poker.read(0x14)).toBe(0);
	});

	it('accesses of one and two bytes do not write registers or doorbells', () => {
		const poker = withQueue();
		poker.registers.write16(0x14, 0);
		poker.registers.write8(0x14, 0);
		poker.place(1, {opcode: 0});
		poker.registers.write16(0x1008, 1);
		poker.run();
		expect(poker.status).toBe(1);
		expect(poker.completions(1)).toEqual([]);
		expect(poker.registers.read8(0x1c)).toBe(1);
		expect(poker.registers.read16(0x0a)).toBe(1);
	});

	it('misaligned accesses read zero and write nothing', () => {
		const poker = ready();
		poker.registers.write32(0x12, 0);
		expect(poker.registers.read32(0x02)).toBe(0);
		expect(poker.status).toBe(1);
	});

	it('reserved registers read zero', () => {
		const poker = ready();
		poker.write(0x40, -1);
		poker.write(0xf00, -1);
		expect([poker.read(0x40), poker.read(0xf00), poker.read(0x20)]).toEqual([0, 0, 0]);
	});

	it('a BAR without memory decoding answers all ones and takes no writes', () => {
		const poker = ready();
		poker.config(4, 2, 0x0004);
		expect(poker.read(0x1c)).toBe(-1);
		expect(poker.registers.read16(0x1c)).toBe(0xffff);
		poker.write(0x14, 0);
		poker.config(4, 2, 0x0006);
		expect(poker.status).toBe(1);
	});
});
