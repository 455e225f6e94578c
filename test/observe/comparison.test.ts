/** A comparison of architectures: figures side by side, ranges, what is missing, crashes from their first instant on; as text and as Markdown. */
import {describe, expect, test} from 'vitest';
import {type ColumnFigures, compared} from '../../source/observe/comparison.js';
import {runFigures} from '../../source/observe/comparison-figures.js';
import {comparisonGrid, comparisonMarkdown, comparisonText} from '../../source/observe/comparison-text.js';
import type {Figure} from '../../source/observe/comparison-types.js';
import {CrashWatch} from '../../source/observe/crash-watch.js';
import {makeReport} from '../../source/observe/report.js';
import {run, type SmallScenario, smallHost} from '../sim/host/metrics-scenario.js';

const facts = {version: '0', scenario: 'small', about: '', seed: 1, runtime: 1e9, factors: [] as number[], notes: []};
const second = 1_000_000_000;

function figure(name: string, value: number | string, more: Partial<Figure> = {}): Figure {
	return {section: 'CPU', name, unit: typeof value === 'string' ? 'text' : 'count', knob: false, value, ...more};
}

function column(architecture: string, figures: readonly Figure[], turned: ColumnFigures['turned'] = []): ColumnFigures {
	const applicable = {applicable: true, ending: 'end', met: true, stateHash: '0', reproduce: 'ringtop run'} as const;
	return {column: {architecture, ...applicable}, figures, turned};
}

/** The rows of a grid without their padding. */
function words(...columns: readonly ColumnFigures[]): string[][] {
	return comparisonGrid(compared(facts, columns)).rows.map((cells) => cells.map((cell) => cell.trim()));
}

describe('figures side by side', () => {
	test('have a row each, in the order of their columns, and a dash where an architecture has no such thing', () => {
		const elsewhere = figure('lines', 6, {section: 'Hypervisor'});
		const one = column('one', [figure('zero', 1), elsewhere, figure('idle', 2)]);
		const other = column('other', [figure('zero', 3), elsewhere, figure('driver', 4), figure('idle', 5)]);
		expect(words(one, other)).toEqual([
			['CPU', '', '', ''],
			['zero', '1', '3', ''],
			['driver', '–', '4', ''],
			['idle', '2', '5', ''],
			['Hypervisor', '', '', ''],
			['lines', '6', '6', ''],
		]);
	});

	test('carry the word knob when they depend on one, and > when they are the least they can be', () => {
		const figures = [figure('out', 1500, {unit: 'time', knob: true, open: true})];
		expect(words(column('one', figures))[1]).toEqual(['out', '> 1.50 µs', 'knob']);
	});

	test('have a range when the knobs were turned, but not those that depend on none', () => {
		const at = (value: number) => [figure('free', 7), figure('taken', value, {knob: true})];
		const rows = words(column('one', at(10), [at(4), at(25)]));
		expect(rows.slice(1)).toEqual([
			['free', '7', ''],
			['taken', '10 (4 – 25)', 'knob'],
		]);
	});

	test('have no range where it would read the same from end to end, or where the end of the run cut them short', () => {
		const at = (ns: number) => [
			figure('same', ns, {unit: 'time', knob: true}),
			figure('cut', ns, {unit: 'time', knob: true, open: true}),
		];
		expect(words(column('one', at(500_000_100), [at(500_000_050), at(500_000_200)])).slice(1)).toEqual([
			['same', '500 ms', 'knob'],
			['cut', '> 500 ms', 'knob'],
		]);
		expect(words(column('one', at(500_000_100), [at(250_000_000), at(900_000_000)])).slice(1)).toEqual([
			['same', '500 ms (250 ms – 900 ms)', 'knob'],
			['cut', '> 500 ms', 'knob'],
		]);
	});

	test('leave a column to the reason when the scenario is not applicable there', () => {
		const not: ColumnFigures = {
			column: {
				architecture: 'other',
				applicable: false,
				reason: 'small.yaml:3:1: it has no such thing as a driver domain',
			},
			figures: [],
			turned: [],
		};
		const rows = words(column('one', [figure('zero', 1)]), not);
		expect(
			rows
				.map((cells) => cells[2])
				.join(' ')
				.trim(),
		).toMatch(/^not applicable: small.yaml:3:1: it has no such thing as a driver domain +–$/);
		expect(comparisonMarkdown(compared(facts, [column('one', []), not]))).toContain(
			'| not applicable: small.yaml:3:1: it',
		);
	});

	test('are cleaned of what a terminal or Markdown would obey', () => {
		const hostile = compared(facts, [column('one', [figure('a|b \u001B[31m', 'x*y')])]);
		expect(comparisonText(hostile)).not.toContain('\u001B');
		expect(comparisonMarkdown(hostile)).not.toContain('\u001B');
		expect(comparisonMarkdown(hostile)).toMatch(/a\\\|b.*\| x\\\*y \|/);
	});
});

describe('the figures of a run', () => {
	function figures(options: SmallScenario, lines = 1234) {
		const host = smallHost(options);
		const watch = new CrashWatch(host);
		run(host);
		const report = makeReport(host, {version: '0', ending: 'end', reproduce: '', fullHash: false});
		const all = [...runFigures(host, report, lines), ...watch.figures()];
		const of = (section: string, name: string) =>
			all.find((each) => each.section === section && each.name === name) ?? figure('none', -1);
		return {host, report, all, of, value: (section: string, name: string) => Number(of(section, name).value)};
	}

	test('are the report’s: rates, latencies, notifications, and CPU time that adds up', () => {
		const {report, all, value} = figures({});
		const [{count, p999}] = report.jobs[0].operations;
		expect(value('Throughput', 'web.xvda pages read')).toBeCloseTo((count * second) / report.time);
		expect(value('Latency', 'web.xvda pages read p99.9')).toBe(p999);
		const [{front, back}] = report.channels;
		expect(value('Notifications', 'sent')).toBe(front.sent + back.sent);
		expect(value('Notifications', 'held off')).toBe(front.heldOff + back.heldOff);
		const cpu = all.filter(({section}) => section === 'CPU').reduce((sum, each) => sum + Number(each.value), 0);
		expect(cpu).toBeCloseTo(200);
		expect(value('Hypervisor', 'lines of code')).toBe(1234);
		const executed = report.cpu.domains.reduce((sum, {xen}) => sum + xen, report.cpu.xen);
		expect(value('Hypervisor', 'time executed there')).toBe(executed);
	});

	const crash = '{at: 50ms, fault: drv.crash, target: nvme0, id: bang}';

	test('of a crash begin at its first instant, and say when it was not over at the end', () => {
		const {value, of} = figures({timeline: [crash]});
		const section = 'Crash bang: drv.crash nvme0';
		const at = value(section, 'acted at');
		expect(at).toBeGreaterThanOrEqual(50_000_000);
		expect(at).toBeLessThan(51_000_000);
		expect(value(section, 'domains lost')).toBe(2);
		expect(value(section, 'acknowledged writes lost')).toBe(0);
		expect(of(section, 'outage web.xvda')).toMatchObject({value: 200_000_000 - at, open: true, knob: true});
		expect(of(section, 'time to recover')).toMatchObject({value: 200_000_000 - at, open: true});
	});

	test('of a crash end with the first answer after it', () => {
		const {value, of, host} = figures({timeline: [crash], runtime: '20s', pages: '{rw: randread, rate_iops: 200}'});
		const section = 'Crash bang: drv.crash nvme0';
		expect(of(section, 'time to recover').open).toBeUndefined();
		const down = value(section, 'host down');
		expect(down).toBe(host.past.outage);
		expect(value(section, 'outage web.xvda')).toBeGreaterThan(down);
		expect(value(section, 'time to recover')).toBe(value(section, 'outage web.xvda'));
	});

	test('of two crashes are each one’s own', () => {
		const again = '{at: 150ms, fault: guest.crash, target: web, id: second}';
		const {value, all} = figures({timeline: ['{at: 50ms, fault: guest.crash, target: web, id: first}', again]});
		const sections = new Set(all.map(({section}) => section).filter((section) => section.startsWith('Crash')));
		expect([...sections]).toEqual(['Crash first: guest.crash web']);
		expect(value('Crash first: guest.crash web', 'domains lost')).toBe(1);
	});

	test('watched or not, the run is the same', () => {
		const plain = run(smallHost({timeline: [crash]}));
		expect(figures({timeline: [crash]}).report.stateHash).toBe(plain.engine.hash.toString());
	});
});
