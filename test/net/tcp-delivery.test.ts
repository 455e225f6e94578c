/**
TCP over links that lose, reorder, duplicate and corrupt: every byte is delivered in order exactly once, both ways, the connection ends
on both sides, and nothing is left behind.
*/
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import type {TcpSettings} from '../../source/net/tcp-settings.js';
import {type LinkOptions, TestNet} from '../support/net-link.js';
import {TestUser} from '../support/tcp-peer.js';

function transfer(seed: number, up: number, down: number, link: Partial<LinkOptions>, settings: Partial<TcpSettings>) {
	const net = new TestNet(seed, link, settings);
	const client = new TestUser(1, 2);
	const server = new TestUser(2, 1);
	net.b.stack.tcp.listen(80, (connection) => {
		connection.offer(down);
		return server;
	});
	const connection = net.a.stack.tcp.connect(net.addressOfB, 80, client);
	connection?.offer(up);
	connection?.close();
	net.drain();
	return {net, client, server};
}

function expectWhole({net, client, server}: ReturnType<typeof transfer>, up: number, down: number): void {
	expect(server).toMatchObject({received: up, wrong: 0, acknowledgedTo: down});
	expect(client).toMatchObject({received: down, wrong: 0, acknowledgedTo: up});
	expect(client.told).toEqual(['connected', 'peer finished', 'finished']);
	expect(server.told).toEqual(['connected', 'peer finished', 'finished']);
	for (const host of [net.a, net.b]) {
		expect(host.stack.tcp.count).toBe(0);
		expect(host.timers).toBe(0);
		expect(host.stack.ip.turns.waiting).toBe(0);
	}
}

describe('a TCP connection delivers everything once and in order', () => {
	test('over a perfect link, without sending anything twice', () => {
		const run = transfer(1, 3_000_000, 1_000_000, {}, {});
		expectWhole(run, 3_000_000, 1_000_000);
		expect(run.net.a.stack.tcp.counters).toMatchObject({retransmitted: 0, bytesSent: 3_000_000, duplicates: 0});
		expect(run.net.b.stack.tcp.counters).toMatchObject({retransmitted: 0, bytesSent: 1_000_000, outOfOrder: 0});
	});

	test('through a device that segments, whole packets up to 64 KiB', () => {
		const run = transfer(1, 3_000_000, 1_000_000, {segmentation: 65_535, checksumOffload: true, chunk: 4096}, {});
		expectWhole(run, 3_000_000, 1_000_000);
		const longest = Math.max(...run.net.segments('a').map(({length}) => length));
		expect(longest % 1448).toBe(0);
		expect(longest).toBe(Math.floor((65_535 - 66) / 1448) * 1448);
	});

	test('whatever the link does to its packets', () => {
		const parts = fc.integer({min: 0, max: 50_000});
		const link = fc.record({
			rate: fc.constantFrom(10_000_000, 1_000_000_000),
			delay: fc.integer({min: 0, max: 3_000_000}),
			loss: parts,
			reorder: parts,
			duplicate: parts,
			corrupt: parts,
			queue: fc.constantFrom(1, 3, 256),
			mtu: fc.constantFrom(576, 1500, 9000),
			chunk: fc.constantFrom(0, 100, 4096),
			segmentation: fc.constantFrom(0, 65_535),
		});
		const settings = fc.record({
			timestamps: fc.boolean(),
			windowScaling: fc.boolean(),
			receiveBuffer: fc.constantFrom(4096, 65_536, 524_288),
			nagle: fc.boolean(),
			delayedAck: fc.constantFrom(0, 40_000_000),
		});
		fc.assert(
			fc.property(fc.nat(), fc.nat(200_000), fc.nat(200_000), link, settings, (seed, up, down, options, tcp) => {
				expectWhole(transfer(seed, up, down, options, tcp), up, down);
			}),
			{numRuns: 100},
		);
	});
});
