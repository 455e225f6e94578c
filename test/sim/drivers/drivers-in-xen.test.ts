/** The native drivers in the hypervisor: the same files as in a domain, handed Xen's own kernel; a bug of theirs is the host's end. */
import {describe, expect, it} from 'vitest';
import {NvmeController} from '../../../source/hw/disk/nvme-controller.js';
import {FramePool} from '../../../source/hw/lan/frame-pool.js';
import {Link} from '../../../source/hw/lan/link.js';
import type {WireFrame} from '../../../source/hw/lan/wire.js';
import {E1000} from '../../../source/hw/nic/e1000.js';
import {E1000Driver} from '../../../source/sim/drivers/e1000.js';
import {NvmeDriver} from '../../../source/sim/drivers/nvme.js';
import {AssignedDevice} from '../../../source/sim/kernel/assigned-device.js';
import {BlockRequest, okay, readOperation, writeOperation} from '../../../source/sim/kernel/block-device.js';
import {HostPanic} from '../../../source/sim/kernel/kernel.js';
import {type NetPacket, sent} from '../../../source/sim/kernel/net-device.js';
import {XenKernel} from '../../../source/sim/kernel/xen-kernel.js';
import {DOMID_XEN} from '../../../source/sim/xen/domid.js';
import {pattern} from '../../support/e1000-bench.js';
import {bytesOf, packetOf} from '../../support/fake-net-device.js';
import {MemoryMedium} from '../../support/memory-medium.js';
import {smallXen} from '../../support/small-xen.js';

const disk = '00:04.0';
const nicAddress = '00:05.0';
const cost = {name: 'test', ns: 100, source: 'test'};

function host(iommu: boolean) {
	const {engine, machine, xen, domain} = smallXen(2, 1, iommu);
	machine.bus.plug(new NvmeController({engine, ...machine}, new MemoryMedium(engine), {address: disk, name: 'nvme0'}));
	const link = new Link(engine, new FramePool(), 'eth0', {rate: 1_000_000_000, delay: 0});
	const mac = Uint8Array.from([0x00, 0x1b, 0x21, 0x11, 0x22, 0x33]);
	const nic = new E1000({engine, ...machine}, link.first, {address: nicAddress, name: 'eth0', mac});
	link.first.attach(nic);
	machine.bus.plug(nic);
	const heard: Buffer[] = [];
	link.second.attach({
		receive: (frame: WireFrame) => {
			heard.push(Buffer.from(frame.bytes.subarray(0, frame.length)));
			link.second.release(frame);
		},
		linkChanged: () => {},
	});
	const kernel = new XenKernel(xen);
	for (const address of [disk, nicAddress]) expect(xen.assignment.assign(DOMID_XEN, 'Xen', address)).toBe(0);
	const nvme = new NvmeDriver(kernel, new AssignedDevice(xen, kernel, disk, 'nvme0'));
	const e1000 = new E1000Driver(kernel, new AssignedDevice(xen, kernel, nicAddress, 'eth0'));
	const run = (nanoseconds: number) => engine.run(engine.now + nanoseconds, 10_000_000);
	const inXen = (work: () => void) => {
		kernel.task(kernel.define('test', cost, work));
		run(10_000_000);
	};
	inXen(() => {
		nvme.start(() => {});
		e1000.start(() => {});
	});
	run(1_000_000_000);
	const send = (bytes: Buffer) => {
		const frame = link.second.frame(bytes.length);
		bytes.copy(frame.bytes);
		frame.length = bytes.length;
		link.second.send(frame);
		run(1_000_000);
	};
	return {engine, machine, xen, domain, kernel, nvme, e1000, heard, run, inXen, send};
}

function request(
	operation: typeof readOperation | typeof writeOperation,
	page: number,
	done: (status: number) => void,
) {
	const made = new BlockRequest(1, 0, (_request, status) => done(status));
	made.operation = operation;
	made.segments = 1;
	made.pages[0] = page;
	made.lengths[0] = 4096;
	return made;
}

describe.each([false, true])('native drivers in the hypervisor, IOMMU %s', (iommu) => {
	it('move a domain’s own bytes to the medium and back, by frames that Xen has pinned', () => {
		const {machine, xen, domain, kernel, nvme, inXen} = host(iommu);
		expect(nvme.state).toBe('live');
		const guest = domain('web', 1, 64);
		const [from, to] = [guest.page(), guest.page()];
		guest.bytes(from).fill('zero copy');
		expect([kernel.pin(guest.domid, from, false), kernel.pin(guest.domid, to, true)]).toEqual([true, true]);
		const answers: number[] = [];
		inXen(() => nvme.disk.submit(request(writeOperation, from, (status) => answers.push(status))));
		inXen(() => nvme.disk.submit(request(readOperation, to, (status) => answers.push(status))));
		expect(answers).toEqual([okay, okay]);
		expect(guest.bytes(to)).toEqual(guest.bytes(from));
		kernel.unpin(from, false);
		kernel.unpin(to, true);
		expect([kernel.pinned, xen.frames.references(from), machine.iommu.faults]).toEqual([0, 0, 0]);
	});

	it('send and receive on the wire', () => {
		const {machine, kernel, e1000, heard, inXen, send} = host(iommu);
		expect([e1000.state, e1000.device.carrier]).toEqual(['live', true]);
		const got: Buffer[] = [];
		e1000.device.receiver = (packet: NetPacket) => {
			got.push(bytesOf(kernel, packet));
			packet.done(packet, sent);
		};
		const frame = pattern(1514, 3);
		inXen(() => e1000.device.transmit(packetOf(kernel, [frame.subarray(0, 34), frame.subarray(34)])));
		expect(heard).toEqual([frame]);
		const back = Buffer.concat([Buffer.from('001b21112233', 'hex'), pattern(300, 5)]);
		send(back);
		expect([got, machine.iommu.faults]).toEqual([[back], 0]);
	});
});

describe('native drivers in the hypervisor', () => {
	it('run ahead of every domain, and their time is Xen’s, not a domain’s', () => {
		const {engine, xen, domain, kernel, nvme, inXen} = host(false);
		const hog = domain('hog', 2, 64);
		const burn = hog.define('burn', {name: 'test.burn', ns: 5_000_000, source: 'test'}, () => {
			hog.step(burn);
		});
		for (const vcpu of [0, 1]) hog.task(burn, 0, vcpu);
		engine.run(engine.now + 100_000_000, 1_000_000);
		const page = kernel.page();
		const before = hog.domain.selfTime + hog.domain.xenTime;
		const own = xen.cpus.all.map(({xenTime}) => xenTime);
		let took = -1;
		const began = engine.now;
		inXen(() =>
			nvme.disk.submit(
				request(readOperation, page, () => {
					took = engine.now - began;
				}),
			),
		);
		expect(took).toBeGreaterThan(0);
		expect(took).toBeLessThan(1_000_000);
		expect(xen.cpus.all.some(({xenTime}, cpu) => xenTime > own[cpu])).toBe(true);
		expect(hog.domain.selfTime + hog.domain.xenTime).toBeGreaterThan(before);
		expect(hog.domain.xenTime).toBe(0);
		xen.cpus.checkAccounts();
	});

	it('have a kernel that refuses frames which are not the domain’s', () => {
		const {xen, domain, kernel} = host(false);
		const [guest, other] = [domain('web', 1, 64), domain('db', 1, 64)];
		const page = other.page();
		const shared = xen.frames.allocateShared(guest.domid);
		for (const frame of [page, -1, 1 << 20, shared, kernel.page()]) {
			expect(kernel.pin(guest.domid, frame, false)).toBe(false);
		}

		expect(kernel.pinned).toBe(0);
		expect(() => kernel.dmaAddress(page, 'toDevice')).toThrow('its own or pinned');
	});

	it('panic for the whole host: no CPU runs anything afterwards, and every nanosecond is still somebody’s', () => {
		const {engine, xen, domain, kernel, run} = host(false);
		const guest = domain('web', 1, 64);
		let steps = 0;
		const work = guest.define('work', cost, () => {
			steps++;
			guest.step(work);
		});
		guest.task(work);
		run(1_000_000);
		const crashes: unknown[] = [];
		xen.cpus.onCrash = (owner, error) => {
			crashes.push(owner, error);
			kernel.die();
		};
		const later = kernel.define('later', cost, () => crashes.push('ran'));
		kernel.timer(5_000_000, later);
		kernel.task(
			kernel.define('bug', cost, () => {
				kernel.task(later);
				kernel.panic('null pointer in a driver');
			}),
		);
		run(1000);
		const before = steps;
		run(1_000_000_000);
		expect(crashes[0]).toBeUndefined();
		expect(crashes[1]).toBeInstanceOf(HostPanic);
		expect([crashes.length, steps]).toEqual([2, before]);
		expect(xen.cpus.all.every(({idle}) => idle)).toBe(true);
		expect(engine.now).toBeGreaterThan(2_000_000_000);
		xen.cpus.checkAccounts();
	});

	it('panic for the host in a domain’s hypercall, too', () => {
		const {xen, domain, kernel, run} = host(false);
		const guest = domain('web', 1, 64);
		const crashes: unknown[] = [];
		xen.cpus.onCrash = (_owner, error) => {
			crashes.push(error);
			kernel.die();
		};
		guest.task(guest.hypercall('call', cost, () => kernel.panic('bad pointer in a hypercall')));
		run(1_000_000);
		expect(crashes.length).toBe(1);
		expect(crashes[0]).toBeInstanceOf(HostPanic);
		expect(xen.cpus.all.every(({idle}) => idle)).toBe(true);
		xen.cpus.checkAccounts();
	});
});
