/**
A physical CPU: runs one step at a time, Xen's own work (interrupts, scheduling) ahead of the current vCPU's. It is a lane of the
engine: the end of the running step is its one pending event. Every nanosecond is booked: to a domain's own code, to Xen on a
domain's behalf, to Xen itself, or as idle.
*/
import {assert} from '../../engine/assert.js';
import type {Engine, Lane} from '../../engine/engine.js';
import type {Step} from '../../engine/step.js';
import {runnable, running, type Vcpu, type VcpuDomain} from './vcpu.js';
import {StepStack, WorkQueue} from './work.js';

/** What a physical CPU asks of the hypervisor it is part of. */
export interface CpuOwner {
	/** The CPU whose step's effect is happening now. */
	executing: PhysicalCpu | null;
	/** The step run when the current vCPU has nothing left to do (SCHEDOP_block). */
	readonly blockStep: Step;
	/** The step that decides who runs next. */
	readonly scheduleStep: Step;
	/** As `scheduleStep`, when whatever comes next is a switch: from idle, or after a block. */
	readonly switchStep: Step;
	/** A step's effect panicked: `domain` undefined means Xen itself. */
	crashed(domain: VcpuDomain | undefined, error: unknown): void;
}

export class PhysicalCpu implements Lane {
	current: Vcpu | null = null;
	/** Xen must decide anew who runs here. */
	needSchedule = false;
	/** Time booked to Xen itself, and idle, ns. */
	xenTime = 0;
	idleTime = 0;
	/** The chain that steps asked for now belong to. */
	chain: StepStack;
	readonly xenWork = new WorkQueue();
	readonly xenChain = new StepStack();
	private readonly lane: number;
	private step: Step | null = null;
	private argument = 0;
	private started = 0;
	private cost = 0;
	private inXen = false;
	private idleSince: number;
	private isIdle = true;
	private halted = false;

	constructor(
		readonly id: number,
		private readonly engine: Engine,
		private owner: CpuOwner,
	) {
		this.chain = this.xenChain;
		this.lane = engine.addLane(this);
		this.idleSince = engine.now;
	}

	get idle(): boolean {
		return this.isIdle;
	}

	/** Who is on the CPU at this instant. */
	get runningName(): string {
		if (this.isIdle) {
			return 'idle';
		}

		return this.inXen || this.current === null ? 'Xen' : this.current.domain.name;
	}

	/** Is `step` being paid for here now? */
	isRunning(step: Step): boolean {
		return this.step === step;
	}

	/** The name of the step being paid for, for reports. */
	get stepName(): string {
		return this.step === null ? '' : this.step.name;
	}

	/** When the running step ends, ns; Infinity while nothing runs. */
	get stepEnds(): number {
		return this.step === null ? Number.POSITIVE_INFINITY : this.started + this.cost;
	}

	idleTimeAt(now: number): number {
		return this.idleTime + (this.isIdle ? now - this.idleSince : 0);
	}

	/** Time paid into the running step but not booked yet. */
	get unbooked(): number {
		return this.step === null ? 0 : this.engine.now - this.started;
	}

	/** Time paid into the running step, when that is `vcpu`'s own. */
	unbookedFor(vcpu: Vcpu): number {
		return this.step !== null && !this.inXen && this.current === vcpu ? this.engine.now - this.started : 0;
	}

	/** Whether the running step is the current vCPU's and Xen executes it: a hypercall. */
	get inHypercall(): boolean {
		return this.step?.xen === true && !this.inXen;
	}

	/** New work for Xen itself on this CPU (a hardware interrupt), ahead of any vCPU. */
	raise(step: Step, argument: number): void {
		if (this.halted) {
			return;
		}

		this.xenWork.push(step, argument);
		this.poke();
	}

	/** Xen shall decide anew who runs here. */
	requestSchedule(): void {
		this.needSchedule = true;
		this.poke();
	}

	/** Something changed that may come before the step now running: set it aside and look again. */
	poke(): void {
		if (this.owner.executing === this || this.inXen || this.halted) {
			return;
		}

		if (this.step !== null) {
			this.setAside();
		}

		this.next();
	}

	/** Another hypervisor takes the CPU over, which its last one has halted. */
	takeOver(owner: CpuOwner): void {
		assert(this.isIdle && this.current === null && this.step === null, 'a CPU is taken over at rest');
		this.owner = owner;
		this.halted = false;
	}

	/** The end of the running step. */
	fire(): void {
		const step = this.step;
		assert(step !== null, 'a CPU whose lane fires runs a step');
		const engine = this.engine;
		engine.hash.event(engine.now, step.tag + this.id, this.argument);
		this.book(step);
		this.step = null;
		const chain = this.chain;
		const base = chain.depth;
		this.owner.executing = this;
		if (step.owner.alive) {
			try {
				step.run(this.argument);
			} catch (error) {
				chain.depth = Math.min(base, chain.depth);
				this.owner.crashed(this.inXen ? undefined : this.current?.domain, error);
			}
		}

		if (chain.depth - base > 1) {
			chain.reverse(base);
		}

		this.owner.executing = null;
		this.next();
	}

	/** Nothing runs here any more, neither Xen's work nor a vCPU's: Xen is no more. The time paid so far is booked. */
	halt(): void {
		if (this.step !== null) {
			this.book(this.step);
			this.step = null;
			this.engine.stopLane(this.lane);
		}

		this.halted = true;
		this.leave();
		this.xenWork.clear();
		this.xenChain.clear();
		this.chain = this.xenChain;
		this.inXen = false;
		this.needSchedule = false;
		if (!this.isIdle) {
			this.isIdle = true;
			this.idleSince = this.engine.now;
		}
	}

	/** Takes the current vCPU off this CPU without choosing another. */
	leave(): void {
		const vcpu = this.current;
		if (vcpu !== null) {
			vcpu.onCpu = false;
			vcpu.burntUntil -= this.engine.now;
			this.current = null;
		}
	}

	/** Puts a runnable vCPU on this CPU; its first step starts when Xen's work here is done. */
	enter(vcpu: Vcpu): void {
		assert(!vcpu.onCpu && this.current === null, 'a vCPU is on one CPU');
		vcpu.onCpu = true;
		vcpu.cpu = this.id;
		while (vcpu.cpuTimes.length <= this.id) {
			vcpu.cpuTimes.push(0);
		}

		vcpu.scheduledAt = this.engine.now;
		// While off the CPU it holds minus the time not yet burnt, as csched's start_time does.
		vcpu.burntUntil += this.engine.now;
		this.current = vcpu;
	}

	/** Books the cost paid so far and puts what is left of the vCPU's step back on its chain. */
	private setAside(): void {
		const step = this.step;
		const vcpu = this.current;
		assert(step !== null && vcpu !== null && !this.inXen, "only a vCPU's step is set aside");
		const paid = this.engine.now - this.started;
		this.book(step);
		this.chain.push(step, this.argument, this.cost - paid - step.cost);
		this.step = null;
		this.engine.stopLane(this.lane);
	}

	private book(step: Step): void {
		const elapsed = this.engine.now - this.started;
		if (this.inXen) {
			this.xenTime += elapsed;
			return;
		}

		const vcpu = this.current;
		assert(vcpu !== null, "a step is a vCPU's or Xen's");
		vcpu.cpuTimes[this.id] += elapsed;
		if (step.xen) {
			vcpu.domain.xenTime += elapsed;
		} else {
			vcpu.domain.selfTime += elapsed;
		}
	}

	private next(): void {
		if (this.halted) {
			return;
		}

		if (this.isIdle) {
			this.idleTime += this.engine.now - this.idleSince;
			this.isIdle = false;
		}

		const xenChain = this.xenChain;
		if (xenChain.depth > 0) {
			xenChain.pop();
			this.startXen(xenChain.step, xenChain.argument, xenChain.extra);
			return;
		}

		if (this.xenWork.length > 0) {
			this.xenWork.take();
			this.startXen(this.xenWork.step, this.xenWork.argument, 0);
			return;
		}

		if (this.needSchedule) {
			this.needSchedule = false;
			this.startXen(this.current === null ? this.owner.switchStep : this.owner.scheduleStep, this.id, 0);
			return;
		}

		this.inXen = false;
		const vcpu = this.current;
		if (vcpu === null) {
			this.isIdle = true;
			this.idleSince = this.engine.now;
			return;
		}

		if (vcpu.state !== running) {
			vcpu.setState(running, this.engine.now);
		}

		let chain = vcpu.interruptChain;
		if (chain.depth === 0) {
			if (vcpu.interrupts.length > 0) {
				vcpu.interrupts.take();
				this.chain = chain;
				this.start(vcpu.interrupts.step, vcpu.interrupts.argument, 0);
				return;
			}

			chain = vcpu.taskChain;
			this.chain = chain;
			if (chain.depth === 0) {
				if (vcpu.tasks.length > 0) {
					vcpu.tasks.take();
					this.start(vcpu.tasks.step, vcpu.tasks.argument, 0);
				} else {
					this.start(this.owner.blockStep, this.id, 0);
				}

				return;
			}
		}

		this.chain = chain;
		chain.pop();
		this.start(chain.step, chain.argument, chain.extra);
	}

	private startXen(step: Step | null, argument: number, extra: number): void {
		const vcpu = this.current;
		if (vcpu !== null && vcpu.state === running) {
			vcpu.setState(runnable, this.engine.now);
		}

		this.inXen = true;
		this.chain = this.xenChain;
		this.start(step, argument, extra);
	}

	private start(step: Step | null, argument: number, extra: number): void {
		assert(step !== null, 'a queue with work has a step');
		this.step = step;
		this.argument = argument;
		this.started = this.engine.now;
		this.cost = step.cost + extra;
		this.engine.startLane(this.lane, this.cost);
	}
}
