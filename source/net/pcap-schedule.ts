/**
When the frames of a capture are sent again: each as long after the start as it was captured after the first, divided by `speed`; never
before the one ahead of it in the file. A round begins when the one before has sent its last frame.
*/
import type {CapturedFrame} from './pcap-bytes.js';

export class ReplaySchedule {
	/** The next frame to send; undefined when all is sent. */
	frame: CapturedFrame | undefined;
	/** When it is due, ns from the start. */
	due = 0;
	/** Rounds finished. */
	rounds = 0;
	#next = 0;
	/** When this round began. */
	#base = 0;

	/** @param speed 2 sends in half the time. @param loop rounds; 0 is no end. */
	constructor(
		private readonly frames: readonly CapturedFrame[],
		private readonly speed = 1,
		private readonly loop = 1,
	) {
		this.#choose();
	}

	/** The frame was sent. */
	advance(): void {
		this.#next++;
		if (this.#next === this.frames.length) {
			this.#next = 0;
			this.#base = this.due;
			this.rounds++;
		}

		this.#choose();
	}

	#choose(): void {
		if (this.loop > 0 && this.rounds >= this.loop) {
			this.frame = undefined;
			return;
		}

		this.frame = this.frames[this.#next];
		if (this.frame !== undefined) {
			this.due = Math.max(this.due, this.#base + Math.round(this.frame.time / this.speed));
		}
	}
}
