/** Guests that end and come back: by a crash, by xl's verbs, their devices detached and attached; and what is left of them. */
import {expect, test} from 'vitest';
import {Host} from '../../../source/sim/host.js';
import {parseScenario} from '../../../source/sim/scenario/parse.js';

const second = 1_000_000_000;
const forever = Number.POSITIVE_INFINITY;

/** web beside another guest, on a host whose memory holds each once. */
function hostWith({
	timeline = [] as readonly string[],
	web = '',
	toolstack = '{guest_boot: 100ms, guest_shutdown: 50ms}',
	pages = '{on: xvda, rw: randrw, bs: 4k, iodepth: 4, rate_iops: 1000, size: 4M, verify: crc32c}',
} = {}): Host {
	const text = [
		'name: lifecycle',
		'runtime: 4s',
		`toolstack: ${toolstack}`,
		'host:',
		'  cpus: 2',
		'  memory: 240MiB',
		'  devices:',
		'    nvme0: {model: nvme, pci: "00:04.0", partitions: {p1: 64MiB, p2: 64MiB}}',
		'    eth0: {model: 82540EM, pci: "00:05.0", wire: lan}',
		'  bridges: {xenbr0: [eth0]}',
		'lan: {rate: 1Gb/s, delay: 50us, hosts: {client: {ip: 10.0.0.9}}}',
		'domains:',
		'  Domain-0: {memory: 64MiB}',
		'  web:',
		'    memory: 96MiB',
		...(web === '' ? [] : [`    ${web}`]),
		'    disk: [{vdev: xvda, target: nvme0p1, access: rw}]',
		'    vif: [{mac: "00:16:3e:00:00:01", ip: 10.0.0.1, bridge: xenbr0}]',
		'    jobs:',
		`      pages: ${pages}`,
		'      ping: {on: vif0, ping: client, interval: 20ms}',
		'  db: {memory: 32MiB, disk: [{vdev: xvda, target: nvme0p2, access: rw}]}',
		'timeline:',
		...timeline.map((line) => `  - ${line}`),
	].join('\n');
	return new Host(parseScenario(text, 'lifecycle.yaml'));
}

const crash = '{when: web.xvda.outstanding >= 1, from: 500ms, fault: guest.crash, target: web, id: crash}';
const present = (host: Host) => host.boot.domains.map(({name, kernel}) => `${name} ${kernel.domid}`);
const log = (host: Host) => [...host.engine.log.since(0)].map(({source, text}) => `${source}: ${text}`);
const done = (host: Host) => ({
	pages: host.workloads.jobs[0].counts().read.latency.count,
	ping: host.workloads.network.jobs[0].counts().latency.count,
});

function expectWell(host: Host): void {
	expect(host.oracle.violations).toBe(0);
	expect(host.engine.findings.unexplained).toEqual([]);
	host.boot.xen.cpus.checkAccounts();
}

test('on_crash: destroy takes everything of a crashed guest away and gives its memory back', () => {
	const host = hostWith({timeline: [crash]});
	host.advance(second / 2, forever);
	const free = host.boot.xen.frames.freeFrames;
	host.advance(second, forever);
	expect(present(host)).toEqual(['Domain-0 0', 'db 2']);
	expect(log(host)).toContain('Domain-0: xl: Action for shutdown reason code 3 is destroy');
	expect(host.boot.xen.frames.freeFrames - free).toBeGreaterThanOrEqual((96 << 20) / 4096);
	expect([...host.boot.xen.domains.keys()]).toEqual([0, 2]);
	expectWell(host);
});

test('on_crash: restart builds a new domain with a new id in the old one’s place; its jobs read back and go on', () => {
	const host = hostWith({timeline: [crash], web: 'on_crash: restart'});
	host.advance(600_000_000, forever);
	const before = done(host);
	host.advance(2 * second, forever);
	expect(present(host)).toEqual(['Domain-0 0', 'web 3', 'db 2']);
	expect(log(host).filter((line) => line.includes('read back'))).toHaveLength(1);
	const after = done(host);
	expect(after.pages).toBeGreaterThan(before.pages + 300);
	expect(after.ping).toBeGreaterThan(before.ping + 30);
	expect(host.channel({domain: 'web', vdev: 'xvda'})?.frontKernel.domid).toBe(3);
	expect(host.engine.findings.all.map(({kind, explainedBy}) => [kind, explainedBy])).toEqual([
		['crash', 'crash'],
		['unanswered', 'crash'],
	]);
	expectWell(host);
});

test('on_crash: preserve keeps the dead for a look, until xl destroys it', () => {
	const host = hostWith({timeline: [crash, '{at: 2s, xl: destroy web}'], web: 'on_crash: preserve'});
	host.advance(1_900_000_000, forever);
	expect(present(host)).toEqual(['Domain-0 0', 'web 1', 'db 2']);
	expect(host.boot.domains[1].kernel.domain.stateLetters).toBe('---c--');
	host.advance(3 * second, forever);
	expect(present(host)).toEqual(['Domain-0 0', 'db 2']);
	expectWell(host);
});

test('xl reboot asks the guest, which stops its jobs, answers what is in flight and comes back', () => {
	const host = hostWith({timeline: ['{at: 500ms, xl: reboot web}']});
	host.advance(540_000_000, forever);
	const stopped = done(host).pages;
	host.advance(550_000_000, forever);
	expect(done(host).pages).toBe(stopped);
	expect(host.workloads.jobs[0].running.outstanding).toBe(0);
	host.advance(2 * second, forever);
	expect(log(host)).toContain('web: reboot: Restarting system');
	expect(log(host)).toContain('Domain-0: xl: Action for shutdown reason code 1 is restart');
	expect(present(host)).toEqual(['Domain-0 0', 'web 3', 'db 2']);
	expect(done(host).pages).toBeGreaterThan(stopped + 300);
	expect(host.engine.findings.all).toEqual([]);
	expectWell(host);
});

test('xl shutdown ends a guest for good; xl create brings it back; neither is a loss', () => {
	const host = hostWith({timeline: ['{at: 500ms, xl: shutdown web}', '{at: 1s, xl: create web}']});
	host.advance(second, forever);
	expect(present(host)).toEqual(['Domain-0 0', 'db 2']);
	host.advance(2 * second, forever);
	expect(present(host)).toEqual(['Domain-0 0', 'web 3', 'db 2']);
	expect(host.past.lost).toBe(0);
	expect(host.engine.findings.all).toEqual([]);
	expectWell(host);
});

test('xl destroy of a paused guest in the middle of its I/O leaves nothing behind', () => {
	const host = hostWith({timeline: ['{at: 500ms, xl: pause web}', '{at: 600ms, xl: destroy web}']});
	host.advance(second, forever);
	expect(present(host)).toEqual(['Domain-0 0', 'db 2']);
	const store = host.boot.xenstored?.store;
	const nodes = store?.nodes;
	expect(nodes).toBeGreaterThan(0);
	host.operate({verb: 'xl', xl: {command: 'create', domain: 'web'}});
	host.advance(2 * second, forever);
	host.operate({verb: 'xl', xl: {command: 'destroy', domain: 'web'}});
	host.advance(3 * second, forever);
	expect(store?.nodes).toBe(nodes);
	expectWell(host);
});

test('a zombie stays as long as its pages are mapped, and its memory with it', () => {
	const host = hostWith({
		timeline: ['{when: web.xvda.outstanding >= 4, from: 500ms, fault: guest.crash, target: web, id: crash}'],
		pages: '{on: xvda, rw: randwrite, bs: 4k, iodepth: 4, size: 4M}',
	});
	host.advance(499_000_000, forever);
	const dying = () => host.boot.xen.domainByName('web')?.dying === true;
	while (!dying() && host.now < second) {
		host.advance(second, 1);
	}

	// xenstored still has its page mapped.
	const web = host.boot.xen.domainByName('web');
	expect(web?.stateLetters).toBe('d--cp-');
	expect(host.boot.xen.frames.pages(1)).toBe(1);
	expect(present(host)).toEqual(['Domain-0 0', 'web 1', 'db 2']);
	while (dying()) {
		host.advance(second, 1);
	}

	expect(host.now).toBeLessThan(second);
	expect(host.boot.xen.frames.pages(1)).toBe(0);
	expect(present(host)).toEqual(['Domain-0 0', 'db 2']);
	expectWell(host);
});

test('a disk that is detached fails nobody’s I/O, and goes on with a new channel when it is attached again', () => {
	const host = hostWith({
		timeline: ['{at: 500ms, xl: block-detach web xvda}', '{at: 1s, xl: block-attach web vdev=xvda}'],
	});
	host.advance(900_000_000, forever);
	const detached = done(host);
	const first = host.channel({domain: 'web', vdev: 'xvda'});
	host.advance(second, forever);
	expect(done(host).pages).toBe(detached.pages);
	host.advance(2 * second, forever);
	expect(host.channel({domain: 'web', vdev: 'xvda'})).not.toBe(first);
	expect(done(host).pages).toBeGreaterThan(detached.pages + 300);
	expect(host.workloads.jobs[0].counts().read.errors + host.workloads.jobs[0].counts().write.errors).toBe(0);
	expectWell(host);
});

test('an interface is detached and attached, twice over; what is not there cannot be', () => {
	const host = hostWith({
		timeline: [
			'{at: 500ms, xl: network-detach web 0}',
			'{at: 700ms, xl: network-detach web 0}',
			'{at: 900ms, xl: network-attach web mac=00:16:3e:00:00:01}',
			'{at: 1s, xl: network-attach web devid=0}',
			'{at: 1500ms, xl: network-detach web 00:16:3e:00:00:01}',
			'{at: 2s, xl: network-attach web devid=0}',
		],
	});
	host.advance(900_000_000, forever);
	const {ping} = done(host);
	host.advance(1_500_000_000, forever);
	expect(done(host).ping).toBeGreaterThan(ping + 20);
	host.advance(2 * second, forever);
	const again = done(host).ping;
	host.advance(3 * second, forever);
	expect(done(host).ping).toBeGreaterThan(again + 40);
	expect(log(host)).toContain('Domain-0: Error: Device 0 not connected');
	expect(log(host)).toContain('Domain-0: libxl: error: libxl__device_exists: Domain 1:device 0 exists already');
	expectWell(host);
});

test('a guest that crashes again and again is restarted each time, and nothing accumulates', () => {
	const host = hostWith({
		timeline: ['{every: 300ms, from: 500ms, until: 3s, fault: guest.crash, target: web, id: crash}'],
		web: 'on_crash: restart',
	});
	host.advance(3_500_000_000, forever);
	expect(host.past.lost).toBe(9);
	expect(present(host)).toEqual(['Domain-0 0', 'web 11', 'db 2']);
	expect([...host.boot.xen.domains.keys()]).toEqual([0, 2, 11]);
	expect(host.boot.xen.cpus.domains).toHaveLength(3);
	expectWell(host);
});
