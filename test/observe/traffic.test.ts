/** Data of the network that arrives other than it was sent: a finding, whenever the run ends. */
import {expect, test} from 'vitest';
import {makeReport} from '../../source/observe/report.js';
import {Host} from '../../source/sim/host.js';
import {millisecond, scenarioOf} from '../support/hosts.js';

const text = (expected: string, more: string) => `name: t
host: { memory: 512MiB, devices: { eth0: { model: 82540EM, pci: "00:05.0", iommu: off } } }
lan: { hosts: { client: { ip: 10.0.0.9 } } }
domains:
  Domain-0: { memory: 128MiB }
  web: { memory: 64MiB, vif: [{ ip: 10.0.0.1 }], jobs: { ask: { iperf: client, udp: on } } }
${more}runtime: 900ms
expect: [${expected}]
`;

/** The verdict of a run in which one datagram, changed behind every checksum, was found wrong by the job that waited for it. */
function judged(expected = '', more = '') {
	const host = new Host(scenarioOf(text(expected, more)));
	const [job] = host.workloads.network.jobs;
	const counts = job.counts.bind(job);
	job.counts = () => {
		const {wrong, errors, ...rest} = counts();
		const spoilt = host.now > 800 * millisecond ? 1 : 0;
		return {...rest, wrong: wrong + spoilt, errors: errors + spoilt};
	};
	host.advance(900 * millisecond, Number.POSITIVE_INFINITY);
	const report = makeReport(host, {version: '1', ending: 'end', reproduce: '', fullHash: false, failure: undefined});
	return {verdict: report.verdict, traffic: report.findings.filter(({kind}) => kind === 'traffic')};
}

test('nobody answers for it: the run fails, though it ended before the next check', () => {
	const {verdict, traffic} = judged();
	expect(traffic.length).toBe(1);
	expect(verdict).toEqual({
		met: false,
		problems: ['at 900 ms, unexplained (traffic): web/ask: 1 piece of data arrived that was not as sent'],
	});
});

test('a stray transfer answers for it, on every job of the network', () => {
	const {verdict, traffic} = judged(
		'',
		'timeline: [{ at: 700ms, fault: hw.dma.stray, target: eth0, into: web, id: astray }]\n',
	);
	expect(traffic.map(({explainedBy}) => explainedBy)).toEqual(['astray']);
	expect(verdict.problems).toEqual([]);
});

test('a scenario that expects errors of the job explains them', () => {
	const {verdict, traffic} = judged('web.ask.errors > 0');
	expect(traffic.map(({explainedBy}) => explainedBy)).toEqual(['expect web.ask.errors > 0']);
	expect(verdict).toEqual({met: true, problems: []});
});
