/** The report of a run: what it says, what fails it, and that it is the same every time. */
import {describe, expect, test} from 'vitest';
import {makeReport} from '../../source/observe/report.js';
import {reportJson, reportText} from '../../source/observe/report-text.js';
import type {Report, RunFacts} from '../../source/observe/report-types.js';
import {Host} from '../../source/sim/host.js';
import {parseScenario} from '../../source/sim/scenario/parse.js';
import {run, type SmallScenario, smallHost} from '../sim/host/metrics-scenario.js';

const facts: RunFacts = {version: '1.2.3', ending: 'end', reproduce: 'ringtop run small --seed 1', fullHash: false};
const plain = {colour: false};

function reportOf(options: SmallScenario, more: Partial<RunFacts> = {}): Report {
	return makeReport(run(smallHost(options)), {...facts, ...more});
}

const quiet = {pages: '{rw: randread, iodepth: 1, rate_iops: 500}'};

describe('a report', () => {
	const expectations = ['oracle.violations == 0', 'web.xvda.read.rate > 1000/s'];
	const report = reportOf({pages: '{rw: randrw, iodepth: 4, fsync: 8, size: 16M}', expect: expectations});

	test('counts what the jobs and disks did', () => {
		const [job] = report.jobs;
		const [disk] = report.disks;
		expect([job.domain, job.job, job.on, disk.disk]).toEqual(['web', 'pages', 'xvda', 'web.xvda']);
		expect(disk.operations.map(({operation}) => operation)).toEqual(['read', 'write', 'flush']);
		for (const [index, operation] of disk.operations.entries()) {
			// The job may not have seen the disk's last answers yet.
			expect(operation.count - job.operations[index].count).toBeLessThanOrEqual(4);
			expect(operation.mean).toBeLessThan(job.operations[index].mean);
			const {p50, p99, p999, max} = operation;
			expect([p50, p99, p999, max]).toEqual([p50, p99, p999, max].sort((a, b) => a - b));
		}
	});

	test('says how long writes took to be safe, beside what they and their flushes took', () => {
		const [{operations}] = report.jobs;
		expect(operations.map(({operation}) => operation)).toEqual(['read', 'write', 'flush', 'commit']);
		const [, write, flush, commit] = operations;
		expect(commit.count).toBe(8 * flush.count);
		expect(commit.p50).toBeGreaterThan(write.p50);
		expect(reportText(report, plain)).toMatch(/^ +commit +\d/m);
	});

	test('books all CPU time to somebody', () => {
		const {cpu} = report;
		expect(cpu.total).toBe(cpu.cpus * report.time);
		expect(cpu.domains.map(({name}) => name)).toEqual(['Domain-0', 'web']);
	});

	test('knows of every push whether it notified', () => {
		const [{front, back, requests, responses}] = report.channels;
		for (const {pushes, sent, heldOff} of [front, back]) {
			expect(sent + heldOff).toBe(pushes);
			expect(sent).toBeGreaterThan(0);
		}

		expect(requests - responses).toBeLessThanOrEqual(4);
	});

	test('is JSON of one schema, with every time a whole number of nanoseconds', () => {
		const parsed: unknown = JSON.parse(reportJson(report));
		expect(parsed).toMatchObject({
			schema: 'ringtop.report/1',
			version: '1.2.3',
			scenario: 'small',
			time: 200_000_000,
			runtime: 200_000_000,
			complete: true,
			failure: null,
			recording: null,
			verdict: {met: true, problems: []},
		});
		const fractions = [...reportJson(report).matchAll(/"(\w+)": -?\d+\.\d+/g)].map(([, key]) => key);
		expect(fractions).toEqual(['meanOutstanding']);
	});

	test('is text of at most a hundred columns, without a trailing blank or an escape sequence', () => {
		const text = reportText(report, plain);
		for (const line of text.split('\n')) {
			expect(line.length).toBeLessThanOrEqual(100);
			expect(line).not.toMatch(/\s$/);
		}

		expect(text).not.toContain('\u001B');
		expect(text).toContain('✓ oracle.violations == 0: 0');
		expect(text).toContain('MET: 2 of 2 expectations met, nothing unexplained');
		expect(text).toMatch(/^ {2}sum +200\.00$/m);
	});

	test('says the same in colour', () => {
		// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is taken out.
		const bare = reportText(report, {colour: true}).replace(/\u001B\[\d+m/g, '');
		expect(bare).toBe(reportText(report, plain));
	});

	test('is the same for the same scenario and seed, and another for another seed', () => {
		const once = reportOf({pages: '{rw: randread, iodepth: 4}'});
		const again = reportOf({pages: '{rw: randread, iodepth: 4}'});
		expect(reportJson(again)).toBe(reportJson(once));
		expect(reportText(again, plain)).toBe(reportText(once, plain));
		expect(reportOf({pages: '{rw: randread, iodepth: 4}', seed: 2}).stateHash).not.toBe(once.stateHash);
	});

	test('cleans names and texts of what a terminal would obey, and cuts what is too wide', () => {
		const about = 'A '.concat('very '.repeat(40), 'long \u001B[31mline');
		const text = reportText({...report, about, scenario: 'x'.repeat(300)}, plain);
		expect(text).not.toContain('\u001B');
		expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
	});
});

describe('a run fails', () => {
	test('when an expectation is not met, which names what was measured', () => {
		const report = reportOf({...quiet, expect: ['web.xvda.read.rate == 2000/s']});
		expect(report.verdict.met).toBe(false);
		expect(report.verdict.problems).toEqual([
			expect.stringMatching(/^expected web\.xvda\.read\.rate == 2000\/s: \d+\/s$/),
		]);
		expect(reportText(report, plain)).toContain('see it again: ringtop run small --seed 1');
	});

	test('when a check found something that nothing explains', () => {
		const host = run(smallHost(quiet));
		host.engine.findings.report('grant', 5_000_000, ['web'], 'web reached a frame it was not granted');
		const {verdict, findings} = makeReport(host, facts);
		expect(findings).toMatchObject([{kind: 'grant', explainedBy: ''}]);
		expect(verdict.problems).toEqual(['at 5 ms, unexplained (grant): web reached a frame it was not granted']);
		expect(reportText(makeReport(host, facts), plain)).toContain('NOT MET: 1 finding unexplained (no expectations)\n');
	});

	test('when a fault acted and what it declares never came', () => {
		const host = run(smallHost({...quiet, timeline: ['{at: 100ms, fault: guest.grab, target: web, id: reach}']}));
		// As if Xen had refused without telling.
		host.engine.findings.all.length = 0;
		const report = makeReport(host, facts);
		expect(report.faults).toMatchObject([{id: 'reach', declared: [{kind: 'access', must: true, findings: 0}]}]);
		expect(report.verdict.problems).toEqual(["fault reach acted on web and declares 'access', which nobody found"]);
	});

	test('when it stopped by an error, and says which', () => {
		const {verdict, complete} = reportOf(quiet, {ending: 'failed', failure: 'CPU time adds up (at 5 ns, event 3)'});
		expect([complete, verdict.met, verdict.problems[0]]).toEqual([false, false, 'CPU time adds up (at 5 ns, event 3)']);
	});
});

describe('an interrupted run', () => {
	test('is neither met nor not met as long as nothing failed', () => {
		const report = reportOf(quiet, {ending: 'interrupted'});
		expect(report.verdict).toEqual({met: undefined, problems: []});
		expect(JSON.parse(reportJson(report)).verdict.met).toBeNull();
		expect(reportText(report, plain)).toContain('UNDECIDED: no expectations so far, nothing unexplained\n');
	});

	test('is not met when something failed before', () => {
		const options = {...quiet, expect: ['web.xvda.read.rate == 1/s']};
		expect(reportOf(options, {ending: 'interrupted'}).verdict.met).toBe(false);
	});
});

describe('a finding', () => {
	test('that may come need not: a ring that is woken before it is found asleep', () => {
		const report = reportOf({
			pages: '{rw: randread, iodepth: 1}',
			timeline: [
				'{at: 100ms, fault: evt.lost, target: web.xvda, times: 1, id: nudge}',
				'{at: 100300us, kick: web.xvda}',
			],
		});
		expect(report.faults).toMatchObject([
			{id: 'nudge', fired: 1, declared: [{kind: 'asleep', must: false, findings: 0}]},
		]);
		expect(report.verdict).toEqual({met: true, problems: []});
	});

	test('that an armed fault declares is explained by it, with when it ended', () => {
		const report = reportOf({
			pages: '{rw: randread, iodepth: 1}',
			timeline: ['{at: 100ms, fault: evt.lost, target: web.xvda, times: 1, id: nudge}', '{at: 150ms, kick: web.xvda}'],
		});
		expect(report.findings).toMatchObject([{kind: 'asleep', parties: ['web.xvda'], explainedBy: 'nudge'}]);
		expect(report.findings[0].ended).toBeGreaterThanOrEqual(150_000_000);
		expect(report.faults).toMatchObject([
			{id: 'nudge', fired: 1, declared: [{kind: 'asleep', must: false, findings: 1}]},
		]);
		expect(report.verdict.met).toBe(true);
		expect(reportText(report, plain)).toMatch(/· at 0\.10\d+ s, lasted \d+ ms: [\s\S]*\(explained by nudge\)/);
	});

	test('that an expectation asks for is explained by it, and no other is', () => {
		const host = run(smallHost({...quiet, expect: ['domains.lost < 1', 'oracle.violations == 0']}));
		host.engine.findings.report('oracle', 1, ['web', 'xvda'], 'a stale sector');
		expect(makeReport(host, facts).findings[0].explainedBy).toBe('');
	});
});

describe('expectations beyond the end of a shorter run', () => {
	test('are said to be not reached, and do not count', () => {
		const host = smallHost({
			...quiet,
			expect: ['oracle.violations == 1', '{that: web.xvda.read.errors == 0, from: 40ms, to: 90ms}'],
		});
		while (!host.advance(100_000_000, 10_000));
		const report = makeReport(host, {...facts, ending: 'until'});
		expect(report.expectations.map(({met}) => met)).toEqual([undefined, true]);
		expect([report.complete, report.verdict.met]).toEqual([false, true]);
		const text = reportText(report, plain);
		expect(text).toContain('INCOMPLETE: stopped at 0.100 s of 0.200 s (as asked)');
		expect(text).toContain('1 of 2 expectations were not reached and do not count');
		expect(text).toContain('– oracle.violations == 1: not reached');
	});
});

describe('the report of a recording', () => {
	const options = {pages: '{rw: randread, iodepth: 4, rate_iops: 500, rate_process: poisson}', runtime: '3s'};

	/** A recording of a run in which somebody kicked a ring, stopped where the budget ended. */
	function recorded(): string {
		const host = smallHost(options);
		while (!host.advance(1_100_000_000, 977));
		host.operate({verb: 'kick', target: {domain: 'web', vdev: 'xvda'}});
		while (!host.advance(2_100_000_000, 10_000));
		host.advance(host.runtime, 1234);
		return host.recording();
	}

	function replayed(text: string): Report {
		const host = new Host(parseScenario(text, 'recording.yaml'), {version: '1.2.3'});
		const end = host.scenario.recording?.end;
		while (
			end !== undefined &&
			host.executed < end.event &&
			!host.advance(end.at, Math.min(100, end.event - host.executed))
		);
		return makeReport(host, facts);
	}

	const text = recorded();

	test('says that every hash is the same', () => {
		const {recording, verdict} = replayed(text);
		expect(recording).toEqual({version: '0', checked: 3, total: 3, differs: undefined});
		expect(verdict.met).toBe(true);
	});

	test('says where a hash first differs, and fails', () => {
		const changed = text.replace(/(at: 2s, event: \d+, hash: )[0-9a-f]{16}/, '$10123456789abcdef');
		expect(changed).not.toBe(text);
		const report = replayed(changed);
		const {recording, verdict} = report;
		expect(recording?.differs).toMatchObject({at: 2_000_000_000, recorded: '0123456789abcdef'});
		expect(verdict.problems[0]).toMatch(/^the recording differs first at 2 s \(event \d+\)/);
		expect(reportText(report, plain)).toMatch(
			/^NOT MET: a state hash differs \((no expectations|expectations (\d+) of \2)\)$/m,
		);
	});

	test('without what the operator did differs from there on', () => {
		const without = text.replace(/^timeline:\n.*kick: web\.xvda.*\n/m, '');
		expect(without).not.toBe(text);
		expect(replayed(without).recording?.differs?.at).toBe(2_000_000_000);
	});
});
