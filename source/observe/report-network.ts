/**
What a report says of networks: jobs, virtual interfaces, NICs, bridges and hosts of the LAN. Directions are each one's own: what a guest's
interface sends is `sent`. Bytes are from the Ethernet header on; times are integer nanoseconds of virtual time.
*/
import type {Histogram} from '../engine/histogram.js';
import type {BridgeSample, LanSample, NicSample, TrafficSample, VifSample} from '../sim/host/counters-network.js';
import type {Sample} from '../sim/host/sample.js';
import type {Host} from '../sim/host.js';
import type {NetJob} from '../sim/scenario/types-network.js';

export interface NetJobReport {
	/** `web/http`, `lan.client/load` */
	readonly job: string;
	readonly kind: NetJob['kind'];
	/** What a person would type: `ping client`. */
	readonly summary: string;
	/** `web.vif0`, `lan.client` */
	readonly station: string;
	/** Responses received whole, echo replies. */
	readonly count: number;
	/** Requests, echo requests, frames sent. */
	readonly sent: number;
	/** Echoes without an answer, those under way included; datagrams that did not arrive. */
	readonly lost: number;
	/** Bytes of data that arrived at the job's peer, and at its own end. */
	readonly bytesOut: number;
	readonly bytesIn: number;
	/** Segments that TCP sent again, at both ends. */
	readonly retransmits: number;
	/** Requests that failed with their connection; pieces of data that were not as sent. */
	readonly failed: number;
	readonly wrong: number;
	/** As the metric: requests that failed or whose response was not as sent, each once. */
	readonly errors: number;
	/** Round trips of ping; from a request (its arrival, at a rate) to the last byte of its response. Quantiles to within 1/128. */
	readonly mean: number;
	readonly p50: number;
	readonly p99: number;
	readonly p999: number;
	readonly max: number;
}

/** Everything of networks; each list is empty where there is none. */
export interface NetworkReport {
	readonly netJobs: readonly NetJobReport[];
	readonly vifs: readonly ({readonly vif: string} & VifSample)[];
	readonly nics: readonly ({readonly nic: string; readonly model: string} & NicSample)[];
	readonly bridges: readonly ({readonly bridge: string} & BridgeSample)[];
	readonly lanHosts: readonly ({readonly host: string} & TrafficSample)[];
	/** What impairments of the LAN's links did. */
	readonly lan: LanSample;
}

export function networkReport({boot, workloads}: Host, {network}: Sample): NetworkReport {
	const {vifs, nics, bridges, lan} = boot.network;
	return {
		netJobs: workloads.network.jobs.map(({id, words, summary, station}) => {
			const {latency, ...counted} = network.netJob(id);
			return {job: id, kind: words.kind, summary, station, count: latency.count, ...counted, ...times(latency)};
		}),
		vifs: vifs.map(({id}) => ({vif: id, ...network.vif(id)})),
		nics: nics.map(({name, model}) => ({nic: name, model, ...network.nic(name)})),
		bridges: bridges.map(({words: {name}}) => ({bridge: name, ...network.bridge(name)})),
		lanHosts: (lan?.hosts ?? []).map(({name}) => ({host: name, ...network.lanHost(name)})),
		lan: network.lan,
	};
}

function times(latency: Histogram): Pick<NetJobReport, 'mean' | 'p50' | 'p99' | 'p999' | 'max'> {
	return {
		mean: Math.round(latency.mean),
		p50: latency.quantile(500_000),
		p99: latency.quantile(990_000),
		p999: latency.quantile(999_000),
		max: latency.maximum,
	};
}
