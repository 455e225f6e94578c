/** The network in the language: NICs, bridges, the LAN, virtual interfaces, jobs that use them, metrics. */
import {describe, expect, it} from 'vitest';
import {parseCondition} from '../../../source/sim/scenario/condition.js';
import {Refused} from '../../../source/sim/scenario/problems.js';
import {bitRateText, parseBitRate, parseVifRate} from '../../../source/sim/scenario/rates.js';
import type {NetJob} from '../../../source/sim/scenario/types.js';
import {base, capture, parse, problemsOf} from './network-base.js';

const jobOf = (words: string): NetJob | undefined =>
	parse(base.replace('serve: tcp, peer: client', words)).domains[1].netJobs[0];

describe('a host with a NIC', () => {
	it('has a bridge with that NIC, plugged into the LAN, though the file names none', () => {
		const {host, lan} = parse(base);
		expect(host.devices).toEqual([]);
		expect(host.nics).toEqual([
			{name: 'eth0', model: '82540EM', pci: '00:05.0', iommu: undefined, wired: true, mac: '00:1b:21:00:00:01'},
		]);
		expect(host.bridges).toEqual([{name: 'xenbr0', nics: ['eth0'], ip: undefined, mac: '02:00:00:00:01:01'}]);
		expect(lan).toEqual({
			rate: 1_000_000_000,
			delay: 0,
			loss: 0,
			corrupt: 0,
			duplicate: 0,
			reorder: 0,
			hosts: [{name: 'client', ip: '10.0.0.9', mac: '02:00:00:00:02:01', timestamps: true, jobs: []}],
		});
	});

	it('has no wire without a lan, or when it says so', () => {
		const unplugged = base.replace('pci: "00:05.0"', 'pci: "00:05.0", wire: none');
		expect(parse(unplugged).host.nics[0].wired).toBe(false);
		const alone = base.replace(/lan:.*\n/, '').replace(/ {4}jobs:\n.*\n/, '');
		expect(parse(alone).host.nics[0].wired).toBe(false);
		expect(parse(alone).lan).toBeUndefined();
	});

	it('takes a bridge as a list of NICs or as a map with an address', () => {
		const {host, domains} = parse(base.replace('lan:', '  bridges: { xenbr0: [eth0], inner: { ip: 10.1.0.1 } }\nlan:'));
		expect(host.bridges.map(({name, nics, ip}) => [name, nics, ip])).toEqual([
			['xenbr0', ['eth0'], undefined],
			['inner', [], '10.1.0.1'],
		]);
		expect(domains[1].vifs[0].bridge).toBe('xenbr0');
	});

	it('takes impairments as shares', () => {
		const lan = parse(base.replace('lan: {', 'lan: { delay: 5ms, loss: 0.1%, corrupt: 0.01, reorder: 0,')).lan;
		expect(lan).toMatchObject({delay: 5_000_000, loss: 1000, corrupt: 10_000, duplicate: 0, reorder: 0});
	});
});

describe("guests' interfaces", () => {
	it("are numbered, with addresses from Xen's OUI by guest and interface", () => {
		const {domains} = parse(
			`${base}  db:\n    vif: [{}, { mac: "00:16:3E:12:34:56", sg: off, tso: off, rate: 1MB/s@20ms, receive_buffers: 5s }]\n`,
		);
		expect(domains[0].vifs).toEqual([]);
		expect(domains[1].vifs).toEqual([
			{
				name: 'vif0',
				device: 0,
				mac: '00:16:3e:00:00:01',
				ip: '10.0.0.1',
				bridge: 'xenbr0',
				rate: undefined,
				checksum: true,
				sg: true,
				tso: true,
				postsUntil: Number.POSITIVE_INFINITY,
			},
		]);
		expect(domains[2].vifs.map(({name, mac}) => [name, mac])).toEqual([
			['vif0', '00:16:3e:00:00:02'],
			['vif1', '00:16:3e:12:34:56'],
		]);
		expect(domains[2].vifs[1]).toMatchObject({
			sg: false,
			tso: false,
			rate: {bytes: 20_000, microseconds: 20_000},
			postsUntil: 5e9,
		});
	});

	it('are channels of the timeline', () => {
		const {timeline} = parse(
			`${base}timeline: [{ at: 1s, kick: web.vif0 }, { at: 2s, fault: evt.lost, target: web.vif0 }]\n`,
		);
		expect(timeline[0].verb).toEqual({verb: 'kick', target: {domain: 'web', vdev: 'vif0'}});
	});
});

describe('rates', () => {
	it("of a vif are xl's", () => {
		expect(parseVifRate('1MB/s@20ms')).toEqual({bytes: 20_000, microseconds: 20_000});
		expect(parseVifRate('10Mb/s')).toEqual({bytes: 62_500, microseconds: 50_000});
		expect(parseVifRate('250KB/s@1s')).toEqual({bytes: 250_000, microseconds: 1_000_000});
		for (const bad of ['1MB', '1.5MB/s', 'MB/s', '1TB/s', '1MB/s@', '0MB/s', 5, null]) {
			expect(() => parseVifRate(bad), String(bad)).toThrow(Refused);
		}
	});

	it('of a network are bits or bytes per second, powers of 1000', () => {
		expect(parseBitRate('1Gb/s')).toBe(1e9);
		expect(parseBitRate('1.5Mbit/s')).toBe(1_500_000);
		expect(parseBitRate('12MB/s')).toBe(96_000_000);
		for (const bad of ['1G', '10', 10, '1kb', '999b/s', '101Gb/s', '-1Mb/s']) {
			expect(() => parseBitRate(bad), String(bad)).toThrow(Refused);
		}
	});

	it('are shown with three digits', () => {
		expect([949_284_785, 1e9, 12_345, 999].map(bitRateText)).toEqual(['949Mb/s', '1Gb/s', '12.3kb/s', '999b/s']);
	});
});

describe('jobs that use a network', () => {
	const peer = {station: 'lan.client', ip: '10.0.0.9'};
	const common = {name: 'http', on: 'vif0', ip: '10.0.0.1', startdelay: 0, runtime: 0};

	it('serve', () => {
		const defaults = {request: 200, response: 20_480, rate: 0, rateProcess: 'linear', concurrency: 1};
		expect(jobOf('serve: tcp, peer: client')).toEqual({
			...common,
			kind: 'serve',
			peer,
			...defaults,
			connection: 'keep-alive',
		});
		expect(jobOf('serve: tcp, peer: client, rate: 60, rate_process: poisson, connection: close')).toMatchObject({
			rate: 60,
			rateProcess: 'poisson',
			connection: 'close',
		});
	});

	it('ping', () => {
		const ping = {...common, kind: 'ping', peer, interval: 1e9, count: 0, size: 56};
		expect(jobOf('ping: client')).toEqual(ping);
		expect(jobOf('ping: client, interval: 0.2, count: 5, size: 1k')).toEqual({
			...ping,
			interval: 2e8,
			count: 5,
			size: 1024,
		});
	});

	it('iperf', () => {
		const iperf = {
			...common,
			kind: 'iperf',
			peer,
			udp: false,
			bitrate: 0,
			length: 131_072,
			parallel: 1,
			reverse: false,
			bidir: false,
			window: 0,
		};
		expect(jobOf('iperf: client')).toEqual(iperf);
		expect(jobOf('iperf: client, udp: on, time: 10')).toEqual({
			...iperf,
			udp: true,
			length: 1448,
			bitrate: 1_048_576,
			runtime: 1e10,
		});
		expect(jobOf('iperf: client, bidir: on, parallel: 4, window: 1000k, bitrate: 10Mb/s')).toEqual({
			...iperf,
			bidir: true,
			parallel: 4,
			window: 1_048_576,
			bitrate: 10_000_000,
		});
	});

	it('pcap, whose bytes are handed in', () => {
		expect(jobOf('pcap: a.pcap, loop: 0')).toEqual({
			...common,
			kind: 'pcap',
			file: 'a.pcap',
			capture,
			loop: 0,
		});
	});

	it("of LAN hosts, of other guests, and of domain zero on a bridge's own port", () => {
		const {domains, lan} = parse(`name: t
host:
  devices: { eth0: { model: 82540EM, pci: "00:05.0" } }
  bridges: { xenbr0: { nics: [eth0], ip: 10.0.0.254 } }
lan: { hosts: { client: { ip: 10.0.0.9, jobs: { load: { iperf: web }, echo: { ping: xenbr0 } } } } }
domains:
  Domain-0: { jobs: { echo: { ping: db.vif1 } } }
  web: { vif: [{ ip: 10.0.0.1 }] }
  db: { vif: [{}, { ip: 10.0.0.2 }], jobs: { api: { on: vif1, serve: tcp, peer: web } } }
`);
		expect(lan?.hosts[0].jobs.map((job) => ('peer' in job ? job.peer.station : ''))).toEqual([
			'web.vif0',
			'Domain-0.xenbr0',
		]);
		expect(domains[0].netJobs[0]).toMatchObject({on: 'xenbr0', peer: {station: 'db.vif1', ip: '10.0.0.2'}});
		expect(domains[2].netJobs[0]).toMatchObject({on: 'vif1', peer: {station: 'web.vif0'}});
	});
});

describe('metrics of the network', () => {
	const metricOf = (condition: string) => parse(`${base}expect:\n  - ${condition}\n`).expect[0].check;

	it('are those of interfaces, NICs, bridges, the LAN and jobs', () => {
		for (const condition of [
			'web.vif0.tx.rate < 8Mb/s',
			'web.vif0.drops == 0',
			'web.vif0.stalled == 0s',
			'web.http.p99.9 < 1ms',
			'web.http.rate > 50/s',
			'eth0.tx.rate > 1MB/s',
			'eth0.rx.missed == 0',
			'xenbr0.flooded < 10',
			'lan.lost == 0',
			'lan.client.rx.rate == 0',
		]) {
			expect(problemsOf(`${base}expect:\n  - ${condition}\n`), condition).toEqual([]);
		}
	});

	it('have paths with a job’s or interface’s name, the percentile in one part', () => {
		expect(metricOf('web.http.p99.9 < 1ms')).toMatchObject({
			condition: {metric: {path: ['web', 'http', 'p99.9'], unit: 'time', gauge: false}},
		});
		expect(metricOf('web.vif0.tx.rate < 8Mb/s')).toMatchObject({
			condition: {metric: {path: ['web', 'vif0', 'tx', 'rate'], unit: 'bits'}, wanted: {value: 8_000_000}},
		});
	});

	it('are looked up with suggestions', () => {
		for (const [condition, message] of [
			['web.vif0.tx.rat < 8Mb/s', "unknown metric 'tx.rat', did you mean 'tx.rate'?"],
			['web.vif1.tx.rate < 8Mb/s', "unknown part 'vif1', did you mean 'vif0'?"],
			['web.htpp.p99 < 1ms', "unknown part 'htpp', did you mean 'http'?"],
			['web.vif0.tx.rate < 8', "'8' is not a rate; write bits or bytes per second, such as 100Mb/s or 12MB/s"],
			['xenbr0.fluded == 0', "unknown metric 'fluded', did you mean 'flooded'?"],
		]) {
			expect(problemsOf(`${base}expect:\n  - ${condition}\n`)).toEqual([`t.yaml:12:5: ${message}`]);
		}
	});

	it('need no network where a scenario has none', () => {
		expect(() => parseCondition('eth0.tx.rate > 1Mb/s', {domains: new Map(), faults: []})).toThrow(
			"unknown domain 'eth0'",
		);
	});
});
