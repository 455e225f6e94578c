/**
Every named cost there is, collected from the parts that declare and pay them. A scenario may override any by its name; the
command that reads a scenario asks here which names there are. test/docs/costs.test.ts finds what is missing.
*/
import {blkbackCosts} from '../backend/blkback.js';
import {bridgeCosts} from '../backend/bridge-costs.js';
import {netbackCosts} from '../backend/netback.js';
import {vbd1BackCosts} from '../backend/xen1-vbd-costs.js';
import {vif1BackCosts} from '../backend/xen1-vif-costs.js';
import {e1000Costs} from '../drivers/e1000-costs.js';
import {nvmeCosts} from '../drivers/nvme-costs.js';
import {sequenceCosts} from '../drivers/sequence.js';
import {blkfrontCosts} from '../frontend/blkfront.js';
import {netfrontCosts} from '../frontend/netfront.js';
import {vbd1FrontCosts} from '../frontend/xen1-vbd-costs.js';
import {vif1FrontCosts} from '../frontend/xen1-vif-costs.js';
import {cpuHogCosts} from '../guest/cpu-hog.js';
import {deviceGrabCosts} from '../guest/device-grab.js';
import {jobCosts} from '../guest/job.js';
import {networkCosts} from '../guest/network-costs.js';
import {guestPowerCosts} from '../guest/power.js';
import {accessCosts, type Cost} from '../kernel/cost.js';
import {domainKernelCosts} from '../kernel/domain-kernel.js';
import {xen1EventCosts} from '../kernel/xen1-events.js';
import {domctlCosts, toolstackCosts} from '../toolstack/toolstack.js';
import {cpuCosts} from '../xen/cpus.js';
import {hypervisorCosts} from '../xen/hypervisor.js';
import {storeCosts} from '../xenstore/store-kernel.js';
import {hostCosts} from './host-costs.js';

/** A part's costs, under the name by which docs/fidelity.md calls it. */
export interface CostGroup {
	readonly part: string;
	readonly costs: readonly Cost[];
}

/** From the hypervisor up, in the order in which the parts declare them. */
export const costGroups: readonly CostGroup[] = [
	{part: 'Xen', costs: [...Object.values(hypervisorCosts), ...Object.values(cpuCosts)]},
	{part: 'any kernel', costs: [...Object.values(domainKernelCosts), ...Object.values(accessCosts)]},
	{
		part: 'NVMe driver',
		costs: [...Object.values(nvmeCosts), ...Object.values(sequenceCosts)],
	},
	{part: 'e1000 driver', costs: Object.values(e1000Costs)},
	{part: 'blkback', costs: Object.values(blkbackCosts)},
	{part: 'bridge', costs: Object.values(bridgeCosts)},
	{part: 'blkfront', costs: Object.values(blkfrontCosts)},
	{part: 'netback', costs: Object.values(netbackCosts)},
	{part: 'netfront', costs: Object.values(netfrontCosts)},
	{part: 'network stack', costs: Object.values(networkCosts)},
	{part: 'Xen 1.0 events', costs: Object.values(xen1EventCosts)},
	{part: 'Xen 1.0 disk front', costs: Object.values(vbd1FrontCosts)},
	{part: 'Xen 1.0 disk back', costs: Object.values(vbd1BackCosts)},
	{part: 'Xen 1.0 network front', costs: Object.values(vif1FrontCosts)},
	{part: 'Xen 1.0 network back', costs: Object.values(vif1BackCosts)},
	{
		part: 'workloads',
		costs: [
			...Object.values(jobCosts),
			...Object.values(cpuHogCosts),
			...Object.values(deviceGrabCosts),
			...Object.values(guestPowerCosts),
		],
	},
	{part: 'XenStore', costs: Object.values(storeCosts)},
	{
		part: 'toolstack',
		costs: [...Object.values(toolstackCosts), ...Object.values(domctlCosts), ...Object.values(hostCosts)],
	},
];

export const costNames: readonly string[] = costGroups.flatMap(({costs}) => costs.map(({name}) => name));
