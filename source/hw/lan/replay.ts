/** A capture replayed onto the LAN: its frames byte for byte, at their times or scaled, and never faster than the link. One event a frame. */
import type {Engine} from '../../engine/engine.js';
import {Step} from '../../engine/step.js';
import type {CapturedFrame} from '../../net/pcap.js';
import {ReplaySchedule} from '../../net/pcap-schedule.js';
import type {LinkEnd} from './link.js';
import type {OutputQueue} from './output-queue.js';

export interface ReplayOptions {
	/** 1 keeps the capture's times, 2 sends in half the time. */
	readonly speed: number;
	/** Rounds; 0 is no end. */
	readonly loop: number;
}

export class Replay {
	/** Frames and bytes sent. */
	frames = 0;
	bytes = 0;
	/** Nanoseconds of virtual time; -1 before `start`. */
	startedAt = -1;
	#stopped = false;
	readonly #schedule: ReplaySchedule;
	readonly #send: Step;

	/** @param name the job's, unique on the LAN: `client/replay`. */
	constructor(
		private readonly engine: Engine,
		name: string,
		private readonly end: LinkEnd,
		private readonly queue: OutputQueue,
		frames: readonly CapturedFrame[],
		options: Partial<ReplayOptions> = {},
	) {
		this.#schedule = new ReplaySchedule(frames, options.speed, options.loop);
		this.#send = new Step(`${name} replays`, engine.world, 0, false, () => this.#sendNext());
	}

	/** No frame leaves any more. */
	stop(): void {
		this.#stopped = true;
	}

	get over(): boolean {
		return this.#stopped || this.#schedule.frame === undefined;
	}

	/** The first frame leaves as soon as the link is free. Called from an event. */
	start(): void {
		this.startedAt = this.engine.now;
		this.#wait();
	}

	#wait(): void {
		const {frame, due} = this.#schedule;
		if (frame !== undefined && !this.#stopped) {
			this.engine.at(Math.max(this.engine.now, this.startedAt + due, this.queue.emptyAt), this.#send);
		}
	}

	#sendNext(): void {
		const captured = this.#schedule.frame;
		if (captured === undefined || this.#stopped) {
			return;
		}

		const {bytes} = captured;
		const frame = this.end.frame(bytes.length);
		frame.bytes.set(bytes);
		frame.length = bytes.length;
		this.queue.put(frame);
		this.frames++;
		this.bytes += bytes.length;
		this.#schedule.advance();
		this.#wait();
	}
}
