/** A host's stack below TCP: who answers ARP and pings, how long an address is asked for, what is refused, and what a full device does. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {Ping} from '../../source/net/applications/ping.js';
import {checksumPresent} from '../../source/net/checksum-state.js';
import {Reassembly} from '../../source/net/reassembly.js';
import {datagramRefused, datagramSent, datagramWait} from '../../source/net/udp-layer.js';
import {second, TestNet} from '../support/net-link.js';
import {TestUser} from '../support/tcp-peer.js';

const quiet = {received: () => undefined, writable: () => undefined};

describe('ARP', () => {
	test('asks once, learns from the answer, and the asked learns from the question', () => {
		const net = new TestNet(1);
		new Ping(net.a.stack, {to: net.addressOfB, interval: second, size: 56, count: 3}).start();
		net.drain();
		expect(net.a.stack.ip.neighbours).toMatchObject({requestsSent: 1, repliesReceived: 1, repliesSent: 0});
		expect(net.b.stack.ip.neighbours).toMatchObject({requestsSent: 0, repliesSent: 1});
	});

	test('asks three times, a second apart, and then says that nobody is there', () => {
		const net = new TestNet(1);
		const user = new TestUser();
		net.a.stack.tcp.connect(net.addressOfB + 1, 80, user);
		net.drain();
		expect(user.told).toEqual(['unreachable']);
		expect(net.sent.map(({at}) => at)).toEqual([0, second, 2 * second]);
		expect(net.engine.now).toBe(3 * second);
		expect(net.a.timers).toBe(0);
	});

	test('asks again, the owner alone, when what it knows is half a minute old', () => {
		const net = new TestNet(1);
		new Ping(net.a.stack, {to: net.addressOfB, interval: 20 * second, size: 56, count: 4}).start();
		net.drain();
		const questions = net.sent.filter(({from, bytes}) => from === 'a' && bytes.readUInt16BE(12) === 0x0806);
		expect(questions.map(({bytes}) => bytes[0])).toEqual([0xff, 0]);
	});
});

describe('what arrives and is not right', () => {
	test('a packet for another host, a bad checksum and a fragment are counted and dropped', () => {
		const net = new TestNet(1);
		new Ping(net.a.stack, {to: net.addressOfB, interval: second, size: 56, count: 1}).start();
		net.run(second / 10);
		const request = net.sent.find(({from, bytes}) => from === 'a' && bytes.readUInt16BE(12) === 0x0800)?.bytes;
		if (request === undefined) throw new Error('a request was sent');
		const spoil = (change: (bytes: Buffer) => void) => {
			const bytes = Buffer.from(request);
			change(bytes);
			net.b.inject(bytes, checksumPresent);
		};
		spoil((bytes) => {
			bytes[0] = 2;
		});
		spoil((bytes) => {
			bytes[24] ^= 1;
		});
		spoil((bytes) => {
			bytes[60] ^= 1;
		});
		spoil((bytes) => {
			// More fragments, and the header's checksum to match.
			bytes[20] = 0x20;
			bytes.writeUInt16BE((bytes.readUInt16BE(24) + 0x2000) % 0xffff, 24);
		});
		expect(net.b.stack.ip).toMatchObject({notForUs: 1, badHeaderChecksums: 1, badChecksums: 1, fragments: 1});
		expect(net.b.stack.icmp.requestsReceived).toBe(1);
	});

	test('bytes of any kind are survived', () => {
		const net = new TestNet(1);
		net.b.stack.tcp.listen(80, () => new TestUser());
		fc.assert(
			fc.property(fc.uint8Array({maxLength: 120}), fc.constantFrom(0x0800, 0x0806, 0x86dd), (bytes, type) => {
				const frame = Buffer.concat([Buffer.alloc(14, 0xff), bytes]);
				frame.writeUInt16BE(type, 12);
				net.b.inject(frame, checksumPresent);
			}),
			{numRuns: 1000},
		);
	});
});

describe('UDP', () => {
	test('waits for the next hop, refuses what is too long, and tells who has no port', () => {
		const net = new TestNet(1);
		let writable = 0;
		const socket = net.a.stack.udp.open(0, {...quiet, writable: () => writable++});
		const fill = (memory: Buffer, offset: number, _position: number, length: number) =>
			memory.fill(7, offset, offset + length);
		expect(socket?.most).toBe(1472);
		expect(socket?.send(net.addressOfB, 9, 1473, fill)).toBe(datagramRefused);
		expect(socket?.send(net.addressOfB, 9, 1472, fill)).toBe(datagramWait);
		net.run(second);
		expect(writable).toBe(1);
		expect(socket?.send(net.addressOfB, 9, 1472, fill)).toBe(datagramSent);
		net.run(second);
		expect(net.b.stack.udp.noPort).toBe(1);
	});

	test('a port is one socket’s until it closes', () => {
		const {udp} = new TestNet(1).a.stack;
		const socket = udp.open(53, quiet);
		expect(udp.open(53, quiet)).toBeUndefined();
		socket?.close();
		expect(udp.open(53, quiet)).toBeDefined();
	});
});

describe('reassembly', () => {
	test('reaches as far as the bytes that came without a gap, in whatever order', () => {
		const piece = fc.tuple(fc.nat(400), fc.integer({min: 1, max: 60}));
		fc.assert(
			fc.property(fc.array(piece, {maxLength: 40}), fc.integer(), (pieces, base) => {
				const kept = new Reassembly(1024);
				const come = new Set<number>();
				for (const [start, length] of pieces) {
					expect(kept.add((base + 1 + start) | 0, (base + 1 + start + length) | 0)).toBe(true);
					for (let at = start; at < start + length; at++) come.add(at);
				}

				let reached = 0;
				while (come.has(reached)) reached++;
				expect((kept.reach((base + 1) | 0) - base - 1) | 0).toBe(reached);
			}),
		);
	});

	test('remembers so many gaps and no more', () => {
		const kept = new Reassembly(1024);
		for (let i = 0; i < 64; i++) expect(kept.add(10 * i, 10 * i + 5)).toBe(true);
		expect(kept.add(1000, 1005)).toBe(false);
		expect(kept.add(5, 10)).toBe(true);
		expect(kept.ranges).toBe(63);
	});
});
