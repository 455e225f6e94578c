/**
What the e1000 driver's work costs. Knobs of the order of what profiles of Linux's driver show; a register read across the bus costs
800 ns wherever it happens, so the interrupt, which begins with one, is dear.
*/
import type {Cost} from '../kernel/cost.js';

export const e1000Costs = {
	queue: {name: 'e1000.queue', ns: 350, source: 'knob: descriptors of one packet and the tail (a posted write)'},
	segment: {name: 'e1000.segment', ns: 60, source: 'knob: one more descriptor of the same packet'},
	interrupt: {
		name: 'e1000.interrupt',
		ns: 1300,
		source: 'knob: handler entry, causes read across the bus, mask written, end of interrupt',
	},
	poll: {name: 'e1000.poll', ns: 150, source: 'knob: a look at both rings'},
	reclaim: {name: 'e1000.reclaim', ns: 50, source: 'knob: the walk over written-back transmit descriptors begins'},
	reclaimPacket: {name: 'e1000.reclaim_packet', ns: 120, source: 'knob: one packet let go'},
	receive: {
		name: 'e1000.receive',
		ns: 400,
		source: 'knob: a receive descriptor read, its frame handed up, another buffer put in its place',
	},
	refill: {name: 'e1000.refill', ns: 400, source: 'knob: up to 16 buffers posted and the tail (a posted write)'},
	complete: {name: 'e1000.complete', ns: 200, source: 'knob: tail and mask (posted writes), the poll is over'},
	drop: {name: 'e1000.drop', ns: 100, source: 'knob: one packet given back unsent'},
	timeout: {name: 'e1000.timeout', ns: 1000, source: 'knob: the transmit watchdog looks at the ring'},
} satisfies Record<string, Cost>;
