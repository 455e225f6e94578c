/** What the report of a run says of its networks. */
import {describe, expect, test} from 'vitest';
import {makeReport} from '../../source/observe/report.js';
import {reportJson, reportText} from '../../source/observe/report-text.js';
import type {Report} from '../../source/observe/report-types.js';
import {second, WatchedHost} from '../support/hosts.js';

const plain = {colour: false};

function reportOf(lan: string, domains: string, until = 2 * second): Report {
	const {host} = new WatchedHost(`name: networks
arch: xen2
seed: 5
runtime: 10s
host:
  cpus: 2
  memory: 512MiB
  devices: { eth0: { model: 82540EM, pci: "00:05.0" } }
lan: { ${lan}, hosts: { client: { ip: 10.0.0.9 } } }
domains:
  Domain-0: { memory: 256MiB }
${domains}
`).advance(until);
	return makeReport(host, {version: '1.2.3', ending: 'until', reproduce: 'ringtop run networks', fullHash: false});
}

describe('a report of a host with networks', () => {
	const report = reportOf(
		'delay: 50us',
		`  web: { memory: 64MiB, vif: [{ ip: 10.0.0.1 }], jobs: { http: { serve: tcp, peer: client, rate: 200 } } }
  db:
    memory: 64MiB
    vif: [{ ip: 10.0.0.2, rate: 5Mb/s }]
    jobs: { echo: { ping: client, interval: 20ms }, copy: { iperf: web } }`,
	);
	const {network} = report;
	const jobOf = (id: string) => {
		const job = network.netJobs.find((each) => each.job === id);
		if (job === undefined) throw new Error(`no job ${id}`);
		return job;
	};

	test('says of each job what it is about', () => {
		expect(jobOf('web/http')).toMatchObject({kind: 'serve', summary: 'serve tcp 200/20k', failed: 0, wrong: 0});
		expect(jobOf('web/http').count / 400).toBeCloseTo(1, 0);
		expect(jobOf('web/http').bytesOut).toBeGreaterThanOrEqual(jobOf('web/http').count * 20 * 1024);
		for (const {count, mean, p50, p99, p999, max} of [jobOf('web/http'), jobOf('db/echo')]) {
			expect(count).toBeGreaterThan(0);
			expect(mean).toBeGreaterThan(100_000);
			expect([p50, p99, p999, max]).toEqual([p50, p99, p999, max].sort((a, b) => a - b));
		}

		expect(jobOf('db/copy')).toMatchObject({kind: 'iperf', count: 0, max: 0, lost: 0});
		expect((8 * jobOf('db/copy').bytesOut) / 2 / 5e6).toBeCloseTo(1, 0);
	});

	test('counts at the NIC what the hosts of the LAN sent and heard', () => {
		const [nic] = network.nics;
		const [client] = network.lanHosts;
		expect(nic).toMatchObject({nic: 'eth0', missed: 0, errors: 0});
		// A frame may be on its way.
		expect(Math.abs(nic.sentPackets - client.receivedPackets)).toBeLessThan(5);
		expect(Math.abs(nic.receivedPackets - client.sentPackets)).toBeLessThan(5);
		expect(network.lan).toEqual({lost: 0, corrupted: 0, duplicated: 0, reordered: 0});
	});

	test('knows of every push whether it notified, and that the limit held the guest back', () => {
		for (const vif of network.vifs) {
			expect(vif.frontNotifications).toBeLessThanOrEqual(vif.frontPushes);
			expect(vif.backNotifications).toBeLessThanOrEqual(vif.backPushes);
			expect(vif.frontNotifications).toBeGreaterThan(0);
		}

		const [web, db] = network.vifs;
		expect([web.vif, db.vif]).toEqual(['web.vif0', 'db.vif0']);
		expect([web.limited, db.limited > 10]).toEqual([0, true]);
	});

	test('is text of at most a hundred columns that names its units', () => {
		const text = reportText(report, plain);
		for (const line of text.split('\n')) {
			expect(line.length).toBeLessThanOrEqual(100);
			expect(line).not.toMatch(/\s$|NaN|undefined/);
		}

		for (const section of [/^Network jobs/m, /^Networks \(as/m, /^NICs$/m, /^Bridges/m, /^LAN$/m]) {
			expect(text).toMatch(section);
		}

		expect(text).toMatch(/^ {2}db\.vif0 +[\d.]+ .* \d+$/m);
		expect(text).toMatch(/^ {2}web\.vif0 +[\d ]+\/[\d ]+\/ [\d ]+$/m);
	});

	test('is JSON whose numbers are whole', () => {
		const parsed: unknown = JSON.parse(reportJson(report));
		expect(parsed).toMatchObject({network: {vifs: [{vif: 'web.vif0'}, {vif: 'db.vif0'}]}});
		expect(reportJson(report)).not.toMatch(/"(?!meanOutstanding)\w+": -?\d+\.\d+/);
	});
});

test('what impairments of a link did is in it', () => {
	const report = reportOf(
		'loss: 2%',
		'  web: { memory: 64MiB, vif: [{ ip: 10.0.0.1 }], jobs: { echo: { ping: client, interval: 2ms } } }',
	);
	const {lan, netJobs} = report.network;
	expect(lan.lost).toBeGreaterThan(10);
	expect(netJobs[0].lost).toBeGreaterThan(10);
	expect(netJobs[0].sent).toBe(netJobs[0].count + netJobs[0].lost);
	expect(reportText(report, plain)).toMatch(/^ {2}frames on its links: \d+ lost$/m);
});

test('a host without networks has none in its report', () => {
	const {host} = new WatchedHost('full-ring').advance(second / 10);
	const report = makeReport(host, {version: '1', ending: 'until', reproduce: '', fullHash: false});
	expect(report.network).toMatchObject({netJobs: [], vifs: [], nics: [], bridges: [], lanHosts: []});
	expect(reportText(report, plain)).not.toMatch(/Network|NICs|LAN|Bridges/);
});
