/** What blkback's steps cost, beside Linux's xen-blkback: where no one has measured, knobs of a plausible size. */
import type {Cost} from '../kernel/cost.js';

export const blkbackCosts = {
	interrupt: {name: 'blkback.interrupt', ns: 200, source: "knob: the handler wakes the ring's thread"},
	take: {name: 'blkback.take', ns: 250, source: 'knob: thread switch share, 112 bytes copied from the shared page'},
	validate: {name: 'blkback.validate', ns: 150, source: 'knob: checks of the copy'},
	map: {name: 'blkback.map', ns: 300, source: 'knob: GNTTABOP_map_grant_ref, one hypercall a request'},
	mapSegment: {
		name: 'blkback.map_segment',
		ns: 350,
		source: 'knob: per segment, grant entry pinned, page and IOMMU entry set',
	},
	submit: {name: 'blkback.submit', ns: 400, source: 'knob: bio built and sent through the block layer'},
	unmap: {name: 'blkback.unmap', ns: 300, source: 'knob: GNTTABOP_unmap_grant_ref, one hypercall a request'},
	unmapSegment: {
		name: 'blkback.unmap_segment',
		ns: 450,
		source: 'knob: per segment, with its share of the IOTLB flush',
	},
	respond: {name: 'blkback.respond', ns: 200, source: 'knob: 16 bytes written and published'},
	notify: {
		name: 'blkback.notify',
		ns: 300,
		source: "knob: EVTCHNOP_send, 0.3 to 1 microseconds in the Xen papers' era",
	},
	arm: {name: 'blkback.arm', ns: 50, source: 'knob: one store and a barrier'},
	recheck: {name: 'blkback.recheck', ns: 50, source: 'knob: one load of a shared cache line'},
	connect: {name: 'blkback.connect', ns: 3000, source: 'knob: GNTTABOP_map_grant_ref of the ring page'},
	bind: {name: 'blkback.bind', ns: 1000, source: 'knob: EVTCHNOP_bind_interdomain'},
	disconnect: {name: 'blkback.disconnect', ns: 3000, source: 'knob: port closed, ring page unmapped'},
} satisfies Record<string, Cost>;
