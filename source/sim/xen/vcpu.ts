/**
A virtual CPU: its work (interrupt work before task work, each first come first served), its run state with the time spent in
each (Xen public/vcpu.h: running, runnable, blocked, offline), and what the credit scheduler keeps of it.
*/
import {assert} from '../../engine/assert.js';
import type {Step} from '../../engine/step.js';
import {StepStack, WorkQueue} from './work.js';

export const running = 0;
export const runnable = 1;
export const blocked = 2;
export const offline = 3;
export type RunState = typeof running | typeof runnable | typeof blocked | typeof offline;

/** csched priorities: Xen common/sched/credit.c. */
export const priorityBoost = 0;
export const priorityUnder = -1;
export const priorityOver = -2;

/** What a vCPU needs of the domain it is part of. */
export interface VcpuDomain {
	readonly name: string;
	/** Can its vCPUs be scheduled at all? */
	readonly runnable: boolean;
	/** CPU time in ns executed by its own code, and by Xen on its behalf (hypercalls). */
	selfTime: number;
	xenTime: number;
}

export class Vcpu {
	state: RunState = blocked;
	/** Nanoseconds in each run state up to `stateSince`. */
	readonly stateTimes: [number, number, number, number] = [0, 0, 0, 0];
	stateSince: number;

	readonly interrupts = new WorkQueue();
	readonly tasks = new WorkQueue();
	readonly interruptChain = new StepStack();
	readonly taskChain = new StepStack();

	/** Nanoseconds of steps executed on each pCPU, by its id, without the step under way. */
	readonly cpuTimes: number[] = [];
	/** pCPU whose run queue it belongs to. */
	cpu = 0;
	/** Is it the current vCPU of a pCPU (running, or interrupted by Xen there)? */
	onCpu = false;
	queued = false;
	priority: number = priorityUnder;
	credits = 0;
	/** Counted by the accounting of active vCPUs: it was seen running at a tick. */
	active = false;
	/** Out of its cap: not scheduled until the next accounting. */
	parked = false;
	/** When it last got a CPU, and from when credits are not yet burnt, ns. */
	scheduledAt = 0;
	burntUntil = 0;

	constructor(
		readonly domain: VcpuDomain,
		readonly id: number,
		now: number,
	) {
		this.stateSince = now;
	}

	get name(): string {
		return `${this.domain.name} vcpu ${this.id}`;
	}

	setState(state: RunState, now: number): void {
		this.stateTimes[this.state] += now - this.stateSince;
		this.stateSince = now;
		this.state = state;
	}

	/** Time spent in a run state up to now. */
	timeIn(state: RunState, now: number): number {
		return this.stateTimes[state] + (this.state === state ? now - this.stateSince : 0);
	}

	get hasWork(): boolean {
		return (
			this.interruptChain.depth > 0 || this.interrupts.length > 0 || this.taskChain.depth > 0 || this.tasks.length > 0
		);
	}

	/** Does `step` wait for this vCPU, in whatever queue or chain? */
	awaits(step: Step): boolean {
		return (
			this.interrupts.has(step) || this.tasks.has(step) || this.interruptChain.has(step) || this.taskChain.has(step)
		);
	}

	/** Run states sum to elapsed time exactly. */
	checkTimes(now: number, since: number): void {
		const [a, b, c, d] = this.stateTimes;
		assert(a + b + c + d + (now - this.stateSince) === now - since, `${this.name}: run states sum to elapsed time`);
	}
}
