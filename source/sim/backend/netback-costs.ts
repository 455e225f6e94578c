/** What netback's steps cost, beside Linux's xen-netback: where no one has measured, knobs of a plausible size. */
import type {Cost} from '../kernel/cost.js';

export const netbackCosts = {
	interrupt: {name: 'netback.interrupt', ns: 200, source: 'knob: the handler schedules the poll and wakes the thread'},
	take: {name: 'netback.take', ns: 200, source: 'knob: a look at the transmit requests'},
	takeSlot: {name: 'netback.take_slot', ns: 120, source: 'knob: per slot, 12 bytes copied and checked, a buffer made'},
	fetch: {
		name: 'netback.fetch',
		ns: 300,
		source: 'knob: GNTTABOP_copy and GNTTABOP_map_grant_ref for a batch of packets',
	},
	mapSlot: {
		name: 'netback.map_slot',
		ns: 350,
		source: 'knob: per fragment, grant entry pinned, page and IOMMU entry set',
	},
	copyOperation: {
		name: 'netback.copy_op',
		ns: 200,
		source: 'knob: per operation of GNTTABOP_copy, grant entry pinned, page mapped, both undone',
	},
	copyBytes: {name: 'netback.copy_256', ns: 40, source: 'knob: per 256 bytes copied, 6.4 GB/s'},
	deliver: {name: 'netback.deliver', ns: 250, source: 'knob: per packet, handed to the network stack'},
	release: {name: 'netback.release', ns: 150, source: 'knob: wake of the thread that unmaps'},
	unmap: {name: 'netback.unmap', ns: 300, source: 'knob: GNTTABOP_unmap_grant_ref, one hypercall a batch'},
	unmapSlot: {
		name: 'netback.unmap_slot',
		ns: 450,
		source: 'knob: per fragment, with its share of the IOTLB flush',
	},
	respond: {name: 'netback.respond', ns: 100, source: 'knob: two barriers and two shared cache lines'},
	respondSlot: {name: 'netback.respond_slot', ns: 40, source: 'knob: per slot, its response written'},
	queue: {name: 'netback.queue', ns: 150, source: 'knob: wake of the thread that serves the guest'},
	place: {name: 'netback.place', ns: 200, source: 'knob: per packet towards the guest, requests taken, copies listed'},
	copy: {name: 'netback.copy', ns: 300, source: 'knob: GNTTABOP_copy, one hypercall for up to 64 operations'},
	notify: {
		name: 'netback.notify',
		ns: 300,
		source: "knob: EVTCHNOP_send, 0.3 to 1 microseconds in the Xen papers' era",
	},
	arm: {name: 'netback.arm', ns: 50, source: 'knob: one store and a barrier'},
	recheck: {name: 'netback.recheck', ns: 50, source: 'knob: one load of a shared cache line'},
	connect: {name: 'netback.connect', ns: 5000, source: 'knob: GNTTABOP_map_grant_ref of two ring pages'},
	bind: {name: 'netback.bind', ns: 1000, source: 'knob: EVTCHNOP_bind_interdomain'},
	disconnect: {name: 'netback.disconnect', ns: 5000, source: 'knob: port closed, ring pages unmapped'},
} satisfies Record<string, Cost>;
