/**
Who used the CPUs: for each physical CPU how busy it was and with whom, for each domain and virtual CPU its share, its waiting
and what Xen did on its behalf. Read from the hypervisor's own books, the step under way included, so that domains, Xen and
idleness sum to the physical CPUs exactly.
*/
import type {Cpus} from '../sim/xen/cpus.js';
import type {Domain} from '../sim/xen/domain.js';
import type {PhysicalCpu} from '../sim/xen/physical-cpu.js';
import {
	blocked,
	offline,
	priorityBoost,
	priorityUnder,
	type RunState,
	runnable,
	running,
	type Vcpu,
} from '../sim/xen/vcpu.js';
import type {Counter, Samples} from './samples.js';
import type {CpuView, VcpuView, XenView} from './snapshot.js';

const stateNames: Readonly<Record<RunState, VcpuView['state']>> = {
	[running]: 'running',
	[runnable]: 'runnable',
	[blocked]: 'blocked',
	[offline]: 'offline',
};

export class DomainCpuFigures {
	readonly time: Counter;
	readonly wait: Counter;
	readonly #xen: Counter;
	/** By physical CPU. */
	readonly #onCpus: readonly Counter[];
	readonly #vcpus: readonly {vcpu: Vcpu; run: Counter; wait: Counter; blocked: Counter}[];

	constructor(
		private readonly cpus: Cpus,
		readonly domain: Domain,
		samples: Samples,
	) {
		const {engine} = cpus;
		this.time = samples.counter(() => cpus.timeOf(domain));
		this.#xen = samples.counter(() => domain.xenTime + unbookedHypercall(cpus, domain));
		this.#onCpus = cpus.all.map((cpu) => samples.counter(() => timeOn(cpu, domain)));
		this.#vcpus = domain.vcpus.map((vcpu) => {
			const inState = (state: RunState) => samples.counter(() => vcpu.timeIn(state, engine.now));
			return {vcpu, run: inState(running), wait: inState(runnable), blocked: inState(blocked)};
		});
		const waits = this.#vcpus.map(({vcpu}) => vcpu);
		this.wait = samples.counter(() => {
			let sum = 0;
			for (const vcpu of waits) {
				sum += vcpu.timeIn(runnable, engine.now);
			}

			return sum;
		});
	}

	/** Percent of the window that it ran on a physical CPU. */
	shareOf(cpu: number): number {
		return this.#onCpus[cpu].percent;
	}

	vcpuViews(): readonly VcpuView[] {
		const {now} = this.cpus.engine;
		return this.#vcpus.map(({vcpu, run, wait, blocked: idle}) => ({
			id: vcpu.id,
			state: stateNames[vcpu.state],
			cpu: vcpu.cpu,
			cpuTime: vcpu.timeIn(running, now),
			run: run.percent,
			wait: wait.percent,
			blocked: idle.percent,
			priority: vcpu.priority === priorityBoost ? 'boost' : vcpu.priority === priorityUnder ? 'under' : 'over',
			credits: vcpu.credits,
		}));
	}

	/** What it ran itself, and what Xen ran for it. */
	account(): XenView['accounts'][number] {
		const xen = this.#xen.percent;
		return {owner: this.domain.name, self: this.time.percent - xen, xen};
	}
}

export class HostCpuFigures {
	/** Xen's own time on all CPUs. */
	readonly xen: Counter;
	readonly #cpus: readonly {cpu: PhysicalCpu; busy: Counter; xen: Counter}[];

	constructor(cpus: Cpus, samples: Samples) {
		const {engine} = cpus;
		this.#cpus = cpus.all.map((cpu) => ({
			cpu,
			busy: samples.counter(() => engine.now - cpu.idleTimeAt(engine.now)),
			xen: samples.counter(() => xenTimeOn(cpu)),
		}));
		this.xen = samples.counter(() => {
			let sum = 0;
			for (const cpu of cpus.all) {
				sum += xenTimeOn(cpu);
			}

			return sum;
		});
	}

	views(domains: Iterable<DomainCpuFigures>): readonly CpuView[] {
		const all = [...domains];
		return this.#cpus.map(({cpu, busy, xen}) => {
			let top = {name: 'Xen', share: xen.percent};
			for (const figures of all) {
				const share = figures.shareOf(cpu.id);
				if (share > top.share) {
					top = {name: figures.domain.name, share};
				}
			}

			return {
				id: cpu.id,
				running: cpu.runningName,
				busy: busy.percent,
				top: top.share > 0 ? top : {name: 'idle', share: 0},
				history: busy.history.map(percentOfSecond),
			};
		});
	}
}

/** Nanoseconds a second as percent. */
export function percentOfSecond(nanoseconds: number): number {
	return nanoseconds / 10_000_000;
}

/** Time of a CPU that was Xen's own, the step under way included. */
function xenTimeOn(cpu: PhysicalCpu): number {
	return cpu.xenTime + cpu.unbooked - (cpu.current === null ? 0 : cpu.unbookedFor(cpu.current));
}

function timeOn(cpu: PhysicalCpu, domain: Domain): number {
	let time = 0;
	for (const vcpu of domain.vcpus) {
		time += (vcpu.cpuTimes.at(cpu.id) ?? 0) + (cpu.current === vcpu ? cpu.unbookedFor(vcpu) : 0);
	}

	return time;
}

function unbookedHypercall(cpus: Cpus, domain: Domain): number {
	let time = 0;
	for (const vcpu of domain.vcpus) {
		const cpu = cpus.all[vcpu.cpu];
		time += vcpu.onCpu && cpu.inHypercall ? cpu.unbookedFor(vcpu) : 0;
	}

	return time;
}
