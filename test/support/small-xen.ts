/** A hypervisor on a small machine without devices, and domains with kernels on it: the real classes, nothing faked. */
import {Engine} from '../../source/engine/engine.js';
import {InterruptController} from '../../source/hw/interrupts.js';
import {Iommu} from '../../source/hw/iommu.js';
import {Memory} from '../../source/hw/memory.js';
import {PciBus} from '../../source/hw/pci.js';
import {DomainKernel} from '../../source/sim/kernel/domain-kernel.js';
import {Hypervisor} from '../../source/sim/xen/hypervisor.js';

export function smallXen(cpus = 2, seed = 1, iommu = true) {
	const engine = new Engine(seed);
	const memory = new Memory(64 << 20);
	const machine = {
		memory,
		bus: new PciBus(engine),
		iommu: new Iommu(),
		interrupts: new InterruptController(engine, cpus),
	};
	const xen = new Hypervisor(engine, machine, {
		iommu,
		credit: {slice: 30_000_000, rateLimit: 1_000_000},
		costs: new Map(),
	});
	const domain = (name: string, vcpus = 1, frames = 1024): DomainKernel => {
		const created = xen.createDomain(name, {
			frames,
			maximumFrames: frames + 16,
			vcpus,
			weight: 256,
			cap: 0,
			paused: false,
		});
		if (created === undefined) {
			throw new Error('the small machine is full');
		}

		return new DomainKernel(xen, created, frames);
	};

	return {engine, machine, xen, domain};
}
