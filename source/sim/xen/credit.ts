/**
The credit scheduler (Xen common/sched/credit.c): proportional share by credits, burnt at 10 a millisecond while running and
dealt out every 30 ms by weight; priorities BOOST (woke while UNDER), UNDER, OVER; a 30 ms slice, a 1 ms rate limit before anybody
may preempt, caps that park a vCPU; idle CPUs steal. Slice and rate-limit timers are armed only when somebody waits.
*/
import {assert} from '../../engine/assert.js';
import type {Engine} from '../../engine/engine.js';
import {type Handle, noHandle} from '../../engine/event-queue.js';
import {type Owner, Step} from '../../engine/step.js';
import type {Domain} from './domain.js';
import type {PhysicalCpu} from './physical-cpu.js';
import {RunQueues} from './run-queues.js';
import {blocked, offline, priorityBoost, priorityOver, priorityUnder, runnable, running, type Vcpu} from './vcpu.js';

export interface CreditOptions {
	/** Nanoseconds; XEN_SYSCTL_CSCHED_TSLICE, 30 ms. */
	readonly slice: number;
	/** Nanoseconds a vCPU runs before it may be preempted; sched_ratelimit_us, 1000 µs; 0 = off. */
	readonly rateLimit: number;
}

const tickPeriod = 10_000_000;
const ticksPerAccounting = 3;
const creditsPerMillisecond = 10;
const creditsPerAccounting = creditsPerMillisecond * 10 * ticksPerAccounting;

export class CreditScheduler {
	contextSwitches = 0;
	private readonly queues: RunQueues;
	private readonly timers: Handle[];
	private readonly timerStep: Step;
	private readonly ticking: boolean[];
	private readonly tickStep: Step;
	private domains: readonly Domain[] = [];
	private lastTickled = 0;

	/**
	@param timers whose its timers are: those of a machine that is halted stop with it.
	@param tick raises Xen's work for a tick on a CPU; it calls `tick(cpu)` when paid.
	@param account the same for accounting.
	*/
	constructor(
		private readonly engine: Engine,
		private readonly cpus: readonly PhysicalCpu[],
		private readonly options: CreditOptions,
		timers: Owner,
		tick: (cpu: PhysicalCpu) => void,
		account: (cpu: PhysicalCpu) => void,
	) {
		this.queues = new RunQueues(cpus.length);
		this.timers = cpus.map(() => noHandle);
		this.ticking = cpus.map(() => false);
		this.timerStep = new Step('slice', timers, 0, true, (cpu) => {
			this.timers[cpu] = noHandle;
			this.cpus[cpu].requestSchedule();
		});
		this.tickStep = new Step('tick', timers, 0, true, (cpu) => {
			if (this.cpus[cpu].current === null) {
				this.ticking[cpu] = false;
				return;
			}

			engine.after(tickPeriod, this.tickStep, cpu);
			tick(this.cpus[cpu]);
		});
		const accountStep = new Step('accounting', timers, 0, true, () => {
			engine.after(tickPeriod * ticksPerAccounting, accountStep);
			if (this.anyActive()) {
				account(this.cpus[0]);
			}
		});
		engine.after(tickPeriod * ticksPerAccounting, accountStep);
	}

	setDomains(domains: readonly Domain[]): void {
		this.domains = domains;
	}

	/** A blocked vCPU has work: make it runnable, boosted if it has not used up its share, and see who should run. */
	wake(vcpu: Vcpu): void {
		if (vcpu.onCpu || vcpu.queued || !vcpu.domain.runnable || vcpu.state !== blocked) {
			return;
		}

		vcpu.setState(runnable, this.engine.now);
		if (vcpu.priority === priorityUnder && !vcpu.parked) {
			vcpu.priority = priorityBoost;
		}

		if (!vcpu.parked) {
			this.queues.insert(vcpu);
			this.tickle(vcpu);
		}
	}

	/** Takes a vCPU out of the scheduler's hands (its domain paused or died). */
	sleep(vcpu: Vcpu): void {
		this.queues.remove(vcpu);
		vcpu.parked = false;
		if (vcpu.onCpu) {
			this.cpus[vcpu.cpu].requestSchedule();
		} else if (vcpu.state === runnable) {
			vcpu.setState(offline, this.engine.now);
		}
	}

	/** Gives a vCPU back to the scheduler (its domain is unpaused). */
	resume(vcpu: Vcpu): void {
		if (vcpu.state === offline && !vcpu.onCpu) {
			vcpu.setState(blocked, this.engine.now);
		}

		if (vcpu.hasWork) {
			this.wake(vcpu);
		}
	}

	/** Decides who runs on `cpu` now. Called in the effect of Xen's schedule step. Returns true when another vCPU was put on. */
	schedule(cpu: PhysicalCpu): boolean {
		const now = this.engine.now;
		const current = cpu.current;
		this.disarm(cpu.id);
		if (current !== null) {
			this.burn(current);
			const mayRun = current.domain.runnable && !current.parked;
			if (mayRun && this.options.rateLimit > 0 && now - current.scheduledAt < this.options.rateLimit) {
				if (this.queues.length(cpu.id) > 0) {
					this.arm(cpu.id, current.scheduledAt + this.options.rateLimit);
				}

				return false;
			}

			cpu.leave();
			if (!mayRun) {
				current.setState(current.parked && current.domain.runnable ? runnable : offline, now);
			} else {
				if (current.state === running) {
					current.setState(runnable, now);
				}

				this.queues.insert(current);
			}
		}

		const next = this.queues.best(cpu.id);
		if (next === undefined) {
			return false;
		}

		this.queues.remove(next);
		const scheduledAt = next.scheduledAt;
		cpu.enter(next);
		if (next === current && now - scheduledAt < this.options.slice) {
			next.scheduledAt = scheduledAt;
		}

		this.armSlices();
		this.startTicking(cpu.id);
		if (next !== current) {
			this.contextSwitches++;
			return true;
		}

		return false;
	}

	/** The current vCPU has nothing left to do. Called in the effect of its block step. */
	block(cpu: PhysicalCpu): void {
		const vcpu = cpu.current;
		assert(vcpu !== null, 'a vCPU blocks on the CPU it runs on');
		this.burn(vcpu);
		this.disarm(cpu.id);
		vcpu.setState(blocked, this.engine.now);
		cpu.leave();
		if (this.queues.best(cpu.id) !== undefined) {
			cpu.requestSchedule();
		}
	}

	/** csched_tick: the vCPU that runs at a tick loses its boost, becomes active, and pays. */
	tick(cpu: PhysicalCpu): void {
		const vcpu = cpu.current;
		if (vcpu === null) {
			return;
		}

		if (vcpu.priority === priorityBoost) {
			vcpu.priority = priorityUnder;
		}

		this.burn(vcpu);
		if (!vcpu.active) {
			vcpu.active = true;
		}
	}

	/** csched_acct: deals out credits by weight among active domains; parks and unparks by cap. */
	account(): void {
		let weights = 0;
		for (const domain of this.domains) {
			weights += domain.weight * activeCount(domain);
		}

		if (weights === 0) {
			return;
		}

		const total = creditsPerAccounting * this.cpus.length;
		for (const domain of this.domains) {
			const active = activeCount(domain);
			if (active === 0) {
				continue;
			}

			const peak = active * creditsPerAccounting;
			let fair = Math.min(peak, Math.ceil((total * domain.weight * active) / weights));
			const cap = domain.cap > 0 ? Math.ceil((domain.cap * creditsPerAccounting) / 100) : 0;
			if (cap > 0) {
				fair = Math.min(fair, cap);
			}

			const share = Math.ceil(fair / active);
			for (const vcpu of domain.vcpus) {
				if (vcpu.active) {
					this.deal(vcpu, share, cap > 0 ? Math.ceil(cap / active) : 0);
				}
			}
		}
	}

	private deal(vcpu: Vcpu, share: number, cap: number): void {
		if (vcpu.onCpu) {
			this.burn(vcpu);
		}

		vcpu.credits += share;
		if (vcpu.credits < 0) {
			this.setPriority(vcpu, priorityOver);
			if (cap > 0 && vcpu.credits < -cap && !vcpu.parked) {
				this.park(vcpu);
			}

			vcpu.credits = Math.max(vcpu.credits, -creditsPerAccounting);
			return;
		}

		this.setPriority(vcpu, priorityUnder);
		if (vcpu.parked) {
			this.unpark(vcpu);
		}

		if (vcpu.credits > creditsPerAccounting) {
			vcpu.active = false;
			vcpu.credits = Math.floor(vcpu.credits / 2);
		}

		vcpu.credits = Math.min(vcpu.credits, creditsPerAccounting);
	}

	private setPriority(vcpu: Vcpu, priority: number): void {
		if (vcpu.priority === priority || (priority === priorityUnder && vcpu.priority === priorityBoost)) {
			return;
		}

		vcpu.priority = priority;
		if (vcpu.queued) {
			this.queues.remove(vcpu);
			this.queues.insert(vcpu);
		}
	}

	private park(vcpu: Vcpu): void {
		vcpu.parked = true;
		this.queues.remove(vcpu);
		if (vcpu.onCpu) {
			this.cpus[vcpu.cpu].requestSchedule();
		}
	}

	private unpark(vcpu: Vcpu): void {
		vcpu.parked = false;
		if (vcpu.state === runnable && !vcpu.onCpu && !vcpu.queued) {
			this.queues.insert(vcpu);
			this.tickle(vcpu);
		}
	}

	private burn(vcpu: Vcpu): void {
		const now = this.engine.now;
		const elapsed = now - vcpu.burntUntil;
		const credits = Math.floor((elapsed * creditsPerMillisecond) / 1_000_000);
		if (credits > 0) {
			vcpu.credits -= credits;
			vcpu.burntUntil += Math.floor((credits * 1_000_000) / creditsPerMillisecond);
		}
	}

	/** Asks a CPU to look: an idle one that can steal it, or its own when it comes before who runs there. */
	private tickle(vcpu: Vcpu): void {
		const own = this.cpus[vcpu.cpu];
		if (own.current === null) {
			own.requestSchedule();
			return;
		}

		for (let i = 1; i <= this.cpus.length; i++) {
			const cpu = this.cpus[(this.lastTickled + i) % this.cpus.length];
			if (cpu.current === null && cpu.idle) {
				this.lastTickled = cpu.id;
				cpu.requestSchedule();
				return;
			}
		}

		if (vcpu.priority > own.current.priority) {
			own.requestSchedule();
		} else {
			this.armSlices();
		}
	}

	/** Somebody waits: every CPU looks again when its vCPU's slice is over, to let it run or steal it. */
	private armSlices(): void {
		if (this.queues.waiting === 0) {
			return;
		}

		for (const {id, current} of this.cpus) {
			if (current !== null && this.timers[id] === noHandle) {
				this.arm(id, current.scheduledAt + this.options.slice);
			}
		}
	}

	private arm(cpu: number, time: number): void {
		this.timers[cpu] = this.engine.at(Math.max(time, this.engine.now), this.timerStep, cpu);
	}

	private disarm(cpu: number): void {
		if (this.timers[cpu] !== noHandle) {
			this.engine.cancel(this.timers[cpu]);
			this.timers[cpu] = noHandle;
		}
	}

	private startTicking(cpu: number): void {
		if (!this.ticking[cpu]) {
			this.ticking[cpu] = true;
			this.engine.after(tickPeriod - (this.engine.now % tickPeriod), this.tickStep, cpu);
		}
	}

	private anyActive(): boolean {
		for (const domain of this.domains) {
			if (activeCount(domain) > 0) {
				return true;
			}
		}

		return false;
	}
}

function activeCount(domain: Domain): number {
	let count = 0;
	for (const vcpu of domain.vcpus) {
		if (vcpu.active) {
			count++;
		}
	}

	return count;
}
