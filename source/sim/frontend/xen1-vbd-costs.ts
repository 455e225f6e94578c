/** What a guest's disks cost it under Xen 1.0: knobs of the size of blkfront's, without grants; every batch takes a hypercall. */
import type {Cost} from '../kernel/cost.js';

export const vbd1FrontCosts = {
	fill: {name: 'vbd1front.fill', ns: 350, source: 'knob: a row and a 60-byte slot'},
	push: {name: 'vbd1front.push', ns: 100, source: 'knob: a barrier and a shared cache line'},
	blockIo: {name: 'vbd1front.block_io_op', ns: 300, source: 'knob: hypercall, the domain put on Xen’s list'},
	interrupt: {name: 'vbd1front.interrupt', ns: 150, source: 'knob: the handler finds its ring'},
	reap: {name: 'vbd1front.reap', ns: 350, source: 'knob: a response copied, checked, its request completed'},
	refuse: {name: 'vbd1front.refuse', ns: 100, source: 'knob'},
} satisfies Record<string, Cost>;
