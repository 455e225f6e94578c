/**
A recording that is watched again: its state hashes are compared with this run's as they are passed, and it ends where the recording
stopped, which may be between two events of one instant. Reads only.
*/
import type {Host} from '../sim/host.js';
import {measuredText} from '../sim/scenario/condition.js';
import type {Checkpoint, Recording} from '../sim/scenario/recording.js';
import type {ClockView} from './messages.js';

export class Replay {
	/** The recording's end has been reached; from here on the host runs as nobody has recorded. */
	over = false;
	readonly #recording: Recording;
	#compared = 0;
	#differsAt: number | undefined;

	/** @param recording of the host's scenario. */
	constructor(
		private readonly host: Host,
		recording: Recording,
	) {
		this.#recording = recording;
	}

	/** Advances like Host.advance, but never past the recording's end. */
	advance(until: number, budget: number): boolean {
		const {host} = this;
		const {end} = this.#recording;
		if (this.over || end === undefined) {
			return host.advance(until, budget);
		}

		const left = Math.max(0, end.event - host.executed);
		const reached = host.advance(Math.min(until, end.at), Math.min(budget, left));
		if (host.executed >= end.event || (reached && host.now >= end.at)) {
			this.#end(end);
			return true;
		}

		return reached;
	}

	/** Like Host.stepHop, but never past the recording's end. */
	stepHop(until: number): string | undefined {
		const {host} = this;
		const {end} = this.#recording;
		if (this.over || end === undefined) {
			return host.stepHop(until);
		}

		const hop = host.stepHop(Math.min(until, end.at), end.event);
		if (hop === undefined && (host.executed >= end.event || host.now >= end.at)) {
			this.#end(end);
		}

		return hop;
	}

	/** What has been compared so far. */
	view(): ClockView['hashes'] {
		const {hashes, end} = this.#recording;
		const {host} = this;
		while (this.#compared < hashes.length && hashes[this.#compared].at <= host.now) {
			const recorded = hashes[this.#compared];
			const found = host.hashes.find(({at}) => at === recorded.at);
			if (found === undefined && recorded.at === host.now && !this.over) {
				// Its own event of this instant is still to come.
				break;
			}

			this.#compare(recorded, found);
		}

		return {
			compared: this.#compared,
			of: hashes.length + (end === undefined ? 0 : 1),
			differsAt: this.#differsAt,
		};
	}

	/** The outcome in words: `replay ended: 12 of 12 state hashes equal`. */
	verdict(): string {
		const {of, differsAt} = this.view() ?? {of: 0, differsAt: undefined};
		return differsAt === undefined
			? `replay ended: ${this.#compared} of ${of} state hashes equal`
			: `replay ended: its state hash differs first at ${measuredText(differsAt, 'time')}`;
	}

	#end(end: Checkpoint): void {
		const {host} = this;
		// After the last event an operator's line may follow still, at any time up to the end.
		host.advance(end.at, 0);
		if (host.now < end.at && host.nextTime >= end.at) {
			host.engine.moveTo(end.at);
		}

		this.over = true;
		this.view();
		this.#compare(end, {at: end.at, event: host.executed, hash: host.engine.hash.toString()});
	}

	#compare(recorded: Checkpoint, found: Checkpoint | undefined): void {
		this.#compared++;
		if (recorded.hash !== found?.hash || recorded.event !== found.event) {
			this.#differsAt ??= recorded.at;
		}
	}
}
