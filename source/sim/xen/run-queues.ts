/**
The credit scheduler's run queues, one a CPU: vCPUs that are runnable and wait, in order of priority, first come first served
within one (Xen common/sched/credit.c, __runq_insert).
*/
import {assert} from '../../engine/assert.js';
import {priorityOver, type Vcpu} from './vcpu.js';

export class RunQueues {
	/** vCPUs in all queues together. */
	waiting = 0;
	private readonly queues: Vcpu[][];

	constructor(cpus: number) {
		this.queues = Array.from({length: cpus}, () => []);
	}

	length(cpu: number): number {
		return this.queues[cpu].length;
	}

	/** Whoever should go to `cpu` next: the best of its own queue, or a better one stolen from another's (csched_load_balance). */
	best(cpu: number): Vcpu | undefined {
		const own = this.queues[cpu][0];
		if (own !== undefined && own.priority > priorityOver) {
			return own;
		}

		let best = own;
		for (let i = 1; i < this.queues.length; i++) {
			const peer = this.queues[(cpu + i) % this.queues.length][0];
			if (peer !== undefined && (best === undefined || peer.priority > best.priority)) {
				best = peer;
			}
		}

		return best;
	}

	/** Behind those of its own priority. */
	insert(vcpu: Vcpu): void {
		assert(!vcpu.queued && !vcpu.onCpu, 'a vCPU is queued once');
		const queue = this.queues[vcpu.cpu];
		let at = queue.push(vcpu) - 1;
		for (; at > 0 && queue[at - 1].priority < vcpu.priority; at--) {
			queue[at] = queue[at - 1];
		}

		queue[at] = vcpu;
		vcpu.queued = true;
		this.waiting++;
	}

	/** Does nothing when it is not queued. */
	remove(vcpu: Vcpu): void {
		if (!vcpu.queued) {
			return;
		}

		vcpu.queued = false;
		const queue = this.queues[vcpu.cpu];
		let at = queue.indexOf(vcpu);
		assert(at >= 0, "a queued vCPU is in its CPU's queue");
		for (; at < queue.length - 1; at++) {
			queue[at] = queue[at + 1];
		}

		queue.pop();
		this.waiting--;
	}
}
