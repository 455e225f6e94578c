/** Whatever software writes to an 82540EM, and whatever arrives: no invariant breaks, no frame is lost sight of, and a reset puts it right. */
import * as fc from 'fast-check';
import {expect, it} from 'vitest';
import {ifcs, NicPoker, recovers, toUs, transmitData, whole} from '../../support/nic-poker.js';

it('a packet is the same however its bytes are spread over descriptors', () => {
	fc.assert(
		fc.property(
			fc.array(fc.record({offset: fc.nat(4095), length: fc.nat(700)}), {minLength: 1, maxLength: 12}),
			fc.integer({min: 1, max: 5}),
			(pieces, announce) => {
				const poker = new NicPoker().transmitter();
				const expected: number[] = [];
				for (let page = 0; page < 16; page++) {
					const bytes = poker.memory.bytes(transmitData + page);
					for (let i = 0; i < 4096; i++) bytes[i] = (i * 13 + page * 29) & 0xff;
				}
				pieces.forEach(({offset, length}, i) => {
					const at = (transmitData + i) * 4096 + offset;
					poker.describe(i, at, length, i === pieces.length - 1 ? whole : ifcs);
					for (let n = 0; n < length; n++) {
						expected.push(poker.memory.bytes(Math.floor((at + n) / 4096))[(at + n) % 4096]);
					}
				});
				for (let tail = announce; tail < pieces.length; tail += announce) {
					poker.write(0x3818, tail);
					poker.run(2000);
				}
				poker.write(0x3818, pieces.length);
				poker.run();
				while (expected.length > 0 && expected.length < 60) expected.push(0);
				expect(poker.wire.sent.map((frame) => [...frame.bytes])).toEqual(expected.length === 0 ? [] : [expected]);
				expect(poker.wire.out).toBe(0);
			},
		),
		{numRuns: 60},
	);
});

it('frames come out of the receive ring in order and whole, however descriptors come', () => {
	const sizes = [0, 0x0001_0000, 0x0002_0000, 0x0003_0000];
	fc.assert(
		fc.property(
			fc.constantFrom(...sizes),
			fc.array(fc.oneof(fc.integer({min: 60, max: 1514}), fc.integer({min: -20, max: -1})), {maxLength: 40}),
			(size, actions) => {
				const poker = new NicPoker().receiver(128, 0, size);
				const buffer = 2048 >> (size >>> 16);
				let tail = 0;
				const expected: Buffer[] = [];
				for (const action of actions) {
					if (action > 0) {
						const bytes = toUs(action, expected.length);
						if (poker.nic.receiver.fifo.fits(action + 4)) expected.push(bytes);
						poker.deliver(bytes);
					} else {
						tail = Math.min(tail - action, 127);
						poker.write(0x2818, tail);
						poker.run(1000);
					}
				}
				const got: Buffer[] = [];
				let parts: Buffer[] = [];
				for (let at = 0; at < poker.read(0x2810); at++) {
					const {length, status} = poker.received(at);
					parts.push(poker.bytes(at, length));
					if ((status & 2) !== 0) {
						got.push(Buffer.concat(parts));
						parts = [];
					} else {
						expect(length).toBe(buffer);
					}
				}
				expect(got).toEqual(expected.slice(0, got.length));
				expect(expected.length - got.length).toBe(poker.nic.receiver.fifo.count);
			},
		),
		{numRuns: 60},
	);
});

it('random writes anywhere break nothing that a reset does not mend', () => {
	const registers = [
		...[
			0x00, 0x10, 0x14, 0x18, 0x20, 0xc0, 0xc4, 0xc8, 0xd0, 0xd8, 0x100, 0x400, 0x410, 0x1000, 0x5000, 0x5400, 0x5404,
		],
		...[0x2800, 0x2804, 0x2808, 0x2810, 0x2818, 0x2820, 0x282c, 0x3800, 0x3804, 0x3808, 0x3810, 0x3818, 0x3820, 0x3828],
	];
	const small = fc.nat(0xfff);
	const value = fc.oneof(
		small,
		fc.integer(),
		fc.constantFrom(-1, 0, 0x10000, 0x11000, 0x80, 1 << 31, 0x0400_8002, 0x10a),
	);
	const action = fc.oneof(
		{weight: 6, arbitrary: fc.record({write: fc.constantFrom(...registers), value})},
		{weight: 2, arbitrary: fc.record({run: fc.nat(300_000)})},
		{weight: 2, arbitrary: fc.record({frame: fc.integer({min: 1, max: 3000})})},
		{weight: 1, arbitrary: fc.record({link: fc.boolean()})},
		{weight: 1, arbitrary: fc.record({command: fc.constantFrom(2, 3, 6, 7)})},
	);
	fc.assert(
		fc.property(fc.infiniteStream(fc.integer()), fc.array(action, {maxLength: 80}), (noise, actions) => {
			const poker = new NicPoker().transmitter().receiver();
			for (const frame of [16, 17]) {
				const words = poker.memory.words(frame);
				for (let i = 0; i < 256; i += 4) {
					const [low, third, fourth] = [noise.next(), noise.next(), noise.next()].map((next) => Number(next.value));
					words[i] = low & 0x00ff_ffff;
					words[i + 2] = third;
					words[i + 3] = fourth;
				}
			}
			poker.memory.scrub(18);
			for (const step of actions) {
				if ('write' in step) poker.write(step.write, step.value);
				else if ('run' in step) poker.run(step.run);
				else if ('frame' in step) poker.deliver(toUs(step.frame));
				else if ('command' in step) poker.config(4, 2, step.command);
				else {
					poker.wire.up = step.link;
					poker.nic.linkChanged(step.link);
				}
			}
			poker.wire.up = true;
			poker.nic.linkChanged(true);
			poker.config(4, 2, 7);
			poker.run(1000);
			poker.write(0, 1 << 26);
			poker.run(1000);
			poker.write(0x20, (1 << 26) | (1 << 21) | 0x1140);
			poker.run(2_100_000_000);
			recovers(poker);
		}),
		{numRuns: 200},
	);
}, 30_000);
