/** `ringtop run`: the report on stdout, the rest on stderr, exit codes, signals, recordings; the same report every time. */
import {afterEach, describe, expect, test} from 'vitest';
import {runHost} from '../../source/commands/run-host.js';
import {makeReport} from '../../source/observe/report.js';
import {reportText} from '../../source/observe/report-text.js';
import type {Report} from '../../source/observe/report-types.js';
import {run, scenarioText, smallHost} from '../sim/host/metrics-scenario.js';
import {folderWith, ringtop} from '../support/cli.js';
import {cli, keys, signal, start, type TerminalSession} from '../support/terminal.js';

const busy = {
	pages: '{rw: randrw, iodepth: 8, fsync: 16, size: 16M, verify: crc32c}',
	timeline: ['{at: 60ms, fault: evt.lost, target: web.xvda, times: 1, id: nudge}', '{at: 90ms, kick: web.xvda}'],
	expect: [
		'oracle.violations == 0',
		'{that: web.xvda.stalled > 25ms, after: nudge}',
		'{that: web.xvda.read.rate > 100/s, from: 20ms, to: 50ms}',
	],
};
const never = {until: undefined, onSlice: () => {}, isInterrupted: () => false};

let folder: ReturnType<typeof folderWith> | undefined;
let session: TerminalSession | undefined;

afterEach(async () => {
	folder?.remove();
	folder = undefined;
	await session?.close();
	session = undefined;
});

/** Runs the program on a scenario file in a folder of its own. */
function runFile(text: string, ...options: readonly string[]) {
	folder?.remove();
	folder = folderWith({'small.yaml': text});
	return ringtop(['run', 'small.yaml', ...options], {cwd: folder.path});
}

describe('a run', () => {
	test.each([1, 7, 1000])('in slices of %d events has the report of a run in one', async (budget) => {
		const facts = {version: '0', reproduce: '', fullHash: false};
		const whole = smallHost(busy);
		const cut = smallHost(busy);
		const outcome = await runHost(whole, {...never, budget: 1e9});
		expect(outcome).toEqual({ending: 'end'});
		const text = (report: Report) => reportText(report, {colour: false});
		const cutOutcome = await runHost(cut, {...never, budget});
		expect(text(makeReport(cut, {...facts, ...cutOutcome}))).toBe(text(makeReport(whole, {...facts, ...outcome})));
	});

	test('in two processes and in this one has the same report and state hash', () => {
		const once = runFile(scenarioText(busy));
		expect(runFile(scenarioText(busy))).toEqual(once);
		expect(once).toMatchObject({code: 0, stderr: ''});
		const host = run(smallHost(busy), 5000);
		expect(once.stdout).toContain(`state hash ${host.engine.hash.toString()}`);
	});

	test('asked to stop between slices ends there, marked', async () => {
		let slices = 0;
		const host = smallHost(busy);
		const outcome = await runHost(host, {...never, budget: 100, isInterrupted: () => ++slices === 20});
		expect(outcome).toEqual({ending: 'interrupted'});
		expect(host.executed).toBe(2000);
	});

	test('in which an invariant breaks ends as failed, with time and event', async () => {
		const host = smallHost(busy);
		const outcome = await runHost(host, {
			...never,
			onSlice: () => {
				throw new Error('what must hold');
			},
		});
		expect(outcome.ending).toBe('failed');
		expect(outcome.failure).toMatch(/^what must hold \(at \d+ ns, event \d+\)$/);
	});
});

describe('ringtop run', () => {
	test('exits with 0 when the expectations are met, with 1 when not', () => {
		expect(runFile(scenarioText(busy)).code).toBe(0);
		const {code, stdout} = runFile(scenarioText({expect: ['web.xvda.read.rate == 1/s']}));
		expect(code).toBe(1);
		expect(stdout).toContain('NOT MET: 0 of 1 expectations met');
		expect(stdout).toContain('see it again: ringtop run small.yaml --seed 1\n');
	});

	test('keeps its exit code when nobody reads the report', async () => {
		folder = folderWith({'small.yaml': scenarioText({expect: ['web.xvda.read.rate == 1/s']})});
		session = start(`cd ${folder.path} && node ${cli} run small.yaml | true; echo "left with \${PIPESTATUS[0]}"`);
		expect(await session.waitFor(/left with \d+/)).toContain('left with 1');
	});

	test('--json puts one JSON value on stdout and nothing else', () => {
		const {code, stdout, stderr} = runFile(scenarioText(busy), '--json');
		expect([code, stderr]).toEqual([0, '']);
		expect(JSON.parse(stdout)).toMatchObject({schema: 'ringtop.report/1', ending: 'end', verdict: {met: true}});
	});

	test('--until stops early, says what was not reached and does not count it', () => {
		const {code, stdout} = runFile(scenarioText(busy), '--until', '55ms');
		expect(code).toBe(0);
		expect(stdout).toContain('INCOMPLETE: stopped at 0.055 s of 0.200 s (as asked)');
		expect(stdout).toContain('2 of 3 expectations were not reached and do not count');
		expect(stdout).toContain('MET: 1 of 1 expectations met');
	});

	test('--seed overrides the file’s', () => {
		const text = scenarioText({...busy, seed: 3});
		const {stdout} = runFile(text, '--seed', '4');
		expect(stdout).toContain('seed 4');
		expect(stdout).toBe(runFile(scenarioText({...busy, seed: 4})).stdout);
		expect(stdout).not.toBe(runFile(text).stdout);
	});

	test('--hash full hashes the bytes moved too, and says so', () => {
		const text = scenarioText({...busy, runtime: '100ms', timeline: [], expect: []});
		const plain = /state hash ([0-9a-f]{16})/.exec(runFile(text).stdout);
		const full = /full state hash ([0-9a-f]{16})/.exec(runFile(text, '--hash', 'full').stdout);
		expect(full?.[1]).toMatch(/^[0-9a-f]{16}$/);
		expect(full?.[1]).not.toBe(plain?.[1]);
	});

	test.each([
		[['--until', '1s'], /^ringtop: --until: a time from 1ns to 200ms, where the scenario ends\n$/],
		[['--until', '-1s'], /^ringtop: --until: '-1s' lies before the beginning; times are 0 or more\n$/],
		[['--until', '0s'], /^ringtop: --until: /],
		[['--arch', 'xen9'], /^ringtop: --arch: /],
		[['--seed', 'x'], /^ringtop: --seed x: /],
	])('refuses %j with exit code 2', (options, message) => {
		const {code, stdout, stderr} = runFile(scenarioText(busy), ...options);
		expect([code, stdout]).toEqual([2, '']);
		expect(stderr).toMatch(message);
	});
});

describe('ringtop run on a recording', () => {
	const options = {pages: '{rw: randread, iodepth: 4, rate_iops: 500, rate_process: poisson}', runtime: '2500ms'};

	function recording(): string {
		const host = smallHost(options);
		while (!host.advance(1_200_000_000, 501));
		host.operate({verb: 'kick', target: {domain: 'web', vdev: 'xvda'}});
		host.advance(host.runtime, 4321);
		return host.recording();
	}

	const text = recording();

	test('compares every state hash, up to the event at which it stopped', () => {
		const {code, stdout} = runFile(text);
		expect(stdout).toContain('2 of 2 state hashes compared, all equal');
		expect(code).toBe(0);
	});

	test('fails where one differs, and says where first', () => {
		const {code, stdout} = runFile(text.replace(/(at: 1s, event: \d+, hash: )[0-9a-f]{16}/, '$10123456789abcdef'));
		expect(code).toBe(1);
		expect(stdout).toContain('✗ the recording differs first at 1 s (event ');
	});

	test('runs as it was made: neither another seed nor another hash', () => {
		for (const option of [
			['--seed', '2'],
			['--hash', 'full'],
		]) {
			expect(runFile(text, ...option)).toMatchObject({
				code: 2,
				stderr: `ringtop: ${option[0]}: a recording runs as it was made\n`,
			});
		}
	});
});

describe('a run in a terminal', () => {
	const long = scenarioText({pages: '{rw: randread, iodepth: 16}', runtime: '1h'});

	test.each([
		['Ctrl-C', (shown: TerminalSession) => shown.press(keys.ctrlC)],
		[
			'SIGTERM',
			async (shown: TerminalSession) => {
				for (const id of await shown.processIds()) signal(id, 'SIGTERM');
			},
		],
	])('shows its progress, and at %s leaves the report so far', async (_, stop) => {
		folder = folderWith({'long.yaml': long});
		session = start(`cd ${folder.path} && node ${cli} run long.yaml; echo "left with $?"`, {columns: 110, rows: 60});
		await session.waitFor(/ \d+ % {2}\d+\.\d s simulated {2}\d+\.\d×/);
		await stop(session);
		const text = await session.waitFor(/left with \d+/);
		expect(text).toContain('left with 130');
		expect(text).toMatch(/INCOMPLETE: stopped at [\d.]+ s of 3600 s \(interrupted\)/);
		expect(text).not.toMatch(/ % {2}\d/);
	});

	test('colours the report on a terminal, unless NO_COLOR says not to', async () => {
		folder = folderWith({'small.yaml': scenarioText(busy)});
		for (const [env, coloured] of [
			[{}, true],
			[{NO_COLOR: '1'}, false],
		] as const) {
			session = start(`cd ${folder.path} && node ${cli} run small.yaml`, {env, rows: 60});
			expect(await session.exitCode()).toBe(0);
			expect(session.raw.includes('\u001B[32m')).toBe(coloured);
		}
	});
});
