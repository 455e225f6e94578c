/** Driver domains: who drives and serves what, and what a driver's crash costs whom. */
import {describe, expect, it} from 'vitest';
import {delay, pass} from '../../../source/engine/fault-points.js';
import {Host} from '../../../source/sim/host.js';
import {parseScenario} from '../../../source/sim/scenario/parse.js';
import type {Architecture} from '../../../source/sim/scenario/types.js';

const millisecond = 1_000_000;

const base = `
name: driver-domains
runtime: 10s
host:
  cpus: 2
  memory: 512MiB
  devices:
    nvme0: { model: nvme, pci: "00:04.0", partitions: { p1: 64MiB, p2: 64MiB } }
    eth0: { model: 82540EM, pci: "00:05.0" }
lan: { hosts: { client: { ip: 10.0.0.9 } } }
domains:
  Domain-0: { memory: 128MiB }
  web:
    memory: 64MiB
    disk: [{ vdev: xvda, target: nvme0p1 }]
    vif: [{ ip: 10.0.0.1 }]
    jobs:
      pages: { on: xvda, rw: randrw, bs: 4k, iodepth: 8, rate_iops: 1000, verify: crc32c }
      echo: { ping: client, interval: 5ms, count: 100000 }
`;

function hostOf(more = '', arch: Architecture = 'driver-domains'): Host {
	return new Host(parseScenario(base + more, 'driver-domains.yaml', {arch}));
}

function run(host: Host, milliseconds: number): Host {
	host.advance(host.now + milliseconds * millisecond, Number.POSITIVE_INFINITY);
	return host;
}

function logOf(host: Host): string[] {
	return host.engine.log.since(0).map(({source, text}) => `${source}: ${text}`);
}

const crash = 'timeline: [{ at: 400ms, fault: drv.crash, target: nvme0, id: crash }]\n';

describe('driver domains', () => {
	it('drive and serve what they are given, with the very same native drivers as domain zero', () => {
		const [xen2, domains] = [run(hostOf('', 'xen2'), 300), run(hostOf(), 300)];
		const placement = ({boot}: Host) => boot.drivers.map(({device, kernel}) => [device.name, kernel.name]);
		expect(placement(xen2)).toEqual([
			['nvme0', 'Domain-0'],
			['eth0', 'Domain-0'],
		]);
		expect(placement(domains)).toEqual([
			['nvme0', 'diskdd'],
			['eth0', 'netdd'],
		]);
		const modules = ({boot}: Host) => boot.drivers.map(({driver}) => driver.constructor);
		expect(modules(domains)).toEqual(modules(xen2));
		expect(domains.boot.domains.map(({name, role}) => [name, role])).toEqual([
			['Domain-0', 'control'],
			['diskdd', 'driver'],
			['netdd', 'driver'],
			['web', 'guest'],
		]);
		const [vbd] = domains.boot.channels;
		const [vif] = domains.boot.network.vifs;
		expect([vbd.backKernel.name, vif.backKernel.name]).toEqual(['diskdd', 'netdd']);
		expect(domains.workloads.jobs[0].counts().read.latency.count).toBeGreaterThan(50);
		expect(domains.engine.findings.all).toEqual([]);
	});
});

describe("a driver's crash in its own domain", () => {
	it('stalls those it serves until a new domain serves them, and nobody else', () => {
		const host = run(hostOf(`${crash}expect: [diskdd.restarts == 1, web.restarts == 0, netdd.restarts == 0]\n`), 390);
		const before = host.workloads.network.jobs[0].counts();
		run(host, 610);
		const log = logOf(host);
		const after = log.slice(log.indexOf('diskdd: nvme: driver crashed'));
		const steps = ['diskdd: destroyed (crash)', 'diskdd: started', 'web: xvda: Connected', 'web: xvda: re-issued'];
		const found = steps.map((step) => after.findIndex((line) => line.includes(step)));
		expect(found.every((index, i) => index > (found[i - 1] ?? 0))).toBe(true);
		expect(host.boot.domains.filter(({kernel}) => kernel.alive).length).toBe(4);
		const restarts = ['diskdd', 'web', 'netdd'].map((name) => host.metrics.value([name, 'restarts'], 0, host.now));
		expect(restarts).toEqual([1, 0, 0]);
		expect(host.boot.channels[0].backKernel).toBe(host.boot.drivers[0].kernel);
		expect(host.engine.findings.unexplained).toEqual([]);
		expect(host.oracle.violations).toBe(0);
		// The disk was away for the restart, the network not at all.
		const longest = host.workloads.jobs[0].running.latency('read').maximum;
		expect(longest).toBeGreaterThan(275 * millisecond);
		expect(longest).toBeLessThan(350 * millisecond);
		const {sent, lost} = host.workloads.network.jobs[0].counts();
		expect(sent - before.sent).toBeGreaterThan(110);
		expect(lost).toBeLessThan(2);
	});

	it.each([
		['before the first restart has begun', 401, 0],
		['as the drivers of the new one come up', 685, 0],
		['as its devices are given to it', 686.9, 0],
		['during the handshake', 689, 0],
		['twice in a row', 690, 1000],
	])('is survived when it happens again %s', (_, second, third) => {
		const again = [second, third].filter((at) => at > 0);
		const lines = again.map(
			(at, i) => `  - { at: ${at * 1000}us, fault: guest.crash, target: diskdd, id: again-${i} }\n`,
		);
		const host = run(hostOf(`timeline:\n  - { at: 400ms, fault: drv.crash, target: nvme0 }\n${lines.join('')}`), 1800);
		expect(host.boot.channels[0]).toMatchObject({blkfront: {state: 'connected'}});
		expect([host.engine.findings.unexplained, host.oracle.violations]).toEqual([[], 0]);
		// An open loop has caught up: nothing it asked for was lost.
		const {read, write} = host.workloads.jobs[0].counts();
		expect(read.latency.count + write.latency.count).toBeGreaterThan(1700);
		expect(read.errors + write.errors).toBe(0);
	});

	it.each([
		['before the first restart has begun', 401, 0],
		['as the driver of the new one comes up', 690, 0],
		['as its interface is given to it', 697, 0],
		['during the handshake', 699, 0],
		['twice in a row', 702, 1010],
	])('leaves an interface that works again when it happens again %s', (_, second, third) => {
		const again = [second, third].filter((at) => at > 0);
		const lines = again.map((at, i) => `  - { at: ${at}ms, fault: guest.crash, target: netdd, id: again-${i} }\n`);
		const host = run(hostOf(`timeline:\n  - { at: 400ms, fault: drv.crash, target: eth0 }\n${lines.join('')}`), 1700);
		expect(host.boot.network.vifs[0]).toMatchObject({netfront: {state: 'connected'}});
		const before = host.workloads.network.jobs[0].counts();
		run(host, 200);
		const after = host.workloads.network.jobs[0].counts();
		expect(after.sent - before.sent).toBeGreaterThan(35);
		expect(after.lost - before.lost).toBeLessThan(2);
		expect(host.engine.findings.unexplained).toEqual([]);
	});

	it('never lets a write that was under way land on what was written after the restart', () => {
		const job = 'rw: randrw, size: 64k, bs: 4k, iodepth: 4, rate_iops: 400';
		const text = base.replace('rw: randrw, bs: 4k, iodepth: 8, rate_iops: 1000', job);
		const more = `toolstack: { driver_domain_restart: 400ms }\ntimeline: [{ at: 200ms, fault: drv.crash, target: nvme0 }]\n`;
		const host = new Host(parseScenario(text + more, 't.yaml', {arch: 'driver-domains'}));
		run(host, 100);
		const point = host.engine.faults.get('medium.command nvme0');
		let delayed = 0;
		if (point !== undefined) {
			// From 100 ms on: whatever the medium is asked for takes two seconds, until the crash.
			point.armed = {
				value: 2000 * millisecond,
				decide: () => (host.now < 200 * millisecond && ++delayed > 0 ? delay : pass),
			};
		}

		run(host, 2900);
		expect(delayed).toBeGreaterThan(0);
		expect(host.oracle.violations).toBe(0);
		expect(host.engine.findings.unexplained).toEqual([]);
		expect(host.workloads.jobs[0].counts().write.latency.count).toBeGreaterThan(400);
	});

	it('costs the guests of its own bridge their packets, and nobody else anything', () => {
		const text = base
			.replace(
				'"00:05.0" }',
				'"00:05.0" }\n    eth1: { model: 82540EM, pci: "00:06.0" }\n  bridges: { xenbr0: [eth0], xenbr1: [eth1] }',
			)
			.replace(
				'domains:',
				'driver_domains: { green: { pci: [eth0] }, blue: { pci: [eth1] }, diskdd: { pci: [nvme0] } }\ndomains:',
			)
			.replace(
				'count: 100000 }',
				'count: 100000 }\n  db: { memory: 64MiB, vif: [{ ip: 10.0.0.2, bridge: xenbr1, backend: blue }], jobs: { echo: { ping: client, interval: 5ms, count: 100000 } } }',
			);
		const host = new Host(
			parseScenario(`${text}timeline: [{ at: 400ms, fault: drv.crash, target: eth0 }]\n`, 't.yaml', {
				arch: 'driver-domains',
			}),
		);
		run(host, 1500);
		expect(host.boot.network.vifs).toMatchObject(
			['green', 'blue'].map((name) => ({backKernel: {name}, netfront: {state: 'connected'}})),
		);
		const [web, db] = host.workloads.network.jobs.map((each) => each.counts());
		expect(web.lost).toBeGreaterThan(50);
		expect(web.lost).toBeLessThan(90);
		expect(db.lost).toBeLessThan(2);
		expect(host.engine.findings.unexplained).toEqual([]);
	});
});

describe('a driver domain destroyed by hand', () => {
	const timeline = (...lines: string[]) => `timeline:\n${lines.map((line) => `  - { ${line} }\n`).join('')}`;

	it('loses its functions and stays away until xl creates it; the new one is given what the old one served', () => {
		const host = run(hostOf(timeline('at: 400ms, xl: destroy diskdd', 'at: 700ms, xl: create diskdd')), 690);
		expect(host.boot.domains.map(({name}) => name)).toEqual(['Domain-0', 'netdd', 'web']);
		expect(logOf(host)).toContain('Domain-0: diskdd: destroyed (destroyed)');
		expect(host.boot.xen.assignment.ownerOf('00:04.0')).toBe(-1);
		const stalled = host.workloads.jobs[0].running.outstanding;
		expect(stalled).toBeGreaterThan(0);
		run(host, 1110);
		expect(host.boot.domains.map(({name}) => name)).toEqual(['Domain-0', 'diskdd', 'netdd', 'web']);
		expect(logOf(host)).toContain('web: xvda: Connected');
		expect(host.boot.channels[0].backKernel).toBe(host.boot.drivers[0].kernel);
		const {read, write} = host.workloads.jobs[0].counts();
		expect(read.latency.count + write.latency.count).toBeGreaterThan(1700);
		expect(read.errors + write.errors).toBe(0);
		expect([host.engine.findings.all, host.oracle.violations, host.past.lost]).toEqual([[], 0, 0]);
	});

	it('is the toolstack’s to restart when it crashes, and nobody’s when it is destroyed meanwhile', () => {
		const crashed = 'at: 400ms, fault: guest.crash, target: diskdd, id: crash';
		const host = run(hostOf(timeline(crashed, 'at: 500ms, xl: destroy diskdd')), 900);
		expect(host.boot.domains.map(({name}) => name)).toEqual(['Domain-0', 'netdd', 'web']);
		host.operate({verb: 'xl', xl: {command: 'create', domain: 'diskdd'}});
		run(host, 900);
		expect(host.boot.channels[0]).toMatchObject({blkfront: {state: 'connected'}});
		expect([host.engine.findings.unexplained, host.oracle.violations]).toEqual([[], 0]);
	});

	it('refuses what needs it while it is away, in xl’s words', () => {
		const lines = ['at: 300ms, xl: destroy diskdd', 'at: 350ms, xl: create diskdd', 'at: 360ms, xl: create diskdd'];
		const host = run(hostOf(timeline(...lines, 'at: 310ms, xl: destroy web', 'at: 320ms, xl: create web')), 900);
		const log = logOf(host).join('\n');
		expect(log).toContain("the backend's domain does not exist");
		expect(log).toContain('Domain with name "diskdd" already exists');
		expect(host.boot.domains.map(({name}) => name)).toEqual(['Domain-0', 'diskdd', 'netdd']);
		host.operate({verb: 'xl', xl: {command: 'create', domain: 'web'}});
		run(host, 1500);
		expect(host.boot.channels[0]).toMatchObject({blkfront: {state: 'connected'}});
		expect(host.oracle.violations).toBe(0);
	});
});

describe('a driver domain that stock xl restarts', () => {
	const stock = (...lines: string[]) =>
		hostOf(
			`toolstack: { driver_domain_reconnect: off }\ntimeline:\n${lines.map((line) => `  - { ${line} }\n`).join('')}`,
		);

	it('leaves a guest without its disk until somebody detaches and attaches it', () => {
		const host = stock(
			'at: 400ms, fault: drv.crash, target: nvme0, id: crash',
			'at: 1s, xl: block-detach web xvda',
			'at: 1200ms, xl: block-attach web vdev=xvda',
		);
		run(host, 990);
		const counted = () => {
			const {read, write} = host.workloads.jobs[0].counts();
			return {answered: read.latency.count + write.latency.count, errors: read.errors + write.errors};
		};
		expect(host.boot.domains.map(({name}) => name)).toEqual(['Domain-0', 'diskdd', 'netdd', 'web']);
		expect(host.boot.domains[1].kernel.alive).toBe(true);
		expect(host.boot.channels[0].backKernel.alive).toBe(false);
		const stalled = host.workloads.jobs[0].running.outstanding;
		expect([counted().errors, stalled]).toEqual([0, 8]);
		const {answered} = counted();
		// Pulled from under its requests, the disk fails them.
		run(host, 200);
		expect(counted()).toEqual({answered: answered + stalled, errors: stalled});
		run(host, 800);
		expect(host.boot.channels[0].backKernel).toBe(host.boot.drivers[0].kernel);
		expect(logOf(host).filter((line) => line.includes('read back'))).toHaveLength(1);
		expect(counted().answered).toBeGreaterThan(answered + 500);
		expect(counted().errors).toBe(stalled);
		expect([host.engine.findings.unexplained, host.oracle.violations]).toEqual([[], 0]);
	});

	it('leaves a guest without its interface until somebody detaches and attaches it', () => {
		const host = stock(
			'at: 400ms, fault: drv.crash, target: eth0, id: crash',
			'at: 1s, xl: network-detach web 0',
			'at: 1200ms, xl: network-attach web devid=0',
		);
		const received = () => host.workloads.network.jobs[0].counts().latency.count;
		run(host, 410);
		const before = received();
		run(host, 780);
		expect(received()).toBe(before);
		const [vif] = host.boot.network.vifs;
		expect(vif.protocol === 'netif' && vif.netfront?.state).toBe('closed');
		run(host, 810);
		expect(received()).toBeGreaterThan(before + 80);
		expect(host.engine.findings.unexplained).toEqual([]);
	});

	it('may be detached from before it is there again', () => {
		const host = stock(
			'at: 400ms, fault: drv.crash, target: nvme0, id: crash',
			'at: 450ms, xl: block-detach web xvda',
			'at: 460ms, xl: block-attach web vdev=xvda',
			'at: 1s, xl: block-attach web vdev=xvda',
		);
		run(host, 2000);
		const [disk] = host.boot.channels;
		expect(disk.protocol === 'blkif' && disk.blkfront?.state).toBe('connected');
		expect([host.engine.findings.unexplained, host.oracle.violations]).toEqual([[], 0]);
	});
});
