/** A host driven for a person: by a clock that is handed in, with commands taken between slices. */
import {describe, expect, test} from 'vitest';
import {Host} from '../../source/sim/host.js';
import {millisecond, scenarioOf, second} from '../support/hosts.js';
import {Session, small} from '../support/session.js';

describe('pace', () => {
	test('in real time a simulated second passes in a real one', () => {
		const session = new Session();
		session.pass(1000);
		expect(session.host.now).toBeGreaterThan(0.97 * second);
		expect(session.host.now).toBeLessThan(1.03 * second);
		expect(session.last.clock).toMatchObject({speed: 1e9, frozen: false, finished: false});
	});

	test('a change of speed holds from the moment it is made', () => {
		const session = new Session();
		session.pass(500);
		const before = session.host.now;
		session.send({type: 'speed', speed: 1e6});
		session.pass(1000);
		expect(session.host.now - before).toBeGreaterThan(0.9 * millisecond);
		expect(session.host.now - before).toBeLessThan(1.1 * millisecond);
		session.send({type: 'speed', speed: 1e9});
		const slow = session.host.now;
		session.pass(500);
		expect(session.host.now - slow).toBeGreaterThan(0.45 * second);
		expect(session.host.now - slow).toBeLessThan(0.55 * second);
	});

	test('what it cannot keep up with is forgotten, and said', () => {
		const session = new Session(small, {speed: 1e9});
		// Each slice of at most 4000 events takes half a real second.
		session.slice = 500;
		session.send({type: 'speed', speed: 1e11});
		for (let i = 0; i < 12; i++) session.turn();
		expect(session.last.clock.reached).toBeLessThan(0.5);
	});

	test('frozen, time stands and snapshots still answer commands', () => {
		const session = new Session();
		session.pass(300);
		session.send({type: 'freeze', frozen: true});
		const {now, executed} = session.host;
		session.pass(2000);
		expect([session.host.now, session.host.executed]).toEqual([now, executed]);
		expect(session.last.clock.frozen).toBe(true);
		session.send({type: 'freeze', frozen: false});
		session.pass(300);
		expect(session.host.now - now).toBeGreaterThan(0.25 * second);
		expect(session.host.now - now).toBeLessThan(0.35 * second);
	});

	test('frozen or stepped, the figures are those of that instant, and stay', () => {
		const session = new Session();
		session.pass(2730);
		const figure = () => session.last.snapshot.channels[0].requestRate;
		const settled = () => {
			session.turn();
			const {figures} = session.last.clock;
			const rate = figure();
			session.pass(3000);
			expect(session.last.clock.figures).toBe(figures);
			expect(figure()).toBe(rate);
			return figures;
		};
		const running = session.last.clock.figures;
		session.send({type: 'freeze', frozen: true});
		const frozen = settled();
		expect(frozen).toBe(running + 1);
		session.send({type: 'step'});
		expect(settled()).toBe(frozen + 1);
	});

	test('figures change as often as was asked for, gauges ten times a second', () => {
		const session = new Session();
		session.send({type: 'watch', ring: undefined, logFrom: 0, delay: 0.5});
		session.messages.length = 0;
		session.pass(2000);
		const figures = new Set(session.snapshots.map(({clock}) => clock.figures));
		expect(figures.size).toBeGreaterThanOrEqual(4);
		expect(figures.size).toBeLessThanOrEqual(5);
		expect(session.snapshots.length).toBeGreaterThanOrEqual(18);
		expect(session.snapshots.length).toBeLessThanOrEqual(28);
	});
});

describe('commands', () => {
	test('a turn ends after a few milliseconds, whatever the load, and the command is taken before the next event', () => {
		const session = new Session('web-and-db', {speed: Number.POSITIVE_INFINITY});
		for (let i = 0; i < 5; i++) {
			const {executed} = session.host;
			const {wall} = session;
			expect(session.turn()).toBe(0);
			expect(session.wall - wall).toBeLessThanOrEqual(12);
			expect(session.host.executed - executed).toBeLessThanOrEqual(10 * 4000);
		}

		const {executed} = session.host;
		session.operate({verb: 'kick', target: 'web.xvda'});
		expect(session.host.executed).toBe(executed);
		expect(session.notices.at(-1)).toMatchObject({severity: 'info', text: expect.stringContaining('web.xvda')});
	});

	test('what cannot be is refused with words, and changes nothing', () => {
		const session = new Session();
		session.pass(200);
		const before = session.hash;
		session.operate({verb: 'kick', target: 'nobody.xvda'});
		session.operate({verb: 'fault', fault: 'evt.lost', target: 'web.xvda', parameters: {times: -1}});
		session.operate({verb: 'xl', line: 'frobnicate web'});
		expect(session.notices.map(({severity}) => severity)).toEqual(['error', 'error', 'error']);
		expect(session.hash).toBe(before);
	});

	test('a step goes to the next hop of a request, and stays there', () => {
		const session = new Session();
		session.run(500 * millisecond);
		for (let i = 0; i < 20; i++) {
			const {executed} = session.host;
			session.send({type: 'step'});
			expect(session.host.executed).toBeGreaterThan(executed);
			// One event may carry several requests on; the notice names the first.
			const hops = session.host.engine.trace.recent(50).filter(({time}) => time === session.host.now);
			expect(hops.map(({point}) => `stepped to the next hop: ${point}`)).toContain(session.notices.at(-1)?.text);
			const {now} = session.host;
			session.pass(150);
			expect(session.host.now).toBe(now);
			expect(session.last.clock.frozen).toBe(true);
			expect(session.last.snapshot.time).toBe(now);
		}
	});

	test('a step goes on no further than a second when no request moves', () => {
		const session = new Session();
		session.run(500 * millisecond);
		session.operate({verb: 'xl', line: 'pause web'});
		for (let step = 0; step < 500 && !session.notices.at(-1)?.text.startsWith('no request'); step++) {
			session.send({type: 'step'});
		}

		expect(session.notices.at(-1)?.text).toBe('no request moved for 1 s');
		expect(session.host.now).toBeLessThan(2.5 * second);
	});

	test('a restart runs the same again', () => {
		const session = new Session();
		session.run(2.5 * second);
		session.send({type: 'restart'});
		expect(session.host.now).toBe(0);
		session.run(5 * second);
		expect(session.hosts).toHaveLength(2);
		const [first, again] = session.hosts;
		expect(first.hashes.length).toBeGreaterThanOrEqual(2);
		expect(again.hashes.slice(0, first.hashes.length)).toEqual(first.hashes);
	});

	test('a restart does not throw a recording away: it is refused until the recording is written', () => {
		const session = new Session();
		session.run(100 * millisecond);
		session.send({type: 'record', on: true});
		const {now} = session.host;
		session.send({type: 'restart'});
		expect(session.notices.at(-1)).toMatchObject({
			severity: 'error',
			text: expect.stringContaining('w ends and writes it'),
		});
		expect(session.host.now).toBe(now);
	});

	test('a restart keeps what is being watched', () => {
		const session = new Session();
		session.send({type: 'watch', ring: 'web.xvda', logFrom: 0, delay: 1});
		session.run(second);
		expect(session.last.snapshot.ring?.channel).toBe('web.xvda');
		session.send({type: 'restart'});
		session.run(second);
		session.pass(300);
		expect(session.last.snapshot.ring?.channel).toBe('web.xvda');
	});

	test('the end of the run is the last line of the log, with what was met', () => {
		const session = new Session();
		session.run(5 * second);
		session.pass(300);
		expect(session.last.snapshot.log.at(-1)).toMatchObject({
			time: 4 * second,
			source: 'ringtop',
			text: 'run over: 2 of 2 expectations met',
		});
	});

	test('the question of a scenario is the first line of the log', () => {
		const session = new Session(`${small}question: Does it read and write?\n`);
		session.pass(100);
		expect(session.last.snapshot.log[0]).toMatchObject({
			number: 0,
			topic: 'say',
			source: 'question',
			text: 'Does it read and write?',
		});
	});

	test('nothing is taken any more when the run is over, and the last picture stays, judged', () => {
		const session = new Session();
		session.run(5 * second);
		session.pass(500);
		expect(session.host.now).toBe(4 * second);
		expect(session.last.clock.finished).toBe(true);
		expect(session.last.snapshot.expectations).toEqual([
			{text: 'oracle.violations == 0', met: true, measured: '0'},
			{text: 'web.xvda.read.errors == 0', met: true, measured: '0'},
		]);
		session.operate({verb: 'kick', target: 'web.xvda'});
		expect(session.notices.at(-1)).toMatchObject({severity: 'error'});
	});
});

describe('watching', () => {
	test('changes nothing: watched closely, stepped through, cut anywhere, the hash is the same', () => {
		const plain = new Host(scenarioOf(small), {version: 'test'});
		plain.advance(2 * second, 1e9);
		const session = new Session();
		session.send({type: 'watch', ring: 'web.xvda', logFrom: 0, delay: 0.2});
		session.pass(400);
		session.send({type: 'step'});
		session.send({type: 'step'});
		session.send({type: 'freeze', frozen: false});
		session.pass(300);
		session.send({type: 'speed', speed: 1e7});
		session.pass(500);
		session.run(2 * second);
		expect(session.host.hashes.slice(0, 1)).toEqual(plain.hashes.slice(0, 1));
		expect(plain.hashes).toHaveLength(2);
		expect(session.host.hashes.slice(0, 2)).toEqual(plain.hashes);
	});
});

test("a timeline's speed line sets the pace of whoever looks", () => {
	const session = new Session(`${small}timeline:\n  - { at: 1s, speed: 1ms/s }\n`);
	session.pass(3000);
	expect(session.last.clock.speed).toBe(1e6);
	expect(session.host.now).toBeGreaterThan(second);
	expect(session.host.now).toBeLessThan(1.3 * second);
});

test('an error of its own stops the simulation with the words that show it again', () => {
	const session = new Session();
	session.pass(300);
	session.host.advance = () => {
		throw new Error('something that cannot be');
	};
	session.pass(300);
	const failed = session.messages.filter(({type}) => type === 'failed');
	expect(failed).toHaveLength(1);
	expect(failed[0]).toMatchObject({text: expect.stringContaining('something that cannot be')});
	expect(failed[0]).toMatchObject({text: expect.stringContaining('ringtop small')});
	session.send({type: 'restart'});
	session.pass(300);
	expect(session.host.now).toBeGreaterThan(0.2 * second);
});
