/** Domain zero's crash reboots the host: what is lost, what is not, and the way back. */
import {expect, test} from 'vitest';
import {Host} from '../../../source/sim/host.js';
import {evaluateExpectations} from '../../../source/sim/scenario/expectation.js';
import {parseScenario} from '../../../source/sim/scenario/parse.js';

const second = 1_000_000_000;
const forever = Number.POSITIVE_INFINITY;

/** A guest on disk and network, a LAN host that asks it, a job of domain zero's own. */
function crashScenario({
	timeline = ['{at: 500ms, fault: dom0.crash, id: crash}'],
	expectations = [] as readonly string[],
	toolstack = '{host_reboot: 5s, firmware: 300ms, xen_boot: 200ms, domain_zero_boot: 100ms, guest_boot: 50ms}',
	runtime = '7s',
} = {}) {
	return parseScenario(
		[
			'name: reboot',
			`runtime: ${runtime}`,
			`toolstack: ${toolstack}`,
			'host:',
			'  cpus: 2',
			'  memory: 1GiB',
			'  devices:',
			'    nvme0: {model: nvme, pci: "00:04.0", partitions: {p1: 64MiB, p2: 64MiB, p3: 64MiB}}',
			'    eth0: {model: 82540EM, pci: "00:05.0", wire: lan}',
			'  bridges: {xenbr0: [eth0]}',
			'lan: {rate: 1Gb/s, delay: 50us, hosts: {client: {ip: 10.0.0.9}}}',
			'domains:',
			'  Domain-0:',
			'    memory: 128MiB',
			'    jobs: {own: {on: nvme0p3, rw: randrw, bs: 4k, iodepth: 2, rate_iops: 200}}',
			'  web:',
			'    memory: 64MiB',
			'    disk: [{vdev: xvda, target: nvme0p1, access: rw}]',
			'    vif: [{mac: "00:16:3e:00:00:01", ip: 10.0.0.1, bridge: xenbr0}]',
			'    jobs:',
			'      pages: {on: xvda, rw: randrw, bs: 4k, iodepth: 8, verify: crc32c, size: 8M, rate_iops: 2000}',
			'      ping: {on: vif0, ping: client, interval: 20ms}',
			'      http: {on: vif0, serve: tcp, peer: client, request: 200, response: 2k, rate: 50}',
			'      burn: {ioengine: cpuio, cpuload: 10}',
			'  db: {memory: 64MiB, disk: [{vdev: xvda, target: nvme0p2, access: rw}]}',
			'timeline:',
			...timeline.map((line) => `  - ${line}`),
			'expect:',
			'  - oracle.violations == 0',
			...expectations.map((line) => `  - ${line}`),
		].join('\n'),
		'reboot.yaml',
	);
}

function logOf(host: Host): string[] {
	return [...host.engine.log.since(0)].map(({source, text}) => `${source}: ${text}`);
}

test('with domain zero every domain is gone, and the machine is reset after five seconds', () => {
	const host = new Host(crashScenario());
	host.advance(second / 2 + 10_000_000, forever);
	expect(logOf(host)).toContain('Xen: Hardware Dom0 crashed: rebooting machine in 5 seconds.');
	const {boot} = host;
	expect(boot.domains.map(({kernel}) => kernel.alive)).toEqual([false, false, false]);
	const used = boot.domains.map(({counts}) => counts.self);
	host.advance(5 * second, forever);
	expect(host.boot === boot).toBe(true);
	expect(boot.domains.map(({counts}) => counts.self)).toEqual(used);
	host.advance(6 * second + 1_000_000, forever);
	expect(host.boot !== boot).toBe(true);
	expect(host.boot.domains[0].kernel.alive).toBe(true);
});

test('firmware, Xen, domain zero and the guests come back in their times, and every job goes on', () => {
	const host = new Host(crashScenario());
	host.advance(6 * second + 60_000_000, forever);
	expect(host.boot.domains.map(({name}) => name)).toEqual(['Domain-0']);
	host.advance(6 * second + 110_000_000, forever);
	const jobs = () => [...host.workloads.meters].map((job) => job.counts().read.latency.count);
	const answers = () => host.workloads.network.jobs.map((job) => job.counts().latency.count);
	const [jobsBefore, answersBefore] = [jobs(), answers()];
	host.advance(7 * second, forever);
	expect(host.boot.domains.map(({name}) => name)).toEqual(['Domain-0', 'web', 'db']);
	expect(host.boot.channels).toMatchObject([{blkfront: {xenbus: {state: 4}}}, {blkfront: {xenbus: {state: 4}}}]);
	for (const [before, after] of [
		[jobsBefore, jobs()],
		[answersBefore, answers()],
	]) {
		expect(after.length).toBe(2);
		for (const [i, count] of after.entries()) {
			expect(count).toBeGreaterThan(before[i] + 10);
		}
	}

	expect(host.workloads.hogs.map(({host: domain, hog}) => [domain.kernel.alive, hog.state])).toEqual([
		[true, 'running'],
	]);
});

test('what was known of the disks is read back and found as it may be; writes that nobody answered are lost or not', () => {
	const timeline = ['{when: web.xvda.outstanding >= 1, from: 500ms, fault: dom0.crash, id: crash}'];
	const host = new Host(crashScenario({timeline}));
	host.advance(7 * second, forever);
	const readBack = logOf(host).filter((line) => line.includes('read back'));
	expect(readBack).toEqual([
		expect.stringMatching(/^Domain-0: nvme0p3: read back \d+ sectors that were written before$/),
		expect.stringMatching(/^web: xvda: read back \d{4} sectors that were written before$/),
	]);
	expect(host.oracle.violations).toBe(0);
	expect(host.oracle.sectorsLost).toBe(0);
	const kinds = host.engine.findings.all.map(({kind, parties, explainedBy}) => [kind, parties[0], explainedBy]);
	expect(kinds).toContainEqual(['crash', 'Domain-0', 'crash']);
	expect(kinds).toContainEqual(['unanswered', 'web', 'crash']);
	expect(host.engine.findings.unexplained).toEqual([]);
});

test('an acknowledged write that the medium never got is caught by the reading back', () => {
	const host = new Host(crashScenario());
	host.advance(second, forever);
	// Behind everybody's back: the oracle is told of a write that nobody made.
	const [web] = [...host.oracle.disks].filter(({name}) => name === 'web xvda');
	const [block] = web.known(1);
	web.acknowledge(web.submitWrite(block * 8, 8), block * 8, 8);
	host.advance(7 * second, forever);
	expect(host.oracle.violations).toBeGreaterThan(0);
	expect(logOf(host).some((line) => /xvda: read back \d+ sectors .*, \d+ of them wrong$/.test(line))).toBe(true);
});

test('domains lost, the outage of host and disk are measured; counters never run backwards', () => {
	const host = new Host(
		crashScenario({
			expectations: [
				'domains.lost == all',
				'{that: host.outage == 5.5s, within: 1%}',
				'Domain-0.restarts == 1',
				'{that: web.restarts == 1, after: crash}',
				'{that: web.xvda.outage > 5.6s, after: crash}',
				'{that: web.xvda.outage < 6s, after: crash}',
			],
		}),
	);
	let before = 0;
	for (let t = 1; t <= 70; t++) {
		host.advance(t * 100_000_000, forever);
		const used = host.boot.domains[0].counts.self;
		expect(used).toBeGreaterThanOrEqual(before);
		before = used;
		host.boot.xen.cpus.checkAccounts();
	}

	for (const {text, met, measured} of evaluateExpectations(host.scenario, host.metrics, host.now)) {
		expect(`${text}: ${met} (${measured})`).toBe(`${text}: true (${measured})`);
	}
});

test('the same crash takes the same way back, wherever the run is cut, and a recording replays it', () => {
	const host = new Host(crashScenario({timeline: ['{at: 6.5s, say: "back"}']}));
	host.advance(400_000_000, forever);
	host.operate({verb: 'fault', fault: {fault: 'dom0.crash', id: 'mine', target: 'Domain-0', times: 1, for: 0}});
	host.advance(2 * second, forever);
	expect(host.operate({verb: 'xl', xl: {command: 'pause', domain: 'web'}})).toEqual({
		text: 'the host is down: nobody runs xl',
		refused: true,
	});
	host.advance(7 * second, forever);
	const replay = new Host(parseScenario(host.recording(), 'recording.yaml'));
	while (!replay.advance(7 * second, 9973)) {
		// Goes on where it was cut.
	}

	expect(replay.engine.hash.toString()).toBe(host.engine.hash.toString());
	expect(replay.hashes).toEqual(host.hashes);
});

test('a driver’s crash is its kernel’s: in domain zero, the host’s', () => {
	const host = new Host(crashScenario({timeline: ['{at: 500ms, fault: drv.crash, target: nvme0, id: crash}']}));
	host.advance(second, forever);
	expect(logOf(host)).toContain(
		'Domain-0: Kernel panic - not syncing: nvme: unable to handle kernel NULL pointer dereference',
	);
	expect(host.boot.domains.map(({kernel}) => kernel.alive)).toEqual([false, false, false]);
	host.advance(7 * second, forever);
	expect(host.engine.findings.unexplained).toEqual([]);
	expect(host.boot.drivers.map(({driver}) => driver.state)).toEqual(['live', 'live']);
});

test('it crashes again while it comes up, and comes up again', () => {
	const host = new Host(
		crashScenario({
			timeline: ['{at: 500ms, fault: dom0.crash, id: one}', '{at: 6050ms, fault: dom0.crash, id: two}'],
			runtime: '13s',
		}),
	);
	host.advance(13 * second, forever);
	expect(host.rules.all.map(({fired}) => fired)).toEqual([1, 1]);
	expect(host.boot.domains.map(({kernel}) => kernel.alive)).toEqual([true, true, true]);
	expect(host.oracle.violations).toBe(0);
	expect(host.engine.findings.unexplained).toEqual([]);
});
