/** A domain as the hypervisor knows it: id, vCPUs, memory limits, scheduler parameters, lifecycle flags, CPU time by executor. */
import {blocked, running, Vcpu, type VcpuDomain} from './vcpu.js';

export type ShutdownReason = 'poweroff' | 'reboot' | 'suspend' | 'crash';

export class Domain implements VcpuDomain {
	readonly vcpus: Vcpu[] = [];
	/** Credit scheduler: relative share, and percent of one pCPU it may use at most (0 = no cap). */
	weight: number;
	cap: number;
	pauseCount: number;
	shutdown: ShutdownReason | undefined;
	dying = false;
	/** CPU time in ns executed by its own code, and by Xen on its behalf (hypercalls). */
	selfTime = 0;
	xenTime = 0;
	hypercalls = 0;

	constructor(
		readonly id: number,
		readonly name: string,
		vcpus: number,
		options: {weight: number; cap: number; paused: boolean; now: number},
	) {
		this.weight = options.weight;
		this.cap = options.cap;
		this.pauseCount = options.paused ? 1 : 0;
		for (let i = 0; i < vcpus; i++) {
			this.vcpus.push(new Vcpu(this, i, options.now));
		}

		this.createdAt = options.now;
	}

	readonly createdAt: number;
	/** When its vCPUs stopped for good, ns; -1 while they may run. */
	stoppedAt = -1;

	/** Can its vCPUs be scheduled at all? */
	get runnable(): boolean {
		return this.pauseCount === 0 && this.shutdown === undefined && !this.dying;
	}

	/** xentop's six letters, in the order d s b c p r (tools/xentop/xentop.c). */
	get stateLetters(): string {
		const run = this.vcpus.some((vcpu) => vcpu.state === running);
		const block = !run && this.vcpus.every((vcpu) => vcpu.state === blocked);
		return [
			this.dying ? 'd' : '-',
			this.shutdown !== undefined && this.shutdown !== 'crash' ? 's' : '-',
			block ? 'b' : '-',
			this.shutdown === 'crash' ? 'c' : '-',
			this.pauseCount > 0 ? 'p' : '-',
			run ? 'r' : '-',
		].join('');
	}
}
