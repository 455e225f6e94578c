/** Expectations: windows, tolerances, logs, and what is not yet or never measured. */
import {describe, expect, it} from 'vitest';
import {evaluateExpectations, type MetricSource, windowsOf} from '../../../source/sim/scenario/expectation.js';
import {parseScenario} from '../../../source/sim/scenario/parse.js';
import {base} from './base.js';

const fault = 'timeline:\n  - { at: 5s, fault: evt.lost, target: web.xvda, id: nudge }\n';
const scenarioWith = (...lines: string[]) =>
	parseScenario(`${base}${fault}expect:\n${lines.map((line) => `  - ${line}\n`).join('')}`, 't.yaml');

/** A host in which every metric has the value its path says here, or the length of its window in ns. */
function source(
	values: Record<string, number | undefined>,
	fired?: number,
	log: {time: number; text: string}[] = [],
): MetricSource {
	return {
		value: (path, from, to) => {
			const key = path.join('/');
			return key in values ? values[key] : to - from;
		},
		firedAt: () => fired,
		log: () => log,
		domainCount: 2,
	};
}

const check = (line: string, from: MetricSource, until = 60e9) => {
	const [{met, reached, measured}] = evaluateExpectations(scenarioWith(line), from, until);
	return {met, reached, measured};
};

describe('expectations', () => {
	it('compare a metric over the whole run', () => {
		expect(check('oracle.violations == 0', source({'oracle/violations': 0}))).toEqual({
			met: true,
			reached: true,
			measured: '0',
		});
		expect(check('oracle.violations == 0', source({'oracle/violations': 2}))).toEqual({
			met: false,
			reached: true,
			measured: '2',
		});
	});

	it('keep a percentile with a fraction in one part', () => {
		const values = {'web/xvda/read/p99.9': 402_000};
		expect(check('web.xvda.read.p99.9 < 1ms', source(values))).toEqual({met: true, reached: true, measured: '402 µs'});
	});

	it('ask for exactly their window', () => {
		expect(check('{ that: web.xvda.stalled == 2s, from: 2s, to: 4s }', source({}))).toMatchObject({
			met: true,
			measured: '2 s',
		});
		expect(check('{ that: web.xvda.stalled == 60s }', source({}))).toMatchObject({met: true});
		expect(check('{ that: web.xvda.stalled == 3s, at: 3s }', source({}))).toMatchObject({met: true});
	});

	it('widen equality by a share', () => {
		const line = '{ that: web.xvda.stalled == 1s, within: 2% }';
		expect(check(line, source({'web/xvda/stalled': 1.019e9}))).toMatchObject({met: true});
		expect(check(line, source({'web/xvda/stalled': 1.021e9}))).toMatchObject({met: false, measured: '1.02 s'});
	});

	it('begin when a fault first acts', () => {
		const line = '{ that: web.xvda.stalled == 50s, after: nudge }';
		expect(check(line, source({}, 10e9))).toMatchObject({met: true});
		expect(check(line, source({}))).toEqual({
			met: false,
			reached: true,
			measured: 'the fault it waits for never acted',
		});
	});

	it('compare with what was before a fault', () => {
		const line = '{ that: web.xvda.read.count >= 95% of before nudge, from: 20s }';
		expect(check(line, source({}, 10e9))).toMatchObject({met: true});
		expect(check(line, source({}, 50e9))).toMatchObject({met: false});
	});

	it('are not judged before their window is over', () => {
		const line = '{ that: web.xvda.stalled == 2s, from: 2s, to: 4s }';
		expect(check(line, source({}), 3e9)).toEqual({met: false, reached: false, measured: 'not reached'});
		expect(check('oracle.violations == 0', source({}), 3e9)).toMatchObject({reached: false});
	});

	it('are broken by what was never measured', () => {
		const values = {'web/xvda/read/p99': undefined};
		expect(check('web.xvda.read.p99 < 1s', source(values))).toEqual({
			met: false,
			reached: true,
			measured: 'nothing measured',
		});
	});

	it('count all domains', () => {
		expect(check('domains.lost == all', source({'domains/lost': 2}))).toMatchObject({met: true});
	});

	it('look for lines of the log in their order', () => {
		const log = [
			{time: 6e9, text: 'web xvda: asleep'},
			{time: 7e9, text: 'web xvda: kicked by operator'},
		];
		const line = '{ log: ["web xvda: asleep", "kicked * operator"], within: 3s, after: nudge }';
		expect(check(line, source({}, 5e9, log))).toEqual({met: true, reached: true, measured: '2 of 2 lines'});
		expect(check(line, source({}, 2e9, log))).toMatchObject({met: false, measured: "no line 'web xvda: asleep'"});
		expect(check(line, source({}, 5e9, [...log].reverse()))).toMatchObject({met: false});
	});

	it('are about their architectures only', () => {
		const scenario = scenarioWith('{ that: web.cpu > 1%, under: [xen1] }', '{ that: web.cpu > 2%, under: xen2 }');
		expect(evaluateExpectations(scenario, source({'web/cpu': 31.23}), 60e9)).toEqual([
			{text: 'web.cpu > 2%', met: true, reached: true, measured: '31.2 %'},
		]);
		expect(windowsOf(scenario)).toHaveLength(1);
	});

	it('name the windows they need, each once', () => {
		const scenario = scenarioWith(
			'oracle.violations == 0',
			'acknowledged_writes.lost == 0',
			'{ that: web.cpu > 2%, from: 2s, to: 4s }',
			'{ that: web.cpu < 50%, from: 2s, to: 4s }',
			'{ that: web.xvda.read.rate >= 95% of before nudge, after: nudge }',
		);
		expect(windowsOf(scenario)).toEqual([
			{from: 0, to: undefined},
			{from: 2e9, to: 4e9},
			{from: {after: 'nudge'}, to: undefined},
			{from: 0, to: {after: 'nudge'}},
		]);
	});
});
