/** Hosts on the LAN: what they answer, how long it takes, what their TCP reaches, and what they make of frames that are not right. */
import {describe, expect, it} from 'vitest';
import {arpOperation, arpReply} from '../../../source/net/arp.js';
import {datagramSent, datagramWait} from '../../../source/net/udp-layer.js';
import {LanPair} from '../../support/lan-pair.js';
import {type Kept, keep} from '../../support/lan-stations.js';
import {station} from '../../support/packets.js';

const second = 1_000_000_000;
const millisecond = 1_000_000;
/** Preamble, frame and FCS at 8 ns a byte. */
const frameTime = (bytes: number) => 8 * (8 + bytes + 4);

/** Pings the server with `size` bytes of data; ns until the reply, or -1. */
function ping(pair: LanPair, size: number): number {
	const {stack} = pair.client;
	const {engine} = pair;
	const sentAt = engine.now;
	let answeredAt = -1;
	const identifier = stack.icmp.freeIdentifier();
	stack.icmp.listen(identifier, {
		reply: () => {
			answeredAt = engine.now;
		},
	});
	stack.run(() => {
		const packet = stack.icmp.begin(station(2).mac, station(2).ip, identifier, 1, size);
		if (packet === null) throw new Error('an idle host has room');
		packet.memory[0].fill(0x55, packet.offsets[0] + 42, packet.offsets[0] + 42 + size);
		stack.icmp.finish(packet);
	});
	pair.pass(second);
	stack.icmp.unlisten(identifier);
	return answeredAt < 0 ? -1 : answeredAt - sentAt;
}

/** Mb/s of TCP payload that the taker gets, half a second after the start. */
function goodput(pair: LanPair, users: readonly {received: number}[], time = second / 2): number[] {
	pair.pass(second / 2);
	const before = users.map(({received}) => received);
	pair.pass(time);
	return users.map(({received}, i) => ((received - before[i]) * 8000) / time);
}

const endless = 10_000_000_000;

describe('a host answers', () => {
	it('who has its address', () => {
		const pair = new LanPair();
		const seen: Kept[] = [];
		pair.tap.onFrame = (frame) => seen.push(keep(frame));
		pair.transfer(1);
		pair.pass(millisecond);
		expect(seen.slice(0, 2).map(({direction, bytes}) => [direction, bytes.length])).toEqual([
			['inbound', 60],
			['outbound', 60],
		]);
		expect(arpOperation(seen[1].bytes, 14)).toBe(arpReply);
		expect(seen[1].bytes.subarray(0, 12)).toEqual(Buffer.concat([station(1).mac, station(2).mac]));
	});

	it.each([
		[56, 0],
		[1472, 0],
		[56, 2_500_000],
	])('a ping of %i bytes over a delay of %i ns in four frame times and two delays', (size, delay) => {
		const pair = new LanPair({delay});
		expect(ping(pair, size)).toBe(4 * frameTime(Math.max(60, 42 + size)) + 2 * delay);
	});

	it('a ping behind a full frame waits for it on both links', () => {
		const quiet = ping(new LanPair(), 56);
		const pair = new LanPair();
		const frame = pair.client.end.frame(1514);
		frame.length = 1514;
		frame.bytes.fill(0xff, 0, 6);
		frame.bytes.fill(2, 6, 12);
		pair.client.queue.put(frame);
		// For all of it and its gap on the client's link, then at the switch for what of it is left on the server's.
		expect(ping(pair, 56)).toBe(quiet + frameTime(1514) + 96 + (frameTime(1514) - frameTime(98)));
	});
});

describe('TCP between two hosts', () => {
	it('carries 941.5 Mb/s one way: 1448 bytes in each 1538 of the wire', () => {
		const pair = new LanPair();
		const {server} = pair.transfer(endless);
		const [rate] = goodput(pair, [server]);
		expect(rate).toBeGreaterThan(941.5 * 0.999);
		expect(rate).toBeLessThanOrEqual(941.6);
		expect(server.wrong).toBe(0);
		expect(pair.client.stack.tcp.counters.retransmitted).toBe(0);
	});

	it('carries 949.3 Mb/s without timestamps', () => {
		const pair = new LanPair({}, {tcp: {timestamps: false}});
		const {server} = pair.transfer(endless);
		const [rate] = goodput(pair, [server]);
		expect(rate).toBeGreaterThan(949.3 * 0.999);
		expect(rate).toBeLessThanOrEqual(949.4);
	});

	it.each([
		['924.0 without', false, 924.05],
		['914.7 with', true, 914.7],
	])('carries both ways at once %s timestamps: an acknowledgment for every two segments', (_, timestamps, bound) => {
		const pair = new LanPair({}, {tcp: {timestamps}});
		const there = pair.transfer(endless);
		const back = pair.transfer(endless, 0, [pair.server, pair.client]);
		for (const rate of goodput(pair, [there.server, back.server])) {
			expect(rate).toBeGreaterThan(bound * 0.998);
			expect(rate).toBeLessThan(bound * 1.002);
		}
	});

	it('fills a slow link too', () => {
		const pair = new LanPair({}, {lan: {rate: 10_000_000}});
		const {server} = pair.transfer(endless);
		const [rate] = goodput(pair, [server], 4 * second);
		expect(rate).toBeGreaterThan(9.415 * 0.995);
	});

	it('is bounded by window over round trip where the delay is long', () => {
		const delay = 5 * millisecond;
		const pair = new LanPair({delay}, {tcp: {receiveBuffer: 131_072}});
		const {server} = pair.transfer(endless);
		const [rate] = goodput(pair, [server]);
		const bound = (131_072 * 8000) / (2 * delay);
		expect(rate).toBeGreaterThan(bound * 0.93);
		expect(rate).toBeLessThanOrEqual(bound);
	});

	it('delivers every byte over a link that loses, corrupts, duplicates and reorders', () => {
		const impairments = {loss: 5000, corruption: 5000, silentCorruption: 5000, duplication: 5000, reordering: 5000};
		const pair = new LanPair({delay: 200_000, ...impairments});
		const {client, server} = pair.transfer(2_000_000, 1_000_000);
		pair.pass(200 * second);
		expect(server).toMatchObject({received: 2_000_000, wrong: 0});
		expect(client).toMatchObject({received: 1_000_000, wrong: 0});
		expect(client.told).toEqual(['connected', 'peer finished', 'finished']);
		const {client: a, server: b} = pair;
		// Which layer found what: the switch and the server's device see the FCS, the stacks their checksums.
		expect(b.damaged).toBeGreaterThan(0);
		expect(pair.lan.switch.ports[1].damaged).toBeGreaterThan(0);
		const found = ({ip}: typeof a.stack) => ip.badChecksums + ip.badHeaderChecksums;
		expect(found(a.stack) + found(b.stack)).toBeGreaterThan(5);
		expect(pair.lan.pool.inUse).toBe(0);
	});

	it('goes on when a cable that was pulled is back', () => {
		const pair = new LanPair();
		const {server} = pair.transfer(100_000_000);
		pair.pass(100 * millisecond);
		pair.lan.links[1].setUp(false);
		const before = server.received;
		pair.pass(second);
		expect(server.received).toBe(before);
		pair.lan.links[1].setUp(true);
		pair.pass(5 * second);
		expect(server).toMatchObject({received: 100_000_000, wrong: 0});
	});

	it('loses at a switch port that two senders share, and every byte still arrives', () => {
		const pair = new LanPair({}, {lan: {queue: 32 * 1024}});
		const third = pair.lan.addHost('third', {mac: station(3).mac, address: station(3).ip, prefix: 24});
		const one = pair.transfer(20_000_000);
		const listener = pair.transfer(20_000_000, 0, [third, pair.server]);
		pair.pass(20 * second);
		expect(one.server.received + listener.server.received).toBe(40_000_000);
		expect(pair.lan.switch.ports[1].tailDrops).toBeGreaterThan(0);
		expect(pair.client.stack.tcp.counters.retransmitted + third.stack.tcp.counters.retransmitted).toBeGreaterThan(0);
	});
});

describe('its output queue', () => {
	it('refuses after a millisecond of frames, and says when there is room', () => {
		const pair = new LanPair();
		const {udp} = pair.client.stack;
		let sent = 0;
		let told = 0;
		const fill = () => {};
		const user = {
			received: () => {},
			writable: () => {
				told++;
				flood();
			},
		};
		const socket = udp.open(5000, user);
		const flood = () => {
			while (sent < 1000 && socket?.send(station(2).ip, 9, 1472, fill) === datagramSent) sent++;
		};
		expect(socket?.send(station(2).ip, 9, 1472, fill)).toBe(datagramWait);
		pair.pass(millisecond);
		// The first one waited for ARP; from there on the queue is full but for what has left.
		expect(told).toBeGreaterThan(0);
		expect(sent).toBeGreaterThan(80);
		expect(sent).toBeLessThan(81 + 82);
		pair.pass(20 * millisecond);
		expect(sent).toBe(1000);
		expect(pair.server.stack.udp.noPort).toBe(1000);
		expect(pair.server.end.peer.frames).toBeGreaterThan(1000);
	});
});

describe('frames that are not for it', () => {
	it('are dropped and counted: damaged ones, and those of others that the switch sent everywhere', () => {
		const pair = new LanPair({corruption: 1_000_000});
		const frame = pair.client.end.frame(60);
		frame.bytes.fill(0, 0, 60);
		frame.bytes.set([2, 0, 0, 0, 0, 99], 0);
		frame.bytes.set(station(1).mac, 6);
		frame.length = 60;
		pair.client.queue.put(frame);
		pair.pass(millisecond);
		expect(pair.server).toMatchObject({damaged: 1, notForUs: 0, frames: 0});
		const clean = new LanPair();
		const other = clean.client.end.frame(60);
		other.bytes.fill(0, 0, 60);
		other.bytes.set([2, 0, 0, 0, 0, 99], 0);
		other.bytes.set(station(1).mac, 6);
		other.length = 60;
		clean.client.queue.put(other);
		clean.pass(millisecond);
		expect(clean.server).toMatchObject({damaged: 0, notForUs: 1, frames: 0});
	});
});
