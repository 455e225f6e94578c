/** A host as Xen 1.0 has it: drivers' kernel, block and network backends in the hypervisor, guests with its events and rings. Nothing faked but the medium. */
import {NvmeController} from '../../source/hw/disk/nvme-controller.js';
import {Volume} from '../../source/sim/backend/volume.js';
import {Xen1Devices} from '../../source/sim/backend/xen1-devices.js';
import {RingIdentities} from '../../source/sim/channel/ring-identities.js';
import {ringSlots, virtualDisk} from '../../source/sim/channel/vbd1.js';
import {NvmeDriver} from '../../source/sim/drivers/nvme.js';
import {Xen1Block} from '../../source/sim/frontend/xen1-block.js';
import {Xen1Vbd} from '../../source/sim/frontend/xen1-vbd.js';
import {AssignedDevice} from '../../source/sim/kernel/assigned-device.js';
import {type BlockDevice, type BlockOperation, BlockRequest} from '../../source/sim/kernel/block-device.js';
import type {DomainKernel} from '../../source/sim/kernel/domain-kernel.js';
import {DOMID_XEN} from '../../source/sim/xen/domid.js';
import {MemoryDisk} from './memory-disk.js';
import {MemoryMedium} from './memory-medium.js';
import {smallXen} from './small-xen.js';

const cost = {name: 'test', ns: 100, source: 'test'};

export type Xen1Host = ReturnType<typeof xen1Host>;
export type Xen1Guest = ReturnType<Xen1Host['guest']>;

export function xen1Host({iommu = false, cpus = 2} = {}) {
	const {engine, machine, xen, domain} = smallXen(cpus, 1, iommu);
	const devices = new Xen1Devices(xen);
	const {kernel, bits, block: backend} = devices;
	const run = (nanoseconds: number) => {
		const until = engine.now + nanoseconds;
		while (!engine.run(until, 1_000_000)) {
			// The budget ended first.
		}
	};
	const inXen = (work: () => void) => kernel.task(kernel.define('test', cost, work));
	const inGuest = (guest: DomainKernel, work: () => void) => guest.task(guest.define('test', cost, work));

	/** A fault point; the one there is when a domain of the name has been here before. */
	const pointOf = (key: string, name: string) => engine.faults.get(key) ?? engine.faults.point(key, [name]);

	/** A guest with a disk of extents of `device`, and its end of the ring. */
	const guest = (
		name: string,
		device: BlockDevice,
		extents: readonly {start: number; sectors: number}[],
		readonly = false,
	) => {
		const own = domain(name, 1, 1024);
		const identities = new RingIdentities(ringSlots);
		const {events, block: client} = devices.addDomain(own, identities, {
			hash: engine.hash,
			writes: pointOf(`ring.write ${name}.blk Xen`, name),
		});
		const volume = new Volume(`${name}-disk`, device, extents, readonly);
		backend.createDisk(own.domid, virtualDisk(0), {device: volume, readonly});
		const block = new Xen1Block(own, events, backend, {
			channel: `${name}.blk`,
			words: client.page.words,
			identities,
			hash: engine.hash,
			writes: pointOf(`ring.write ${name}.blk front`, name),
		});
		const {limits} = volume;
		const vbd = new Xen1Vbd(block, {name: 'xvda', device: virtualDisk(0), ...limits});
		/** One request; `answer` is undefined until it is done. */
		const request = (
			operation: BlockOperation,
			sector: number,
			segments: readonly {page: number; offset: number; bytes: number}[],
		) => {
			const io = {
				answer: undefined as number | undefined,
				taken: false,
				request: new BlockRequest(12, 0, (_, status) => {
					if (io.answer !== undefined) throw new Error('a request is answered once');
					io.answer = status;
				}),
			};
			io.request.operation = operation;
			io.request.sector = sector;
			io.request.segments = segments.length;
			io.request.identity = engine.trace.begin();
			for (const [i, {page, offset, bytes}] of segments.entries()) {
				io.request.pages[i] = page;
				io.request.offsets[i] = offset;
				io.request.lengths[i] = bytes;
			}

			return io;
		};
		const submit = (...ios: ReturnType<typeof request>[]) =>
			inGuest(own, () => {
				for (const io of ios) io.taken = vbd.submit(io.request);
			});
		/** Whole pages, and waits. */
		const transfer = (operation: BlockOperation, sector: number, pages: readonly number[]) => {
			const io = request(
				operation,
				sector,
				pages.map((page) => ({page, offset: 0, bytes: 4096})),
			);
			submit(io);
			run(20_000_000);
			return io.answer;
		};
		return {kernel: own, events, client, volume, block, vbd, identities, request, submit, transfer};
	};

	/** An NVMe drive whose driver lives in Xen. */
	const nvme = () => {
		const address = '00:04.0';
		const medium = new MemoryMedium(engine);
		machine.bus.plug(new NvmeController({engine, ...machine}, medium, {address, name: 'nvme0'}));
		if (xen.assignment.assign(DOMID_XEN, 'Xen', address) !== 0) throw new Error('the drive is nobody’s');
		const driver = new NvmeDriver(kernel, new AssignedDevice(xen, kernel, address, 'nvme0'));
		inXen(() => driver.start(() => {}));
		run(1_000_000_000);
		return {driver, medium};
	};

	/** As domain zero's tools end a domain: it stops, Xen's devices forget it, its memory is given up. Returns the frames that stay. */
	const destroy = (own: DomainKernel): number => {
		own.domain.dying = true;
		own.die();
		xen.cpus.stop(own.domain);
		devices.removeDomain(own.domid);
		return xen.frames.freeAll(own.domid);
	};

	return {
		engine,
		machine,
		xen,
		devices,
		kernel,
		bits,
		backend,
		domain,
		guest,
		nvme,
		run,
		inXen,
		inGuest,
		destroy,
		memoryDisk: (limits = {}) => new MemoryDisk(kernel, limits),
		messages: () => engine.log.since(0).map(({text}) => text),
	};
}
