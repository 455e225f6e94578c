/** What a host measures of itself: every metric a scenario may name, over the windows it names, without touching the run. */
import {describe, expect, test} from 'vitest';
import {takeSample} from '../../../source/sim/host/sample.js';
import type {Host} from '../../../source/sim/host.js';
import {evaluateExpectations} from '../../../source/sim/scenario/expectation.js';
import {diskMetrics, domainMetrics, hostMetrics} from '../../../source/sim/scenario/metric.js';
import {run, smallHost} from './metrics-scenario.js';

const millisecond = 1_000_000;

/** The results of a scenario's expectations, by their text. */
function results(host: Host) {
	return new Map(evaluateExpectations(host.scenario, host.metrics, host.now).map((result) => [result.text, result]));
}

/** A metric's value over a window that an expectation of the scenario names. */
function value(host: Host, metric: string, from: number, to: number): number {
	const measured = host.metrics.value(
		metric
			.replace('p99.9', 'p99·9')
			.split('.')
			.map((part) => part.replace('·', '.')),
		from,
		to,
	);
	if (measured === undefined) throw new Error(`nothing measured: ${metric}`);
	return measured;
}

/** Expectations that are there so that the host measures these windows. */
function windows(...edges: readonly (readonly [number, number])[]): string[] {
	return edges.map(([from, to]) => `{that: oracle.violations == 0, from: ${from}ms, to: ${to}ms}`);
}

describe('a metric', () => {
	const mixed = {
		pages: '{rw: randrw, bs: 4k, iodepth: 4, fsync: 8, size: 16M}',
		zero: '{memory: 256MiB, jobs: {own: {on: nvme0p3, rw: randrw, bs: 4k, iodepth: 2, fsync: 4, size: 8M}}}',
		expect: windows([50, 150]),
	};
	const host = run(smallHost(mixed));
	const [from, to] = [50 * millisecond, 150 * millisecond];

	test.each([
		...Object.keys(hostMetrics),
		...Object.keys(domainMetrics).flatMap((leaf) => [`web.${leaf}`, `Domain-0.${leaf}`]),
		...Object.keys(diskMetrics).map((leaf) => `web.xvda.${leaf}`),
		...Object.keys(diskMetrics)
			.filter((leaf) => /^(read|write|flush)\./.test(leaf))
			.map((leaf) => `Domain-0.nvme0p3.${leaf}`),
	])('%s has a value', (metric) => {
		expect(value(host, metric, from, to)).toBeGreaterThanOrEqual(0);
	});

	test('of a disk that was not used says that nothing was measured', () => {
		const idle = run(
			smallHost({pages: '{rw: randread, startdelay: 190ms}', runtime: '200ms', expect: windows([50, 150])}),
		);
		expect(idle.metrics.value(['web', 'xvda', 'read', 'p99'], from, to)).toBeUndefined();
		expect(idle.metrics.value(['web', 'xvda', 'read', 'rate'], from, to)).toBe(0);
	});

	test('of a disk in domain zero is what its jobs did there', () => {
		const job = host.workloads.jobs.find(({domain}) => domain === 'Domain-0');
		expect(value(host, 'Domain-0.nvme0p3.read.count', 0, host.now)).toBe(job?.counts().read.latency.count);
		expect(value(host, 'Domain-0.nvme0p3.read.count', 0, host.now)).toBeGreaterThan(100);
	});
});

describe('windows', () => {
	const host = run(smallHost({expect: windows([40, 90], [90, 160], [40, 160], [60, 120])}));
	const [a, b, c] = [40, 90, 160].map((time) => time * millisecond);

	test('next to each other count what the whole counts', () => {
		for (const metric of ['web.xvda.read.count', 'oracle.checked']) {
			expect(value(host, metric, a, b) + value(host, metric, b, c)).toBe(value(host, metric, a, c));
		}
	});

	test('may overlap: each has its own largest and longest', () => {
		for (const [from, to] of [
			[a, b],
			[b, c],
			[a, c],
			[60 * millisecond, 120 * millisecond],
		]) {
			expect(value(host, 'web.xvda.outstanding.max', from, to)).toBe(4);
			const silence = value(host, 'web.xvda.outage', from, to);
			expect(silence).toBeGreaterThan(0);
			expect(silence).toBeLessThanOrEqual(value(host, 'web.xvda.outage', a, c) + millisecond);
		}
	});

	test('hold Little’s law: requests on the ring = rate × time on the ring', () => {
		const mean = value(host, 'web.xvda.outstanding.mean', a, c);
		const law = (value(host, 'web.xvda.read.rate', a, c) * value(host, 'web.xvda.read.mean', a, c)) / 1e9;
		// The latency includes the filling of the slot and the reading of the answer, a microsecond in a hundred.
		expect(mean / law).toBeGreaterThan(0.95);
		expect(mean / law).toBeLessThanOrEqual(1);
	});
});

describe('CPU time', () => {
	test('adds up to all of every CPU at any instant, in the midst of steps too', () => {
		const host = smallHost({cpus: 3, pages: '{rw: randread, iodepth: 16}'});
		let instants = 0;
		const wrong: number[] = [];
		run(host, 37, () => {
			const sample = takeSample(host);
			let total = sample.host.xen.own + sample.host.xen.idle;
			for (const {name} of host.boot.xen.domains.values()) {
				const {self, xen} = sample.domain(name);
				total += self + xen;
			}

			if (total !== 3 * host.now) wrong.push(host.now);
			instants++;
		});
		expect(wrong).toEqual([]);
		expect(instants).toBeGreaterThan(500);
	});

	test('of a domain that burns all it can get, alone on its CPU, is a whole one', () => {
		const domains = ['batch: {memory: 64MiB, jobs: {crunch: {ioengine: cpuio, cpuload: 100}}}'];
		const host = run(smallHost({domains, pages: '{rw: randread, startdelay: 190ms}', expect: windows([60, 160])}));
		const [from, to] = [60 * millisecond, 160 * millisecond];
		expect(value(host, 'batch.cpu', from, to)).toBeGreaterThan(99);
		expect(value(host, 'batch.wait', from, to)).toBeLessThan(1);
		expect(value(host, 'host.idle', from, to)).toBeCloseTo(100 - value(host, 'batch.cpu', from, to) / 2, 0);
	});
});

describe('a lost notification', () => {
	const host = run(
		smallHost({
			pages: '{rw: randread, bs: 4k, iodepth: 1}',
			runtime: '300ms',
			timeline: [
				'{at: 100ms, fault: evt.lost, target: web.xvda, direction: to-backend, times: 1, id: nudge}',
				'{at: 200ms, kick: web.xvda}',
			],
			expect: [
				'fault.nudge.fired == 1',
				'{that: web.xvda.stalled == 100ms, within: 2%, from: 50ms, to: 250ms}',
				'{that: web.xvda.outage == 100ms, within: 1%, from: 50ms, to: 250ms}',
				'{that: web.xvda.outage == 50ms, within: 1%, from: 50ms, to: 150ms}',
				'{that: web.xvda.outage == 20ms, from: 120ms, to: 140ms}',
				'{that: web.xvda.outstanding == 1, at: 150ms}',
				'{that: web.xvda.read.count == 0, from: 120ms, to: 140ms}',
				'{that: web.xvda.read.rate > 50% of before nudge, after: nudge}',
				'{that: web.xvda.stalled > 90ms, after: nudge}',
				'{that: oracle.violations == 0, after: nudge, to: 150ms}',
			],
		}),
	);

	test('is measured where it hurts, in every window that sees a part of it', () => {
		for (const {text, met, reached, measured} of results(host).values()) {
			expect(`${text}: ${met && reached ? 'met' : measured}`).toBe(`${text}: met`);
		}
	});

	test('is known by when it first acted', () => {
		const fired = host.metrics.firedAt('nudge') ?? 0;
		expect(fired).toBeGreaterThanOrEqual(100 * millisecond);
		expect(fired).toBeLessThan(101 * millisecond);
		expect(host.metrics.firedAt('other')).toBeUndefined();
	});
});

describe('a when: line', () => {
	test('comes true at the first moment, for the state at an instant', () => {
		const host = smallHost({timeline: ['{when: web.xvda.outstanding == 4, say: four}']});
		let first = Number.POSITIVE_INFINITY;
		while (!host.advance(host.runtime, 1) && host.now < 100 * millisecond) {
			const channel = host.boot.channels.at(0);
			if (channel?.meter.ring.value === 4) first = Math.min(first, host.now);
		}

		const said = host.engine.log.since(0).find(({text}) => text === 'four');
		expect(said?.time).toBe(first);
	});

	test('comes true within a millisecond for what is over time, counted from its `from`', () => {
		const host = run(
			smallHost({
				timeline: ['{when: web.xvda.read.count >= 1000, from: 50ms, say: thousand}'],
				expect: windows([50, 51]),
			}),
		);
		const said = host.engine.log.since(0).find(({text}) => text === 'thousand')?.time ?? 0;
		const counted = value(smallRunTo(said), 'web.xvda.read.count', 50 * millisecond, said);
		expect(counted).toBeGreaterThanOrEqual(1000);
		expect(counted).toBeLessThan(1100);

		function smallRunTo(time: number): Host {
			const other = smallHost({
				timeline: ['{when: web.xvda.read.count >= 1000, from: 50ms, say: thousand}'],
				expect: windows([50, 51]),
			});
			while (!other.advance(time, 100_000));
			return other;
		}
	});
});

describe('measuring', () => {
	const busy = {
		pages: '{rw: randrw, iodepth: 8, fsync: 16, size: 16M}',
		timeline: ['{at: 60ms, fault: evt.lost, target: web.xvda, times: 1, id: nudge}', '{at: 90ms, kick: web.xvda}'],
		expect: ['{that: web.xvda.stalled > 1ms, after: nudge}'],
	};

	test.each([1, 7, 1000])('a run cut every %d events, with looks between, changes nothing', (budget) => {
		const whole = run(smallHost(busy));
		const cut = smallHost(busy);
		let looks = 0;
		run(cut, budget, () => {
			if (looks++ % 50 === 0) {
				takeSample(cut);
				evaluateExpectations(cut.scenario, cut.metrics, cut.now);
			}
		});
		expect([cut.executed, cut.hashes, cut.engine.hash.toString()]).toEqual([
			whole.executed,
			whole.hashes,
			whole.engine.hash.toString(),
		]);
		expect(results(cut)).toEqual(results(whole));
	});
});
