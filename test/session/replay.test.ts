/** What a person did, kept as a recording, and the recording watched again. */
import {describe, expect, test} from 'vitest';
import {Host} from '../../source/sim/host.js';
import {parseScenario} from '../../source/sim/scenario/parse.js';
import {millisecond, second} from '../support/hosts.js';
import {Session} from '../support/session.js';

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
