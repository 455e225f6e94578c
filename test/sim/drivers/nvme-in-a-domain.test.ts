/** The NVMe driver in a domain of the real hypervisor: interrupts as event channels, DMA behind the IOMMU. */
import {describe, expect, it} from 'vitest';
import {NvmeController} from '../../../source/hw/disk/nvme-controller.js';
import {NvmeDriver} from '../../../source/sim/drivers/nvme.js';
import {AssignedDevice} from '../../../source/sim/kernel/assigned-device.js';
import {BlockRequest, ioError, okay, readOperation, writeOperation} from '../../../source/sim/kernel/block-device.js';
import {MemoryMedium} from '../../support/memory-medium.js';
import {smallXen} from '../../support/small-xen.js';

const address = '00:04.0';

function host() {
	const {engine, machine, xen, domain} = smallXen();
	const medium = new MemoryMedium(engine);
	const controller = new NvmeController({engine, ...machine}, medium, {address, name: 'nvme0'});
	machine.bus.plug(controller);
	const dom0 = domain('Domain-0', 1, 2048);
	expect(xen.assignment.assign(dom0.domid, 'Domain-0', address)).toBe(0);
	const driver = new NvmeDriver(dom0, new AssignedDevice(xen, dom0, address, 'nvme0'), {ioTimeout: 100_000_000});
	driver.start(() => {});
	engine.run(1_000_000_000, 1_000_000);
	return {engine, machine, xen, domain, dom0, driver, medium, controller};
}

describe('NVMe driver in a domain', () => {
	it('drives a drive whose interrupts come through Xen and whose DMA goes through the IOMMU', () => {
		const {engine, machine, dom0, driver} = host();
		expect(driver.state).toBe('live');
		const from = dom0.page();
		const to = dom0.page();
		dom0.bytes(from).fill('zero copy');
		const answers: number[] = [];
		const request = (operation: typeof readOperation | typeof writeOperation, page: number) => {
			const made = new BlockRequest(1, 0, (_request, status) => answers.push(status));
			made.operation = operation;
			made.segments = 1;
			made.pages[0] = page;
			made.lengths[0] = 4096;
			const step = dom0.define('test', {name: 'test', ns: 0, source: 'test'}, () => driver.disk.submit(made));
			dom0.task(step);
			engine.run(engine.now + 10_000_000, 1_000_000);
		};
		request(writeOperation, from);
		request(readOperation, to);
		expect(answers).toEqual([okay, okay]);
		expect(dom0.bytes(to)).toEqual(dom0.bytes(from));
		expect(machine.iommu.faults).toBe(0);
	});

	it('cannot have the drive reach a page that is not the domain’s: the IOMMU refuses, the request fails', () => {
		const {engine, machine, xen, domain, dom0, driver} = host();
		const victim = domain('victim', 1, 64).page();
		const answers: number[] = [];
		const made = new BlockRequest(1, 0, (_request, status) => answers.push(status));
		made.operation = readOperation;
		made.segments = 1;
		made.pages[0] = victim;
		made.lengths[0] = 4096;
		const step = dom0.define('test', {name: 'test', ns: 0, source: 'test'}, () => driver.disk.submit(made));
		dom0.task(step);
		engine.run(engine.now + 1_000_000_000, 1_000_000);
		expect(answers).toEqual([ioError]);
		expect(machine.iommu.faults).toBeGreaterThan(0);
		expect(xen.frames.ownerOf(victim)).not.toBe(dom0.domid);
	});
});
