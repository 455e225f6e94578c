/** The network of a whole host: NICs and their drivers, and what is told of them. */
import {describe, expect, test} from 'vitest';
import {Host} from '../../../source/sim/host.js';
import {scenarioOf, second} from '../../support/hosts.js';

const forever = Number.POSITIVE_INFINITY;

const withNic = (wire: string) => `name: t
host: { memory: 256MiB, devices: { eth0: { model: 82540EM, pci: "00:05.0"${wire} } } }
lan: { hosts: { client: { ip: 10.0.0.9 } } }
domains: { Domain-0: { memory: 64MiB } }
`;

test('domain zero brings the NIC up, and its driver sees the link', () => {
	const host = new Host(scenarioOf(withNic('')));
	host.advance(second, forever);
	const [{driver, kernel}] = host.boot.drivers;
	expect([driver.kind, driver.name, driver.state, kernel.name]).toEqual(['net', 'eth0', 'live', 'Domain-0']);
	expect(driver.kind === 'net' && [driver.device.carrier, [...driver.device.mac]]).toEqual([
		true,
		[0, 0x1b, 0x21, 0, 0, 1],
	]);
	expect(host.boot.network.nics.map(({model, address}) => [model, address])).toEqual([['82540EM, 1Gb/s', '00:05.0']]);
	expect(host.taps.map(({name}) => name)).toEqual(['eth0']);
	expect(host.engine.findings.all).toEqual([]);
});

test('a NIC without a wire has no link', () => {
	const host = new Host(scenarioOf(withNic(', wire: none')));
	host.advance(3 * second, forever);
	const [{driver}] = host.boot.drivers;
	expect(driver.kind === 'net' && [driver.state, driver.device.carrier]).toEqual(['live', false]);
});

test('a slower wire is what the card reports, and its driver says so', () => {
	for (const [rate, speed] of [
		['100Mb/s', 100],
		['10Mb/s', 10],
		['1Gb/s', 1000],
	] as const) {
		const host = new Host(scenarioOf(withNic('').replace('lan: {', `lan: { rate: ${rate},`)));
		host.advance(second, forever);
		const lines = host.engine.log.since(0).flatMap(({text}) => (text.includes('NIC Link is Up') ? text : []));
		expect(lines).toEqual([`e1000 eth0: NIC Link is Up ${speed} Mbps Full Duplex`]);
	}
});

const served = (client: string, jobs: string) => `name: t
host:
  cpus: 2
  memory: 1GiB
  devices: { eth0: { model: 82540EM, pci: "00:05.0" } }
  bridges: { xenbr0: { nics: [eth0], ip: 10.0.0.254 } }
lan: { delay: 50us, hosts: { client: { ip: 10.0.0.9${client} } } }
domains:
  Domain-0: { memory: 256MiB }
  web: { memory: 64MiB, vif: [{ ip: 10.0.0.1 }], jobs: { ${jobs} } }
  db: { memory: 64MiB, vif: [{ ip: 10.0.0.2 }] }
`;

const run = (text: string, seconds = 2) => {
	const host = new Host(scenarioOf(text));
	host.advance(seconds * second, forever);
	const counts = (id: string) => {
		const job = host.workloads.network.jobs.find((each) => each.id === id);
		if (job === undefined) throw new Error(`there is a job ${id}`);
		return job.counts();
	};
	const vif = (id: string) => {
		const channel = host.boot.network.vifs.find((each) => each.id === id);
		if (channel === undefined) throw new Error(`there is a vif ${id}`);
		return channel;
	};
	return {host, counts, vif, nic: host.boot.network.nics[0]};
};

describe('a guest on the LAN', () => {
	test('serves a host there through netfront, netback, bridge, driver, NIC and wire', () => {
		const {host, counts, vif, nic} = run(served('', 'http: { serve: tcp, peer: client, response: 20k, rate: 100 }'));
		const {latency, wrong, failed, bytesOut} = counts('web/http');
		expect([wrong, failed]).toEqual([0, 0]);
		expect(latency.count).toBeGreaterThan(170);
		expect(bytesOut).toBe(latency.count * 20_480);
		// Two ways over the wire's delay, and the frames of a response, one after the other at 1 Gb/s.
		expect(latency.quantile(500_000)).toBeGreaterThan(2 * 50_000 + 20_480 * 8);
		expect(latency.quantile(990_000)).toBeLessThan(2_000_000);
		expect(vif('web.vif0')).toMatchObject({netfront: {state: 'connected'}});
		expect(vif('web.vif0').counts.sentBytes).toBeGreaterThan(bytesOut);
		// A large packet leaves the guest whole and the NIC in frames.
		expect(nic.counts.sentPackets).toBeGreaterThan(5 * vif('web.vif0').counts.sentPackets);
		expect(host.engine.findings.all).toEqual([]);
	});

	test('answers ping whatever its jobs', () => {
		const {counts} = run(served(', jobs: { echo: { ping: web, interval: 10ms } }', ''));
		const {sent, lost, wrong, latency} = counts('lan.client/echo');
		expect(sent).toBeGreaterThan(150);
		expect([lost <= 1, wrong]).toEqual([true, 0]);
		expect(sent).toBeLessThan(200);
		expect(latency.quantile(500_000)).toBeGreaterThan(100_000);
	});

	test('fills a gigabit', () => {
		const {host, counts} = run(served('', 'load: { iperf: client }'), 1);
		const before = counts('web/load').bytesOut;
		host.advance(1.5 * second, forever);
		const rate = (counts('web/load').bytesOut - before) * 8 * 2;
		expect(rate / 941.5e6).toBeGreaterThan(0.99);
		expect(rate / 941.5e6).toBeLessThan(1.01);
	});
});

describe('two guests', () => {
	test('speak over the bridge, and never over the wire', () => {
		const {counts, vif, nic} = run(served('', 'load: { iperf: db, bitrate: 100Mb/s }'));
		expect(counts('web/load').bytesOut).toBeGreaterThan(20_000_000);
		expect(counts('web/load').wrong).toBe(0);
		// What is sent whole stays whole.
		const {sentBytes, sentPackets} = vif('web.vif0').counts;
		expect(sentBytes / sentPackets).toBeGreaterThan(5000);
		expect(vif('db.vif0').counts.receivedPackets).toBe(sentPackets);
		// Nothing but the first packet's flood.
		expect(nic.counts.sentPackets).toBeLessThan(4);
	});

	test('and domain zero, by the bridge’s own port', () => {
		const text = served('', '').replace(
			'Domain-0: { memory: 256MiB }',
			'Domain-0: { memory: 256MiB, jobs: { echo: { ping: db, interval: 10ms } } }',
		);
		const {counts} = run(text);
		expect(counts('Domain-0/echo').lost).toBeLessThan(2);
		expect(counts('Domain-0/echo').sent).toBeGreaterThan(150);
	});

	test('measure datagrams both ways', () => {
		const {counts} = run(served('', 'load: { iperf: db, udp: on, bitrate: 10Mb/s, bidir: on }'));
		const {bytesOut, bytesIn, lost, wrong} = counts('web/load');
		expect(bytesOut).toBeGreaterThan(2_000_000);
		expect(bytesIn).toBeGreaterThan(2_000_000);
		expect([lost, wrong]).toEqual([0, 0]);
	});
});

describe('watching', () => {
	test('taps see what passes an interface and a NIC, and change nothing', () => {
		const text = served('', 'echo: { ping: client, interval: 100ms }');
		const watched = new Host(scenarioOf(text));
		const seen = new Map<string, string[]>();
		for (const tap of watched.taps) {
			const frames: string[] = [];
			seen.set(tap.name, frames);
			tap.onFrame = ({direction, bytes}) => frames.push(`${direction} ${bytes.length}`);
		}

		watched.advance(second, forever);
		const {host} = run(text, 1);
		expect(watched.engine.hash.toString()).toBe(host.engine.hash.toString());
		expect([...seen.keys()]).toEqual(['eth0', 'web:0', 'db:0']);
		// An echo request of 56 bytes and its answer, with 42 of headers.
		expect(seen.get('web:0')?.slice(-2)).toEqual(['outbound 98', 'inbound 98']);
		expect(seen.get('eth0')?.slice(-2)).toEqual(['outbound 98', 'inbound 98']);
	});
});

describe('a lost notification of a vif', () => {
	test('puts its ring to sleep until it is kicked', () => {
		const {host, vif} = run(served('', 'echo: { ping: client, interval: 10ms, count: 100 }'), 0.5);
		const target = {domain: 'web', vdev: 'vif0'};
		const fault = {fault: 'evt.lost', id: 'mine', target, direction: 'to-backend', times: 1, for: 0} as const;
		expect(host.operate({verb: 'fault', fault}).refused).toBe(false);
		host.advance(host.now + second / 2, forever);
		expect(vif('web.vif0').asleepSince).toBeGreaterThan(0);
		expect(host.engine.findings.all.map(({kind, explainedBy}) => [kind, explainedBy])).toEqual([['asleep', 'mine']]);
		expect(host.operate({verb: 'kick', target}).refused).toBe(false);
		host.advance(host.now + second / 2, forever);
		expect(vif('web.vif0').asleepSince).toBe(-1);
	});
});
