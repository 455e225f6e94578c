/**
How netback reaches a packet's bytes: up to 128 of them are copied, so that the guest cannot change the headers after somebody has decided by
them, the rest is mapped read-only. The header is copied over as many slots as it lies in (XSA-423). All inside a hypercall step.
*/
import {assert} from '../../engine/assert.js';
import type {GuestKernel} from '../kernel/kernel.js';
import type {PendingPacket} from './netback-pending.js';

export class PacketFetch {
	/** Grants mapped at this instant. */
	mapped = 0;

	constructor(
		private readonly kernel: GuestKernel,
		private readonly name: string,
		private readonly frontend: number,
	) {}

	/** Fills the packet's segments. When a grant cannot be reached the packet has `failed`, and nothing of it stays mapped. */
	reach(taken: PendingPacket): void {
		const {packet, sizes} = taken;
		taken.failed = false;
		packet.pages[0] = taken.headerPage;
		packet.offsets[0] = taken.headerOffset;
		packet.lengths[0] = taken.header;
		packet.segments = 1;
		let left = taken.header;
		for (let slot = 0; slot < taken.slots; slot++) {
			const bytes = Math.min(left, sizes[slot]);
			if (bytes > 0) this.copy(taken, slot, taken.header - left, bytes);
			if (!taken.failed && sizes[slot] > bytes) this.map(taken, slot, bytes);
			left -= bytes;
		}

		if (taken.failed) this.unmap(taken);
	}

	unmap(taken: PendingPacket): void {
		const {handles} = taken;
		for (let slot = 0; slot < taken.slots; slot++) {
			if (handles[slot] < 0) continue;
			const status = this.kernel.unmapGrant(handles[slot]);
			assert(status === 0, 'a handle is unmapped once');
			handles[slot] = -1;
			taken.mapped--;
			this.mapped--;
		}
	}

	private copy(taken: PendingPacket, slot: number, at: number, bytes: number): void {
		const {headerPage, headerOffset, references, offsets} = taken;
		const status = this.kernel.copyGrant(
			this.frontend,
			references[slot],
			offsets[slot],
			headerPage,
			headerOffset + at,
			bytes,
			false,
		);
		if (status !== 0) this.refused(taken, slot, `Grant copy of header failed! status: ${status}`);
	}

	/** Maps what is left of a slot behind its first `copied` bytes. */
	private map(taken: PendingPacket, slot: number, copied: number): void {
		const {packet, references, offsets, sizes} = taken;
		const handle = this.kernel.mapGrant(this.frontend, references[slot], true, true);
		if (handle < 0) {
			this.refused(taken, slot, `Grant map of slot ${slot} failed! status: ${handle}`);
			return;
		}

		taken.handles[slot] = handle;
		taken.mapped++;
		this.mapped++;
		const segment = packet.segments++;
		packet.pages[segment] = this.kernel.mappedPage(handle);
		packet.offsets[segment] = offsets[slot] + copied;
		packet.lengths[segment] = sizes[slot] - copied;
	}

	private refused(taken: PendingPacket, slot: number, text: string): void {
		taken.failed = true;
		this.kernel.log('debug', `${this.name}: ${text} ref: ${taken.references[slot]}`);
	}
}
