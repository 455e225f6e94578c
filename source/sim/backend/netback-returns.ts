/**
Packets of a guest that whoever had them is done with: a thread of netback's unmaps what came back since it last looked in one hypercall, and
answers the slots (Linux's xen-netback, xenvif_zerocopy_callback and xenvif_tx_dealloc_action).
*/
import type {Step} from '../../engine/step.js';
import * as netif from '../channel/netif.js';
import type {GuestKernel} from '../kernel/kernel.js';
import type {NetbackAnswers} from './netback-answers.js';
import {netbackCosts} from './netback-costs.js';
import type {PacketFetch} from './netback-fetch.js';
import type {PendingPacket} from './netback-pending.js';

export class NetbackReturns {
	/** Still mapped, oldest first. */
	private readonly returned: PendingPacket[] = [];
	private awake = false;
	private readonly release: Step;
	private readonly unmap: Step;
	private readonly perUnmap: number;

	/** @param free a packet's grants are unmapped and its slots answered. */
	constructor(
		private readonly kernel: GuestKernel,
		name: string,
		private readonly vcpu: number | undefined,
		private readonly fetcher: PacketFetch,
		private readonly answers: NetbackAnswers,
		private readonly free: (taken: PendingPacket) => void,
	) {
		this.release = kernel.define(`netback ${name} release`, netbackCosts.release, () => this.look());
		this.unmap = kernel.hypercall(`netback ${name} unmap`, netbackCosts.unmap, (count) => this.unmapFirst(count));
		this.perUnmap = kernel.define(`netback ${name} per unmap`, netbackCosts.unmapSlot, () => {}).cost;
	}

	/** A mapped packet has come back. The caller is inside a step of the kernel. */
	add(taken: PendingPacket): void {
		this.returned.push(taken);
		if (this.awake) return;
		this.awake = true;
		this.kernel.task(this.release, 0, this.vcpu);
	}

	private look(): void {
		let grants = 0;
		for (const {mapped} of this.returned) grants += mapped;
		this.kernel.step(this.unmap, this.returned.length, grants * this.perUnmap);
	}

	private unmapFirst(count: number): void {
		for (let i = 0; i < count; i++) {
			const taken = this.returned[i];
			for (let slot = 0; slot < taken.slots; slot++) {
				if (taken.handles[slot] >= 0) this.answers.slot(taken, slot, netif.responseOkay);
			}

			this.fetcher.unmap(taken);
			this.free(taken);
		}

		this.returned.copyWithin(0, count);
		this.returned.length -= count;
		this.awake = this.returned.length > 0;
		if (this.awake) this.kernel.task(this.release, 0, this.vcpu);
		this.answers.publishLater();
	}
}
