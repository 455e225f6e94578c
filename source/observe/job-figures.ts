/** A job as a person sees it: fio's words, what it got done within the window, what it waits for now. */
import {summaryOf} from '../sim/guest/job-options.js';
import type {RunningHog, RunningJob} from '../sim/host/workloads.js';
import type {Job} from '../sim/scenario/types.js';
import type {Counter, Distribution, Samples} from './samples.js';
import type {JobView} from './snapshot.js';

export class JobFigures {
	readonly #operations: Counter;
	readonly #bytes: Counter;
	readonly #latency: Distribution;

	constructor(
		readonly job: RunningJob,
		samples: Samples,
	) {
		this.#operations = samples.counter(() => operationsOf(job));
		this.#bytes = samples.counter(() => job.counts().read.bytes + job.counts().write.bytes);
		this.#latency = job.isCommitting
			? samples.distribution(() => job.commits())
			: samples.distribution(
					() => job.counts().read.latency,
					() => job.counts().write.latency,
				);
	}

	view(now: number): JobView {
		const {running, words, summary, isCommitting} = this.job;
		const {read, write, flush} = this.job.counts();
		const {oldestSince, answeredAt} = running;
		const waits = oldestSince !== Number.POSITIVE_INFINITY;
		return {
			kind: 'disk',
			name: words.name,
			summary,
			on: words.on,
			measures: 'latency',
			rate: this.#operations.perSecond,
			bytesPerSecond: this.#bytes.perSecond,
			outstanding: running.outstanding,
			iodepth: words.iodepth,
			mean: this.#latency.mean,
			p50: this.#latency.p50,
			p99: this.#latency.p99,
			p999: this.#latency.p999,
			errors: read.errors + write.errors + flush.errors,
			oldest: waits ? now - oldestSince : 0,
			silence: waits ? now - Math.max(oldestSince, answeredAt) : 0,
			latencyOf: isCommitting ? 'commit' : '',
			verified: this.job.violations === 0,
			compared: read.latency.count > 0,
			connection: undefined,
			counters: [],
		};
	}
}

function operationsOf(job: RunningJob): number {
	const {read, write} = job.counts();
	return read.latency.count + write.latency.count;
}

/** A job that has no disk, or none yet. */
export function restingJobView(words: Job, hog: RunningHog | undefined): JobView {
	const rests = {
		measures: 'latency',
		name: words.name,
		rate: 0,
		bytesPerSecond: 0,
		outstanding: 0,
		mean: undefined,
		p50: undefined,
		p99: undefined,
		p999: undefined,
		errors: 0,
		oldest: 0,
		silence: 0,
		latencyOf: '',
		verified: true,
		compared: false,
		connection: undefined,
		counters: [],
	} as const;
	if (words.kind === 'disk') {
		return {...rests, kind: 'disk', summary: summaryOf(words), on: words.on, iodepth: words.iodepth};
	}

	const waits = hog === undefined || hog.hog.state !== 'running' ? ` (${hog?.hog.state ?? 'waiting'})` : '';
	return {...rests, kind: 'cpu', summary: `cpuload=${words.cpuload}${waits}`, on: 'cpu', iodepth: 0};
}
