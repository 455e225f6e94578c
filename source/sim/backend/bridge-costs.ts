/** What the bridge's and the transmit side's work costs, beside Linux's net/bridge and net/core: knobs of a plausible size. */
import type {Cost} from '../kernel/cost.js';

export const bridgeCosts = {
	forward: {
		name: 'bridge.forward',
		ns: 400,
		source: 'knob: a frame taken in, its sender learnt, its addressee looked up, handed to a port',
	},
	flood: {name: 'bridge.flood', ns: 200, source: 'knob: per port a frame is flooded to, an skb cloned and handed over'},
	age: {name: 'bridge.age', ns: 2000, source: 'knob: the walk over what has been learnt'},
	segment: {
		name: 'offload.segment',
		ns: 350,
		source: 'knob: headers replicated and adjusted for one segment (skb_segment)',
	},
	checksum: {name: 'offload.checksum', ns: 250, source: 'knob: per KiB, summed at 4 GB/s'},
} satisfies Record<string, Cost>;
