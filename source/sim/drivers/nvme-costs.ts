/**
What the NVMe driver's work costs. Knobs of the order of what profiles of Linux's driver show (a submission well below a
microsecond, a completion less); registers cost what registers cost.
*/
import type {Cost} from '../kernel/cost.js';

export const nvmeCosts = {
	queue: {name: 'nvme.queue', ns: 400, source: 'knob: tag, PRPs and submission entry of one command'},
	interrupt: {name: 'nvme.interrupt', ns: 500, source: 'knob: handler entry and the first completion entry'},
	complete: {name: 'nvme.complete', ns: 300, source: 'knob: one more completion entry'},
	finish: {name: 'nvme.finish', ns: 150, source: 'knob: completion doorbell (a posted write) and end of interrupt'},
	fail: {name: 'nvme.fail', ns: 300, source: 'knob: one request ended without the device'},
	admin: {name: 'nvme.admin', ns: 500, source: 'knob: an admin command built and queued'},
	timeout: {name: 'nvme.timeout', ns: 2000, source: 'knob: the walk over commands whose time may be up'},
	bounce: {name: 'nvme.bounce', ns: 400, source: 'knob: 4 KiB copied at 10 GB/s, for what the device cannot express'},
} satisfies Record<string, Cost>;
