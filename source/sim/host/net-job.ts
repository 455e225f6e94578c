/**
A job that uses a network: what it does at its own end and at its peer's, begun when both can be reached for the first time. From then on
who finds nobody at the other end tries again, and an end that comes back begins its part anew. Its stream of random numbers is its own.
*/
import type {Engine} from '../../engine/engine.js';
import type {Histogram} from '../../engine/histogram.js';
import type {TcpSender} from '../../net/tcp-sender.js';
import type {NetJob} from '../scenario/types.js';
import type {NetJobMeter, NetJobSample} from './counters-network.js';
import {countsOf, type JobSides, sidesOf} from './net-job-sides.js';
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
	#begun = false;

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
		this.#latency = countsOf(this.#sides).latency.snapshot();
	}

	/** Who can be reached for the first time, or again, may be one of its ends; when both can, it begins. */
	stationReady(station: Station): void {
		const {words} = this;
		const isOwn = station.id === this.station;
		const before = isOwn ? this.#own : this.#peer;
		if (isOwn) {
			this.#own = station.place;
		} else if ('peer' in words && words.peer.station === station.id) {
			this.#peer = station.place;
		} else {
			return;
		}

		if (this.#own === undefined || ('peer' in words && this.#peer === undefined)) {
			return;
		}

		const {own, peer, acts} = this.#sides;
		const ends = [
			{side: own, place: this.#own, isBack: isOwn},
			{side: peer, place: this.#peer, isBack: !isOwn},
		];
		// Who waits is there before who acts.
		for (const {side, place, isBack} of acts === 'own' ? ends.reverse() : ends) {
			if (side === undefined || place === undefined || (this.#begun && !isBack)) {
				continue;
			}

			// An interface that was detached leaves its application behind, in a domain that goes on.
			if (this.#begun) {
				before?.program(side.stopper());
			}

			if (side === this.#sides[acts]) {
				this.#schedule(place, side);
			} else {
				place.program(() => side.start(place));
			}
		}

		this.#begun = true;
	}

	/** The sending half of its first TCP connection that sends, to look at; undefined while there is none. */
	sender(): TcpSender | undefined {
		return this.#sides.own.sender() ?? this.#sides.peer?.sender();
	}

	counts(): NetJobSample {
		const counts = countsOf(this.#sides);
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
