/**
What expectations and `when:` lines may speak of: web.xvda.read.p99, Domain-0.cpu, oracle.violations. A metric is a path and
a unit; where its value comes from is the host's business (MetricSource in expectation.ts). Unknown words get a suggestion.
*/
import {closest} from '../../engine/closest.js';
import type {Leaf, MetricUnit} from './metric-leaf.js';
import {type NetworkScope, networkMetric, networkNames} from './metric-network.js';
import {quoted, Refused} from './problems.js';

export type {MetricUnit} from './metric-leaf.js';

export interface Metric {
	/** As written: `web.xvda.read.p99.9`. */
	readonly text: string;
	/** In parts, the percentile in one: `['web', 'xvda', 'read', 'p99.9']`. */
	readonly path: readonly string[];
	readonly unit: MetricUnit;
	/** A gauge is the state at one instant; all others are over a window. */
	readonly gauge: boolean;
}

/** The names a scenario gives, which metrics and targets may use. */
export interface Scope {
	/** Domain names to the disks on which they have jobs or frontends. */
	readonly domains: ReadonlyMap<string, readonly string[]>;
	/** Ids of fault lines. */
	readonly faults: readonly string[];
	/** Undefined where there is no network. */
	readonly network?: NetworkScope;
}

/** Metrics of the whole host. */
export const hostMetrics: Readonly<Record<string, Leaf>> = {
	'oracle.violations': {unit: 'count', means: 'reads that returned what no legal order of writes explains'},
	'oracle.checked': {unit: 'count', means: 'sectors read back and compared'},
	'acknowledged_writes.lost': {unit: 'count', means: 'sectors whose acknowledged write is gone'},
	'domains.lost': {unit: 'count', means: 'domains that died'},
	'host.outage': {unit: 'time', means: 'time in which the host ran no domain'},
	'host.idle': {unit: 'percent', means: 'share of all physical CPUs that ran nothing'},
};

/** Metrics of a domain: `Domain-0.cpu`. */
export const domainMetrics: Readonly<Record<string, Leaf>> = {
	cpu: {unit: 'percent', means: 'running, in percent of one physical CPU'},
	restarts: {unit: 'count', means: 'times it was built again, whatever had ended it, its host among them'},
	wait: {unit: 'percent', means: 'runnable but not running (steal), in percent of one physical CPU'},
};

/** Metrics of a disk of a domain: `web.xvda.outstanding`. */
export const diskMetrics: Readonly<Record<string, Leaf>> = {
	outstanding: {unit: 'count', gauge: true, means: 'requests on the ring without an answer, now'},
	'outstanding.max': {unit: 'count', means: 'the most requests on the ring without an answer'},
	'outstanding.mean': {unit: 'count', means: 'requests on the ring without an answer, averaged over time'},
	full: {unit: 'percent', means: 'share of the time in which every slot of the ring was taken'},
	stalled: {unit: 'time', means: 'time in which the channel slept with work on its ring'},
	outage: {unit: 'time', means: 'longest time without an answer while requests waited'},
	...operationMetrics('read'),
	...operationMetrics('write'),
	...operationMetrics('flush'),
};

/** Metrics of a disk's ring; domain zero's own disks have none. */
const ringMetrics = ['outstanding', 'outstanding.max', 'outstanding.mean', 'full', 'stalled'];

const faultMetrics: Readonly<Record<string, Leaf>> = {
	fired: {unit: 'count', means: 'times the fault has acted'},
};

function operationMetrics(operation: string): Record<string, Leaf> {
	const plural = operation === 'flush' ? 'flushes' : `${operation}s`;
	const time = (means: string): Leaf => ({unit: 'time', means});
	return {
		[`${operation}.rate`]: {unit: 'rate', means: `${plural} completed per second`},
		[`${operation}.count`]: {unit: 'count', means: `${plural} completed`},
		[`${operation}.errors`]: {unit: 'count', means: `${plural} that failed`},
		[`${operation}.mean`]: time(`mean latency of ${plural}`),
		[`${operation}.p50`]: time('median latency'),
		[`${operation}.p90`]: time('latency nine in ten stay below'),
		[`${operation}.p99`]: time('latency 99 in a hundred stay below'),
		[`${operation}.p99.9`]: time('latency 999 in a thousand stay below'),
		[`${operation}.max`]: time('largest latency'),
	};
}

/** Words a domain may not be called, since metrics begin with them. */
export const reservedNames: readonly string[] = [
	'oracle',
	'acknowledged_writes',
	'domains',
	'host',
	'fault',
	'all',
	'xen',
	'Xen',
	'lan',
];

/** Whether a name in the place of a job's already means something: a disk, an interface, a metric of the domain. */
export function isTaken(name: string): boolean {
	return Object.hasOwn(domainMetrics, name) || /^(xvd[a-p]|vif\d+|nvme\d.*|xenbr\d+)$/.test(name);
}

/** @throws Refused when the scenario has no such metric. */
export function parseMetric(text: string, scope: Scope): Metric {
	const parts = text.split('.');
	const [first] = parts;
	if (first === 'fault' && parts.length > 1) {
		if (!scope.faults.includes(parts[1])) {
			throw unknown('fault', parts[1], scope.faults, 'give the fault line an id');
		}

		return metric(text, ['fault', parts[1]], parts.slice(2).join('.'), faultMetrics);
	}

	const found = networkMetric(parts, scope.network);
	if (found !== undefined) {
		return metric(text, found.path, found.leaf, found.leaves);
	}

	const disks = scope.domains.get(first);
	if (disks === undefined) {
		const leaf = hostMetrics[text];
		if (Object.hasOwn(hostMetrics, text)) {
			return {text, path: parts, unit: leaf.unit, gauge: leaf.gauge === true};
		}

		if (reservedNames.includes(first)) {
			throw unknown('metric', text, Object.keys(hostMetrics), '');
		}

		const near = closest(text, Object.keys(hostMetrics));
		throw near === undefined
			? unknown('domain', first, [...scope.domains.keys()], `a metric is such as web.xvda.read.p99`)
			: new Refused(`unknown metric ${quoted(text)}, did you mean ${quoted(near)}?`);
	}

	const rest = parts.slice(1).join('.');
	if (Object.hasOwn(domainMetrics, rest)) {
		return metric(text, [first], rest, domainMetrics);
	}

	const others = networkNames(first, scope.network);
	if (parts.length < 3) {
		const known = [...Object.keys(domainMetrics), ...disks, ...others];
		throw unknown('metric', rest, known, `${first} has ${known.join(', ')}`);
	}

	if (!disks.includes(parts[1])) {
		const known = [...disks, ...others];
		throw unknown(others.length === 0 ? 'disk' : 'part', parts[1], known, `${first} has ${known.join(', ') || 'none'}`);
	}

	const leaf = parts.slice(2).join('.');
	if (first === 'Domain-0' && ringMetrics.includes(leaf)) {
		throw new Refused(`${quoted(leaf)} is about a ring, and Domain-0 reaches ${parts[1]} without one`);
	}

	return metric(text, [first, parts[1]], leaf, diskMetrics);
}

function metric(
	text: string,
	path: readonly string[],
	leafName: string,
	leaves: Readonly<Record<string, Leaf>>,
): Metric {
	if (!Object.hasOwn(leaves, leafName)) {
		throw unknown(
			'metric',
			leafName,
			Object.keys(leaves),
			`it is one of ${Object.keys(leaves).slice(0, 10).join(', ')} …`,
		);
	}

	const leaf = leaves[leafName];
	const percentile = /^(?:(.*)\.)?(p\d+\.\d+)$/.exec(leafName);
	const tail = percentile === null ? leafName.split('.') : percentile.slice(1).filter((part) => part !== undefined);
	return {text, path: [...path, ...tail], unit: leaf.unit, gauge: leaf.gauge === true};
}

function unknown(what: string, word: string, candidates: readonly string[], otherwise: string): Refused {
	const near = closest(word, candidates);
	const hint = near === undefined ? (otherwise === '' ? '' : `; ${otherwise}`) : `, did you mean ${quoted(near)}?`;
	return new Refused(`unknown ${what} ${quoted(word)}${hint}`);
}
