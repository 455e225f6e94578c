/** What the block backend of Xen 1.0 costs in the hypervisor: knobs of the size of blkback's, without grants and notifications by channel. */
import type {Cost} from '../kernel/cost.js';

export const vbd1BackCosts = {
	round: {name: 'vbd1back.round', ns: 150, source: 'knob: the tasklet takes the next domain off its list'},
	take: {name: 'vbd1back.take', ns: 200, source: 'knob: 60 bytes copied from the shared page'},
	validate: {
		name: 'vbd1back.validate',
		ns: 200,
		source: 'knob: checks of the copy, the disk’s table of extents looked up',
	},
	pin: {name: 'vbd1back.pin', ns: 60, source: 'knob: per page, owner and type checked, count raised'},
	submit: {name: 'vbd1back.submit', ns: 400, source: 'knob: buffer heads made and sent through the block layer'},
	unpin: {name: 'vbd1back.unpin', ns: 40, source: 'knob: per page, count lowered'},
	respond: {name: 'vbd1back.respond', ns: 150, source: 'knob: 12 bytes written and published'},
	event: {name: 'vbd1back.event', ns: 100, source: 'knob: an event bit set for a batch, the domain woken'},
} satisfies Record<string, Cost>;
