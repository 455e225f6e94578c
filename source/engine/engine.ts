/**
The engine: virtual time in integer nanoseconds, one event queue ordered by (time, sequence), and a lane for each physical
CPU. A lane holds the CPU's single pending step end beside the queue, sharing its sequence counter: the order is that of
one queue, without a queue operation for each step of CPU work.
*/
import {assert} from './assert.js';
import {EventQueue, type Handle} from './event-queue.js';
import {FaultPoints} from './fault-points.js';
import {Findings} from './findings.js';
import {Log} from './log.js';
import {RandomStreams} from './random.js';
import {StateHash} from './state-hash.js';
import type {Owner, Step} from './step.js';
import {Trace} from './trace.js';

/** Something with at most one pending event of its own: a physical CPU and the end of its running step. */
export interface Lane {
	/** The lane's event happens now. */
	fire(): void;
}

/** Events executed without time moving before we call it a livelock. */
const livelockEvents = 1_000_000;

export class LivelockError extends Error {
	override readonly name = 'LivelockError';
}

export class Engine {
	/** Virtual time, integer nanoseconds since the host was switched on. */
	now = 0;
	/** Events executed so far; with `now` it stamps what an operator does. */
	executed = 0;
	/** Cleared by `stop()` while events run: `run` returns after the current one. */
	private stopping = false;
	private sequence = 0;
	private still = 0;
	/** Called after every executed event while somebody waits for a condition; null otherwise. It must not touch the world. */
	afterEvent: (() => void) | null = null;
	readonly queue = new EventQueue();
	readonly random: RandomStreams;
	readonly hash = new StateHash();
	readonly trace = new Trace();
	readonly log = new Log();
	readonly faults = new FaultPoints();
	readonly findings = new Findings();
	private readonly lanes: Lane[] = [];
	private readonly laneTimes: number[] = [];
	private readonly laneSequences: number[] = [];
	/** Owner of the world's own events: devices, the wire, the timeline. */
	readonly world: Owner = {name: 'world', alive: true};

	constructor(seed: number) {
		this.random = new RandomStreams(seed);
	}

	/** Schedules `step` to happen `nanoseconds` from now. */
	after(nanoseconds: number, step: Step, argument = 0): Handle {
		return this.at(this.now + nanoseconds, step, argument);
	}

	/** Schedules `step` at an absolute time, not before now. */
	at(time: number, step: Step, argument = 0): Handle {
		assert(time >= this.now, 'nothing happens in the past');
		return this.queue.push(time, this.sequence++, step, argument);
	}

	cancel(handle: Handle): boolean {
		return this.queue.cancel(handle);
	}

	addLane(lane: Lane): number {
		this.laneTimes.push(Number.POSITIVE_INFINITY);
		this.laneSequences.push(0);
		return this.lanes.push(lane) - 1;
	}

	/** The lane's event will happen `nanoseconds` from now. */
	startLane(lane: number, nanoseconds: number): void {
		this.laneTimes[lane] = this.now + nanoseconds;
		this.laneSequences[lane] = this.sequence++;
	}

	/** The lane's event will not happen. */
	stopLane(lane: number): void {
		this.laneTimes[lane] = Number.POSITIVE_INFINITY;
	}

	/** Makes the running `run` return after the current event: the caller wants a look (single step, a breakpoint). */
	stop(): void {
		this.stopping = true;
	}

	/**
	Executes every event due up to and including `until`, at most `budget` of them; then time stands at `until` (unless the
	budget ended first). May be cut anywhere without changing the trajectory.
	@returns true when everything due up to `until` has happened.
	@throws LivelockError when a million events happen without time moving.
	*/
	run(until: number, budget: number): boolean {
		const queue = this.queue;
		const lanes = this.lanes;
		const times = this.laneTimes;
		const sequences = this.laneSequences;
		const count = lanes.length;
		let left = budget;
		this.stopping = false;
		while (left > 0) {
			let time = queue.headTime;
			let sequence = queue.headSequence;
			let lane = -1;
			for (let i = 0; i < count; i++) {
				const laneTime = times[i];
				if (laneTime > time) {
					continue;
				}

				// Equal times go by sequence; a lane without an event is equal only to a queue without one.
				if (laneTime < time || (sequences[i] < sequence && laneTime !== Number.POSITIVE_INFINITY)) {
					time = laneTime;
					sequence = sequences[i];
					lane = i;
				}
			}

			if (time > until) {
				if (until > this.now) {
					this.now = until;
				}

				return true;
			}

			if (time === this.now) {
				if (++this.still > livelockEvents) {
					this.livelock();
				}
			} else {
				this.now = time;
				this.still = 0;
			}

			if (lane >= 0) {
				times[lane] = Number.POSITIVE_INFINITY;
				left--;
				this.executed++;
				lanes[lane].fire();
			} else if (queue.pop()) {
				const step = queue.step;
				if (step?.owner.alive) {
					left--;
					this.executed++;
					this.hash.event(time, step.tag, queue.argument);
					step.run(queue.argument);
				}
			}

			if (this.afterEvent !== null) {
				this.afterEvent();
			}

			if (this.stopping) {
				return false;
			}
		}

		return false;
	}

	/** Lets time pass up to `time` when nothing happens before it: a replay comes to where an operator acted between two events. */
	moveTo(time: number): void {
		assert(time >= this.now && this.nextTime >= time, 'time passes only where nothing happens');
		this.now = time;
	}

	/** Time of the next thing that will happen; Infinity when nothing will. */
	get nextTime(): number {
		let time = this.queue.headTime;
		for (const laneTime of this.laneTimes) {
			time = Math.min(time, laneTime);
		}

		return time;
	}

	private livelock(): never {
		const counts = new Map<string, number>();
		for (const record of this.trace.recent(1000)) {
			counts.set(record.point, (counts.get(record.point) ?? 0) + 1);
		}

		this.queue.forEach((time, step) => {
			if (time === this.now) {
				const name = `${step.owner.name}: ${step.name}`;
				counts.set(name, (counts.get(name) ?? 0) + 1);
			}
		});
		const parties = [...counts]
			.sort((a, b) => b[1] - a[1])
			.slice(0, 6)
			.map(([name, count]) => `${name} (${count})`);
		throw new LivelockError(`a million events without time moving at ${this.now} ns: ${parties.join(', ')}`);
	}
}
