/**
When CPUs and not the wire decide how much passes, beside the sums of what named costs say. 1 GbE without delay, costs as they are by
default, one vCPU each for guest and domain zero; what is measured begins at 0.5 s or later.
*/
import {describe, expect, test} from 'vitest';
import {millisecond, second} from '../../support/hosts.js';
import {cpuTimeOf, type PathWords, pathOf, ratesOf, steady, sumOfCosts} from '../../support/network-path.js';

const measured = 50 * millisecond;
const forever = Number.POSITIVE_INFINITY;

/** Frames a second, payload, and the share of a CPU that each domain had. */
function run(words: PathWords, from = steady, nanoseconds = measured) {
	const host = pathOf(words);
	host.advance(from, forever);
	const times = () => ({zero: cpuTimeOf(host, 'Domain-0'), web: cpuTimeOf(host, 'web')});
	const before = times();
	const rates = ratesOf(host, 'web/load', nanoseconds, from);
	const after = times();
	return {
		...rates,
		host,
		zero: (after.zero - before.zero) / nanoseconds,
		web: (after.web - before.web) / nanoseconds,
	};
}

describe('frames of 60 bytes, which the wire would carry 1,488,095 of a second', () => {
	const jobs = 'load: { startdelay: 350ms, iperf: client, udp: on, length: 16, bitrate: 2Gb/s }';
	/** What domain zero does for every frame from a guest; what it does for a batch of up to 64 comes on top. */
	const perFrame =
		sumOfCosts('netback.take_slot', 'netback.copy_op', 'netback.copy_256', 'netback.deliver', 'netback.respond_slot') +
		sumOfCosts('bridge.forward', 'e1000.queue', 'e1000.reclaim_packet');
	const line = 1e9 / ((60 + 24) * 8);

	test('domain zero is what they wait for: its CPU is full, and the sum of its costs says how many pass', () => {
		const {sentFrames, zero, web} = run({jobs});
		expect(line).toBeGreaterThan(1_488_000);
		expect([zero > 0.99, web < 0.95]).toEqual([true, true]);
		expect(sentFrames * perFrame).toBeLessThan(second);
		expect(sentFrames * perFrame).toBeGreaterThan(0.97 * second);
	});

	test('a microsecond more for each frame in the bridge is a microsecond more for each frame, on a wire ten times as fast', () => {
		const forward = sumOfCosts('bridge.forward') + 1000;
		const {sentFrames, zero} = run({jobs, costs: `{ bridge.forward: ${forward} }`, lan: 'rate: 10Gb/s'});
		expect(zero).toBeGreaterThan(0.99);
		expect(sentFrames * (perFrame + 1000)).toBeLessThan(second);
		expect(sentFrames * (perFrame + 1000)).toBeGreaterThan(0.97 * second);
	});

	test('a guest that takes longer for each packet than domain zero is what they wait for', () => {
		const transmit = 4000;
		const {sentFrames, web, zero} = run({jobs, costs: `{ net.transmit: ${transmit} }`});
		expect([web > 0.99, zero < 0.9]).toEqual([true, true]);
		const guestPerFrame = transmit + sumOfCosts('netfront.transmit', 'netfront.transmit_slot', 'netfront.clean_slot');
		expect(sentFrames * guestPerFrame).toBeLessThan(second);
		expect(sentFrames * guestPerFrame).toBeGreaterThan(0.9 * second);
	});
});

describe('one CPU, and two guests that burn it', () => {
	const hog = '{ memory: 16MiB, jobs: { hog: { ioengine: cpuio, cpuload: 100 } } }';
	const starving = (weight: number): PathWords => ({
		cpus: 1,
		zero: `cpu_weight: ${weight}`,
		others: `  one: ${hog}\n  two: ${hog}\n`,
		jobs: 'load: { startdelay: 100ms, iperf: client }',
	});
	const weights = 3 * 256;
	/** What domain zero saved up while it was idle, 30 ms of CPU at most, is spent by then; a share is dealt every 30 ms. */
	const settled = 2500 * millisecond;
	const long = 1500 * millisecond;
	const line = (1_000_000_000 * 1448) / 1538;

	test('domain zero with a weight of 16 gets its share, and as much of the line as that pays for', () => {
		const starved = run(starving(16), settled, long);
		const fed = run(starving(1024), 600 * millisecond, measured);
		expect(fed.out / line).toBeGreaterThan(0.99);
		// Its weight's part, and what a turn may overrun that by: the rate limit's 1 ms in each 30 ms of accounting.
		expect(starved.zero).toBeLessThan(16 / (weights + 16) + 1 / 30);
		expect(starved.out).toBeLessThan(0.2 * fed.out);
		// A frame costs what it costs, however long it waits for a turn.
		const paid = starved.zero / starved.out / (fed.zero / fed.out);
		expect(paid).toBeGreaterThan(0.85);
		expect(paid).toBeLessThan(1.15);
	});

	test('a weight lifts it while it runs', () => {
		const lift = {command: 'sched-credit', domain: 'Domain-0', weight: 1024, cap: undefined} as const;
		const {host, out} = run(starving(16), settled, long);
		expect(out).toBeLessThan(0.2 * line);
		expect(host.operate({verb: 'xl', xl: lift}).refused).toBe(false);
		const lifted = ratesOf(host, 'web/load', measured, host.now + 200 * millisecond);
		expect(lifted.out / line).toBeGreaterThan(0.99);
	});
});
