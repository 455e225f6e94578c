/**
The shared_info page as an x86_64 guest sees it (Xen public/xen.h, struct shared_info and vcpu_info): vcpu_info[32] of 64 bytes at
0, evtchn_pending of 64 × 64 bits at 2048, evtchn_mask at 2560. A view of the page's words; the 2-level event channel ABI's bit
operations, for the hypervisor and for the guest alike. 64-bit words are pairs of little-endian 32-bit words.
*/

/** 64 words of 64 bits; port 0 is never used. */
export const portLimit = 4096;
/** XEN_LEGACY_MAX_VCPUS: vCPUs whose vcpu_info lies in the page. */
export const vcpuLimit = 32;

const vcpuInfoWords = 16;
const pendingWord = 2048 >> 2;
const maskWord = 2560 >> 2;
/** evtchn_pending_sel, 8 bytes into vcpu_info: a bit for each 64 ports. */
const selectorWord = 2;
const upcallPendingBits = 0xff;
const upcallMaskBits = 0xff00;

export class SharedInfo {
	constructor(
		/** Machine frame of the page. */
		readonly frame: number,
		readonly words: Int32Array,
	) {}

	isPending(port: number): boolean {
		return (this.words[pendingWord + (port >> 5)] & (1 << (port & 31))) !== 0;
	}

	/** Sets the pending bit; false when it was set already: edges coalesce. */
	setPending(port: number): boolean {
		const at = pendingWord + (port >> 5);
		const bit = 1 << (port & 31);
		if ((this.words[at] & bit) !== 0) return false;
		this.words[at] |= bit;
		return true;
	}

	clearPending(port: number): void {
		this.words[pendingWord + (port >> 5)] &= ~(1 << (port & 31));
	}

	isMasked(port: number): boolean {
		return (this.words[maskWord + (port >> 5)] & (1 << (port & 31))) !== 0;
	}

	mask(port: number): void {
		this.words[maskWord + (port >> 5)] |= 1 << (port & 31);
	}

	/** Clears the mask bit only; delivery of what is pending is EVTCHNOP_unmask's part. Returns whether it was set. */
	clearMask(port: number): boolean {
		const masked = this.isMasked(port);
		this.words[maskWord + (port >> 5)] &= ~(1 << (port & 31));
		return masked;
	}

	/** Masks every port, as a guest does when it starts. */
	maskAll(): void {
		this.words.fill(-1, maskWord, maskWord + portLimit / 32);
	}

	/** Sets the port's bit in a vCPU's evtchn_pending_sel; false when it was set already. */
	select(vcpu: number, port: number): boolean {
		const at = vcpu * vcpuInfoWords + selectorWord + (port >> 11);
		const bit = 1 << ((port >> 6) & 31);
		if ((this.words[at] & bit) !== 0) return false;
		this.words[at] |= bit;
		return true;
	}

	upcallPending(vcpu: number): boolean {
		return (this.words[vcpu * vcpuInfoWords] & upcallPendingBits) !== 0;
	}

	/** Sets evtchn_upcall_pending; false when it was set already. */
	setUpcallPending(vcpu: number): boolean {
		const at = vcpu * vcpuInfoWords;
		if ((this.words[at] & upcallPendingBits) !== 0) return false;
		this.words[at] |= 1;
		return true;
	}

	clearUpcallPending(vcpu: number): void {
		this.words[vcpu * vcpuInfoWords] &= ~upcallPendingBits;
	}

	/** evtchn_upcall_mask: the guest takes no upcalls on this vCPU while it is set. */
	upcallMasked(vcpu: number): boolean {
		return (this.words[vcpu * vcpuInfoWords] & upcallMaskBits) !== 0;
	}

	setUpcallMask(vcpu: number, masked: boolean): void {
		const at = vcpu * vcpuInfoWords;
		this.words[at] = (this.words[at] & ~upcallMaskBits) | (masked ? 0x100 : 0);
	}

	/** Takes one half (0: words 0 … 31, 1: words 32 … 63) of a vCPU's evtchn_pending_sel, leaving zero. */
	takeSelector(vcpu: number, half: number): number {
		const at = vcpu * vcpuInfoWords + selectorWord + half;
		const selected = this.words[at];
		this.words[at] = 0;
		return selected;
	}

	/** Pending and not masked, of the 32 ports from `group * 32`. */
	deliverable(group: number): number {
		return this.words[pendingWord + group] & ~this.words[maskWord + group];
	}
}
