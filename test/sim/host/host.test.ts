/** A whole host: booting, operators, recordings that replay to the bit, a domain that dies. */
import {readFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {Host} from '../../../source/sim/host.js';
import {parseScenario} from '../../../source/sim/scenario/parse.js';

const second = 1_000_000_000;
const forever = Number.POSITIVE_INFINITY;

function scenario(name: string) {
	return parseScenario(
		readFileSync(new URL(`../../../scenarios/${name}.yaml`, import.meta.url), 'utf8'),
		`${name}.yaml`,
	);
}

test('domain zero brings the disk up, the toolstack creates the guests, their disks connect through xenbus', () => {
	const host = new Host(scenario('web-and-db'));
	host.advance(second / 5, forever);
	const {boot} = host;
	expect(boot.drivers.map(({driver, kernel}) => [driver.name, driver.state, kernel.name])).toEqual([
		['nvme0', 'live', 'Domain-0'],
		['eth0', 'live', 'Domain-0'],
	]);
	expect(boot.domains.map(({name}) => name)).toEqual(['Domain-0', 'web', 'db']);
	expect(boot.channels).toMatchObject(
		['web.xvda', 'db.xvda'].map((id) => ({id, blkfront: {xenbus: {state: 4}}, blkback: {xenbus: {state: 4}}})),
	);
	expect(host.engine.findings.all).toEqual([]);
});

test('a device’s registers reach only the domain it is assigned to', () => {
	const host = new Host(scenario('web-and-db'));
	host.advance(second / 5, forever);
	const {assignment} = host.boot.xen;
	expect(assignment.registers(0, '00:04.0', 0)).not.toBeTypeOf('number');
	expect(assignment.registers(1, '00:04.0', 0)).toBe(-1);
	expect(assignment.assign(1, 'web', '00:04.0')).toBe(-16);
});

test('what an operator did is in the recording, and the recording replays to the same hashes, cut anywhere', () => {
	const host = new Host(scenario('lost-notification'));
	host.advance(1_234_567_891, forever);
	const target = {domain: 'db', vdev: 'xvda'};
	const fault = {fault: 'evt.lost', id: 'mine', target, direction: 'to-backend', times: 1, for: 0} as const;
	host.operate({verb: 'fault', fault});
	host.advance(forever, 12_345);
	host.operate({verb: 'kick', target});
	host.advance(2 * second, forever);
	host.operate({verb: 'xl', xl: {command: 'pause', domain: 'web'}});
	host.advance(2 * second + 500_000_000, forever);
	const text = host.recording();

	const recorded = parseScenario(text, 'recording.yaml');
	for (const budget of [forever, 997]) {
		const replay = new Host(recorded);
		while (!replay.advance(2 * second + 500_000_000, budget)) {
			// Goes on where it was cut.
		}

		expect(replay.executed).toBe(host.executed);
		expect(replay.hashes).toEqual(host.hashes);
		expect(replay.engine.hash.toString()).toBe(host.engine.hash.toString());
		expect(replay.boot.domains[1].kernel.domain.pauseCount).toBe(1);
	}
});

test('what cannot be done is refused in words and changes nothing', () => {
	const host = new Host(scenario('web-and-db'));
	const answer = host.operate({verb: 'kick', target: {domain: 'db', vdev: 'xvda'}});
	expect(answer).toEqual({text: 'db.xvda: no such channel yet', refused: true});
	expect(host.operate({verb: 'clear', id: 'nothing'})).toEqual({
		text: 'nothing: no such fault is armed',
		refused: true,
	});
});

test('a guest whose kernel panics dies alone: the others go on, and it is a finding', () => {
	const host = new Host(scenario('web-and-db'));
	host.advance(second, forever);
	const [, web, db] = host.boot.domains;
	const cost = {name: 'test', ns: 100, source: 'test'};
	web.kernel.task(web.kernel.define('bug', cost, () => web.kernel.panic('a bug in the test')));
	host.advance(3 * second, forever);
	// xl destroys what crashed (on_crash: destroy), and pauses it first, as libxl does.
	expect(web.kernel.domain.stateLetters).toBe('d--cp-');
	expect(db.kernel.domain.shutdown).toBeUndefined();
	expect(host.engine.findings.all.map(({kind, parties}) => [kind, parties])).toEqual([
		['crash', ['web']],
		['unanswered', ['web']],
	]);
	const log = host.workloads.jobs.find(({job}) => job === 'log');
	expect(log?.running.writes).toBeGreaterThan(500);
	host.boot.xen.cpus.checkAccounts();
});

test('two hosts in one process are the same run', () => {
	const hashes = [1, 2].map(() => {
		const host = new Host(scenario('web-and-db'));
		host.advance(second, forever);
		return `${host.executed} ${host.engine.hash}`;
	});
	expect(hashes[0]).toBe(hashes[1]);
});

test('domain zero works on a partition of its own beside a guest, in blocks larger than any request', () => {
	const text = `
name: zero
about: domain zero works too
runtime: 1s
host:
  cpus: 2
  memory: 1GiB
  devices: { nvme0: { model: nvme, pci: "00:04.0", medium: ssd, partitions: { p1: 256MiB, p3: 256MiB } } }
domains:
  Domain-0:
    memory: 256MiB
    vcpus: 2
    jobs: { own: { on: nvme0p3, rw: randrw, bs: 16k, iodepth: 8, size: 4M, verify: crc32c } }
  g:
    memory: 64MiB
    vcpus: 2
    disk: [{ vdev: xvda, target: nvme0p1, access: rw }]
    jobs: { a: { rw: randrw, bs: 256k, iodepth: 4, size: 16M, verify: md5, fsync: 16 } }
`;
	const host = new Host(parseScenario(text, 'zero.yaml'));
	host.advance(second, forever);
	const counts = host.workloads.jobs.map(({domain, running}) => [
		domain,
		running.reads > 100,
		running.writes > 100,
		running.errors,
	]);
	expect(counts).toEqual([
		['Domain-0', true, true, 0],
		['g', true, true, 0],
	]);
	expect(host.oracle.violations).toBe(0);
	expect(host.oracle.sectorsChecked).toBeGreaterThan(10_000);
	expect(host.engine.findings.all).toEqual([]);
});

const twoGuests = (jobs: string, timeline: string) => `
name: two
runtime: 100s
host: { cpus: 2, memory: 2GiB, devices: { nvme0: { model: nvme, pci: "00:04.0", partitions: { p1: 64MiB, p2: 64MiB } } } }
domains:
  Domain-0: { memory: 256MiB }
  a: { memory: 64MiB, disk: [{ vdev: xvda, target: nvme0p1 }], jobs: { j: { ${jobs}, iodepth: 1 } } }
  b: { memory: 64MiB, disk: [{ vdev: xvda, target: nvme0p2 }], jobs: { j: { rw: randread, bs: 512, rate_iops: 10000000, iodepth: 1024 } } }
timeline: [${timeline}]
`;

test('a vCPU stolen on its way to block blocks where it went: open loops beyond all measure run on', () => {
	const host = new Host(
		parseScenario(twoGuests('rw: randrw, bs: 512, rate_iops: 10000000, rate_process: poisson', ''), 'two.yaml'),
	);
	host.advance(second / 5, forever);
	expect(host.oracle.violations).toBe(0);
	expect(host.workloads.jobs.map(({running}) => running.reads > 0)).toEqual([true, true]);
});

test('a guest that xl unpauses while it is created is not created, and that is a finding; the other goes on', () => {
	const text = twoGuests('rw: randread, rate_iops: 100', '{ at: 10ms, xl: unpause a }').replaceAll(
		'rate_iops: 10000000',
		'rate_iops: 100',
	);
	const host = new Host(parseScenario(text, 'two.yaml'));
	host.advance(second / 5, forever);
	expect(host.engine.findings.all.map(({kind, parties}) => [kind, parties])).toEqual([['create', ['a']]]);
	expect(host.workloads.jobs.map(({domain}) => domain)).toEqual(['b']);
});

test('kicks of a guest that does not run, xl commands faster than xl, and rules upon rules stay bounded', () => {
	const text = twoGuests('rw: randread, rate_iops: 100', '').replaceAll('rate_iops: 10000000', 'rate_iops: 100');
	const host = new Host(parseScenario(text, 'two.yaml'));
	host.advance(second / 5, forever);
	const target = {domain: 'a', vdev: 'xvda'};
	host.operate({verb: 'xl', xl: {command: 'pause', domain: 'a'}});
	host.advance(second / 4, forever);
	for (let i = 0; i < 1000; i++) {
		host.operate({verb: 'kick', target});
		host.operate({verb: 'fault', fault: {fault: 'evt.lost', id: 'one', target, direction: 'both', times: 1, for: 0}});
	}

	expect(host.boot.domains[1].kernel.domain.vcpus[0].tasks.length).toBeLessThan(10);
	expect(host.rules.all.filter(({state}) => state === 'armed').length).toBe(1);
	const answers = Array.from(
		{length: 100},
		() => host.operate({verb: 'xl', xl: {command: 'pause', domain: 'b'}}).refused,
	);
	expect(answers.filter((refused) => refused).length).toBe(36);
	host.advance(second, forever);
});
