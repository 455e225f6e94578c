/**
Timers of a stack and its applications. A timer that is put off, as a retransmission timer is by every acknowledgment, costs nothing: the
event that stands for it stays where it is, and when it comes too early it is asked for again.
*/
import {assert} from '../engine/assert.js';
import type {StackEnvironment} from './environment.js';

const never = Number.POSITIVE_INFINITY;

export class Timer {
	/** When it is due; Infinity when it is not set. */
	deadline = never;
	/** When its event comes, and the event's handle; Infinity when there is none. */
	eventAt = never;
	handle = -1;
	/** Whoever held it has given it up. */
	released = false;

	constructor(
		private readonly timers: Timers,
		readonly slot: number,
		readonly expired: () => void,
	) {}

	get isSet(): boolean {
		return this.deadline !== never;
	}

	/** Sets it, or moves it, to `nanoseconds` from now. */
	set(nanoseconds: number): void {
		assert(!this.released, 'a timer that was given up is not set');
		this.deadline = this.timers.now() + nanoseconds;
		if (this.deadline < this.eventAt) {
			this.timers.arm(this);
		}
	}

	clear(): void {
		this.deadline = never;
	}

	/** Gives it up for good, with its event. */
	release(): void {
		this.deadline = never;
		this.released = true;
		this.timers.release(this);
	}
}

export class Timers {
	private readonly slots: (Timer | null)[] = [];
	private readonly free: number[] = [];

	constructor(private readonly environment: StackEnvironment) {}

	now(): number {
		return this.environment.now();
	}

	/** Makes a timer; whoever asked for it releases it. */
	add(expired: () => void): Timer {
		const slot = this.free.pop() ?? this.slots.push(null) - 1;
		const timer = new Timer(this, slot, expired);
		this.slots[slot] = timer;
		return timer;
	}

	arm(timer: Timer): void {
		const {environment} = this;
		if (timer.eventAt !== never) {
			environment.cancelTimer(timer.handle);
		}

		timer.eventAt = timer.deadline;
		timer.handle = environment.timer(timer.deadline - environment.now(), timer.slot);
	}

	release(timer: Timer): void {
		if (timer.eventAt !== never) {
			this.environment.cancelTimer(timer.handle);
			timer.eventAt = never;
		}

		if (this.slots[timer.slot] === timer) {
			this.slots[timer.slot] = null;
			this.free.push(timer.slot);
		}
	}

	/** The event of a slot has come. It may have been cancelled too late, and the slot be another timer's by now. */
	fired(slot: number): void {
		assert(slot >= 0 && slot < this.slots.length, 'an event of the stack carries the slot of a timer');
		const timer = this.slots[slot];
		const now = this.environment.now();
		if (timer === null || timer.eventAt > now) {
			return;
		}

		timer.eventAt = never;
		if (timer.deadline > now) {
			if (timer.isSet) {
				this.arm(timer);
			}

			return;
		}

		timer.deadline = never;
		timer.expired();
	}
}
