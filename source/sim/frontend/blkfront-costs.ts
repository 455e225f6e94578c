/** What blkfront's steps cost, beside Linux's xen-blkfront: where no one has measured, knobs of a plausible size. */
import type {Cost} from '../kernel/cost.js';

export const blkfrontCosts = {
	fill: {name: 'blkfront.fill', ns: 400, source: 'knob: shadow row and 112-byte slot, some tens of cache lines'},
	grant: {name: 'blkfront.grant', ns: 100, source: 'knob: per segment, a grant entry written and taken back'},
	push: {name: 'blkfront.push', ns: 100, source: 'knob: two barriers and two shared cache lines'},
	notify: {
		name: 'blkfront.notify',
		ns: 300,
		source: "knob: EVTCHNOP_send, 0.3 to 1 microseconds in the Xen papers' era",
	},
	reap: {
		name: 'blkfront.reap',
		ns: 400,
		source: 'knob: a response copied, checked, its grants ended, its request completed',
	},
	arm: {name: 'blkfront.arm', ns: 50, source: 'knob: one store and a barrier'},
	recheck: {name: 'blkfront.recheck', ns: 50, source: 'knob: one load of a shared cache line'},
	refuse: {name: 'blkfront.refuse', ns: 100, source: 'knob'},
	setup: {name: 'blkfront.setup', ns: 2000, source: 'knob: ring page, grant, EVTCHNOP_alloc_unbound'},
	reissue: {name: 'blkfront.reissue', ns: 500, source: 'knob: the shadow walked in order of submission'},
} satisfies Record<string, Cost>;
