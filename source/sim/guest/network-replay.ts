/** A capture's frames sent by a guest as they are, at their times and never before the one ahead: each a costed step, held back by a full device. */
import type {Step} from '../../engine/step.js';
import type {CapturedFrame} from '../../net/pcap-bytes.js';
import {ReplaySchedule} from '../../net/pcap-schedule.js';
import type {Kernel} from '../kernel/kernel.js';
import type {GuestNetwork} from './network.js';
import {networkCosts} from './network-costs.js';

/** Before a frame that found no room is tried again, ns. */
const retry = 100_000;

export class GuestReplay {
	/** Frames sent. */
	frames = 0;
	readonly #schedule: ReplaySchedule;
	readonly #send: Step;
	readonly #kernel: Kernel;
	#startedAt = 0;
	#stopped = false;

	/** @param name the job's. @param loop rounds; 0 is no end. */
	constructor(
		private readonly network: GuestNetwork,
		name: string,
		frames: readonly CapturedFrame[],
		loop: number,
	) {
		this.#kernel = network.kernel;
		this.#schedule = new ReplaySchedule(frames, 1, loop);
		this.#send = network.kernel.define(`${name} replay`, networkCosts.timer, () => this.#sendNext());
	}

	/** The first frame leaves now. Called inside a step. */
	start(): void {
		this.#startedAt = this.#kernel.now();
		this.#wait();
	}

	stop(): void {
		this.#stopped = true;
	}

	#wait(): void {
		const {frame, due} = this.#schedule;
		if (frame !== undefined && !this.#stopped) {
			this.#kernel.timer(Math.max(0, this.#startedAt + due - this.#kernel.now()), this.#send);
		}
	}

	#sendNext(): void {
		const {frame} = this.#schedule;
		if (frame === undefined || this.#stopped) {
			return;
		}

		if (!this.network.sendRaw(frame.bytes)) {
			this.#kernel.timer(retry, this.#send);
			return;
		}

		this.frames++;
		this.#schedule.advance();
		this.#wait();
	}
}
