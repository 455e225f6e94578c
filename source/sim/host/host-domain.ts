/** A domain of the host with what runs in it: its kernel, its disks as its workloads see them, its jobs. */
import type {BlockDevice} from '../kernel/block-device.js';
import type {DomainKernel} from '../kernel/domain-kernel.js';
import type {DomainWords} from '../scenario/types.js';

export class HostDomain {
	/** By name: `xvda`, or `nvme0p3` in domain zero. */
	readonly disks = new Map<string, BlockDevice>();

	constructor(
		readonly words: DomainWords,
		readonly kernel: DomainKernel,
		readonly role: 'control' | 'driver' | 'guest',
	) {}

	get name(): string {
		return this.words.name;
	}
}
