/**
fio's cpuio engine: burns a share of one vCPU in cycles of `cpuchunks`, sleeping the rest. It burns in slices, each a task of its
own, so that other tasks of the same kernel get their turn, as under a guest's own scheduler.
*/
import type {Step} from '../../engine/step.js';
import type {Cost} from '../kernel/cost.js';
import type {Kernel} from '../kernel/kernel.js';
import type {CpuHogOptions} from './job-options.js';

export const cpuHogCosts = {
	begin: {name: 'job.begin', ns: 0, source: 'what a cycle burns is all it costs'},
} satisfies Record<string, Cost>;

/** Nanoseconds between two chances for other tasks. */
const slice = 50_000;

export class CpuHog {
	state: 'waiting' | 'running' | 'ended' = 'waiting';
	/** Nanoseconds of CPU time burnt. */
	burnt = 0;
	/** Cycles completed. */
	cycles = 0;
	readonly #slices: number;
	readonly #burn: Step;
	readonly #begin: Step;
	#left = 0;
	#cycleStart = 0;
	#end = 0;

	/** @param vcpu of the kernel, on which it burns. */
	constructor(
		readonly kernel: Kernel,
		readonly options: CpuHogOptions,
		readonly vcpu = 0,
	) {
		const {name, cpuload, cpuchunks} = options;
		const share = Math.max(1, Math.round((cpuchunks * cpuload) / 100));
		this.#slices = Math.ceil(share / slice);
		const cost: Cost = {
			name: `job.${name}.burn`,
			ns: Math.round(share / this.#slices),
			source: 'cpuload of cpuchunks, in slices of at most 50 µs',
		};
		this.#burn = kernel.define(`${name} burn`, cost, () => this.#burns());
		this.#begin = kernel.define(`${name} begin`, cpuHogCosts.begin, () => this.#begins());
	}

	/** Begins after startdelay. */
	start(): void {
		if (this.options.startdelay > 0) {
			this.kernel.timer(this.options.startdelay, this.#begin);
		} else {
			this.kernel.task(this.#begin, 0, this.vcpu);
		}
	}

	/** Its process is to stop. */
	quit(): void {
		this.#end = Number.NEGATIVE_INFINITY;
		this.state = 'ended';
	}

	#begins(): void {
		if (this.state === 'ended') {
			return;
		}

		const now = this.kernel.now();
		if (this.state === 'waiting') {
			this.state = 'running';
			this.#end = this.options.runtime > 0 ? now + this.options.runtime : Number.POSITIVE_INFINITY;
		}

		this.#cycleStart = now;
		this.#left = this.#slices;
		this.kernel.task(this.#burn, 0, this.vcpu);
	}

	#burns(): void {
		const now = this.kernel.now();
		this.burnt += this.#burn.cost;
		if (now >= this.#end) {
			this.state = 'ended';
			return;
		}

		if (--this.#left > 0) {
			this.kernel.task(this.#burn, 0, this.vcpu);
			return;
		}

		this.cycles++;
		const rest = this.options.cpuload >= 100 ? 0 : this.#cycleStart + this.options.cpuchunks - now;
		if (rest > 0) {
			this.kernel.timer(rest, this.#begin);
		} else {
			this.#begins();
		}
	}
}
