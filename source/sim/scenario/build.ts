/**
From the shape of a file to a Scenario: disks, domains and jobs are built, and names in the timeline and in the expectations
are resolved. Whatever cannot exist is reported with its remedy, all of it at once.
*/
import {buildDevices, extentsOf} from './build-device.js';
import {buildDomains, checkMemory, checkSharing} from './build-domain.js';
import {checkWrites} from './build-writes.js';
import {buildExpectation} from './expectation.js';
import type {Scope} from './metric.js';
import {quoted} from './problems.js';
import {buildRecording} from './recording.js';
import {didYouMean, type ReportAt} from './report.js';
import type {RawScenario} from './schema.js';
import {buildLine, type TimelineLine} from './timeline.js';
import type {DomainWords, Scenario} from './types.js';

/** Lines with `when`: every one is looked at again and again. */
const mostConditions = 64;

/** @param costNames names of the costs that may be overridden; undefined admits any. */
export function buildScenario(
	raw: RawScenario,
	source: Readonly<Record<string, unknown>>,
	report: ReportAt,
	costNames: readonly string[] | undefined,
): Scenario {
	const devices = buildDevices(raw, report);
	const extents = extentsOf(devices);
	const domains = buildDomains(raw, extents, report);
	checkMemory(raw, domains, report);
	checkSharing(raw, domains, extents, report);
	checkWrites(raw, domains, extents, report);
	if (costNames !== undefined) {
		for (const name of Object.keys(raw.costs)) {
			if (!costNames.includes(name)) {
				report(['costs', name], `unknown cost ${didYouMean(name, costNames)}`, 'key');
			}
		}
	}

	const scope = scopeOf(raw, domains);
	return {
		name: raw.name,
		about: raw.about,
		question: raw.question,
		arch: raw.arch,
		seed: raw.seed,
		runtime: raw.runtime,
		host: {cpus: raw.host.cpus, memory: raw.host.memory, scheduler: raw.host.scheduler, devices},
		costs: raw.costs,
		domains,
		timeline: buildTimeline(raw, domains, scope, report),
		expect: raw.expect.flatMap((line, index) => {
			const at = (key: string, message: string) =>
				report(key === '' ? ['expect', index] : ['expect', index, key], message);
			return buildExpectation(line, scope, raw.runtime, at) ?? [];
		}),
		recording: buildRecording(raw.recording),
		source,
	};
}

function scopeOf(raw: RawScenario, domains: readonly DomainWords[]): Scope {
	let count = 0;
	const faults = raw.timeline.flatMap((line) => (line.fault === undefined ? [] : [line.id ?? `fault-${++count}`]));
	const disksOf = ({disks, jobs}: DomainWords): string[] => [
		...new Set([...disks.map(({vdev}) => vdev), ...jobs.flatMap((job) => (job.kind === 'disk' ? [job.on] : []))]),
	];
	return {domains: new Map(domains.map((domain) => [domain.name, disksOf(domain)])), faults};
}

function buildTimeline(
	raw: RawScenario,
	domains: readonly DomainWords[],
	scope: Scope,
	report: ReportAt,
): TimelineLine[] {
	const channels = domains.flatMap(({name, disks}) => disks.map(({vdev}) => `${name}.${vdev}`));
	const ids = new Set<string>();
	let fault = 0;
	let conditions = 0;
	return raw.timeline.flatMap((line, index) => {
		const at = (key: string, message: string) =>
			report(key === '' ? ['timeline', index] : ['timeline', index, key], message);
		if (line.when !== undefined && ++conditions === mostConditions + 1) {
			at('when', `more than ${mostConditions} lines with 'when'; each costs time all through the run`);
		}

		const fallbackId = line.fault === undefined ? '' : scope.faults[fault++];
		if (line.fault !== undefined && ids.has(fallbackId)) {
			at('id', `there is a fault ${quoted(fallbackId)} already; give each its own id`);
		}

		ids.add(fallbackId);
		return buildLine(line, {...scope, channels, runtime: raw.runtime, fallbackId}, at) ?? [];
	});
}
