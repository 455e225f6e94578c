/** The scenario's jobs that use a network, put to work as their ends can be reached; and what they find wrong is a finding. */
import type {Engine} from '../../engine/engine.js';
import type {Scenario} from '../scenario/types.js';
import {RunningNetJob} from './net-job.js';
import type {Station} from './station.js';
import {stationJobs} from './station-jobs.js';

/** Where the servers of jobs listen: the first of a station's here, the next one above. */
const servePort = 80;
const iperfPort = 5201;

/** The kind of finding that data not as sent is. */
export const trafficFinding = 'traffic';

interface Unreported {
	readonly job: RunningNetJob;
	/** All pieces of the job's so far. */
	readonly wrong: number;
	readonly parties: readonly string[];
	readonly text: string;
}

export class NetWorkloads {
	readonly jobs: readonly RunningNetJob[];
	/** Pieces of each job's data, not as sent, that were reported. */
	readonly #reported = new Map<RunningNetJob, number>();

	constructor(
		private readonly engine: Engine,
		scenario: Scenario,
	) {
		this.jobs = stationJobs(scenario).map(({id, words, station}, index) => {
			// Servers of several jobs may be at one station: each job has a port of its own.
			const port = (words.kind === 'serve' ? servePort : iperfPort) + index;
			return new RunningNetJob(engine, id, words, station, port);
		});
	}

	stationReady(station: Station): void {
		for (const job of this.jobs) {
			job.stationReady(station);
		}
	}

	/** Data that arrived and was not as sent is a finding. */
	check(): void {
		const {findings, log, now} = this.engine;
		for (const {job, wrong, parties, text} of this.unreported()) {
			this.#reported.set(job, wrong);
			findings.report(trafficFinding, now, parties, text);
			log.add(now, job.id, 'error', 'check', text);
		}
	}

	/** What came since the last check: a run that ends before the next one is judged by it, too. Changes nothing. */
	unreported(): Unreported[] {
		return this.jobs.flatMap((job) => {
			const {wrong} = job.counts();
			const more = wrong - (this.#reported.get(job) ?? 0);
			const what = more === 1 ? '1 piece of data arrived that was' : `${more} pieces of data arrived that were`;
			return more > 0 ? {job, wrong, parties: [job.id], text: `${job.id}: ${what} not as sent`} : [];
		});
	}
}
