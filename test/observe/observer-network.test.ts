/** What a person reads off a host's networks: figures that agree with each other, looks, rings, jobs and the LAN. */
import {describe, expect, test} from 'vitest';
import type {ChannelView, DeviceView, SlotView, Snapshot, VifChannelView} from '../../source/observe/snapshot.js';
import {millisecond, second, WatchedHost} from '../support/hosts.js';

const scenario = (domains: string, lan = 'hosts: { client: { ip: 10.0.0.9 } }') => `name: networks
arch: xen2
seed: 3
runtime: 100s
host:
  cpus: 2
  memory: 1GiB
  devices:
    eth0: { model: 82540EM, pci: "00:05.0" }
lan: { ${lan} }
domains:
  Domain-0: { memory: 256MiB }
${domains}
`;
const guest = (name: string, ip: number, jobs: string, vif = '') => `  ${name}:
    memory: 64MiB
    vif: [{ ip: 10.0.0.${ip}${vif} }]
    jobs: { ${jobs} }
`;

const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);
const isVif = (channel: ChannelView): channel is VifChannelView => channel.kind === 'vif';
const vifsOf = ({channels}: Snapshot) => channels.filter(isVif);
const vifOf = (snapshot: Snapshot, id = 'web.vif0') => {
	const vif = vifsOf(snapshot).find((each) => each.id === id);
	if (vif === undefined) throw new Error(`no channel ${id}`);
	return vif;
};
const nicOf = ({devices}: Snapshot): DeviceView => devices[0];
const rateOf = ({rates}: DeviceView, label: string) => rates.find((rate) => rate.label === label)?.perSecond ?? 0;
const partsOf = ({domains}: Snapshot) => domains.flatMap(({parts}) => parts);
const jobOf = ({domains}: Snapshot, name: string) => {
	const job = domains.flatMap(({jobs}) => jobs).find((each) => each.name === name);
	if (job === undefined) throw new Error(`no job ${name}`);
	return job;
};

describe('two guests and a host on the LAN, second by second', () => {
	const watched = new WatchedHost(
		scenario(
			guest('web', 1, 'http: { serve: tcp, peer: client, response: 60k, rate: 300 }') +
				guest('db', 2, 'echo: { ping: client, interval: 10ms }, copy: { iperf: web, bitrate: 50Mb/s }'),
		),
	);
	const looks: Snapshot[] = [];
	for (let at = 1; at <= 4; at++) looks.push(watched.advance(at * second).look());
	const later = looks.slice(1);

	test.each(later)('at $time ns what the vifs send and the bridge does not keep is what leaves the NIC', (snapshot) => {
		const [vifs, nic] = [vifsOf(snapshot), nicOf(snapshot)];
		const [out, into] = [rateOf(nic, 'out'), rateOf(nic, 'in')];
		const keptOut = sum(vifs.map(({sent}) => sent.bitsPerSecond)) - out;
		const keptIn = sum(vifs.map(({received}) => received.bitsPerSecond)) - into;
		// Packets are cut into segments with headers of their own: 66 bytes on 1448.
		expect(Math.abs(keptOut - keptIn)).toBeLessThan(0.05 * (out + into) + 2e6);
		expect(keptIn).toBeGreaterThan(45e6);
		expect(keptIn).toBeLessThan(60e6);
		expect(out).toBeGreaterThan(300 * 60_000 * 8);
	});

	test.each(later)('at $time ns what leaves the NIC arrives at the LAN, and the other way round', (snapshot) => {
		const [client] = snapshot.lan?.hosts ?? [];
		const nic = nicOf(snapshot);
		expect(client.name).toBe('client');
		expect(client.received.bitsPerSecond / rateOf(nic, 'out')).toBeCloseTo(1, 1);
		expect(client.sent.bitsPerSecond / rateOf(nic, 'in')).toBeCloseTo(1, 1);
	});

	test.each(later)('at $time ns both ends of a vif, its row and its ring count the same', (snapshot) => {
		for (const vif of vifsOf(snapshot)) {
			const ends = partsOf(snapshot).filter(({channel}) => channel === vif.id);
			expect(ends.map(({kind}) => kind).sort()).toEqual(['netback', 'netfront']);
			for (const {rate} of ends) expect(rate).toBe(vif.bytesPerSecond * 8);
			expect(vif.sent.bitsPerSecond + vif.received.bitsPerSecond).toBeCloseTo(vif.bytesPerSecond * 8, 3);
			expect(sum(vif.history.slice(-10)) / 10).toBeCloseTo(vif.bytesPerSecond * 8, 0);
			expect(vif.inFlight).toBeLessThanOrEqual(vif.size);
			expect(vif.receive.posted + vif.receive.unread).toBeLessThanOrEqual(vif.receive.size);
		}
	});

	test('the Net line counts what the backend does: received is what the guest sent', () => {
		const [first, last] = [looks[1], looks[2]];
		const line = ({domains}: Snapshot) => domains.find(({name}) => name === 'web')?.vifs[0];
		const bits = 8 * ((line(last)?.received.bytes ?? 0) - (line(first)?.received.bytes ?? 0));
		expect(bits).toBeCloseTo(vifOf(last).sent.bitsPerSecond, 3);
		expect(line(last)).toMatchObject({device: 0, name: 'eth0', backend: 'Domain-0'});
		expect(looks[2].domains[0].vifs).toEqual([]);
	});

	test('parts stand in the domain that runs them, the bridge with its ports', () => {
		const [zero, web] = looks[2].domains;
		expect(zero.parts.map(({id}) => id)).toEqual([
			'Domain-0/netback/web/vif0',
			'Domain-0/netback/db/vif0',
			'Domain-0/xenbr0',
			'Domain-0/xenstored',
			'Domain-0/eth0',
		]);
		const [, , bridge, , driver] = zero.parts;
		expect(bridge).toMatchObject({kind: 'bridge', trouble: false, unit: 'packets/s'});
		expect(bridge.rate).toBeGreaterThan(300);
		expect(driver).toMatchObject({kind: 'driver', title: 'e1000', subject: 'eth0', state: 'live'});
		expect(web.parts.map(({title}) => title)).toEqual(['eth0']);
	});

	test('jobs say what they are about', () => {
		const snapshot = looks[2];
		expect(jobOf(snapshot, 'http')).toMatchObject({kind: 'net', measures: 'latency', latencyOf: '', errors: 0});
		expect(jobOf(snapshot, 'http').rate).toBeCloseTo(300, -1);
		expect(jobOf(snapshot, 'http').p99).toBeGreaterThan(jobOf(snapshot, 'http').mean ?? 0);
		expect(jobOf(snapshot, 'echo')).toMatchObject({latencyOf: 'rtt', counters: [['lost', 0]], silence: 0});
		expect(jobOf(snapshot, 'echo').rate).toBeCloseTo(100, 0);
		expect(jobOf(snapshot, 'copy')).toMatchObject({measures: 'throughput', counters: [['resent', 0]], verified: true});
		expect(jobOf(snapshot, 'copy').bytesPerSecond * 8).toBeCloseTo(50e6, -6.3);
	});

	test('the NIC says in its own words what it is', () => {
		expect(nicOf(looks[2])).toMatchObject({
			address: '00:05.0',
			name: 'eth0',
			model: '82540EM, 1Gb/s',
			owner: 'Domain-0',
			state: 'live',
			trouble: false,
			alarms: [['drops', 0]],
		});
		expect(nicOf(looks[2]).busy).toBeGreaterThan(10);
	});

	test('what comes next is said in words', () => {
		const words = new Set<string>();
		for (let step = 0; step < 400; step++) {
			watched.host.advance(watched.host.now + 10_007, 1e9);
			words.add(watched.observer.snapshot().next?.what ?? '');
		}

		expect([...words].join('\n')).toMatch(/a frame of eth0 arrives|a frame reaches eth0/);
		for (const word of words) expect(word).not.toMatch(/^wire |^eth0 [a-z]+$/);
	});

	test('a ring under glass has as many slots in use as there are requests on it', () => {
		const states = new Set<SlotView['state']>();
		for (const ring of ['web.vif0 TX', 'web.vif0 RX']) {
			watched.observer.watch(ring, 0);
			for (let step = 0; step < 400; step++) {
				watched.host.advance(watched.host.now + 1e9, 5);
				const snapshot = watched.observer.snapshot();
				const view = snapshot.ring;
				expect(view?.id).toBe(ring);
				const used = view?.slots.filter(({state}) => state !== 'free').length ?? 0;
				expect(used).toBe(((view?.requestProducer ?? 0) - (view?.responseConsumer ?? 0)) >>> 0);
				for (const request of view?.requests ?? []) {
					states.add(request.state);
					expect(request.waitsFor).not.toBe('');
				}
			}
		}

		expect([...states].sort()).toEqual(expect.arrayContaining(['posted', 'response', 'taken']));
	});
});

test('a host on the LAN shows its own jobs, and what it does in others', () => {
	const lan = 'hosts: { client: { ip: 10.0.0.9, jobs: { hung: { ping: web, interval: 20ms } } } }';
	const watched = new WatchedHost(scenario(guest('web', 1, 'http: { serve: tcp, peer: client, rate: 20 }'), lan));
	const [client] = watched.advance(2 * second).look().lan?.hosts ?? [];
	expect(client).toMatchObject({name: 'client', ip: '10.0.0.9', doing: 'asks web'});
	expect(client.jobs.map(({name, summary, kind}) => [name, summary, kind])).toEqual([['hung', 'ping web', 'net']]);
	expect(client.jobs[0].rate).toBeCloseTo(50, -1);
	expect(client.jobs[0].p99).toBeGreaterThan(50_000);
});

describe('a network in trouble', () => {
	test('whose guest posts no buffers stalls after a minute, and says so', () => {
		const text = scenario(guest('web', 1, '', ', receive_buffers: off') + guest('db', 2, 'echo: { ping: web }'));
		const watched = new WatchedHost(text);
		const early = watched.advance(5 * second).look();
		expect(vifOf(early).receive.posted).toBe(0);
		const late = watched.advance(75 * second).look();
		expect(vifOf(late).look).toBe('stalled');
		expect(vifOf(late).since).toBeGreaterThan(10 * second);
		const netback = partsOf(late).find(({id}) => id === 'Domain-0/netback/web/vif0');
		expect(netback).toMatchObject({trouble: true, state: 'Guest Rx stalled'});
		expect(jobOf(late, 'echo').silence).toBeGreaterThan(second);
	});

	test('whose guest stops posting buffers says so long before that, and counts what waits', () => {
		const echo = 'echo: { ping: web, interval: 5ms }';
		const text = scenario(guest('web', 1, '', ', receive_buffers: 1s') + guest('db', 2, echo));
		const watched = new WatchedHost(text);
		expect(vifOf(watched.advance(second).look()).look).not.toBe('starved');
		const dry = watched.advance(7 * second).look();
		expect(vifOf(dry).look).toBe('starved');
		expect(vifOf(dry).since).toBeGreaterThan(second);
		expect(vifOf(dry).receive.queued).toBeGreaterThan(100);
		expect(partsOf(dry).find(({id}) => id === 'web/vif0')?.trouble).toBe(true);
		expect(vifOf(watched.advance(20 * second).look()).receive.dropped).toBeGreaterThan(100);
	});

	test('whose wire loses frames counts them, and the window of its connection shrinks', () => {
		const lan = 'delay: 5ms, loss: 0.5%, hosts: { client: { ip: 10.0.0.9 } }';
		const lossy = new WatchedHost(scenario(guest('web', 1, 'load: { iperf: client }'), lan)).advance(4 * second).look();
		expect(lossy.lan?.lost).toBeGreaterThan(5);
		expect(lossy.devices[0].counters).toContainEqual(['lost on the wire', lossy.lan?.lost]);
		const {connection} = jobOf(lossy, 'load');
		expect(connection?.roundTrip).toBeGreaterThan(10 * millisecond);
		expect(connection?.roundTrip).toBeLessThan(20 * millisecond);
		expect(connection?.threshold).toBeLessThan(1_000_000);
		const clean = new WatchedHost(scenario(guest('web', 1, 'load: { iperf: client }'))).advance(second).look();
		expect(clean.lan?.lost).toBe(0);
		expect(jobOf(clean, 'load').connection?.threshold).toBeUndefined();
	});

	test('that is limited shows its limit, and when that holds it back', () => {
		const text = scenario(guest('web', 1, 'load: { iperf: client }', ', rate: 10Mb/s'));
		const watched = new WatchedHost(text).advance(2 * second);
		expect(vifOf(watched.look()).limit).toBeCloseTo(10e6, -3);
		expect(vifOf(watched.look()).sent.bitsPerSecond / 10e6).toBeCloseTo(1, 0);
		expect(vifOf(watched.look()).look).toBe('limited');
		let throttled = 0;
		for (let step = 0; step < 50; step++) {
			watched.host.advance(watched.host.now + 3 * millisecond, 1e9);
			throttled += Number(vifOf(watched.observer.snapshot()).throttled);
		}

		expect(throttled).toBeGreaterThan(25);
	});

	test('whose notification was lost sleeps, and a kick wakes it', () => {
		const watched = new WatchedHost(scenario(guest('web', 1, 'load: { iperf: client, bitrate: 20Mb/s }')));
		watched.advance(second).look();
		const target = {domain: 'web', vdev: 'vif0'};
		const fault = {fault: 'evt.lost', id: 'gone', target, direction: 'both', times: 0, for: 0} as const;
		watched.host.operate({verb: 'fault', fault});
		const asleep = vifOf(watched.advance(3 * second).look());
		expect(asleep.look).toBe('asleep');
		expect(asleep.since).toBeGreaterThan(second / 2);
		watched.host.operate({verb: 'clear', id: 'gone'});
		watched.host.operate({verb: 'kick', target});
		expect(vifOf(watched.advance(8 * second).look()).look).toBe('busy');
	});
});
