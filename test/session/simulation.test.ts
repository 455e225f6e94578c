/** A host driven for a person: by a clock that is handed in, with commands taken between slices. */
import {describe, expect, test} from 'vitest';
import {Observer} from '../../source/observe/observer.js';
import type {Snapshot} from '../../source/observe/snapshot.js';
import type {ClockView, Command, Message, OperatorLine} from '../../source/session/messages.js';
import {Simulation} from '../../source/session/simulation.js';
import {Host} from '../../source/sim/host.js';
import {parseScenario} from '../../source/sim/scenario/parse.js';
import {millisecond, scenarioOf, second} from '../support/hosts.js';

const small = `name: small
about: One guest reads and writes.
arch: xen2
seed: 9
runtime: 4s
host:
  cpus: 2
  memory: 1GiB
  devices:
    nvme0: { model: nvme, pci: "00:04.0", medium: ssd, partitions: { p1: 256MiB } }
domains:
  Domain-0: { memory: 256MiB }
  web:
    memory: 128MiB
    disk: [{ vdev: xvda, target: nvme0p1, access: rw }]
    jobs:
      pages: { rw: randrw, bs: 4k, iodepth: 8, rate_iops: 500, rate_process: poisson }
expect:
  - oracle.violations == 0
  - web.xvda.read.errors == 0
`;

/** A session whose wall clock goes on by a millisecond each time it is read, and by whatever a turn asks to wait. */
class Session {
	readonly messages: Message[] = [];
	readonly hosts: Host[] = [];
	readonly simulation: Simulation;
	wall = 1000;
	/** Real milliseconds that one slice takes. */
	slice = 1;

	constructor(text = small, {speed = 1e9, replaying = false, watched = true} = {}) {
		const scenario = scenarioOf(text);
		this.simulation = new Simulation({
			make: () => {
				const host = new Host(scenario, {version: 'test'});
				this.hosts.push(host);
				return {host, observer: new Observer(host)};
			},
			emit: (message) => this.messages.push(message),
			speed,
			replaying,
			reproduce: 'ringtop small',
		});
		if (watched) {
			this.turn();
		}
	}

	get host(): Host {
		return this.hosts[this.hosts.length - 1];
	}

	get hash(): string {
		return this.host.engine.hash.toString();
	}

	send(command: Command): void {
		this.simulation.command(command, this.wall);
	}

	operate(line: OperatorLine): void {
		this.send({type: 'operator', line});
	}

	/** One turn; returns the milliseconds it asks to wait. */
	turn(): number {
		return this.simulation.turn(() => {
			const {wall} = this;
			this.wall += this.slice;
			return wall;
		});
	}

	/** Turns until so many real milliseconds have passed. */
	pass(milliseconds: number): void {
		const end = this.wall + milliseconds;
		while (this.wall < end) {
			const wait = this.turn();
			this.wall += Math.min(wait, Math.max(0, end - this.wall));
		}
	}

	/** Turns as fast as it can until virtual time has reached `until`, or the run is over. */
	run(until: number): void {
		this.send({type: 'speed', speed: Number.POSITIVE_INFINITY});
		while (this.host.now < until && !this.host.finished) {
			this.turn();
			const failure = this.messages.find(({type}) => type === 'failed');
			if (failure !== undefined) throw new Error(JSON.stringify(failure));
		}
	}

	get snapshots(): {snapshot: Snapshot; clock: ClockView}[] {
		return this.messages.filter((message) => message.type === 'snapshot');
	}

	get last(): {snapshot: Snapshot; clock: ClockView} {
		const last = this.snapshots.at(-1);
		if (last === undefined) throw new Error('no snapshot came');
		return last;
	}

	get notices(): {text: string; severity: string}[] {
		return this.messages.filter((message) => message.type === 'notice');
	}

	get recordings(): string[] {
		return this.messages.filter((message) => message.type === 'recording').map(({text}) => text);
	}
}

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

describe('recordings', () => {
	/** A person at the keyboard: a fault, a kick, a domain paused, at moments nobody planned. */
	function performed(): Session {
		const session = new Session();
		session.send({type: 'record', on: true});
		session.pass(613);
		session.operate({verb: 'fault', fault: 'evt.lost', target: 'web.xvda', parameters: {direction: 'to-backend'}});
		session.pass(407);
		session.send({type: 'step'});
		session.operate({verb: 'kick', target: 'web.xvda'});
		session.operate({verb: 'xl', line: 'pause web'});
		session.send({type: 'freeze', frozen: false});
		session.pass(251);
		session.operate({verb: 'xl', line: 'unpause web'});
		session.operate({verb: 'fault', fault: 'evt.lost', target: 'web.xvda', parameters: {direction: 'both', times: 0}});
		session.pass(333);
		session.operate({verb: 'clear', id: session.host.rules.all.at(-1)?.options.id ?? ''});
		session.operate({verb: 'kick', target: 'web.xvda'});
		session.pass(500);
		return session;
	}

	test('a recording is a scenario that replays to the same hashes, headless', () => {
		const session = performed();
		session.send({type: 'record', on: false});
		const recorded = parseScenario(session.recordings[0], 'recording.yaml');
		expect(recorded.recording?.hashes.length).toBeGreaterThanOrEqual(2);
		const replay = new Host(recorded, {version: 'test'});
		replay.advance(session.host.now, 1e9);
		expect(replay.now).toBe(session.host.now);
		expect(replay.executed).toBe(session.host.executed);
		expect(replay.hashes).toEqual(session.host.hashes);
		expect(replay.engine.hash.toString()).toBe(session.hash);
		expect(recorded.recording?.end).toEqual({at: replay.now, event: replay.executed, hash: session.hash});
	});

	test('a replay in a session takes no lines of its own, and goes the same way', () => {
		const session = performed();
		session.send({type: 'quit'});
		const replay = new Session(session.recordings[0], {replaying: true, speed: Number.POSITIVE_INFINITY});
		replay.run(second);
		replay.operate({verb: 'kick', target: 'web.xvda'});
		expect(replay.notices.at(-1)).toMatchObject({severity: 'error', text: expect.stringContaining('replay')});
		replay.pass(3000);
		expect(replay.last.clock.replaying).toBe(true);
		expect(replay.host.hashes.slice(0, session.host.hashes.length)).toEqual(session.host.hashes);
	});

	/** One that stops in the middle of the run, right after a line of the operator's. */
	function stopped(): Session {
		const session = new Session();
		session.send({type: 'record', on: true});
		session.pass(1200);
		session.operate({verb: 'kick', target: 'web.xvda'});
		session.pass(1337);
		session.operate({verb: 'xl', line: 'pause web'});
		session.send({type: 'record', on: false});
		return session;
	}

	test('a replay ends where the recording stopped, with the outcome; then a person may go on', () => {
		const session = stopped();
		const replay = new Session(session.recordings[0], {replaying: true, speed: Number.POSITIVE_INFINITY});
		replay.run(1.5 * second);
		replay.send({type: 'freeze', frozen: true});
		replay.turn();
		const [of, passed] = [session.host.hashes.length + 1, replay.host.hashes.length];
		expect(replay.last.clock.hashes).toEqual({compared: passed, of, differsAt: undefined});
		replay.send({type: 'freeze', frozen: false});
		replay.pass(3000);
		expect(replay.host).toMatchObject({now: session.host.now, executed: session.host.executed});
		expect(replay.last.clock).toMatchObject({frozen: true, hashes: {compared: of, of, differsAt: undefined}});
		expect(replay.notices).toEqual([
			expect.objectContaining({text: `replay ended: ${of} of ${of} state hashes equal; space goes on, 0 again`}),
		]);
		replay.send({type: 'freeze', frozen: false});
		replay.pass(3000);
		expect(replay.host.now).toBe(4 * second);
		expect(replay.last.clock).toMatchObject({finished: true, hashes: {compared: of, of}});
		expect(replay.notices).toHaveLength(1);
	});

	test('a replay can be stepped to its end, and not beyond', () => {
		const session = stopped();
		const replay = new Session(session.recordings[0], {replaying: true, speed: Number.POSITIVE_INFINITY});
		replay.host.advance(session.host.now - millisecond, 1e9);
		for (let n = 0; n < 10_000 && replay.host.executed < session.host.executed; n++) replay.send({type: 'step'});
		replay.send({type: 'step'});
		expect(replay.host.executed).toBeGreaterThanOrEqual(session.host.executed);
		replay.turn();
		expect(replay.last.clock.hashes).toMatchObject({compared: session.host.hashes.length + 1, differsAt: undefined});
		expect(replay.notices.filter(({text}) => text.startsWith('replay ended'))).toHaveLength(1);
	});

	test('a replay that goes another way says where it first differs', () => {
		const session = stopped();
		const [first, second_] = session.host.hashes;
		const text = session.recordings[0].replace(second_.hash, first.hash);
		const replay = new Session(text, {replaying: true, speed: Number.POSITIVE_INFINITY});
		replay.pass(5000);
		expect(replay.last.clock.hashes?.differsAt).toBe(2 * second);
		expect(replay.notices.at(-1)?.text).toBe(
			'replay ended: its state hash differs first at 2 s; space goes on, 0 again',
		);
	});

	test('a recording of the whole run ends with it', () => {
		const session = new Session();
		session.send({type: 'record', on: true});
		session.run(5 * second);
		const replay = new Session(session.recordings[0], {replaying: true, speed: Number.POSITIVE_INFINITY});
		replay.pass(5000);
		expect(replay.last.clock.finished).toBe(true);
		expect(replay.notices.at(-1)?.text).toBe('replay ended: 5 of 5 state hashes equal; 0 again');
	});

	test('a recording of a replay is the recording again', () => {
		const session = performed();
		session.send({type: 'record', on: false});
		const [text] = session.recordings;
		const replay = new Host(parseScenario(text, 'recording.yaml'), {version: 'test'});
		replay.advance(session.host.now, 1e9);
		expect(replay.recording()).toBe(text);
	});

	test('a run that ends while it is recorded hands its recording over', () => {
		const session = new Session();
		session.send({type: 'record', on: true});
		session.run(5 * second);
		expect(session.recordings).toHaveLength(1);
		expect(parseScenario(session.recordings[0], 'recording.yaml').recording?.end?.at).toBe(4 * second);
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
