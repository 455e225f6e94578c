/** The e1000 driver when all is well: probe, frames out and in, checksums, batches, link; against a fake of the registers. */
import * as fc from 'fast-check';
import {beforeEach, describe, expect, it} from 'vitest';
import {driverFor} from '../../../source/sim/drivers/registry.js';
import {
	checksumBlank,
	checksumPresent,
	checksumValidated,
	packetError,
	sent,
} from '../../../source/sim/kernel/net-device.js';
import {E1000Bench, pattern, second} from '../../support/e1000-bench.js';

/** Ethernet, IPv4 and the transport's header, as far as anybody looks at them here. */
function datagram(protocol: number, bytes: number, headerWords = 5): Buffer {
	const frame = pattern(bytes, protocol);
	frame.writeUInt16BE(0x0800, 12);
	frame[14] = 0x40 | headerWords;
	frame.writeUInt16BE(0, 20);
	frame[23] = protocol;
	return frame;
}

describe('e1000 driver', () => {
	let bench: E1000Bench;
	beforeEach(() => {
		bench = new E1000Bench().start();
	});

	it('is found by vendor and device', () => {
		expect(driverFor(0x8086, 0x100e, 0x020000)?.name).toBe('e1000');
		expect(driverFor(0x8086, 0x10d3, 0x020000)).toBeUndefined();
	});

	it('probes a device, learns its address from the EEPROM, and finds the link up', () => {
		expect([bench.ready, bench.driver.state]).toEqual([true, 'live']);
		expect([...bench.driver.device.mac]).toEqual([0x00, 0x1b, 0x21, 0x11, 0x22, 0x33]);
		expect(bench.driver.device).toMatchObject({
			carrier: true,
			limits: {frame: 1514, checksumOffload: true, segmentation: 0},
		});
		expect(bench.carrier).toEqual([true]);
		expect(bench.kernel.lines).toEqual([
			'e1000 eth0: PCI function 00:05.0',
			'e1000 eth0: Intel(R) PRO/1000 Network Connection, 00:1b:21:11:22:33, PHY 0x1410c20',
			'e1000 eth0: NIC Link is Up 1000 Mbps Full Duplex',
		]);
	});

	it('programs what the manual asks for, interrupts last', () => {
		const word = (offset: number) => bench.nic.words.get(offset);
		expect(word(0x0100)).toBe(0x0400_801a);
		expect(word(0x0400)).toBe(0x0004_010a);
		expect(word(0x0410)).toBe(0x0060_200a);
		expect([word(0x2808), word(0x3808)]).toEqual([4096, 4096]);
		expect([word(0x2810), word(0x2818)]).toEqual([0, 255]);
		expect(word(0x5400)).toBe(0x1121_1b00);
		expect(word(0x5404)).toBe(0x8000_3322 | 0);
		expect(word(0x00c4)).toBe(488);
		for (let i = 0; i < 128; i++) expect(word(0x5200 + i * 4)).toBe(0);
		const offsets = bench.nic.writes.map(([offset]) => offset);
		expect(offsets.indexOf(0x00d8)).toBeLessThan(offsets.indexOf(0x0000));
		expect(offsets.indexOf(0x00d0)).toBeGreaterThan(offsets.lastIndexOf(0x0100));
	});

	it('gives up on a device that is not there, and on one whose EEPROM is spoiled', () => {
		const absent = new E1000Bench();
		absent.kernel.bus.setPresent('00:05.0', false);
		absent.start();
		expect([absent.failed, absent.driver.state]).toEqual([true, 'dead']);
		const spoiled = new E1000Bench();
		spoiled.nic.spoiledEeprom = 1;
		spoiled.start();
		expect([spoiled.failed, spoiled.driver.state]).toEqual([true, 'dead']);
		expect(spoiled.kernel.lines.at(-2)).toBe('e1000 eth0: The EEPROM Checksum Is Not Valid');
	});

	describe('sends', () => {
		it('a packet in one step, one descriptor for each segment, and gives it back when it is written back', () => {
			const pieces = [pattern(66, 1), pattern(700, 2), pattern(748, 3)];
			const statuses: number[] = [];
			bench.kernel.ran.length = 0;
			expect(bench.send(bench.packet(pieces, (status) => statuses.push(status)))).toBe(true);
			expect(bench.nic.sent).toHaveLength(1);
			expect(bench.nic.sent[0]).toMatchObject({descriptors: 3, command: 0x8b});
			expect(bench.nic.sent[0].bytes).toEqual(Buffer.concat(pieces));
			expect(statuses).toEqual([sent]);
			expect(bench.kernel.ran).toEqual([
				...['test', 'eth0 queue', 'eth0 interrupt', 'eth0 poll', 'eth0 reclaim', 'eth0 complete'],
			]);
			expect(bench.driver.counters).toMatchObject({txPackets: 1, txBytes: 1514, txDropped: 0, interrupts: 2});
			expect(bench.driver.outstanding).toBe(0);
		});

		it.each([
			['TCP', 6, 5, 34, 50],
			['UDP', 17, 5, 34, 40],
			['TCP behind IP options', 6, 8, 46, 62],
		])('a blank checksum of %s for the device to fill in', (_what, protocol, words, start, offset) => {
			bench.send(bench.packet([datagram(protocol, 100, words)], () => {}, checksumBlank));
			expect(bench.nic.sent[0]).toMatchObject({command: 0x8f, checksumStart: start, checksumOffset: offset});
		});

		it.each([
			['ICMP', datagram(1, 100)],
			['ARP', pattern(60, 1)],
			['a header cut short', datagram(6, 40)],
		])('nothing of %s whose checksum is blank: it is an error', (_what, bytes) => {
			const statuses: number[] = [];
			bench.send(bench.packet([bytes], (status) => statuses.push(status), checksumBlank));
			expect([bench.nic.sent, statuses, bench.driver.counters.txErrors]).toEqual([[], [packetError], 1]);
			expect(bench.driver.outstanding).toBe(0);
		});

		it('no more than the ring holds, and tells when there is room', () => {
			bench.nic.going = false;
			let taken = 0;
			let woken = 0;
			while (bench.send(bench.packet([pattern(60, taken)]))) taken++;
			bench.driver.device.whenRoom(() => woken++);
			expect([taken, bench.driver.outstanding, bench.driver.counters.txFull]).toEqual([255, 255, 1]);
			bench.run(1_000_000);
			expect(woken).toBe(0);
			bench.nic.going = true;
			bench.nic.fetch();
			bench.run(1_000_000);
			expect([woken, bench.driver.outstanding]).toEqual([1, 0]);
			expect(bench.nic.sent.map(({bytes}) => bytes[0])).toEqual(Array.from({length: 255}, (_, i) => pattern(1, i)[0]));
		});

		it('tells the identity of a packet by its first descriptor', () => {
			bench.nic.going = false;
			const packet = bench.packet([pattern(60, 0), pattern(60, 1)]);
			packet.identity = 77;
			bench.send(packet);
			expect([0, 1, 2].map((entry) => bench.driver.packetIdentity(entry))).toEqual([77, 0, 0]);
		});
	});

	describe('receives', () => {
		it('a frame in its own page, in two steps and the end of the poll', () => {
			bench.kernel.ran.length = 0;
			bench.driver.receivedIdentity = (entry) => (entry === 0 ? 99 : 0);
			bench.nic.arrive(pattern(1514, 5));
			bench.run(100_000);
			expect(bench.received).toEqual([pattern(1514, 5)]);
			expect(bench.packets[0]).toMatchObject({bytes: 1514, segments: 1, checksum: checksumPresent, identity: 99});
			expect(bench.kernel.ran).toEqual(['eth0 interrupt', 'eth0 poll', 'eth0 receive', 'eth0 complete']);
			expect(bench.driver.counters).toMatchObject({rxPackets: 1, rxBytes: 1514});
		});

		it.each([
			['unchecked', 0, 0, checksumPresent, 0],
			['told to ignore the check', 0x24, 0, checksumPresent, 0],
			['checked and right', 0x20, 0, checksumValidated, 0],
			['checked and wrong', 0x20, 0x20, checksumPresent, 1],
		])('the device’s word on the checksum: %s', (_what, status, errors, checksum, wrong) => {
			bench.nic.arrive(pattern(60, 1), status, errors);
			bench.run(100_000);
			expect(bench.packets[0].checksum).toBe(checksum);
			expect(bench.driver.counters.rxChecksumErrors).toBe(wrong);
		});

		it('nothing damaged', () => {
			for (const errors of [0x01, 0x02, 0x04, 0x10, 0x80]) bench.nic.arrive(pattern(60, 1), 0, errors);
			bench.run(100_000);
			expect([bench.received, bench.driver.counters.rxErrors, bench.driver.counters.rxPackets]).toEqual([[], 5, 0]);
		});

		it('at most 64 frames before other work has its turn', () => {
			for (let i = 0; i < 150; i++) bench.nic.arrive(pattern(60, i));
			bench.kernel.ran.length = 0;
			bench.kernel.run(2000);
			bench.kernel.inTask(() => {});
			bench.run(second / 1000);
			expect(bench.received).toHaveLength(150);
			expect(bench.kernel.ran.filter((name) => name === 'eth0 receive').length).toBe(150);
			expect(bench.kernel.ran.indexOf('test')).toBe(2 + 64);
			expect(bench.driver.counters).toMatchObject({pollsExhausted: 2, polls: 4, interrupts: 2});
		});

		it('for ever, in order, while frames are given back', () => {
			for (let i = 0; i < 2000; i++) {
				expect(bench.nic.arrive(pattern(60, i))).toBe(true);
				if (i % 30 === 29) bench.run(100_000);
			}

			bench.run(100_000);
			expect(bench.received.map((bytes) => bytes[0])).toEqual(Array.from({length: 2000}, (_, i) => pattern(1, i)[0]));
		});
	});

	it('lets a taker keep frames up to the pool, then lacks buffers, and goes on when they come back', () => {
		bench = new E1000Bench({receiveBuffers: 300}).start();
		bench.givesBack = false;
		let arrived = 0;
		for (let i = 0; i < 400; i++) {
			if (bench.nic.arrive(pattern(60, i))) arrived++;
			if (i % 20 === 19) bench.run(100_000);
		}

		expect([arrived, bench.nic.missed]).toEqual([300, 100]);
		expect(bench.driver.counters.rxBuffersLacking).toBe(255);
		for (const packet of bench.packets.splice(0)) packet.done(packet, 0);
		bench.givesBack = true;
		bench.run(1_000_000);
		for (let i = 0; i < 255; i++) expect(bench.nic.arrive(pattern(60, i))).toBe(true);
		bench.run(1_000_000);
		expect(bench.received).toHaveLength(555);
	});

	it('reads the device’s statistics every two seconds and adds them up', () => {
		bench.nic.words.set(0x4010, 7);
		bench.nic.words.set(0x4088, 0xffff_fff0 | 0);
		bench.nic.words.set(0x408c, 1);
		bench.run(2.1 * second);
		bench.nic.words.set(0x4010, 5);
		bench.run(2 * second);
		expect(bench.driver.counters).toMatchObject({missedPackets: 12, goodOctetsReceived: 0x1_ffff_fff0});
	});

	it('sends and receives whatever is scattered how, each packet given back once', () => {
		const piece = fc.tuple(fc.integer({min: 1, max: 200}), fc.integer({min: 0, max: 255}));
		fc.assert(
			fc.property(fc.array(fc.array(piece, {minLength: 1, maxLength: 7}), {minLength: 1, maxLength: 60}), (list) => {
				bench.nic.sent.length = 0;
				const statuses: number[] = [];
				const frames = list.map((pieces) => pieces.map(([bytes, seed]) => pattern(bytes, seed)));
				for (const pieces of frames) bench.send(bench.packet(pieces, (status) => statuses.push(status)));
				bench.run(1_000_000);
				expect(bench.nic.sent.map(({bytes}) => bytes)).toEqual(frames.map((pieces) => Buffer.concat(pieces)));
				expect(statuses).toEqual(frames.map(() => sent));
			}),
			{numRuns: 20},
		);
	});
});
