/**
Where steps wait for a CPU: a queue (first come first served) for new chains of work, and a stack for the chain under way, so
that steps asked for inside an effect run depth first. Parallel arrays, grown when needed and then reused: no object per step.
*/
import {assert} from '../../engine/assert.js';
import type {Step} from '../../engine/step.js';

/** More chains than this waiting for one vCPU means that somebody queues without bound. */
const bound = 1 << 16;

export class WorkQueue {
	/** The chain taken by the last `take`. */
	step: Step | null = null;
	argument = 0;
	length = 0;
	private steps: (Step | null)[] = new Array(16).fill(null);
	private arguments = new Int32Array(16);
	private head = 0;

	push(step: Step, argument: number): void {
		if (this.length === this.steps.length) {
			this.grow();
		}

		const at = (this.head + this.length++) & (this.steps.length - 1);
		this.steps[at] = step;
		this.arguments[at] = argument;
	}

	take(): void {
		const at = this.head;
		this.step = this.steps[at];
		this.argument = this.arguments[at];
		this.head = (at + 1) & (this.steps.length - 1);
		this.length--;
	}

	clear(): void {
		this.length = 0;
		this.step = null;
		this.steps.fill(null);
	}

	/** True when a chain beginning with `step` waits here: for the check that no channel sleeps with work. */
	has(step: Step): boolean {
		for (let i = 0; i < this.length; i++) {
			if (this.steps[(this.head + i) & (this.steps.length - 1)] === step) {
				return true;
			}
		}

		return false;
	}

	private grow(): void {
		const size = this.steps.length;
		assert(size < bound, 'work queues are bounded');
		const steps: (Step | null)[] = new Array(size * 2).fill(null);
		const argumentsOf = new Int32Array(size * 2);
		for (let i = 0; i < this.length; i++) {
			steps[i] = this.steps[(this.head + i) & (size - 1)];
			argumentsOf[i] = this.arguments[(this.head + i) & (size - 1)];
		}

		this.steps = steps;
		this.arguments = argumentsOf;
		this.head = 0;
	}
}

export class StepStack {
	/** The step taken by the last `pop`. */
	step: Step | null = null;
	argument = 0;
	/** Nanoseconds beside the step's own cost; negative when part of it has been paid. */
	extra = 0;
	depth = 0;
	private readonly steps: (Step | null)[] = new Array(32).fill(null);
	private readonly arguments: number[] = new Array(32).fill(0);
	private readonly extras: number[] = new Array(32).fill(0);

	push(step: Step, argument: number, extra: number): void {
		const at = this.depth++;
		assert(at < bound, 'chains are bounded');
		this.steps[at] = step;
		this.arguments[at] = argument;
		this.extras[at] = extra;
	}

	pop(): void {
		const at = --this.depth;
		this.step = this.steps[at];
		this.argument = this.arguments[at];
		this.extra = this.extras[at];
	}

	/** True when `step` waits in this chain. */
	has(step: Step): boolean {
		for (let i = 0; i < this.depth; i++) {
			if (this.steps[i] === step) {
				return true;
			}
		}

		return false;
	}

	/** Reverses what was pushed above `base`: an effect asks in order, the first asked must be popped first. */
	reverse(base: number): void {
		let low = base;
		let high = this.depth - 1;
		while (low < high) {
			const step = this.steps[low];
			const argument = this.arguments[low];
			const extra = this.extras[low];
			this.steps[low] = this.steps[high];
			this.arguments[low] = this.arguments[high];
			this.extras[low] = this.extras[high];
			this.steps[high] = step;
			this.arguments[high] = argument;
			this.extras[high] = extra;
			low++;
			high--;
		}
	}

	clear(): void {
		this.depth = 0;
		this.step = null;
		this.steps.fill(null);
	}
}
