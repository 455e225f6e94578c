/**
What an architecture places in the hypervisor, as the beginnings of paths under source/: how much code everybody has to trust. Drivers
and backends that run in domains are not among it, and neither is what guests run.
*/
import type {architectures} from '../scenario/vocabulary.js';

/** Domains, CPUs, memory, interrupts, devices: what any Xen has. */
const core = [
	'sim/xen/assigned-registers.ts',
	'sim/xen/cpus.ts',
	'sim/xen/credit.ts',
	'sim/xen/device-assignment.ts',
	'sim/xen/domain.ts',
	'sim/xen/domid.ts',
	'sim/xen/errno.ts',
	'sim/xen/event-bits.ts',
	'sim/xen/frame-table.ts',
	'sim/xen/free-frames.ts',
	'sim/xen/hypervisor.ts',
	'sim/xen/physical-cpu.ts',
	'sim/xen/run-queues.ts',
	'sim/xen/vcpu.ts',
	'sim/xen/work.ts',
];

/** What device channels between domains are made of: grants and event channels. */
const slim = [
	...core,
	'sim/xen/domain-grants.ts',
	'sim/xen/event-channels.ts',
	'sim/xen/event-ports.ts',
	'sim/xen/grant-entry.ts',
	'sim/xen/grant-status.ts',
	'sim/xen/grant-table.ts',
	'sim/xen/maptrack.ts',
	'sim/xen/shared-info.ts',
];

/** Xen 1.0 has neither; instead every native driver, every virtual device, and the kernel that these are written against. */
const full = [
	...core,
	'sim/xen/shared-info1.ts',
	'sim/kernel/xen-kernel.ts',
	'sim/kernel/assigned-device.ts',
	'sim/channel/vbd1.ts',
	'sim/channel/vif1.ts',
	'sim/backend/bridge',
	'sim/backend/forwarding-table.ts',
	'sim/backend/transmit-queue.ts',
	'sim/backend/volume.ts',
	'sim/backend/xen1-',
	'sim/drivers/',
];

export const hypervisorCode: Readonly<Record<(typeof architectures)[number], readonly string[]>> = {
	xen1: full,
	xen2: slim,
	'driver-domains': slim,
};
