/** Every misprogramming of the controller by admin commands that we can think of, one a row, and what NVMe base specification 1.4 says comes of it. */
import {describe, expect, it} from 'vitest';
import {dataFrame, type Entry, NvmePoker} from '../../support/nvme-poker.js';

const page = 4096;
const data = dataFrame * page;

function ready(): NvmePoker {
	const poker = new NvmePoker();
	poker.enableMsix();
	poker.enable();
	return poker;
}

describe('admin commands are refused with', () => {
	const rows: [string, number, Entry, ((poker: NvmePoker) => void)?][] = [
		['Invalid Opcode: an opcode that does not exist', 0x001, {opcode: 0xc7}],
		['Invalid Opcode: Format NVM, not offered by OACS', 0x001, {opcode: 0x80}],
		['Invalid Opcode: Namespace Management, not offered by OACS', 0x001, {opcode: 0x0d}],
		['Invalid Field: a fused command', 0x002, {opcode: 6, flags: 1, words: {10: 1}}],
		['Invalid Field: SGLs for an admin command', 0x002, {opcode: 6, flags: 0x40, words: {10: 1}}],
		['Invalid Field: Identify with an unknown CNS', 0x002, {opcode: 6, words: {10: 0x77}}],
		['Invalid Namespace: Identify namespace 0', 0x00b, {opcode: 6, namespace: 0, words: {10: 0}}],
		['Invalid Namespace: Identify namespace 2', 0x00b, {opcode: 6, namespace: 2, words: {10: 0}}],
		['Invalid Namespace: Identify all namespaces', 0x00b, {opcode: 6, namespace: -1, words: {10: 0}}],
		['Invalid Namespace: a list of namespaces above FFFFFFFEh', 0x00b, {opcode: 6, namespace: -2, words: {10: 2}}],
		['Invalid Namespace: descriptors of namespace 7', 0x00b, {opcode: 6, namespace: 7, words: {10: 3}}],
		['Invalid PRP Offset: Identify into a misaligned dword', 0x013, {opcode: 6, prp1: data + 2, words: {10: 1}}],
		[
			'Invalid PRP Offset: Identify crossing into a misaligned page',
			0x013,
			{opcode: 6, prp1: data + 8, prp2: data + page + 8, words: {10: 1}},
		],
		[
			'Data Transfer Error: Identify into memory that is not there',
			0x004,
			{opcode: 6, prp1: 0xf000_0000, words: {10: 1}},
		],

		['Invalid Queue Identifier: completion queue 0', 0x101, {opcode: 5, words: {10: 15 << 16, 11: 1}}],
		['Invalid Queue Identifier: completion queue 17 of 16', 0x101, {opcode: 5, words: {10: 17 | (15 << 16), 11: 1}}],
		['Invalid Queue Identifier: completion queue FFFFh', 0x101, {opcode: 5, words: {10: 0xffff | (15 << 16), 11: 1}}],
		[
			'Invalid Queue Identifier: a completion queue that exists',
			0x101,
			{opcode: 5, words: {10: 1 | (15 << 16), 11: 1}},
			(p) => p.createQueues(1),
		],
		['Invalid Queue Size: a completion queue of one entry', 0x102, {opcode: 5, words: {10: 1, 11: 1}}],
		['Invalid Queue Size: a completion queue above CAP.MQES', 0x102, {opcode: 5, words: {10: 1 | (1024 << 16), 11: 1}}],
		[
			'Invalid PRP Offset: a completion queue not at a page',
			0x013,
			{opcode: 5, prp1: data + 64, words: {10: 1 | (15 << 16), 11: 1}},
		],
		['Invalid Field: a completion queue not contiguous', 0x002, {opcode: 5, words: {10: 1 | (15 << 16), 11: 0}}],
		['Invalid Interrupt Vector: vector 17 of 17', 0x108, {opcode: 5, words: {10: 1 | (15 << 16), 11: 3 | (17 << 16)}}],
		[
			'Invalid Interrupt Vector: vector 1 without MSI-X',
			0x108,
			{opcode: 5, words: {10: 1 | (15 << 16), 11: 3 | (1 << 16)}},
			(p) => p.config(p.capability(0x11) + 2, 2, 0),
		],
		[
			'Invalid Field: CC.IOCQES not 4',
			0x002,
			{opcode: 5, words: {10: 1 | (15 << 16), 11: 1}},
			(p) => p.write(0x14, 0x0056_0001),
		],

		[
			'Completion Queue Invalid: a submission queue on completion queue 0',
			0x100,
			{opcode: 1, words: {10: 2 | (15 << 16), 11: 1}},
		],
		[
			'Completion Queue Invalid: a completion queue that does not exist',
			0x100,
			{opcode: 1, words: {10: 2 | (15 << 16), 11: 1 | (9 << 16)}},
		],
		[
			'Completion Queue Invalid: a completion queue there cannot be',
			0x100,
			{opcode: 1, words: {10: 2 | (15 << 16), 11: 1 | (500 << 16)}},
		],
		[
			'Invalid Queue Identifier: submission queue 0',
			0x101,
			{opcode: 1, words: {10: 15 << 16, 11: 1 | (1 << 16)}},
			(p) => p.createQueues(1),
		],
		[
			'Invalid Queue Identifier: submission queue 17 of 16',
			0x101,
			{opcode: 1, words: {10: 17 | (15 << 16), 11: 1 | (1 << 16)}},
			(p) => p.createQueues(1),
		],
		[
			'Invalid Queue Identifier: a submission queue that exists',
			0x101,
			{opcode: 1, words: {10: 1 | (15 << 16), 11: 1 | (1 << 16)}},
			(p) => p.createQueues(1),
		],
		[
			'Invalid Queue Size: a submission queue of one entry',
			0x102,
			{opcode: 1, words: {10: 2, 11: 1 | (1 << 16)}},
			(p) => p.createQueues(1),
		],
		[
			'Invalid Queue Size: a submission queue above CAP.MQES',
			0x102,
			{opcode: 1, words: {10: 2 | (0xffff << 16), 11: 1 | (1 << 16)}},
			(p) => p.createQueues(1),
		],
		[
			'Invalid PRP Offset: a submission queue not at a page',
			0x013,
			{opcode: 1, prp1: data + 4, words: {10: 2 | (15 << 16), 11: 1 | (1 << 16)}},
			(p) => p.createQueues(1),
		],
		[
			'Invalid Field: a submission queue not contiguous',
			0x002,
			{opcode: 1, words: {10: 2 | (15 << 16), 11: 1 << 16}},
			(p) => p.createQueues(1),
		],
		[
			'Invalid Queue Identifier: a queue beyond those asked for with feature 07h',
			0x101,
			{opcode: 5, words: {10: 3 | (15 << 16), 11: 1}},
			(p) => p.admin({opcode: 9, words: {10: 7, 11: 0x0001_0001}}),
		],

		['Invalid Queue Identifier: deleting submission queue 0', 0x101, {opcode: 0, words: {10: 0}}],
		['Invalid Queue Identifier: deleting a submission queue that does not exist', 0x101, {opcode: 0, words: {10: 5}}],
		['Invalid Queue Identifier: deleting a submission queue there cannot be', 0x101, {opcode: 0, words: {10: 900}}],
		['Invalid Queue Identifier: deleting completion queue 0', 0x101, {opcode: 4, words: {10: 0}}],
		['Invalid Queue Identifier: deleting a completion queue that does not exist', 0x101, {opcode: 4, words: {10: 5}}],
		[
			'Invalid Queue Deletion: a completion queue with submission queues',
			0x10c,
			{opcode: 4, words: {10: 1}},
			(p) => p.createQueues(1),
		],

		['Invalid Field: setting an unknown feature', 0x002, {opcode: 9, words: {10: 0x55}}],
		['Invalid Field: getting an unknown feature', 0x002, {opcode: 10, words: {10: 0x55}}],
		['Invalid Field: asking for 65536 queues', 0x002, {opcode: 9, words: {10: 7, 11: 0xffff}}],
		['Invalid Field: a power state there is not', 0x002, {opcode: 9, words: {10: 2, 11: 3}}],
		['Invalid Field: interrupt configuration of vector 99', 0x002, {opcode: 9, words: {10: 9, 11: 99}}],
		['Feature Not Saveable: saving a feature', 0x10d, {opcode: 9, words: {10: 7 | (1 << 31), 11: 0}}],
		[
			'Command Sequence Error: number of queues after queues exist',
			0x00c,
			{opcode: 9, words: {10: 7, 11: 0x0003_0003}},
			(p) => p.createQueues(1),
		],

		['Invalid Log Page: an unknown log', 0x109, {opcode: 2, words: {10: 0xc0 | (15 << 16)}}],
		['Invalid Field: a log offset past its end', 0x002, {opcode: 2, words: {10: 2 | (15 << 16), 12: 512}}],
		['Invalid Field: a log offset that is no dword', 0x002, {opcode: 2, words: {10: 2 | (15 << 16), 12: 2}}],
		['Invalid Field: a log longer than MDTS', 0x002, {opcode: 2, words: {10: 1 | (0xffff << 16)}}],
		[
			'Invalid PRP Offset: a log into a misaligned dword',
			0x013,
			{opcode: 2, prp1: data + 1, words: {10: 2 | (15 << 16)}},
		],
	];
	it.each(rows)('%s', (_what, status, entry, prepare) => {
		const poker = ready();
		prepare?.(poker);
		const completion = poker.admin(entry);
		expect(completion.status).toBe(status);
		expect(poker.status).toBe(1);
	});
});
