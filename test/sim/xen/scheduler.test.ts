/** The CPU side of the hypervisor: steps, preemption, the credit scheduler, and time that adds up. */
import {expect, test} from 'vitest';
import {Engine} from '../../../source/engine/engine.js';
import {Step} from '../../../source/engine/step.js';
import {Cpus} from '../../../source/sim/xen/cpus.js';
import {Domain} from '../../../source/sim/xen/domain.js';
import {blocked, runnable, running} from '../../../source/sim/xen/vcpu.js';

const ms = 1_000_000;

function machine(cpuCount: number, rateLimit = ms) {
	const engine = new Engine(1);
	const owner = {name: 'Xen', alive: true};
	const cpus = new Cpus(engine, owner, cpuCount, {slice: 30 * ms, rateLimit}, (cost) => cost.ns);
	let ids = 0;
	const domain = (name: string, weight = 256, cap = 0) => {
		const created = new Domain(ids++, name, 1, {weight, cap, paused: false, now: engine.now});
		cpus.add(created);
		return created;
	};

	/** A domain that never runs out of work, in pieces of 100 µs. */
	const hog = (name: string, weight = 256, cap = 0) => {
		const created = domain(name, weight, cap);
		const burn: Step = new Step('burn', {name, alive: true}, 100_000, false, () => cpus.chain.push(burn, 0, 0));
		cpus.task(created.vcpus[0], burn, 0);
		return created;
	};

	const advance = (until: number) => {
		engine.run(until, Number.POSITIVE_INFINITY);
		cpus.checkAccounts();
		for (const each of cpus.domains) {
			for (const vcpu of each.vcpus) {
				vcpu.checkTimes(engine.now, each.createdAt);
			}
		}
	};

	return {engine, cpus, domain, hog, advance};
}

test('steps asked for inside an effect run depth first, before those asked for later', () => {
	const {cpus, domain, advance} = machine(1);
	const owner = {name: 'a', alive: true};
	const seen: string[] = [];
	const say = (name: string, ask: Step[] = []) =>
		new Step(name, owner, 100, false, () => {
			seen.push(name);
			for (const step of ask) {
				cpus.chain.push(step, 0, 0);
			}
		});
	const inner = say('1.1');
	const first = say('1', [inner]);
	const second = say('2');
	cpus.task(domain('a').vcpus[0], say('0', [first, second]), 0);
	advance(ms);
	expect(seen).toEqual(['0', '1', '1.1', '2']);
});

test('interrupt work comes before task work and leaves what is left of a step to be paid later', () => {
	const {engine, cpus, domain, advance} = machine(1);
	const a = domain('a').vcpus[0];
	const owner = {name: 'a', alive: true};
	const seen: [string, number][] = [];
	const long = new Step('long', owner, 50_000, false, () => seen.push(['long', engine.now]));
	const interrupt = new Step('interrupt', owner, 1000, false, () => seen.push(['interrupt', engine.now]));
	cpus.task(a, long, 0);
	advance(20_000);
	cpus.interrupt(a, interrupt, 0);
	advance(ms);
	// 1200 ns to switch from idle.
	expect(seen).toEqual([
		['interrupt', 21_000],
		['long', 52_200],
	]);
});

test('a vCPU with nothing to do blocks, and the time is idle', () => {
	const {cpus, domain, advance} = machine(1);
	const a = domain('a');
	cpus.task(a.vcpus[0], new Step('once', {name: 'a', alive: true}, 10_000, false, () => {}), 0);
	advance(ms);
	expect(a.vcpus[0].state).toBe(blocked);
	expect(a.selfTime).toBe(10_000);
	expect(a.xenTime).toBe(400);
	expect(cpus.all[0].xenTime).toBe(1200);
});

test('two hogs on one CPU share it by weight', () => {
	const {hog, advance} = machine(1);
	const light = hog('light', 256);
	const heavy = hog('heavy', 768);
	advance(10_000 * ms);
	expect(heavy.selfTime / light.selfTime).toBeGreaterThan(2.6);
	expect(heavy.selfTime / light.selfTime).toBeLessThan(3.4);
});

test('three hogs with equal weights on two CPUs get two thirds of a CPU each', () => {
	const {hog, advance} = machine(2);
	const hogs = [hog('a'), hog('b'), hog('c')];
	advance(10_000 * ms);
	for (const {selfTime} of hogs) {
		expect(selfTime / (10_000 * ms)).toBeGreaterThan(0.6);
		expect(selfTime / (10_000 * ms)).toBeLessThan(0.73);
	}
});

test('a cap holds even when the CPU would be idle', () => {
	const {hog, advance} = machine(1);
	const capped = hog('capped', 256, 25);
	advance(10_000 * ms);
	expect(capped.selfTime / (10_000 * ms)).toBeGreaterThan(0.22);
	expect(capped.selfTime / (10_000 * ms)).toBeLessThan(0.28);
});

test('who wakes while UNDER is boosted past a hog, but not before the rate limit', () => {
	const {engine, cpus, domain, hog, advance} = machine(1);
	hog('hog');
	const a = domain('a').vcpus[0];
	advance(100 * ms);
	// A long sleeper; wake it right after the hog got the CPU back.
	let woke = 0;
	const ping = new Step('ping', {name: 'a', alive: true}, 1000, false, () => {
		woke = engine.now;
	});
	const asked = engine.now;
	cpus.task(a, ping, 0);
	advance(200 * ms);
	expect(woke - asked).toBeLessThan(20_000);
	const again = engine.now;
	cpus.task(a, ping, 0);
	advance(again + 10_000);
	cpus.task(a, ping, 0);
	const soon = engine.now;
	advance(soon + 5 * ms);
	expect(woke - soon).toBeGreaterThan(0.9 * ms);
	expect(woke - soon).toBeLessThan(1.1 * ms);
});

test('a paused domain does not run and goes on where it was', () => {
	const {cpus, hog, advance} = machine(1);
	const a = hog('a');
	advance(10 * ms);
	cpus.pause(a);
	advance(11 * ms);
	const at = a.selfTime;
	advance(50 * ms);
	expect(a.selfTime).toBe(at);
	expect(a.stateLetters).toBe('----p-');
	cpus.unpause(a);
	advance(60 * ms);
	expect(a.selfTime).toBeGreaterThan(at + 9 * ms);
	expect(a.vcpus[0].state === running || a.vcpus[0].state === runnable).toBe(true);
});

test('cutting the run anywhere does not change the trajectory', () => {
	const hashes = [Number.POSITIVE_INFINITY, 1, 7, 1000].map((budget) => {
		const {engine, hog} = machine(2);
		hog('a');
		hog('b', 512);
		hog('c', 128, 30);
		while (!engine.run(500 * ms, budget)) {
			// Goes on where it stopped.
		}

		return engine.hash.toString();
	});
	expect(new Set(hashes).size).toBe(1);
});
