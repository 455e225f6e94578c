/** Guests of Xen 1.0 that write whatever they like into what they share with the hypervisor: it goes on, and nobody else notices. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {virtualDisk} from '../../../source/sim/channel/vbd1.js';
import {okay, readOperation} from '../../../source/sim/kernel/block-device.js';
import type {DomainKernel} from '../../../source/sim/kernel/domain-kernel.js';
import {pattern} from '../../support/e1000-bench.js';
import {type Xen1Host, xen1Host} from '../../support/xen1-host.js';
import {frameOf, xen1Net} from '../../support/xen1-net.js';

const word = fc.oneof(fc.integer(), fc.nat(80), fc.constantFrom(0, -1, 63, 64, 255, 256));

/** The first nine times out of ten. */
function mostly(usual: fc.Arbitrary<number>, seldom: fc.Arbitrary<number>): fc.Arbitrary<number> {
	return fc.oneof({arbitrary: usual, weight: 9}, {arbitrary: seldom, weight: 1});
}

/** All memory that a domain has. */
function memoryOf({xen, machine}: Xen1Host, {domid}: DomainKernel): Buffer {
	const pages: Buffer[] = [];
	xen.frames.forEachRun(domid, (first, count) => {
		for (let frame = first; frame < first + count; frame++) pages.push(machine.memory.bytes(frame));
	});
	return Buffer.concat(pages);
}

describe('a guest that writes what it likes', () => {
	/** A slot's words that are often nearly right. */
	const request = fc.record({
		slot: fc.nat(63),
		sector: mostly(fc.nat(1100), word),
		operation: mostly(fc.nat(1), fc.nat(255)),
		device: mostly(fc.constant(virtualDisk(0)), fc.nat(0xffff)),
		segments: mostly(fc.nat(3), fc.nat(255)),
		frames: fc.array(fc.tuple(mostly(fc.nat(2200), fc.nat(1 << 20)), mostly(fc.constant(8), fc.nat(511))), {
			minLength: 12,
			maxLength: 12,
		}),
		index: fc.option(word),
	});

	test('on its block ring', () => {
		fc.assert(
			fc.property(fc.array(request, {minLength: 1, maxLength: 20}), (requests) => {
				const host = xen1Host();
				const disk = host.memoryDisk();
				disk.data.fill('what the others have');
				const victim = host.guest('db', disk, [{start: 1000, sectors: 1048}]);
				const guest = host.guest('web', disk, [{start: 0, sectors: 1000}]);
				const memory = memoryOf(host, victim.kernel);
				const others = Buffer.from(disk.data.subarray(1000 * 512));
				guest.events.mask(0);
				const {words} = guest.client.page;
				for (const {slot, sector, operation, device, segments, frames, index} of requests) {
					const at = 2 + slot * 15;
					words[at + 1] = sector;
					words[at + 2] = device | (operation << 16) | (segments << 24);
					for (const [i, [frame, sectors]] of frames.entries()) words[at + 3 + i] = (frame << 12) | sectors;
					words[0] = index ?? slot + 1;
					host.inGuest(guest.kernel, () => host.backend.blockIo(guest.kernel.domid));
					host.run(100_000);
				}

				host.run(50_000_000);
				expect([host.kernel.pinned, host.backend.pending.inUse]).toEqual([0, 0]);
				expect(memoryOf(host, victim.kernel).equals(memory)).toBe(true);
				expect(disk.data.subarray(1000 * 512).equals(others)).toBe(true);
				expect(victim.transfer(readOperation, 0, [victim.kernel.page()])).toBe(okay);
				host.xen.cpus.checkAccounts();
			}),
			{numRuns: 40},
		);
	});

	const poke = fc.record({
		where: fc.constantFrom('page', 'index', 'table', 'table'),
		at: fc.nat(1023),
		value: word,
		whose: fc.nat(3),
	});

	test('on its network rings, their indices and its page table entries', () => {
		fc.assert(
			fc.property(fc.array(poke, {minLength: 1, maxLength: 60}), (pokes) => {
				const net = xen1Net();
				const total = net.machine.memory.frames;
				const [guest, sender, victim] = [net.netGuest(1, false), net.netGuest(2), net.netGuest(3, false)];
				const memory = memoryOf(net, victim.kernel);
				const own = net.xen.frames.pages(guest.kernel.domid);
				// Every receive slot names an entry of this page; what the entries say is chance.
				const table = guest.kernel.page();
				const {words} = guest.back.page;
				for (let slot = 0; slot < 256; slot++) words.set([slot, table * 4096 + slot * 4], 512 + slot * 2);
				guest.events.mask(4);
				for (const [i, {where, at, value, whose}] of pokes.entries()) {
					const page = whose === 3 ? -1 : [guest, victim, sender][whose].kernel.page();
					const near = page < 0 ? value : (page << 12) | (value & 3 ? 3 : value & 0xfff);
					if (where === 'page') words[at] = near;
					else if (where === 'index') guest.events.info.words[18 + (at % 6)] = value;
					else guest.kernel.words(table)[at & 15] = near;
					if (i % 4 === 0) net.inGuest(guest.kernel, () => net.net.netUpdate(guest.kernel.domid, 0));
					if (i % 4 === 1) sender.send([frameOf(1, 2, pattern(200, i))]);
				}

				net.run(20_000_000);
				let sum = net.xen.frames.freeFrames + net.xen.frames.pages(net.kernel.domid);
				for (const domid of net.xen.domains.keys()) sum += net.xen.frames.pages(domid) + net.xen.frames.shared(domid);
				expect(sum).toBe(total);
				expect(net.xen.frames.pages(guest.kernel.domid)).toBe(own);
				expect(memoryOf(net, victim.kernel).equals(memory)).toBe(true);
				const before = sender.got.length;
				const third = net.netGuest(4);
				sender.send([frameOf(255, 2, pattern(60, 1))]);
				third.send([frameOf(2, 4, pattern(60, 2))]);
				expect(sender.got.length).toBe(before + 1);
				net.xen.cpus.checkAccounts();
			}),
			{numRuns: 40},
		);
	});
});

test('the same guests on the same host take the same path, to the bit', () => {
	const hash = () => {
		const net = xen1Net();
		net.nic();
		const [a, b] = [net.netGuest(1), net.netGuest(2)];
		const {driver} = net.nvme();
		const disk = net.guest('db', driver.disk, [{start: 0, sectors: 4096}]);
		disk.transfer(readOperation, 8, [disk.kernel.page(), disk.kernel.page()]);
		a.send([frameOf(255, 1, pattern(900, 1))], [frameOf(2, 1, pattern(60, 2))]);
		b.send([frameOf(1, 2, pattern(1400, 3))]);
		expect([a.got.length, b.got.length]).toEqual([1, 2]);
		return net.engine.hash.toString();
	};
	expect(hash()).toBe(hash());
});
