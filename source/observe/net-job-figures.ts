/** A job of a network as a person sees it: round trips, throughput or responses within the window, and what got lost on the way. */
import type {RunningNetJob} from '../sim/host/net-job.js';
import type {Counter, Distribution, Samples} from './samples.js';
import type {JobView} from './snapshot.js';

/** Samples of a simulated second: what had no answer in all of them has none. */
const remembered = 10;

export class NetJobFigures {
	readonly #done: Counter;
	readonly #sent: Counter;
	readonly #bytes: Counter;
	readonly #latency: Distribution;
	/** Missing answers at each of the last samples, the newest last. */
	readonly #missing: number[] = [];
	/** When something was last seen to come back, ns, and all that had by then. */
	#answeredAt = 0;
	#answered = -1;

	constructor(
		readonly job: RunningNetJob,
		samples: Samples,
	) {
		this.#done = samples.counter(() => job.counts().latency.count);
		this.#sent = samples.counter(() => job.counts().sent);
		this.#bytes = samples.counter(() => job.counts().bytesIn + job.counts().bytesOut);
		this.#latency = samples.distribution(() => job.counts().latency);
	}

	/** Called with each sample: what has no counter is looked at as often as that. */
	notice(now: number): void {
		const {latency, bytesIn, bytesOut, lost} = this.job.counts();
		const answered = latency.count + bytesIn + bytesOut;
		if (answered !== this.#answered || this.job.state !== 'running') {
			this.#answered = answered;
			this.#answeredAt = now;
		}

		this.#missing.push(lost);
		if (this.#missing.length > remembered) {
			this.#missing.shift();
		}
	}

	view(now: number): JobView {
		const {job} = this;
		const {words} = job;
		const counts = job.counts();
		const running = job.state === 'running';
		// Those under way count as missing until they are answered.
		const lost = Math.min(counts.lost, ...this.#missing);
		const waits = {
			ping: counts.lost - lost,
			serve: Math.max(0, counts.sent - counts.latency.count - counts.failed),
			iperf: 0,
			pcap: 0,
		}[words.kind];
		const due = words.kind === 'ping' ? words.interval : 0;
		const asks = words.kind === 'ping' && (words.count === 0 || counts.sent < words.count);
		const expects = running && (asks || words.kind === 'iperf' || waits > 0);
		return {
			kind: 'net',
			name: words.name,
			summary: job.state === 'ended' ? `${job.summary} (done)` : job.summary,
			on: words.on,
			measures: words.kind === 'iperf' ? 'throughput' : words.kind === 'pcap' ? 'rate' : 'latency',
			rate: (words.kind === 'pcap' ? this.#sent : this.#done).perSecond,
			bytesPerSecond: this.#bytes.perSecond,
			outstanding: waits,
			iodepth: 0,
			latencyOf: words.kind === 'ping' ? 'rtt' : '',
			mean: this.#latency.mean,
			p50: this.#latency.p50,
			p99: this.#latency.p99,
			p999: this.#latency.p999,
			errors: counts.errors,
			oldest: 0,
			silence: expects ? Math.max(0, now - this.#answeredAt - due) : 0,
			verified: counts.wrong === 0,
			compared: counts.latency.count + counts.bytesIn + counts.bytesOut > 0,
			connection: connectionOf(job),
			counters: countersOf(words, lost, counts.retransmits),
		};
	}
}

function connectionOf(job: RunningNetJob): JobView['connection'] {
	const sender = job.state === 'running' ? job.sender() : undefined;
	if (sender === undefined) {
		return undefined;
	}

	const {congestion, roundTrip} = sender;
	return {
		window: congestion.window,
		threshold: congestion.recoveries + congestion.timeouts === 0 ? undefined : congestion.threshold,
		roundTrip: roundTrip.smoothed,
		repairs: congestion.inRecovery,
	};
}

function countersOf(words: RunningNetJob['words'], lost: number, retransmits: number): JobView['counters'] {
	switch (words.kind) {
		case 'ping':
			return [['lost', lost]];
		case 'iperf':
			return words.udp ? [['lost', lost]] : [['resent', retransmits]];
		default:
			return [];
	}
}
