/** What the network backend of Xen 1.0 costs in the hypervisor, beside what a guest's own hypercall pays: knobs of the size of netback's. */
import type {Cost} from '../kernel/cost.js';

export const vif1BackCosts = {
	round: {
		name: 'vif1back.round',
		ns: 150,
		source: 'knob: the tasklet takes the next interface off its list, one packet of it',
	},
	complete: {name: 'vif1back.complete', ns: 150, source: 'knob: the page unpinned, 8 bytes written and published'},
	flip: {name: 'vif1back.flip', ns: 600, source: 'knob: two frames change owners, the page table entry is written'},
	scrub: {
		name: 'vif1back.scrub',
		ns: 500,
		source: 'knob: 4 KiB zeroed at 8 GB/s: the guest’s page becomes a buffer of Xen’s',
	},
	copy: {name: 'vif1back.copy_256', ns: 40, source: 'knob: per 256 bytes copied, 6.4 GB/s'},
	event: {name: 'vif1back.event', ns: 100, source: 'knob: an event bit set for a batch, the domain woken'},
} satisfies Record<string, Cost>;
