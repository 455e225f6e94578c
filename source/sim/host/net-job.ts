/**
A job that uses a network: what it does at its own end and at its peer's, begun when both can be reached for the first time. From then on
who finds nobody at the other end tries again. Its stream of random numbers is its own.
*/
import type {Engine} from '../../engine/engine.js';
import type {Histogram} from '../../engine/histogram.js';
import type {NetJob} from '../scenario/types.js';
import type {NetJobMeter, NetJobSample} from './counters-network.js';
import {type JobSides, sidesOf} from './net-job-sides.js';
import type {Station, StationPlace} from './station.js';

export type NetJobState = 'waiting' | 'running' | 'ended';

export class RunningNetJob implements NetJobMeter {
	/** Of the end that acts: it waits for its interface or its start delay, runs, or is over. */
	state: NetJobState = 'waiting';
	/** `ping client`, `iperf client -P 4`, `serve tcp 200/20k`: what a person would type. */
	readonly summary: string;
	readonly #sides: JobSides;
	#latency: Histogram;
	#own: StationPlace | undefined;
	#peer: StationPlace | undefined;

	/**
	@param id `web/http`, `lan.client/load`
	@param station its own, `web.vif0`
	@param port what servers of the job listen on.
	*/
	constructor(
		engine: Engine,
		readonly id: string,
		readonly words: NetJob,
		readonly station: string,
		port: number,
	) {
		const random = engine.random.stream(station.startsWith('lan.') ? id : `${station.replace('.', '/')}/${words.name}`);
		this.#sides = sidesOf(words, port, random);
		this.summary = this.#sides.summary;
		this.#latency = this.#sides.counts().latency.snapshot();
	}

	/** Who can be reached for the first time may be one of its ends; when both can, it begins. */
	stationReady(station: Station): void {
		const {words} = this;
		if (station.id === this.station) {
			this.#own = station.place;
		} else if ('peer' in words && words.peer.station === station.id) {
			this.#peer = station.place;
		} else {
			return;
		}

		const {own, peer, acts} = this.#sides;
		if (this.#own === undefined || ('peer' in words && this.#peer === undefined)) {
			return;
		}

		const ends = [
			{side: own, place: this.#own},
			{side: peer, place: this.#peer},
		];
		const [acting, waiting] = acts === 'own' ? ends : ends.reverse();
		if (waiting.side !== undefined && waiting.place !== undefined) {
			const {side, place} = waiting;
			place.program(() => side.start(place));
		}

		if (acting.side !== undefined && acting.place !== undefined) {
			this.#schedule(acting.place, acting.side);
		}
	}

	counts(): NetJobSample {
		const counts = this.#sides.counts();
		// Snapshots of histograms are large: the same object while nothing more was counted.
		if (this.#latency.count !== counts.latency.count) {
			this.#latency = counts.latency.snapshot();
		}

		return {...counts, latency: this.#latency};
	}

	/** The end that acts begins after the start delay and stops after the runtime. */
	#schedule(place: StationPlace, side: JobSides['own']): void {
		const {startdelay, runtime} = this.words;
		const begin = () => {
			this.state = 'running';
			side.start(place);
			if (runtime > 0) {
				place.stack.ip.timers
					.add(() => {
						this.state = 'ended';
						side.stop();
					})
					.set(runtime);
			}
		};
		place.program(() => {
			if (startdelay > 0) {
				place.stack.ip.timers.add(begin).set(startdelay);
			} else {
				begin();
			}
		});
	}
}
