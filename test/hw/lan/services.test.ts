/** Hosts on the LAN at work, with what guests use too: iperf3 over TCP and UDP, requests at a rate of arrivals, discard and echo. */
import {describe, expect, it} from 'vitest';
import {IperfClient, IperfServer} from '../../../source/net/applications/iperf.js';
import {IperfUdpClient, IperfUdpServer} from '../../../source/net/applications/iperf-udp.js';
import {RequestClient} from '../../../source/net/applications/request-client.js';
import {RequestServer} from '../../../source/net/applications/request-server.js';
import {discard, echo} from '../../../source/net/applications/services.js';
import {LanPair} from '../../support/lan-pair.js';

const second = 1_000_000_000;
const millisecond = 1_000_000;

describe('iperf3', () => {
	const test = {reverse: false, bytes: 0, time: second, bitrate: 0, length: 131_072};

	it('over TCP in both directions at once carries what both directions of the wire can', () => {
		const pair = new LanPair();
		const server = new IperfServer(pair.server.stack);
		server.start();
		const to = pair.server.address.address;
		const client = new IperfClient(pair.client.stack, {...test, to, port: 5201, parallel: 1, bidir: true});
		client.start();
		pair.pass(3 * second);
		expect(client).toMatchObject({ended: 2, wrong: 0});
		// 914.7 Mb/s each way, less a start from nothing.
		for (const bytes of [client.sent, client.received]) {
			expect((bytes * 8) / 1e6).toBeGreaterThan(914.7 * 0.98);
			expect((bytes * 8) / 1e6).toBeLessThan(914.7 * 1.01);
		}
	});

	it('over UDP loses nothing below the rate of the wire', () => {
		const pair = new LanPair();
		const server = new IperfUdpServer(pair.server.stack, 5201);
		const to = pair.server.address.address;
		const options = {...test, to, port: 5201, bitrate: 900_000_000, length: 1448};
		expect(server.start()).toBe(true);
		const client = new IperfUdpClient(pair.client.stack, options);
		client.start();
		pair.pass(2 * second);
		expect(client.over).toBe(true);
		// The last millisecond's datagrams are due when the second is over.
		expect((client.bytes * 8) / 1e6).toBeGreaterThan(900 * 0.998);
		expect((client.bytes * 8) / 1e6).toBeLessThanOrEqual(900);
		expect([...server.flows.values()]).toMatchObject([{received: client.sent, lost: 0, wrong: 0}]);
		expect(pair.lan.pool.inUse).toBe(0);
	});
});

describe('requests at a rate of arrivals', () => {
	it('are answered as they come: a small one takes a round trip of its frames', () => {
		const pair = new LanPair({delay: 100_000});
		const server = new RequestServer(pair.server.stack, 80);
		server.start();
		const client = new RequestClient(
			pair.client.stack,
			{
				to: pair.server.address.address,
				port: 80,
				request: 100,
				response: 1000,
				concurrency: 8,
				rate: 1000,
				rateProcess: 'linear',
				connection: 'keep',
				count: 2000,
			},
			pair.engine.random.stream('test'),
		);
		client.start();
		pair.pass(4 * second);
		expect(client).toMatchObject({answered: 2000, failed: 0, wrong: 0, skipped: 0});
		expect(server.requests).toBe(2000);
		// Headers with timestamps are 66 bytes; preamble and FCS 12.
		const frame = (payload: number) => 8 * (66 + payload + 12);
		expect(client.latencies.quantile(500_000)).toBeGreaterThanOrEqual(2 * (frame(100) + frame(1000) + 100_000) * 0.99);
		expect(client.latencies.quantile(500_000)).toBeLessThan(2 * (frame(100) + frame(1000) + 100_000) * 1.05);
	});
});

describe('the small services', () => {
	it('discard takes everything, echo gives it back', () => {
		const pair = new LanPair();
		const counters = [discard(pair.server.stack, 9), echo(pair.server.stack, 7)];
		expect(counters.map(({connections}) => connections)).toEqual([0, 0]);
		const client = pair.connect(9, 500_000);
		const echoed = pair.connect(7, 300_000);
		pair.pass(100 * millisecond);
		expect(counters[0]).toMatchObject({connections: 1, received: 500_000});
		expect(client.acknowledgedTo).toBe(500_000);
		expect(counters[1]).toMatchObject({connections: 1, received: 300_000, sent: 300_000});
		expect(echoed.received).toBe(300_000);
	});
});
