/** The scenario's jobs that use a network, put to work as their ends can be reached; and what they find wrong is a finding. */
import type {Engine} from '../../engine/engine.js';
import type {Scenario} from '../scenario/types.js';
import {RunningNetJob} from './net-job.js';
import type {Station} from './station.js';
import {stationJobs} from './station-jobs.js';

/** Where the servers of jobs listen: the first of a station's here, the next one above. */
const servePort = 80;
const iperfPort = 5201;

export class NetWorkloads {
	readonly jobs: readonly RunningNetJob[];
	/** Errors of each job that were reported. */
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
		for (const job of this.jobs) {
			const {wrong} = job.counts();
			const before = this.#reported.get(job) ?? 0;
			if (wrong > before) {
				this.#reported.set(job, wrong);
				const text = `${job.id}: ${wrong - before} pieces of data arrived that were not as sent`;
				this.engine.findings.report('traffic', this.engine.now, [job.id], text);
				this.engine.log.add(this.engine.now, job.id, 'error', 'check', text);
			}
		}
	}
}
