/**
Measured values for expectations and `when:` lines: every metric of scenario/metric.ts, over any of the windows that the scenario
names. Samples are taken by events of the engine at the windows' edges, and when a fault that a window waits for
first acts, so that a run is the same whoever asks. See evaluateExpectations.
*/
import {assert} from '../../engine/assert.js';
import {Step} from '../../engine/step.js';
import {type Condition, compare} from '../scenario/condition.js';
import {type Instant, type MetricSource, windowsOf} from '../scenario/expectation.js';
import {type Counters, countsSince} from './counters.js';
import {type Latency, latencyValue} from './latency-value.js';
import {operations} from './meters.js';
import {NetworkMetrics} from './metrics-network.js';
import {LiveCounters, type MeasuredHost, type Sample, takeSample} from './sample.js';

/** Virtual time between two looks at a `when:` condition that is over time rather than a gauge, ns. */
const lookPeriod = 1_000_000;

const second = 1_000_000_000;

export class Metrics implements MetricSource {
	readonly #live: LiveCounters;
	readonly #network: NetworkMetrics;
	readonly #samples = new Map<number, Sample>();
	readonly #firstFired = new Map<string, number>();
	/** Faults whose first act begins or ends a window. */
	readonly #awaited = new Set<string>();
	/** When a condition over time was last looked at, and what came of it. */
	readonly #looked = new Map<Condition, number>();

	/** Made once, with the host: schedules the samples of its scenario's windows. */
	constructor(private readonly measured: MeasuredHost) {
		const {engine, scenario, rules} = measured;
		this.#live = new LiveCounters(measured);
		this.#network = new NetworkMetrics(scenario);
		const edges = new Set<number>();
		const add = (instant: Instant | undefined) => {
			if (typeof instant === 'number') {
				edges.add(instant);
			} else if (instant !== undefined) {
				this.#awaited.add(instant.after);
			}
		};
		for (const {from, to} of windowsOf(scenario)) {
			add(from);
			add(to);
		}

		for (const {trigger} of scenario.timeline) {
			if (trigger.kind === 'when' && trigger.condition.wanted.kind === 'share') {
				this.#awaited.add(trigger.condition.wanted.before);
			}
		}

		rules.onFired = ({options}) => this.#fired(options.id);
		this.#sample();
		const step = new Step('sample', engine.world, 0, false, () => this.#sample());
		for (const edge of [...edges].sort((a, b) => a - b)) {
			if (edge > 0) {
				engine.at(edge, step);
			}
		}
	}

	get domainCount(): number {
		const {boot, past} = this.measured;
		return new Set([...boot.domains.map(({name}) => name), ...past.domains.names]).size;
	}

	firedAt(id: string): number | undefined {
		return this.#firstFired.get(id);
	}

	*log(): Iterable<{readonly time: number; readonly text: string}> {
		for (const {time, source, text} of this.measured.engine.log.since(0)) {
			yield {time, text: `${source}: ${text}`};
		}
	}

	/** `from` and `to` are edges of the scenario's windows, times at which an awaited fault first acted, or now. */
	value(path: readonly string[], from: number, to: number): number | undefined {
		const earlier = this.#samples.get(from);
		const later = to === this.measured.engine.now ? this.#live : this.#samples.get(to);
		assert(earlier !== undefined && later !== undefined, 'metrics are asked for at the edges of windows');
		return this.#measure(path, earlier, later);
	}

	/**
	Whether a condition holds now: a gauge's by its state at this instant, any other's over the time since `from`. Those over time
	are looked at once a millisecond of virtual time. May be asked after every event; changes nothing.
	*/
	holds(condition: Condition, from: number): boolean {
		const {metric, operator, wanted} = condition;
		const {now} = this.measured.engine;
		if (!metric.gauge) {
			const next = this.#looked.get(condition) ?? 0;
			if (now < next) {
				return false;
			}

			this.#looked.set(condition, now + lookPeriod);
		}

		let earlier = this.#samples.get(from);
		if (earlier === undefined) {
			// The first look at it, at the very event that began to wait.
			earlier = this.#sample();
		}

		const measured = this.#measure(metric.path, earlier, this.#live);
		const limit = this.#wanted(metric.path, wanted);
		return measured !== undefined && limit !== undefined && compare(measured, operator, limit);
	}

	#wanted(path: readonly string[], wanted: Condition['wanted']): number | undefined {
		switch (wanted.kind) {
			case 'number':
				return wanted.value;
			case 'all':
				return this.domainCount;
			case 'share': {
				const fired = this.firedAt(wanted.before);
				const before = fired === undefined ? undefined : this.value(path, 0, fired);
				return before === undefined ? undefined : (before * wanted.percent) / 100;
			}
		}
	}

	#fired(id: string): void {
		if (!this.#firstFired.has(id)) {
			this.#firstFired.set(id, this.measured.engine.now);
			if (this.#awaited.has(id)) {
				this.#sample();
			}
		}
	}

	/** A window begins or ends now. The first sample of an instant stands. */
	#sample(): Sample {
		const {now} = this.measured.engine;
		const known = this.#samples.get(now);
		if (known !== undefined) {
			return known;
		}

		const sample = takeSample(this.measured);
		this.#samples.set(now, sample);
		for (const {meter} of this.measured.boot.channels) {
			meter.mark(now);
		}

		return sample;
	}

	#measure(path: readonly string[], earlier: Counters, later: Counters): number | undefined {
		const [first, next] = path;
		const elapsed = later.time - earlier.time;
		switch (first) {
			case 'oracle':
				return next === 'violations'
					? later.host.oracleViolations - earlier.host.oracleViolations
					: later.host.oracleChecked - earlier.host.oracleChecked;
			case 'acknowledged_writes':
				return later.host.sectorsLost - earlier.host.sectorsLost;
			case 'domains':
				return later.host.domainsLost - earlier.host.domainsLost;
			case 'host': {
				if (next === 'outage') {
					return later.host.outage - earlier.host.outage;
				}

				const cpus = this.measured.scenario.host.cpus;
				return elapsed === 0 ? undefined : (100 * (later.host.xen.idle - earlier.host.xen.idle)) / (elapsed * cpus);
			}

			case 'fault':
				return later.fired(next) - earlier.fired(next);
		}

		const network = this.#network.value(path, earlier, later);
		if (network !== null) {
			return network;
		}

		if (next === 'restarts') {
			return later.restarts(first) - earlier.restarts(first);
		}

		if (next === 'cpu' || next === 'wait') {
			const [before, after] = [earlier.domain(first), later.domain(first)];
			const time =
				next === 'cpu' ? after.self + after.xen - before.self - before.xen : after.runnable - before.runnable;
			return elapsed === 0 ? undefined : (100 * time) / elapsed;
		}

		const id = `${first}.${next}`;
		const operation = operations.find((each) => each === path[2]);
		if (operation !== undefined) {
			const counts = countsSince(later.disk(id)[operation], earlier.disk(id)[operation]);
			return operationValue(path.slice(3).join('.'), counts, elapsed);
		}

		return this.#ring(id, path.slice(2).join('.'), earlier, later);
	}

	#ring(id: string, leaf: string, earlier: Counters, later: Counters): number | undefined {
		const [before, after] = [earlier.channel(id), later.channel(id)];
		const elapsed = later.time - earlier.time;
		switch (leaf) {
			case 'outstanding':
				return after.outstanding;
			case 'outstanding.mean':
				return elapsed === 0 ? undefined : (after.outstandingIntegral - before.outstandingIntegral) / elapsed;
			case 'full':
				return elapsed === 0 ? undefined : (100 * (after.fullTime - before.fullTime)) / elapsed;
			case 'stalled':
				return after.asleepTime - before.asleepTime;
		}

		const meter = this.measured.boot.channels.find((each) => each.id === id)?.meter;
		const most = meter?.between(earlier.time, later.time, this.measured.engine.now);
		assert(leaf === 'outstanding.max' || leaf === 'outage', `there is a metric ${leaf}`);
		return leaf === 'outage' ? (most?.silence ?? 0) : (most?.largest ?? 0);
	}
}

function operationValue(
	leaf: string,
	{latency, errors}: {latency: Latency; errors: number},
	elapsed: number,
): number | undefined {
	switch (leaf) {
		case 'rate':
			return elapsed === 0 ? undefined : (latency.count * second) / elapsed;
		case 'count':
			return latency.count;
		case 'errors':
			return errors;
	}

	return latencyValue(leaf, latency);
}
