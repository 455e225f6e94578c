/** What netfront's steps cost, beside Linux's xen-netfront: where no one has measured, knobs of a plausible size. */
import type {Cost} from '../kernel/cost.js';

export const netfrontCosts = {
	interrupt: {name: 'netfront.interrupt', ns: 200, source: 'knob: the handler schedules the poll'},
	transmit: {name: 'netfront.transmit', ns: 200, source: 'knob: a packet taken, its requests published'},
	transmitSlot: {
		name: 'netfront.transmit_slot',
		ns: 100,
		source: 'knob: per slot, a grant entry and 12 bytes written',
	},
	notify: {
		name: 'netfront.notify',
		ns: 300,
		source: "knob: EVTCHNOP_send, 0.3 to 1 microseconds in the Xen papers' era",
	},
	clean: {name: 'netfront.clean', ns: 100, source: 'knob: a look at the transmit responses'},
	cleanSlot: {name: 'netfront.clean_slot', ns: 80, source: 'knob: per response, checked and its grant ended'},
	poll: {name: 'netfront.poll', ns: 150, source: 'knob: a look at the receive responses'},
	pollSlot: {
		name: 'netfront.poll_slot',
		ns: 250,
		source: 'knob: per response, checked, its grant ended, its packet handed up',
	},
	post: {name: 'netfront.post', ns: 100, source: 'knob: two barriers and two shared cache lines'},
	postSlot: {name: 'netfront.post_slot', ns: 80, source: 'knob: per buffer, a grant entry and 8 bytes written'},
	arm: {name: 'netfront.arm', ns: 50, source: 'knob: one store and a barrier'},
	recheck: {name: 'netfront.recheck', ns: 50, source: 'knob: one load of a shared cache line'},
	setup: {name: 'netfront.setup', ns: 3000, source: 'knob: two ring pages, their grants, EVTCHNOP_alloc_unbound'},
} satisfies Record<string, Cost>;
