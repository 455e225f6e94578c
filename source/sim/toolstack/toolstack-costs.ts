/** What the toolstack's work costs, and how long it waits for others. */
import type {Cost} from '../kernel/cost.js';
import {timeoutCost} from './script.js';

export const toolstackCosts = {
	start: {name: 'xl.start', ns: 2_000_000, source: 'knob: a process started, its configuration read'},
	prepare: {name: 'xl.prepare', ns: 100_000, source: 'knob: libxl prepares a group of store requests'},
	hotplug: {
		name: 'xl.hotplug',
		ns: 3_000_000,
		source: 'knob: a script of /etc/xen/scripts (block, vif-bridge), a shell with a few programs',
	},
	reset: {
		name: 'xl.reset',
		ns: 1_000_000,
		source: 'knob: a write to reset in sysfs; the function itself takes up to 100 ms',
	},
	timeout: timeoutCost,
} satisfies Record<string, Cost>;

export const domctlCosts = {
	create: {name: 'domctl.create', ns: 4_000_000, source: 'knob: a domain made, its memory given, its kernel loaded'},
	simple: {name: 'domctl.simple', ns: 2000, source: 'knob: one small control operation'},
	destroy: {name: 'domctl.destroy', ns: 1_000_000, source: 'knob: a domain torn down, its memory scrubbed'},
} satisfies Record<string, Cost>;

/** LIBXL_INIT_TIMEOUT, LIBXL_DESTROY_TIMEOUT (tools/libs/light/libxl_internal.h), nanoseconds. */
export const initTimeout = 10_000_000_000;
export const destroyTimeout = 10_000_000_000;
