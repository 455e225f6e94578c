/**
What the host checks of itself as it runs, beside the assertions in each part: CPU time adds up, run states sum to elapsed time, DMA
stays inside IOMMU windows, grants are not refused without a reason. A violation is a finding, or stops the run where it is
a bug of the simulator's own.
*/
import type {Engine} from '../../engine/engine.js';
import {errorName} from '../xen/errno.js';
import type {HostBoot} from './host-boot.js';

/** Lines about what devices of dead domains still try. */
const lateLines = 16;

/** Makes refusals of the IOMMU, of device assignment and of grant tables findings, and lines of Xen's log; stray transfers, too. Done once, when the host is switched on. */
export function reportRefusals(engine: Engine, boot: HostBoot): void {
	const {xen, machine} = boot;
	const say = (severity: 'warning' | 'error', text: string) =>
		engine.log.add(engine.now, 'Xen', severity, 'kernel', text);
	let late = 0;
	machine.iommu.onFault = (device, address, write) => {
		const text = `IOMMU: ${device}: ${write ? 'write' : 'read'} of 0x${address.toString(16)} refused`;
		// What a device of a dead domain still does until its reset is refused, and nobody's fault. Xen limits how often it says so.
		if (!xen.assignment.awaitsReset(device)) {
			say('error', text);
			engine.findings.report('dma', engine.now, [device], text);
		} else if (late++ < lateLines) {
			say('warning', text);
		}
	};
	machine.iommu.onStray = (device, frame, write) => {
		const owner = ownerOf(boot, frame);
		const text = `${device} ${write ? 'wrote into' : 'read'} frame 0x${frame.toString(16)}, which is ${owner}'s`;
		engine.log.add(engine.now, device, 'error', 'check', `stray DMA: ${text}`);
		engine.findings.report('stray', engine.now, [device, owner], text);
	};
	xen.assignment.onRefusal = (domid, device, what, status) => {
		const name = xen.domains.get(domid)?.name ?? `domain ${domid}`;
		const text = `${name}: ${what} of ${device} refused: ${errorName(status)}`;
		say('warning', text);
		engine.findings.report('access', engine.now, [name, device], text);
	};
	xen.grants.onRefusal = (domid, text) => {
		const name = xen.domains.get(domid)?.name ?? `domain ${domid}`;
		say('warning', `grant table: ${name}: ${text}`);
		engine.findings.report('grant', engine.now, [name], text);
	};
}

/** Whose a frame is: a domain's name, or Xen for what nobody has. */
function ownerOf({xen}: HostBoot, frame: number): string {
	return xen.domains.get(xen.frames.ownerOf(frame))?.name ?? 'Xen';
}

/** Checked at every interval: every nanosecond of every CPU and vCPU is accounted for. */
export function checkTimes(engine: Engine, {xen}: HostBoot): void {
	xen.cpus.checkAccounts();
	for (const domain of xen.cpus.domains) {
		for (const vcpu of domain.vcpus) {
			vcpu.checkTimes(engine.now, domain.createdAt);
		}
	}
}
