/** A domain of the host with what runs in it: its kernel, its disks as its workloads see them, its jobs. */
import type {BlockDevice} from '../kernel/block-device.js';
import type {DomainKernel} from '../kernel/domain-kernel.js';
import type {DomainWords} from '../scenario/types.js';
import type {Cpus} from '../xen/cpus.js';
import {blocked, runnable, running} from '../xen/vcpu.js';
import {type DomainSample, summed} from './counters.js';

export class HostDomain {
	/** By name: `xvda`, or `nvme0p3` in domain zero. */
	readonly disks = new Map<string, BlockDevice>();

	/** @param before what domains of this name had counted when this one was created. */
	constructor(
		readonly words: DomainWords,
		readonly kernel: DomainKernel,
		readonly role: 'control' | 'driver' | 'guest',
		private readonly cpus: Cpus,
		private readonly before: DomainSample,
	) {}

	get name(): string {
		return this.words.name;
	}

	/** What it has counted, and those of its name before it: the step under way is counted, too. */
	get counts(): DomainSample {
		const {cpus} = this;
		const {domain} = this.kernel;
		const {now} = cpus.engine;
		let self = domain.selfTime;
		let xen = domain.xenTime;
		const states = [0, 0, 0];
		for (const vcpu of domain.vcpus) {
			states[0] += vcpu.timeIn(running, now);
			states[1] += vcpu.timeIn(runnable, now);
			states[2] += vcpu.timeIn(blocked, now);
			if (vcpu.onCpu) {
				const cpu = cpus.all[vcpu.cpu];
				if (cpu.inHypercall) {
					xen += cpu.unbookedFor(vcpu);
				} else {
					self += cpu.unbookedFor(vcpu);
				}
			}
		}

		const {hypercalls} = domain;
		return summed(this.before, {
			self,
			xen,
			hypercalls,
			running: states[0],
			runnable: states[1],
			blocked: states[2],
		});
	}
}
