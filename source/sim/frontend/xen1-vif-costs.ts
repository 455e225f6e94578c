/** What a guest's network interface costs it under Xen 1.0, its hypercalls included: knobs of the size of netfront's and netback's. */
import type {Cost} from '../kernel/cost.js';

export const vif1FrontCosts = {
	fill: {name: 'vif1front.fill', ns: 250, source: 'knob: a packet taken, 8 bytes written'},
	copy: {
		name: 'vif1front.copy_256',
		ns: 40,
		source: 'knob: per 256 bytes of a packet in several pieces, copied into one page',
	},
	push: {name: 'vif1front.push', ns: 100, source: 'knob: a barrier and a shared cache line'},
	post: {name: 'vif1front.post', ns: 100, source: 'knob: a barrier and a shared cache line'},
	postSlot: {name: 'vif1front.post_slot', ns: 120, source: 'knob: per page, its page table entry and 8 bytes written'},
	update: {name: 'vif1front.net_update', ns: 300, source: 'knob: hypercall, a look at both rings'},
	updateTransmit: {
		name: 'vif1front.net_update_tx',
		ns: 300,
		source: 'knob: per packet, in Xen: checked, its page pinned, 34 bytes copied',
	},
	updateReceive: {
		name: 'vif1front.net_update_rx',
		ns: 250,
		source: 'knob: per page posted, in Xen: its entry checked and cleared',
	},
	interrupt: {name: 'vif1front.interrupt', ns: 150, source: 'knob: the handler looks at its interfaces'},
	clean: {name: 'vif1front.clean', ns: 100, source: 'knob: a look at the transmit responses'},
	cleanSlot: {name: 'vif1front.clean_slot', ns: 60, source: 'knob: per response'},
	poll: {name: 'vif1front.poll', ns: 150, source: 'knob: a look at the receive responses'},
	pollSlot: {name: 'vif1front.poll_slot', ns: 250, source: 'knob: per response, the entry read, its packet handed up'},
	arm: {name: 'vif1front.arm', ns: 50, source: 'knob: an event index stored, the responses looked at once more'},
} satisfies Record<string, Cost>;
