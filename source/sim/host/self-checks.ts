/**
What the host checks of itself as it runs, beside the assertions in each part: CPU time adds up, run states sum to elapsed time, DMA
stays inside IOMMU windows, grants are not refused without a reason. A violation is a finding, or stops the run where it is
a bug of the simulator's own.
*/
import type {Engine} from '../../engine/engine.js';
import type {Boot} from './boot.js';

/** Makes refusals of the IOMMU and of grant tables findings, and lines of Xen's log. Done once, when the host is switched on. */
export function reportRefusals(engine: Engine, boot: Boot): void {
	boot.machine.iommu.onFault = (device, address, write) => {
		const text = `IOMMU: ${device}: ${write ? 'write' : 'read'} of 0x${address.toString(16)} refused`;
		engine.log.add(engine.now, 'Xen', 'error', 'kernel', text);
		engine.findings.report('dma', engine.now, [device], text);
	};
	boot.xen.grants.onRefusal = (domid, text) => {
		const name = boot.xen.domains.get(domid)?.name ?? `domain ${domid}`;
		engine.log.add(engine.now, 'Xen', 'warning', 'kernel', `grant table: ${name}: ${text}`);
		engine.findings.report('grant', engine.now, [name], text);
	};
}

/** Checked at every interval: every nanosecond of every CPU and vCPU is accounted for. */
export function checkTimes(engine: Engine, {xen}: Boot): void {
	xen.cpus.checkAccounts();
	for (const domain of xen.cpus.domains) {
		for (const vcpu of domain.vcpus) {
			vcpu.checkTimes(engine.now, domain.createdAt);
		}
	}
}
