/** What a kernel does when one of its virtual devices has been removed: xenbus takes note, as work of the kernel. */
import {configRead} from '../kernel/cost.js';
import type {DomainKernel} from '../kernel/domain-kernel.js';

export function whenRemoved(kernel: DomainKernel, stop: () => void): void {
	if (kernel.alive) {
		kernel.task(kernel.define('device removed', configRead, stop));
	}
}
