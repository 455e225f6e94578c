/** xl sched-credit: a domain's weight and cap under the credit scheduler (tools/libs/light/libxl_sched.c). */
import type {HypervisorControl} from './control.js';
import {ToolError} from './script.js';

/** What is undefined stays as it is. @throws ToolError */
export function setCredit(
	control: HypervisorControl,
	domid: number,
	wanted: {readonly weight: number | undefined; readonly cap: number | undefined},
): void {
	const error = (text: string) => new ToolError(`libxl: error: sched_credit_domain_set: Domain ${domid}:${text}`);
	const now = control.schedulerParameters(domid);
	if (now === undefined) {
		throw error('Getting domain info list');
	}

	const weight = wanted.weight ?? now.weight;
	const cap = wanted.cap ?? now.cap;
	const most = control.vcpus(domid) * 100;
	if (weight < 1 || weight > 65_535) {
		throw error('Cpu weight out of range, valid values are within range from 1 to 65535');
	}

	if (cap < 0 || cap > most) {
		throw error(`Cpu cap out of range, valid range is from 0 to ${most} for specified number of vcpus`);
	}

	control.setSchedulerParameters(domid, {weight, cap});
}
