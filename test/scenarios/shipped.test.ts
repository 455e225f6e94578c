/** Every shipped scenario, run to its end, meets what it expects, and the host finds nothing wrong with itself. */
import {readdirSync, readFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {runHost} from '../../source/commands/run-host.js';
import {makeReport} from '../../source/observe/report.js';
import {Host} from '../../source/sim/host.js';
import {parseScenario} from '../../source/sim/scenario/parse.js';
import {architectures} from '../../source/sim/scenario/vocabulary.js';

const folder = new URL('../../scenarios/', import.meta.url);

/** What an included file says. */
const readInclude = (file: string) => ({file, text: readFileSync(new URL(file, folder), 'utf8')});

/** A scenario under each architecture it names: its own, and those that expectations are about. */
const runs = readdirSync(folder)
	.filter((name) => name.endsWith('.yaml'))
	.flatMap((file) => {
		const {text} = readInclude(file);
		const {arch, expect: lines} = parseScenario(text, file, {readInclude});
		const named = lines.flatMap(({under}) => under ?? []);
		const all = architectures.filter((each) => each === arch || named.includes(each));
		return all.map((each) => ({file, arch: each, scenario: parseScenario(text, file, {readInclude, arch: each})}));
	});

for (const {file, arch, scenario} of runs) {
	test(`${file} meets its expectations under ${arch}`, {timeout: 120_000}, async () => {
		const host = new Host(scenario);
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
