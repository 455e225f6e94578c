/** Every shipped scenario, run to its end, meets what it expects, and the host finds nothing wrong with itself. */
import {readdirSync, readFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {runHost} from '../../source/commands/run-host.js';
import {makeReport} from '../../source/observe/report.js';
import {Host} from '../../source/sim/host.js';
import {parseScenario} from '../../source/sim/scenario/parse.js';

const folder = new URL('../../scenarios/', import.meta.url);

for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
	test(`${file} meets its expectations`, {timeout: 120_000}, async () => {
		const host = new Host(parseScenario(readFileSync(new URL(file, folder), 'utf8'), file));
		const outcome = await runHost(host, {until: undefined, onSlice: () => {}, isInterrupted: () => false});
		const report = makeReport(host, {...outcome, version: 'test', fullHash: false, reproduce: ''});
		expect(outcome.ending).toBe('end');
		expect(report.expectations.filter(({met}) => met !== true)).toEqual([]);
		expect(report.verdict).toMatchObject({met: true});
		// Whatever its jobs use was used, and looked at.
		const {domains} = host.scenario;
		const usesDisks = domains.some(({jobs}) => jobs.some(({kind}) => kind === 'disk'));
		expect(host.oracle.sectorsChecked).toBeGreaterThanOrEqual(usesDisks ? 10_000 : 0);
		for (const job of host.workloads.network.jobs) {
			const {latency, sent, bytesOut, wrong} = job.counts();
			expect(latency.count + sent + bytesOut, job.id).toBeGreaterThan(100);
			expect(wrong, job.id).toBe(0);
		}
	});
}
