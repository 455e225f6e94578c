/**
The shared_info page of Xen 1.0 (i386, where a u64 is aligned to 4 bytes): pending events and their mask as two words of bits, time, and the
indices of the domain's network rings. Offsets computed from the declarations of its hypervisor-if.h.
*/

/** `events`: bits set by Xen, taken by the guest. `events_mask`: bits the guest wants to hear of, with the master enable. */
export const eventsOffset = 0;
export const eventsMaskOffset = 4;
/** net_idx[8], 24 bytes each: after events, mask, rdtsc_bitshift, cpu_freq and the eleven words of time. */
export const netIndexOffset = 72;
export const netIndexBytes = 24;
/** MAX_DOMAIN_VIFS. */
export const vifLimit = 8;

/** _EVENT_*: bit numbers. */
export const eventBlkdev = 0;
export const eventTimer = 1;
export const eventDie = 2;
export const eventDebug = 3;
export const eventNet = 4;
export const eventPs2 = 5;
/** EVENTS_MASTER_ENABLE_BIT: while it is clear Xen makes no upcall, whatever is set. */
export const masterEnableBit = 31;

const eventsWord = eventsOffset >> 2;
const maskWord = eventsMaskOffset >> 2;
const master = 1 << masterEnableBit;

/** A view of the page's words for both sides. */
export class SharedInfo1 {
	constructor(
		/** Machine frame of the page. */
		readonly frame: number,
		readonly words: Int32Array,
	) {}

	/** Sets an event's bit; false when it was set already. */
	set(event: number): boolean {
		const before = this.words[eventsWord];
		this.words[eventsWord] = before | (1 << event);
		return (before & (1 << event)) === 0;
	}

	isSet(event: number): boolean {
		return (this.words[eventsWord] & (1 << event)) !== 0;
	}

	/** Events that are set and not masked, whatever the master enable says. */
	get deliverable(): number {
		return this.words[eventsWord] & this.words[maskWord] & ~master;
	}

	/** Takes the deliverable events, leaving the masked ones. */
	take(): number {
		const taken = this.deliverable;
		this.words[eventsWord] &= ~taken;
		return taken;
	}

	get enabled(): boolean {
		return (this.words[maskWord] & master) !== 0;
	}

	enable(enabled: boolean): void {
		if (enabled) this.words[maskWord] |= master;
		else this.words[maskWord] &= ~master;
	}

	unmask(event: number): void {
		this.words[maskWord] |= 1 << event;
	}

	mask(event: number): void {
		this.words[maskWord] &= ~(1 << event);
	}
}
