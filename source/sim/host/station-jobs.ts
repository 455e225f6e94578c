/** The jobs of a scenario that use a network, each with its name in the whole host and the station it is at. */
import type {NetJob, Scenario} from '../scenario/types.js';

export interface StationJob {
	/** `web/http`, `lan.client/load` */
	readonly id: string;
	readonly words: NetJob;
	readonly station: string;
}

/** Every job that uses a network, in the scenario's order. */
export function stationJobs({domains, lan}: Scenario): StationJob[] {
	return [
		...domains.flatMap(({name, netJobs}) =>
			netJobs.map((words) => ({id: `${name}/${words.name}`, words, station: `${name}.${words.on}`})),
		),
		...(lan?.hosts ?? []).flatMap(({name, jobs}) =>
			jobs.map((words) => ({id: `lan.${name}/${words.name}`, words, station: `lan.${name}`})),
		),
	];
}
