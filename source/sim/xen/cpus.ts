/**
The hypervisor's CPU side: physical CPUs, the scheduler, domains' vCPUs, and the doors through which work reaches them. What Xen
does for itself (interrupt entry, scheduling, ticks) are steps with costs like everybody's, booked to Xen.
*/
import {assert} from '../../engine/assert.js';
import type {Cost} from '../../engine/cost.js';
import type {Engine} from '../../engine/engine.js';
import {type Owner, Step} from '../../engine/step.js';
import {type CreditOptions, CreditScheduler} from './credit.js';
import type {Domain} from './domain.js';
import {type CpuOwner, PhysicalCpu} from './physical-cpu.js';
import {offline, type Vcpu, type VcpuDomain} from './vcpu.js';

export const cpuCosts = {
	block: {name: 'xen.block', ns: 400, source: "knob: SCHEDOP_block and the scheduler's look, without a switch"},
	schedule: {name: 'xen.schedule', ns: 300, source: 'knob'},
	switch: {name: 'xen.switch', ns: 1200, source: 'knob: schedule and context switch; 2 to 4 microseconds in 2003'},
	tick: {name: 'xen.tick', ns: 300, source: 'knob'},
	account: {name: 'xen.account', ns: 1000, source: 'knob'},
} satisfies Record<string, Cost>;

export class Cpus implements CpuOwner {
	executing: PhysicalCpu | null = null;
	readonly blockStep: Step;
	readonly scheduleStep: Step;
	readonly switchStep: Step;
	readonly all: readonly PhysicalCpu[];
	readonly scheduler: CreditScheduler;
	readonly domains: Domain[] = [];
	/** The machine's timers run as long as this Xen does. */
	readonly #timers: Owner;
	/** CPU time of domains that are gone: destroyed, or run on these CPUs by an earlier Xen, ns. */
	#bookedBefore: number;
	/** Told when a step's effect panics; `domain` undefined means Xen itself. Errors that are no panic are thrown on. */
	onCrash: (domain: VcpuDomain | undefined, error: unknown) => void = (_domain, error) => {
		throw error;
	};

	/**
	@param processors the physical CPUs: a number of new ones, or those that an earlier Xen has left halted.
	@param ns the cost in force under a scenario's overrides.
	*/
	constructor(
		readonly engine: Engine,
		xen: Owner,
		processors: number | readonly PhysicalCpu[],
		credit: CreditOptions,
		ns: (cost: Cost) => number,
	) {
		const define = (name: string, cost: Cost, run: (argument: number) => void) =>
			new Step(name, xen, ns(cost), true, run);
		// A block step may be set aside and go on where its vCPU was stolen to: it is about the CPU it runs on, not the one it began on.
		this.blockStep = define('block', cpuCosts.block, () => {
			const cpu = this.executing;
			const vcpu = cpu === null ? null : cpu.current;
			if (cpu !== null && vcpu !== null && !vcpu.hasWork) {
				this.scheduler.block(cpu);
			}
		});
		// `xen.switch` is schedule and switch together; here the schedule has been paid for.
		const rest = Math.max(0, ns(cpuCosts.switch) - ns(cpuCosts.schedule));
		const switchTo = new Step('switch', xen, rest, true, () => {});
		this.scheduleStep = define('schedule', cpuCosts.schedule, (id) => {
			const cpu = this.all[id];
			if (this.scheduler.schedule(cpu)) {
				cpu.chain.push(switchTo, id, 0);
			}
		});
		this.switchStep = define('schedule and switch', cpuCosts.switch, (id) => {
			this.scheduler.schedule(this.all[id]);
		});
		this.all =
			typeof processors === 'number'
				? Array.from({length: processors}, (_, id) => new PhysicalCpu(id, engine, this))
				: processors;
		let booked = 0;
		for (const cpu of this.all) {
			cpu.takeOver(this);
			booked += cpu.xenTime + cpu.idleTimeAt(engine.now);
		}

		this.#bookedBefore = engine.now * this.all.length - booked;
		this.#timers = {name: engine.world.name, alive: true};

		const tickStep = define('tick', cpuCosts.tick, (id) => this.scheduler.tick(this.all[id]));
		const accountStep = define('accounting', cpuCosts.account, () => this.scheduler.account());
		this.scheduler = new CreditScheduler(
			engine,
			this.all,
			credit,
			this.#timers,
			(cpu) => cpu.raise(tickStep, cpu.id),
			(cpu) => cpu.raise(accountStep, cpu.id),
		);
		this.scheduler.setDomains(this.domains);
	}

	crashed(domain: VcpuDomain | undefined, error: unknown): void {
		this.onCrash(domain, error);
	}

	add(domain: Domain): void {
		this.domains.push(domain);
		for (const vcpu of domain.vcpus) {
			vcpu.cpu = (this.domains.length - 1 + vcpu.id) % this.all.length;
		}
	}

	/** A stopped domain is gone for good. */
	remove(domain: Domain): void {
		assert(domain.stoppedAt >= 0, 'a domain that is gone has stopped');
		this.domains.splice(this.domains.indexOf(domain), 1);
		this.#bookedBefore += domain.selfTime + domain.xenTime;
	}

	/** Interrupt work for a vCPU, ahead of its tasks. */
	interrupt(vcpu: Vcpu, step: Step, argument: number): void {
		vcpu.interrupts.push(step, argument);
		if (!vcpu.onCpu) {
			this.scheduler.wake(vcpu);
			return;
		}

		const cpu = this.all[vcpu.cpu];
		if (cpu.chain === vcpu.taskChain) {
			cpu.poke();
		}
	}

	/** A new chain of task work for a vCPU. */
	task(vcpu: Vcpu, step: Step, argument: number): void {
		vcpu.tasks.push(step, argument);
		if (!vcpu.onCpu) {
			this.scheduler.wake(vcpu);
		}
	}

	/** The chain of the step whose effect is happening: where `Kernel.step` adds to. */
	get chain() {
		assert(this.executing !== null, 'steps are asked for inside steps; from outside, work is a task or an interrupt');
		return this.executing.chain;
	}

	pause(domain: Domain): void {
		domain.pauseCount++;
		if (domain.pauseCount === 1) {
			for (const vcpu of domain.vcpus) {
				this.scheduler.sleep(vcpu);
			}
		}
	}

	unpause(domain: Domain): void {
		assert(domain.pauseCount > 0, `${domain.name} is paused`);
		domain.pauseCount--;
		if (domain.pauseCount === 0) {
			for (const vcpu of domain.vcpus) {
				this.scheduler.resume(vcpu);
			}
		}
	}

	/** The domain's vCPUs never run again; whatever they had to do is gone. Its flags are set before. */
	stop(domain: Domain): void {
		if (domain.stoppedAt < 0) {
			domain.stoppedAt = this.engine.now;
		}

		for (const vcpu of domain.vcpus) {
			vcpu.interrupts.clear();
			vcpu.tasks.clear();
			vcpu.interruptChain.clear();
			vcpu.taskChain.clear();
			this.scheduler.sleep(vcpu);
			if (!vcpu.onCpu && vcpu.state !== offline) {
				vcpu.setState(offline, this.engine.now);
			}
		}
	}

	/** Every CPU stops where it is, and the timers with them: Xen is no more. Domains keep the time they have used. */
	halt(): void {
		this.#timers.alive = false;
		for (const domain of this.domains) {
			this.stop(domain);
		}

		for (const cpu of this.all) {
			cpu.halt();
		}

		for (const domain of this.domains) {
			for (const vcpu of domain.vcpus) {
				if (vcpu.state !== offline) {
					vcpu.setState(offline, this.engine.now);
				}
			}
		}
	}

	/** Is `step` running, or queued for a vCPU of the domain? For checks: it looks through every queue. */
	isPending(domain: Domain, step: Step): boolean {
		return this.all.some((cpu) => cpu.isRunning(step)) || domain.vcpus.some((vcpu) => vcpu.awaits(step));
	}

	/** CPU time of a domain including the step under way, as xentop would see it now: ns. */
	timeOf(domain: Domain): number {
		let time = domain.selfTime + domain.xenTime;
		for (const vcpu of domain.vcpus) {
			if (vcpu.onCpu) {
				time += this.all[vcpu.cpu].unbookedFor(vcpu);
			}
		}

		return time;
	}

	/** Every nanosecond of every CPU is booked to somebody. */
	checkAccounts(): void {
		const now = this.engine.now;
		let booked = this.#bookedBefore;
		for (const domain of this.domains) {
			booked += domain.selfTime + domain.xenTime;
		}

		for (const cpu of this.all) {
			booked += cpu.xenTime + cpu.idleTimeAt(now) + cpu.unbooked;
		}

		assert(booked === now * this.all.length, `CPU time adds up: ${booked} booked of ${now * this.all.length} ns`);
	}
}
