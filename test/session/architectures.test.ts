/** The same run under another architecture: caught up with the present moment, the operator's lines included, and gone on with. */
import {describe, expect, test} from 'vitest';
import type {Variant} from '../../source/session/catch-up.js';
import {Host} from '../../source/sim/host.js';
import {parseScenario} from '../../source/sim/scenario/parse.js';
import {scenarioOf, second} from '../support/hosts.js';
import {Session, small} from '../support/session.js';

const variants: readonly Variant[] = [
	{arch: 'xen1', refusal: 'it has no such disk'},
	{arch: 'xen2', scenario: scenarioOf(small)},
	{arch: 'driver-domains', scenario: parseScenario(small, 'test.yaml', {arch: 'driver-domains'})},
];
const open = () => new Session(small, {variants});

/** Turns until no host catches up any more. */
function settle(session: Session): void {
	do session.turn();
	while (session.last.clock.catchingUp !== undefined);
}

describe('the next architecture', () => {
	test('is reached at the same moment, shows how far it is, and goes on from there', () => {
		const session = open();
		session.run(second);
		session.operate({verb: 'xl', line: 'pause web'});
		session.run(session.host.now + 0.1 * second);
		const {now} = session.host;
		session.send({type: 'speed', speed: 1e9});
		session.send({type: 'architecture'});
		session.turn();
		const {catchingUp, run} = session.last.clock;
		expect(catchingUp).toMatchObject({title: expect.stringContaining('Driver domains'), until: now});
		settle(session);
		expect(session.host.scenario).toMatchObject({arch: 'driver-domains', seed: 9});
		expect(session.last.snapshot).toMatchObject({
			time: now,
			scenario: {architecture: expect.stringContaining('Driver')},
		});
		expect(session.last.clock.run).toBe(run + 1);
		expect(session.host.operated).toHaveLength(1);
		expect(session.last.snapshot.domains.find(({name}) => name === 'web')?.pausedByXl).toBe(true);
		session.pass(300);
		expect(session.host.now).toBeGreaterThan(now + 0.2 * second);
	});

	test('is the run that one gets from the beginning, and its recording replays to the same hashes', () => {
		const session = open();
		session.run(second);
		session.operate({verb: 'kick', target: 'web.xvda'});
		session.send({type: 'record', on: true});
		session.send({type: 'architecture'});
		settle(session);
		session.run(2 * second);
		session.send({type: 'record', on: false});
		const scenario = scenarioOf(session.recordings[0]);
		expect(scenario).toMatchObject({arch: 'driver-domains', seed: 9});
		const replayed = new Host(scenario, {version: 'test'});
		const end = scenario.recording?.end;
		replayed.advance(end?.at ?? 0, (end?.event ?? 0) - replayed.executed);
		replayed.advance(end?.at ?? 0, 0);
		expect([replayed.executed, replayed.engine.hash.toString()]).toEqual([end?.event, end?.hash]);
	});

	test('comes round to the first, and says which cannot run and why', () => {
		const session = open();
		session.run(0.2 * second);
		session.send({type: 'architecture'});
		settle(session);
		session.send({type: 'architecture'});
		settle(session);
		expect(session.host.scenario.arch).toBe('xen2');
		expect(session.notices.at(-1)?.text).toContain('xen1: it has no such disk');
	});

	test('is not waited for after Esc: time goes on where it stood', () => {
		const session = open();
		session.run(second);
		const {host} = session;
		const {now} = host;
		session.send({type: 'speed', speed: 1e9});
		session.send({type: 'architecture'});
		session.turn();
		session.operate({verb: 'xl', line: 'pause web'});
		expect(session.notices.at(-1)).toMatchObject({severity: 'error', text: expect.stringContaining('catching up')});
		session.send({type: 'keep'});
		session.turn();
		expect(session.last.clock.catchingUp).toBeUndefined();
		expect(host.now).toBeLessThan(now + 0.1 * second);
		session.pass(300);
		expect(host.now).toBeGreaterThan(now + 0.2 * second);
		expect(host.scenario.arch).toBe('xen2');
	});

	test('does not exist where the scenario runs under one only, and in a replay', () => {
		const alone = new Session(small, {variants: variants.slice(0, 2)});
		alone.send({type: 'architecture'});
		expect(alone.notices.at(-1)).toMatchObject({severity: 'error', text: expect.stringContaining('no such disk')});
		const replay = new Session(small, {variants, replaying: true});
		replay.send({type: 'architecture'});
		expect(replay.notices.at(-1)?.text).toContain('replay');
	});
});

describe('an xl command', () => {
	test('is carried out, or refused in a line', () => {
		const session = open();
		session.run(0.2 * second);
		session.operate({verb: 'xl', line: 'pause web'});
		expect(session.notices.at(-1)).toMatchObject({severity: 'info', text: 'xl pause web'});
		for (const line of ['pause nobody', 'dance', '']) {
			session.operate({verb: 'xl', line});
			expect(session.notices.at(-1)?.severity, line).toBe('error');
			expect(session.notices.at(-1)?.text, line).not.toContain('\n');
		}
	});
});
