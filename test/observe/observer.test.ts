/** Figures on one screen agree with each other, because each is a counter of what happened. */
import {describe, expect, test} from 'vitest';
import type {DeviceView, Snapshot} from '../../source/observe/snapshot.js';
import {millisecond, second, WatchedHost} from '../support/hosts.js';

const moved = ({rates}: DeviceView) => sum(rates.map(({unit, perSecond}) => (unit === 'B/s' ? perSecond : 0)));
const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);
const disksOf = ({channels}: Snapshot) => channels.filter(({kind}) => kind === 'vbd');
/** Requests on each disk's ring × ns up to now. */
const ringTimes = ({host}: WatchedHost) => host.boot.channels.map(({meter}) => meter.ring.integral(host.now));

describe('the default scenario, second by second', () => {
	const watched = new WatchedHost('web-and-db');
	const looks: {snapshot: Snapshot; means: number[]; atEdges: number[]}[] = [];
	let before: number[] = [];
	let inFlight: number[] = [];
	for (let second_ = 1; second_ <= 6; second_++) {
		watched.advance(second_ * second);
		const snapshot = watched.look();
		const now = ringTimes(watched);
		const fill = disksOf(snapshot).map((channel) => channel.inFlight);
		looks.push({
			snapshot,
			means: now.map((time, i) => (time - (before[i] ?? 0)) / second),
			atEdges: fill.map((count, i) => count + (inFlight[i] ?? 0)),
		});
		before = now;
		inFlight = fill;
	}

	test.each(looks)('at $snapshot.time ns the figures are over the last second', ({snapshot}) => {
		expect(snapshot.window).toBe(second);
	});

	test.each(looks)('at $snapshot.time ns domains, Xen and idleness are all the physical CPUs', ({snapshot}) => {
		const {domains, xen, cpus} = snapshot;
		const idle = sum(cpus.map(({busy}) => 100 - busy));
		expect(sum(domains.map(({run}) => run)) + xen.run + idle).toBeCloseTo(100 * cpus.length, 6);
		expect(sum(xen.accounts.map((account) => account.self + account.xen)) + idle).toBeCloseTo(100 * cpus.length, 6);
	});

	test.each(looks)('at $snapshot.time ns a domain is the sum of its virtual CPUs', ({snapshot}) => {
		for (const {vcpus, run, wait, cpuTime} of snapshot.domains) {
			expect(sum(vcpus.map((vcpu) => vcpu.run))).toBeCloseTo(run, 6);
			expect(sum(vcpus.map((vcpu) => vcpu.wait))).toBeCloseTo(wait, 6);
			expect(sum(vcpus.map((vcpu) => vcpu.cpuTime))).toBe(cpuTime);
		}
	});

	test.each(looks)('at $snapshot.time ns who used a CPU most used no more of it than was used', ({snapshot}) => {
		for (const {top, busy} of snapshot.cpus) {
			expect(top.share).toBeGreaterThan(0);
			expect(top.share).toBeLessThanOrEqual(busy);
			expect(top.share).toBeGreaterThanOrEqual(busy / (snapshot.domains.length + 1));
		}
	});

	test.each(looks)('at $snapshot.time ns nothing holds more than it has room for', ({snapshot}) => {
		for (const {id, inFlight: count, unread, size} of snapshot.channels) {
			expect(count, id).toBeLessThanOrEqual(size);
			expect(unread, id).toBeLessThanOrEqual(count);
		}

		for (const {jobs, parts} of snapshot.domains) {
			for (const {kind, outstanding, iodepth} of jobs) {
				if (kind === 'disk') expect(outstanding).toBeLessThanOrEqual(iodepth);
			}

			for (const {used, size} of parts) if (size !== undefined) expect(used).toBeLessThanOrEqual(size);
		}

		for (const {queue} of snapshot.devices) expect(queue.used).toBeLessThanOrEqual(queue.size);
	});

	test.each(looks)('at $snapshot.time ns rate × mean latency is the mean number on the ring', (look) => {
		for (const [i, {id, requestRate, latency, p99}] of disksOf(look.snapshot).entries()) {
			// Requests at the window's edges are partly outside of it; filling a slot comes before the ring.
			const edges = (look.atEdges[i] * 2 * (p99 ?? 0)) / second;
			const filled = requestRate * 2e-6;
			const product = (requestRate * (latency ?? 0)) / second;
			expect(Math.abs(product - look.means[i]), id).toBeLessThanOrEqual(edges + filled + 0.002 * look.means[i]);
		}
	});

	test.each(looks)('at $snapshot.time ns bytes at the rings are bytes at the medium', ({snapshot, atEdges}) => {
		const rings = sum(disksOf(snapshot).map(({bytesPerSecond}) => bytesPerSecond));
		const media = sum(snapshot.devices.map(moved));
		expect(Math.abs(rings - media)).toBeLessThanOrEqual(16_384 * (sum(atEdges) + 1));
	});

	test.each(looks)('at $snapshot.time ns the guest, its ring and its backend count the same requests', ({snapshot}) => {
		for (const channel of disksOf(snapshot)) {
			const guest = snapshot.domains.find(({name}) => name === channel.frontend);
			const parts = snapshot.domains.flatMap(({parts: all}) => all);
			const jobs = sum(guest?.jobs.map(({kind, rate}) => (kind === 'disk' ? rate : 0)) ?? []);
			expect(parts.find(({id}) => id === channel.backPart)?.rate).toBe(channel.requestRate);
			expect(parts.find(({id}) => id === channel.frontPart)?.rate).toBe(channel.requestRate);
			// A write with fsync=1 is two requests, and the ring counts both.
			expect(channel.requestRate).toBeGreaterThanOrEqual(jobs - 33);
		}
	});

	test('the drawing order is Domain-0, then the guests as they were created', () => {
		expect(looks[0].snapshot.domains.map(({name}) => name)).toEqual(['Domain-0', 'web', 'db']);
	});

	test('parts stand in the domain that runs them', () => {
		const [zero, web, db] = looks[0].snapshot.domains;
		expect(zero.parts.map(({id}) => id)).toEqual(
			expect.arrayContaining([
				'Domain-0/blkback/web/xvda',
				'Domain-0/blkback/db/xvda',
				'Domain-0/xenstored',
				'Domain-0/nvme0',
			]),
		);
		expect(web.parts.map(({id}) => id)).toContain('web/xvda');
		expect(db.jobs.map(({summary}) => summary)).toEqual(['write 4k fsync=1', expect.stringMatching(/^randwrite 16k/)]);
	});

	test('the device says who owns it and what it is', () => {
		const [device] = looks[3].snapshot.devices;
		expect(device).toMatchObject({name: 'nvme0', address: '00:04.0', owner: 'Domain-0', state: 'live'});
		expect(device.rates[0]).toMatchObject({label: 'read', unit: 'B/s'});
		expect(device.rates[0].perSecond).toBeGreaterThan(5.5e6);
		expect(device.interruptRate).toBeGreaterThan(1000);
		expect(device.busy).toBeGreaterThan(0);
	});

	test('a history has a value for each tenth of a second, the newest last', () => {
		const {history, requestRate} = looks[5].snapshot.channels[0];
		expect(history).toHaveLength(60);
		expect(sum(history.slice(-10)) / 10).toBeCloseTo(requestRate, 6);
	});

	test('a job that flushes is measured by its commits, from the write to the end of its flush', () => {
		const [zero, web, db] = looks[3].snapshot.domains;
		expect(zero.jobs).toEqual([]);
		expect(web.jobs[0].latencyOf).toBe('');
		const [log, checkpoint] = db.jobs;
		expect([log.latencyOf, checkpoint.latencyOf]).toEqual(['commit', '']);
		const job = watched.host.workloads.jobs.find(({words}) => words.name === log.name)?.running;
		expect(job?.commitLatency.count).toBe(job?.flushes);
		expect(job?.commitLatency.mean).toBeGreaterThan((job?.writeLatency.mean ?? 0) + (job?.flushLatency.mean ?? 0));
	});

	test('the oracle has compared what web read', () => {
		const web = looks[5].snapshot.domains[1];
		expect(web.oracle?.violations).toBe(0);
		expect(web.oracle?.sectorsChecked).toBeGreaterThan(8 * 1350 * 5);
	});
});

describe('the window', () => {
	test('stays at a second or a little more when little time passes between looks', () => {
		const watched = new WatchedHost('web-and-db').advance(2 * second);
		watched.look();
		for (let step = 1; step <= 20; step++) {
			const {window} = watched.advance(2 * second + step * 40 * millisecond).look();
			expect(window).toBeGreaterThanOrEqual(second);
			expect(window).toBeLessThan(1.2 * second);
		}
	});

	test('is a second to the nanosecond for who looks every second, whenever that is', () => {
		const watched = new WatchedHost('web-and-db').advance(1730 * millisecond);
		watched.look();
		for (let step = 1; step <= 3; step++) {
			expect(watched.advance(1730 * millisecond + step * second).look().window).toBe(second);
		}
	});

	test('reaches back to the last look when that is longer ago', () => {
		const watched = new WatchedHost('web-and-db').advance(second);
		watched.look();
		const {window, channels} = watched.advance(3.05 * second).look();
		expect(window).toBe(2050 * millisecond);
		const [pages] = watched.host.scenario.domains[1].jobs;
		expect(channels[0].requestRate).toBeCloseTo(pages.kind === 'disk' ? pages.rateIops : 0, -2.6);
	});

	test('is what there is at the start', () => {
		expect(new WatchedHost('web-and-db').advance(300 * millisecond).look().window).toBe(300 * millisecond);
		expect(new WatchedHost('web-and-db').look().window).toBe(0);
	});

	test('does not move between refreshes: only gauges do', () => {
		const watched = new WatchedHost('web-and-db').advance(2 * second);
		const first = watched.look();
		const second_ = watched.advance(2.5 * second).observer.snapshot();
		expect(second_.window).toBe(first.window);
		expect(second_.channels.map(({requestRate}) => requestRate)).toEqual(
			first.channels.map(({requestRate}) => requestRate),
		);
		expect(second_.time).toBe(2.5 * second);
		expect(second_.domains[0].cpuTime).toBeGreaterThan(first.domains[0].cpuTime);
	});
});

test('a host that is watched runs as one that is not', () => {
	const alone = new WatchedHost('web-and-db');
	alone.host.advance(5 * second, 1e9);
	const watched = new WatchedHost('web-and-db');
	watched.observer.watch('db.xvda', 0);
	for (let step = 1; step <= 250; step++) {
		watched.advance(step * 20 * millisecond).look();
	}

	expect(watched.host.engine.hash.toString()).toBe(alone.host.engine.hash.toString());
	expect(watched.host.executed).toBe(alone.host.executed);
});
