/**
Code of a domain that reaches for a PCI function it was not given, as root in a guest can: configuration space (trapped accesses to ports
0xcf8 and 0xcfc), the registers' frames (MMU_NORMAL_PT_UPDATE), the interrupt (PHYSDEVOP_map_pirq). Xen answers each; the domain goes on.
*/
import type {Step} from '../../engine/step.js';
import type {Cost} from '../kernel/cost.js';
import type {DomainKernel} from '../kernel/domain-kernel.js';
import {errorName} from '../xen/errno.js';
import type {Hypervisor} from '../xen/hypervisor.js';

export const deviceGrabCosts = {
	attempt: {name: 'grab.attempt', ns: 2000, source: 'knob: an access that Xen traps and refuses'},
} satisfies Record<string, Cost>;

/**
Puts the attempts to work on the domain's first vCPU, one after the other. The caller is inside no step.
@param begun told within the first of them, before Xen answers, whether the function is the domain's after all.
*/
export function grabDevice(
	xen: Hypervisor,
	kernel: DomainKernel,
	{address, name}: {readonly address: string; readonly name: string},
	begun: (permitted: boolean) => void,
): void {
	const {assignment} = xen;
	const {domid} = kernel;
	const attempts: readonly [string, () => number][] = [
		['configuration space', () => assignment.readConfig(domid, address, 0, 4)],
		[
			'registers',
			() => {
				const window = assignment.registers(domid, address, 0);
				return typeof window === 'number' ? window : 0;
			},
		],
		['interrupt', () => assignment.messagePirq(domid, address, 0)],
	];
	const attempt: Step = kernel.hypercall(`grab ${name}`, deviceGrabCosts.attempt, (index) => {
		if (index === 0) begun(assignment.permits(domid, address) === 0);
		const [what, ask] = attempts[index];
		const status = ask();
		if (status < 0) kernel.log('error', `${name}: ${what}: ${errorName(status)}`);
		if (index + 1 < attempts.length) kernel.step(attempt, index + 1);
	});
	kernel.task(attempt);
}
