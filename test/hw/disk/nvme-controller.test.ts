/** The NVMe controller as a driver would meet it, by its registers: initialisation, queues, data. */
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {dataFrame, NvmePoker, readyPoker} from '../../support/nvme-poker.js';

const page = 4096;
const data = dataFrame * 4096;

describe('initialisation', () => {
	it('announces itself: class, BAR of 16 KiB, MSI-X and PCI Express capabilities', () => {
		const {bus} = new NvmePoker();
		expect(bus.readConfig('00:04.0', 0x08, 4) >>> 8).toBe(0x01_08_02);
		const before = bus.readConfig('00:04.0', 0x10, 4);
		bus.writeConfig('00:04.0', 0x10, 4, -1);
		expect(bus.readConfig('00:04.0', 0x10, 4) >>> 0).toBe(0xffff_c004);
		bus.writeConfig('00:04.0', 0x10, 4, before);
		expect(bus.readConfig('00:04.0', 0x10, 4)).toBe(before);
	});

	it('CAP says 1024 entries, contiguous queues, 4 KiB pages, NVM commands; VS says 1.4', () => {
		const poker = new NvmePoker();
		const low = poker.read(0);
		const high = poker.read(4);
		expect(low & 0xffff).toBe(1023);
		expect((low >>> 16) & 1).toBe(1);
		expect(low >>> 24).toBeGreaterThan(0);
		expect(high & 15).toBe(0);
		expect((high >>> 5) & 1).toBe(1);
		expect(high >>> 16).toBe(0);
		expect(poker.read(8)).toBe(0x0001_0400);
	});

	it('CSTS.RDY follows CC.EN after a time, both ways', () => {
		const poker = new NvmePoker();
		expect(poker.status).toBe(0);
		poker.write(0x24, 0x001f_001f);
		poker.write(0x14, 0x0046_0001);
		expect(poker.status).toBe(0);
		poker.run();
		expect(poker.status).toBe(1);
		poker.write(0x14, 0x0046_0000);
		expect(poker.status).toBe(1);
		poker.run();
		expect(poker.status).toBe(0);
	});

	it('Identify tells the medium, its size, one namespace, the cache', () => {
		const poker = readyPoker();
		expect(poker.admin({opcode: 6, namespace: 0, words: {10: 1}}).status).toBe(0);
		const controller = Buffer.from(poker.memory.bytes(dataFrame));
		expect(controller.toString('latin1', 24, 64).trim()).toBe('Medium for tests');
		expect(controller[77]).toBe(5);
		expect(controller.readUInt32LE(516)).toBe(1);
		expect(controller[512]).toBe(0x66);
		expect(controller[513]).toBe(0x44);
		expect(controller[525] & 1).toBe(1);
		expect(poker.admin({opcode: 6, namespace: 0, words: {10: 2}}).status).toBe(0);
		expect(poker.memory.read32(data)).toBe(1);
		expect(poker.memory.read32(data + 4)).toBe(0);
		expect(poker.admin({opcode: 6, words: {10: 0}}).status).toBe(0);
		const namespace = poker.memory.bytes(dataFrame);
		expect(namespace.readUInt32LE(0)).toBe(1 << 20);
		expect(namespace[130]).toBe(9);
	});

	it('a structure may lie across two pages', () => {
		const poker = readyPoker();
		expect(poker.admin({opcode: 6, prp1: data + 0x800, prp2: data + 5 * page, words: {10: 0}}).status).toBe(0);
		expect(poker.memory.read32(data + 0x800)).toBe(1 << 20);
		expect(poker.memory.words(dataFrame + 5)[0]).toBe(0);
	});

	it('grants as many queues as asked for, up to 16, and reports what is set', () => {
		const poker = new NvmePoker();
		poker.enable();
		expect(poker.admin({opcode: 9, words: {10: 7, 11: 0x0003_0001}}).result).toBe(0x0003_0001);
		expect(poker.admin({opcode: 9, words: {10: 7, 11: 0x00ff_00ff}}).result).toBe(0x000f_000f);
		expect(poker.admin({opcode: 10, words: {10: 7}}).result).toBe(0x000f_000f);
		expect(poker.admin({opcode: 10, words: {10: 6}}).result).toBe(1);
		expect(poker.admin({opcode: 9, words: {10: 6, 11: 0}}).status).toBe(0);
		expect(poker.medium.cacheEnabled).toBe(false);
		expect(poker.admin({opcode: 10, words: {10: 6}}).result).toBe(0);
	});

	it('health counts what was moved', () => {
		const poker = readyPoker();
		poker.command(1, poker.transfer(1, 0, 8));
		poker.command(1, poker.transfer(2, 0, 8));
		expect(poker.admin({opcode: 2, words: {10: 2 | (127 << 16)}}).status).toBe(0);
		const health = poker.memory.bytes(dataFrame);
		expect([health.readUInt32LE(64), health.readUInt32LE(80)]).toEqual([1, 1]);
	});
});

describe('queues', () => {
	it('wrap, and the phase flips at each wrap of the completion queue', () => {
		const poker = readyPoker(4);
		const cids: number[] = [];
		const seen: number[] = [];
		for (let n = 0; n < 25; n++) {
			cids.push(poker.submit(1, {opcode: 0}));
			poker.run(1_000_000);
			seen.push(...poker.completions(1).map((c) => c.cid));
		}

		expect(seen).toEqual(cids);
	});

	it('hold size - 1 commands; the submission head comes back in each completion', () => {
		const poker = readyPoker(8);
		for (let i = 0; i < 7; i++) {
			poker.place(1, {opcode: 0});
		}

		poker.ring(1);
		poker.run();
		const found = poker.completions(1);
		expect(found).toHaveLength(7);
		expect(found[6].head).toBe(7);
		expect(found.every((c) => c.queue === 1)).toBe(true);
	});

	it('a completion waits while its queue is full, and none is lost', () => {
		const poker = new NvmePoker();
		poker.enable();
		poker.createQueues(1, 16);
		poker.adopt(2, 4, 64);
		poker.admin({opcode: 5, prp1: 72 * page, words: {10: 2 | (3 << 16), 11: 1}});
		poker.admin({opcode: 1, prp1: 80 * page, words: {10: 2 | (15 << 16), 11: 1 | (2 << 16)}});
		for (let i = 0; i < 10; i++) {
			const words = poker.memory.words(80);
			words.fill(0, i * 16, i * 16 + 16);
			words[i * 16] = (i + 1) << 16;
			words[i * 16 + 1] = 1;
		}

		poker.write(0x1010, 10);
		poker.run();
		const cids: number[] = [];
		for (let turn = 0; turn < 4; turn++) {
			const found = poker.completions(2);
			expect(found.length).toBeLessThanOrEqual(3);
			cids.push(...found.map((c) => c.cid));
			poker.run();
		}

		expect(cids).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
	});

	it('are served in turn: a deep queue does not hold up a shallow one', () => {
		const poker = readyPoker(64);
		poker.createQueues(2, 16);
		poker.medium.time = 100;
		for (let i = 0; i < 60; i++) {
			poker.place(1, {opcode: 0});
		}

		const cid = poker.place(2, {opcode: 0});
		poker.ring(1);
		poker.ring(2);
		poker.run(2_600);
		expect(poker.completions(2).map((c) => c.cid)).toEqual([cid]);
		expect(poker.completions(1).length).toBeLessThan(60);
	});

	it('deleting a submission queue ends its commands first: those the medium had not finished are aborted', () => {
		const poker = readyPoker();
		poker.medium.time = 1_000_000_000;
		const cid = poker.submit(1, poker.transfer(2, 0, 8));
		poker.run(1_000_000);
		expect(poker.admin({opcode: 0, words: {10: 1}}).status).toBe(0);
		expect(poker.completions(1)).toMatchObject([{cid, status: 0x008}]);
		expect(poker.admin({opcode: 4, words: {10: 1}}).status).toBe(0);
		poker.medium.time = 1000;
		poker.createQueues(1);
		expect(poker.command(1, {opcode: 0}).status).toBe(0);
	});

	it('more commands than the controller has room for wait in the queue', () => {
		const poker = new NvmePoker({commands: 4});
		poker.enable();
		poker.createQueues(1, 64);
		for (let i = 0; i < 40; i++) {
			poker.place(1, poker.transfer(2, i, 1));
		}

		poker.ring(1);
		poker.run(30_000);
		expect(poker.controller.inFlight).toBeLessThanOrEqual(4);
		poker.run();
		expect(poker.completions(1)).toHaveLength(40);
	});
});

describe('data', () => {
	it('a write’s bytes reach the medium, a read brings them back', () => {
		const poker = readyPoker();
		const written = poker.fill(dataFrame, 3);
		expect(poker.command(1, poker.transfer(1, 100, 8)).status).toBe(0);
		expect(poker.medium.sector(100)).toEqual(written.subarray(0, 512));
		expect(poker.command(1, poker.transfer(2, 100, 8, data + page)).status).toBe(0);
		expect(poker.memory.bytes(dataFrame + 1)).toEqual(written);
	});

	it('a controller of 4 KiB blocks counts in them', () => {
		const poker = new NvmePoker({logicalBlock: 4096});
		poker.enable();
		poker.createQueues(1);
		const written = poker.fill(dataFrame, 9);
		expect(poker.command(1, poker.transfer(1, 5, 1)).status).toBe(0);
		expect(poker.medium.sector(40)).toEqual(written.subarray(0, 512));
		expect(poker.command(1, poker.transfer(2, (1 << 17) - 1, 1)).status).toBe(0);
		expect(poker.command(1, poker.transfer(2, 1 << 17, 1)).status).toBe(0x080);
	});

	it('any layout of pages moves the same bytes: offsets, second pages, lists, chained lists', () => {
		fc.assert(
			fc.property(
				fc.integer({min: 1, max: 256}),
				fc.integer({min: 0, max: 1023}),
				fc.integer({min: 0, max: 511}),
				fc.integer({min: 0, max: 1000}),
				(blocks, dword, listIndex, seed) => {
					const poker = readyPoker();
					const {memory} = poker;
					const offset = dword * 4;
					const bytes = blocks * 512;
					const pages = Math.ceil((offset + bytes) / page);
					const frames = [...new Array(pages).keys()].map((i) => dataFrame + 2 * i + (i % 2) * 101);
					const expected = Buffer.alloc(bytes);
					let done = 0;
					frames.forEach((frame, i) => {
						poker.fill(frame, seed + i);
						const from = i === 0 ? offset : 0;
						const length = Math.min(page - from, bytes - done);
						memory.bytes(frame).copy(expected, done, from, from + length);
						done += length;
					});
					let prp2 = pages === 2 ? frames[1] * page : 0;
					if (pages > 2) {
						let list = 600;
						let index = listIndex;
						prp2 = list * page + index * 8;
						for (let i = 1; i < pages; i++) {
							if (index === 511 && i < pages - 1) {
								memory.words(list)[1022] = (list + 1) * page;
								memory.words(list)[1023] = 0;
								list++;
								index = 0;
							}

							memory.words(list)[index * 2] = frames[i] * page;
							memory.words(list)[index * 2 + 1] = 0;
							index++;
						}
					}

					const prp1 = frames[0] * page + offset;
					expect(poker.command(1, poker.transfer(1, 64, blocks, prp1, prp2)).status).toBe(0);
					const stored = Buffer.alloc(bytes);
					poker.medium.readBytes(64, stored, 0, bytes);
					expect(stored.equals(expected)).toBe(true);

					const before = frames.map((frame) => {
						memory.bytes(frame).fill(0xee);
						return frame;
					});
					expect(poker.command(1, poker.transfer(2, 64, blocks, prp1, prp2)).status).toBe(0);
					let at = 0;
					before.forEach((frame, i) => {
						const from = i === 0 ? offset : 0;
						const length = Math.min(page - from, bytes - at);
						const view = memory.bytes(frame);
						expect(view.subarray(from, from + length).equals(expected.subarray(at, at + length))).toBe(true);
						expect(view.subarray(0, from).every((byte) => byte === 0xee)).toBe(true);
						expect(view.subarray(from + length).every((byte) => byte === 0xee)).toBe(true);
						at += length;
					});
				},
			),
			{numRuns: 40},
		);
	});

	it('Force Unit Access and Flush are passed to the medium', () => {
		const poker = readyPoker();
		poker.command(1, poker.transfer(1, 0, 8, data, 0, 1 << 30));
		poker.command(1, poker.transfer(1, 0, 8));
		poker.command(1, {opcode: 0, namespace: -1});
		expect([poker.medium.forced, poker.medium.flushes]).toEqual([1, 1]);
	});

	it('a media error is the command’s status, and may be retried', () => {
		const poker = readyPoker();
		poker.medium.status = 0x281;
		expect(poker.command(1, poker.transfer(2, 0, 8))).toMatchObject({status: 0x281, doNotRetry: false});
		expect(poker.controller.log.mediaErrors).toBe(1);
		poker.medium.status = 0;
		expect(poker.command(1, poker.transfer(2, 0, 8)).status).toBe(0);
	});

	it('transfers of one direction share the link: sixteen 128 KiB reads take sixteen times one', () => {
		const poker = readyPoker(32);
		poker.medium.time = 0;
		for (let i = 0; i < 32; i++) {
			poker.memory.words(600)[i * 2] = (dataFrame + 1 + i) * page;
		}

		for (let i = 0; i < 16; i++) {
			poker.place(1, poker.transfer(2, 0, 256, data, 600 * page));
		}

		poker.ring(1);
		poker.run(12 * 32 * 1280);
		expect(poker.completions(1).length).toBeLessThan(13);
		poker.run(5 * 32 * 1280);
		expect(poker.completions(1).length).toBeGreaterThan(2);
	});
});
