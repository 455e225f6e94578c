/**
Long work of a driver that is no hot path (probe, reset), written as a generator and run as steps of the driver's kernel: each cost
it yields is paid before it goes on, each sleep is a timer, each wait ends when somebody wakes it or its time is up.
*/
import {assert} from '../../engine/assert.js';
import type {Step} from '../../engine/step.js';
import type {Cost} from '../kernel/cost.js';
import type {Kernel} from '../kernel/kernel.js';

/** What a sequence yields: a cost to pay, nanoseconds to sleep, or nanoseconds to wait for `wake` at most. */
export type Pause = Cost | {readonly sleep: number} | {readonly wait: number};

/** `yield` answers true unless a wait ended because its time was up. */
export type Work = Generator<Pause, void, boolean>;

export const sequenceCosts = {
	resume: {name: 'driver.resume', ns: 300, source: 'knob: a work item is picked up again'},
} satisfies Record<string, Cost>;

export class Sequence {
	#work: Work | null = null;
	/** Counts pauses: a timer or step of an earlier pause must not end a later one. */
	#pause = 0;
	#waiting = false;
	#woken = true;
	#timer = -1;
	readonly #kernel: Kernel;
	readonly #name: string;
	readonly #resume: Step;
	readonly #timeUp: Step;
	readonly #paid = new Map<Cost, Step>();

	constructor(kernel: Kernel, name: string) {
		this.#kernel = kernel;
		this.#name = name;
		this.#resume = kernel.define(`${name}: resume`, sequenceCosts.resume, (pause) => this.#advance(pause));
		this.#timeUp = kernel.define(`${name}: time is up`, sequenceCosts.resume, (pause) => {
			if (pause === this.#pause && this.#waiting) this.#woken = false;
			this.#advance(pause);
		});
	}

	get running(): boolean {
		return this.#work !== null;
	}

	/** Starts `work` as a new task. One at a time. */
	start(work: Work): void {
		assert(this.#work === null, `${this.#name} runs one sequence at a time`);
		this.#work = work;
		this.#waiting = false;
		this.#kernel.task(this.#resume, ++this.#pause);
	}

	/** Ends the wait under way, if there is one; the sequence goes on as a new task. */
	wake(): void {
		if (!this.#waiting) return;
		this.#waiting = false;
		this.#woken = true;
		this.#kernel.cancelTimer(this.#timer);
		this.#kernel.task(this.#resume, this.#pause);
	}

	#advance(pause: number): void {
		const work = this.#work;
		if (work === null || pause !== this.#pause) return;
		this.#waiting = false;
		const woken = this.#woken;
		this.#woken = true;
		const next = work.next(woken);
		const token = ++this.#pause;
		if (next.done) {
			this.#work = null;
		} else if ('sleep' in next.value) {
			this.#kernel.timer(next.value.sleep, this.#timeUp, token);
		} else if ('wait' in next.value) {
			this.#waiting = true;
			this.#timer = this.#kernel.timer(next.value.wait, this.#timeUp, token);
		} else {
			this.#kernel.step(this.#stepFor(next.value), token);
		}
	}

	#stepFor(cost: Cost): Step {
		let step = this.#paid.get(cost);
		if (step === undefined) {
			step = this.#kernel.define(`${this.#name}: ${cost.name}`, cost, (pause) => this.#advance(pause));
			this.#paid.set(cost, step);
		}

		return step;
	}
}
