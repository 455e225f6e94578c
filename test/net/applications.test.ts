/** The traffic applications between two hosts: what they count is what happened, every byte is checked, and nothing is left behind. */
import {describe, expect, test} from 'vitest';
import {IperfClient, IperfServer} from '../../source/net/applications/iperf.js';
import {IperfUdpClient, IperfUdpServer} from '../../source/net/applications/iperf-udp.js';
import {Ping} from '../../source/net/applications/ping.js';
import {RequestClient, type RequestOptions} from '../../source/net/applications/request-client.js';
import {RequestServer} from '../../source/net/applications/request-server.js';
import {discard, echo, source} from '../../source/net/applications/services.js';
import {type LinkOptions, millisecond, second, TestNet} from '../support/net-link.js';
import {TestUser} from '../support/tcp-peer.js';

function expectNothingLeft(net: TestNet): void {
	for (const host of [net.a, net.b]) {
		expect(host.stack.tcp.count).toBe(0);
		expect(host.timers).toBe(0);
	}
}

describe('ping', () => {
	test('measures the sum of the parts of the way: two frames on the wire and two delays', () => {
		const net = new TestNet(1, {delay: 100_000});
		const ping = new Ping(net.a.stack, {to: net.addressOfB, interval: second, size: 56, count: 10});
		ping.start();
		net.drain();
		const frame = (14 + 20 + 8 + 56 + 24) * 8;
		expect(ping).toMatchObject({sent: 10, received: 10, missing: 0, wrong: 0, duplicates: 0});
		expect(ping.roundTrips.maximum).toBe(2 * (frame + 100_000));
		ping.release();
		expectNothingLeft(net);
	});

	test('counts what is lost, and what comes twice', () => {
		const net = new TestNet(1, {loss: 100_000, duplicate: 100_000});
		const ping = new Ping(net.a.stack, {to: net.addressOfB, interval: 10 * millisecond, size: 1000, count: 1000});
		ping.start();
		net.drain();
		expect(ping.sent).toBe(1000);
		// Either way loses one in ten, so 19 % are not answered.
		expect(ping.missing).toBeGreaterThan(130);
		expect(ping.missing).toBeLessThan(250);
		expect(ping.duplicates).toBeGreaterThan(100);
		expect(ping.wrong).toBe(0);
	});

	test('says when nobody answers at the next hop', () => {
		const net = new TestNet(1);
		const ping = new Ping(net.a.stack, {to: net.addressOfB + 7, interval: 4 * second, size: 56, count: 2});
		ping.start();
		net.drain();
		expect(ping).toMatchObject({sent: 0, unreachable: 2});
	});
});

function iperf(net: TestNet, options: Partial<IperfClient['options']>): {client: IperfClient; server: IperfServer} {
	const server = new IperfServer(net.b.stack);
	server.start();
	const all = {to: net.addressOfB, port: 5201, parallel: 1, bidir: false, reverse: false, bytes: 0, time: 0};
	const client = new IperfClient(net.a.stack, {...all, bitrate: 0, length: 131_072, ...options});
	client.start();
	net.drain();
	return {client, server};
}

describe('iperf3 over TCP', () => {
	test('sends so many bytes and no more', () => {
		const net = new TestNet(1);
		const {client, server} = iperf(net, {bytes: 1_000_000, parallel: 3});
		expect(client).toMatchObject({sent: 3_000_000, wrong: 0, ended: 3});
		expect(server).toMatchObject({received: 3_000_000, wrong: 0, accepted: 3});
		expectNothingLeft(net);
	});

	test('fills a gigabit link to within one percent of 941.5 Mb/s', () => {
		const net = new TestNet(1);
		const {client, server} = iperf(net, {time: second / 2});
		const [stream] = client.streams;
		const rate = (server.received * 8) / ((stream.endedAt - stream.begunAt) / second);
		expect(rate / 941_500_000).toBeGreaterThan(0.99);
		expect(rate / 941_500_000).toBeLessThanOrEqual(1);
	});

	test('keeps to a bitrate, one block more at most', () => {
		const net = new TestNet(1);
		const {server} = iperf(net, {time: second, bitrate: 10_000_000, length: 10_000});
		expect(server.received).toBeGreaterThan(1_250_000 - 20_000);
		expect(server.received).toBeLessThanOrEqual(1_250_000 + 10_000);
	});

	test('sends the other way, and both ways', () => {
		const reverse = iperf(new TestNet(1), {bytes: 500_000, reverse: true});
		expect(reverse.client).toMatchObject({sent: 0, received: 500_000, wrong: 0});
		const both = iperf(new TestNet(1), {bytes: 500_000, bidir: true});
		expect(both.client).toMatchObject({sent: 500_000, received: 500_000, wrong: 0});
		expect(both.server).toMatchObject({sent: 500_000, received: 500_000, wrong: 0});
	});
});

describe('iperf3 over UDP', () => {
	function datagrams(link: Partial<LinkOptions>): {client: IperfUdpClient; server: IperfUdpServer} {
		const net = new TestNet(3, link);
		const server = new IperfUdpServer(net.b.stack, 5201);
		expect(server.start()).toBe(true);
		const rate = {bytes: 0, time: second, bitrate: 50_000_000, length: 1448, reverse: false};
		const client = new IperfUdpClient(net.a.stack, {...rate, to: net.addressOfB, port: 5201});
		client.start();
		net.drain();
		expectNothingLeft(net);
		return {client, server};
	}

	test('sends at its bitrate and arrives whole over a good link', () => {
		const {client, server} = datagrams({});
		const [flow] = [...server.flows.values()];
		expect(client.bytes).toBeGreaterThan(6_250_000 * 0.99);
		expect(client.bytes).toBeLessThan(6_250_000 * 1.01);
		expect(flow).toMatchObject({received: client.sent, bytes: client.bytes, lost: 0, outOfOrder: 0, wrong: 0});
	});

	test('counts loss exactly, but for what nothing follows', () => {
		const {client, server} = datagrams({loss: 50_000});
		const [flow] = [...server.flows.values()];
		expect(flow.lost).toBeGreaterThan(client.sent * 0.03);
		expect(client.sent - flow.received - flow.lost).toBeGreaterThanOrEqual(0);
		expect(client.sent - flow.received - flow.lost).toBeLessThan(5);
		expect(flow).toMatchObject({outOfOrder: 0, wrong: 0});
	});

	test('counts what comes out of order, and does not call it lost', () => {
		const {client, server} = datagrams({reorder: 50_000});
		const [flow] = [...server.flows.values()];
		expect(flow.outOfOrder).toBeGreaterThan(0);
		expect(flow).toMatchObject({received: client.sent, lost: 0, wrong: 0});
		expect(flow.jitter).toBeGreaterThan(0);
	});
});

function requests(net: TestNet, options: Partial<RequestOptions>): {client: RequestClient; server: RequestServer} {
	const server = new RequestServer(net.b.stack, 80);
	server.start();
	const all: RequestOptions = {
		to: net.addressOfB,
		port: 80,
		request: 200,
		response: 10_000,
		concurrency: 4,
		rate: 0,
		rateProcess: 'linear',
		connection: 'keep',
		count: 500,
		...options,
	};
	const client = new RequestClient(net.a.stack, all, net.engine.random.stream('requests'));
	client.start();
	net.drain();
	client.stop();
	net.drain();
	client.release();
	return {client, server};
}

describe('requests and responses', () => {
	test('over connections that stay: one for each request under way', () => {
		const net = new TestNet(1);
		const {client, server} = requests(net, {});
		expect(client).toMatchObject({answered: 500, failed: 0, wrong: 0, connections: 4, bytesReceived: 5_000_000});
		expect(server).toMatchObject({requests: 500, wrong: 0, connections: 4});
		expect(client.latencies.count).toBe(500);
		expectNothingLeft(net);
	});

	test('over a new connection each', () => {
		const net = new TestNet(1);
		const {client, server} = requests(net, {connection: 'new'});
		expect(client).toMatchObject({answered: 500, failed: 0, wrong: 0, connections: 500});
		expect(server).toMatchObject({requests: 500, wrong: 0, connections: 500});
		expectNothingLeft(net);
	});

	test.each(['linear', 'poisson'] as const)('at a rate of %s arrivals, whatever the link loses', (rateProcess) => {
		const net = new TestNet(1, {loss: 5000});
		const {client} = requests(net, {rate: 1000, rateProcess, count: 1000, concurrency: 64});
		expect(client).toMatchObject({answered: 1000, failed: 0, wrong: 0, skipped: 0});
		// A thousand arrivals at a thousand a second.
		expect(net.sent.at(-1)?.at ?? 0).toBeGreaterThan(0.8 * second);
		expectNothingLeft(net);
	});

	test('count a closed port as failed, and try again', () => {
		const net = new TestNet(1);
		const {client} = requests(net, {port: 81, count: 6, concurrency: 2});
		expect(client).toMatchObject({answered: 0, failed: 6, errors: 6});
		expectNothingLeft(net);
	});

	test('may be longer than 64 MiB', () => {
		const net = new TestNet(1);
		const long = 64 * 1024 * 1024 + 1;
		const {client, server} = requests(net, {request: long, response: 1, count: 1, concurrency: 1});
		expect([client.answered, client.failed, server.wrong]).toEqual([1, 0, 0]);
	});

	test('one whose header makes no sense is one error', () => {
		const net = new TestNet(1);
		const {client, server} = requests(net, {response: 2 ** 31, count: 1, concurrency: 1});
		// The server found it wrong, and the client got no answer: both is true of the same request.
		expect([server.wrong, client.failed, client.errors]).toEqual([1, 1, 1]);
	});

	test('open loop counts the wait for a connection', () => {
		const net = new TestNet(1, {delay: 5 * millisecond});
		// Ten milliseconds for each answer, two hundred a second, and one at a time: half of them wait ever longer.
		const {client} = requests(net, {rate: 200, count: 100, concurrency: 1, response: 100});
		expect(client.answered).toBe(100);
		expect(client.latencies.maximum).toBeGreaterThan(400 * millisecond);
	});
});

describe('the small services', () => {
	test('discard takes what is sent', () => {
		const net = new TestNet(1);
		const counters = discard(net.b.stack, 9);
		const {client} = (() => {
			const client = new TestUser();
			const socket = net.a.stack.tcp.connect(net.addressOfB, 9, client);
			socket?.offer(100_000);
			socket?.close();
			net.drain();
			return {client};
		})();
		expect(counters).toMatchObject({connections: 1, received: 100_000});
		expect(client.told.at(-1)).toBe('finished');
		expectNothingLeft(net);
	});

	test('a source sends until it is told to stop', () => {
		const net = new TestNet(1);
		const counters = source(net.b.stack, 19);
		const client = new TestUser();
		const socket = net.a.stack.tcp.connect(net.addressOfB, 19, client);
		net.run(100 * millisecond);
		socket?.close();
		net.drain();
		expect(client.received).toBeGreaterThan(5_000_000);
		expect(counters.sent).toBe(client.received);
		expectNothingLeft(net);
	});

	test('echo gives back every byte, though it keeps 64 KiB only', () => {
		const net = new TestNet(1, {loss: 5000});
		echo(net.b.stack, 7);
		const client = new TestUser(1, 1);
		client.closesToo = false;
		const socket = net.a.stack.tcp.connect(net.addressOfB, 7, client);
		socket?.offer(1_000_000);
		socket?.close();
		net.drain();
		expect(client).toMatchObject({received: 1_000_000, wrong: 0});
		expectNothingLeft(net);
	});
});
