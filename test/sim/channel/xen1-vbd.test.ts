/** A guest's disk under Xen 1.0: from its ring through the hypervisor's backend and native driver to the medium and back. */
import {describe, expect, it} from 'vitest';
import * as vbd1 from '../../../source/sim/channel/vbd1.js';
import {
	flushOperation,
	ioError,
	notSupported,
	okay,
	readOperation,
	writeOperation,
} from '../../../source/sim/kernel/block-device.js';
import {type Xen1Guest, xen1Host} from '../../support/xen1-host.js';

const whole = [{start: 0, sectors: 2048}];

describe.each([false, true])('a virtual disk of Xen 1.0, IOMMU %s', (iommu) => {
	it('moves a guest’s bytes through two extents of a real drive and back', () => {
		const host = xen1Host({iommu});
		const {driver} = host.nvme();
		const extents = [
			{start: 4096, sectors: 12},
			{start: 64, sectors: 2000},
		];
		const {kernel, transfer, volume} = host.guest('web', driver.disk, extents);
		const pages = Array.from({length: 12}, (_, i) => {
			const page = kernel.page();
			kernel.bytes(page).fill(`page ${i} of what web writes, `);
			return page;
		});
		const back = pages.map(() => kernel.page());
		expect(transfer(writeOperation, 4, pages)).toBe(okay);
		expect(transfer(readOperation, 4, back)).toBe(okay);
		for (const [i, page] of back.entries()) expect(kernel.bytes(page).equals(kernel.bytes(pages[i]))).toBe(true);
		expect(volume.deviceSector(12)).toBe(64);
		const whoReadsAll = host.guest('peek', driver.disk, [{start: 0, sectors: 8192}]);
		const page = whoReadsAll.kernel.page();
		expect(whoReadsAll.transfer(readOperation, 64, [page])).toBe(okay);
		expect(whoReadsAll.kernel.bytes(page).equals(kernel.bytes(pages[1]))).toBe(true);
		expect([host.kernel.pinned, host.machine.iommu.faults]).toEqual([0, 0]);
		host.xen.cpus.checkAccounts();
	});
});

describe('a virtual disk of Xen 1.0', () => {
	const bench = (limits = {}) => {
		const host = xen1Host();
		const disk = host.memoryDisk(limits);
		return {host, disk, guest: host.guest('web', disk, [{start: 100, sectors: 1000}])};
	};

	it('has 63 requests out, no more, and goes on when there is room', () => {
		const {host, disk, guest} = bench();
		disk.held = true;
		const page = guest.kernel.page();
		const ios = Array.from({length: 80}, (_, i) =>
			guest.request(readOperation, i * 8, [{page, offset: 0, bytes: 4096}]),
		);
		let next = 0;
		const more = () => {
			while (next < ios.length && guest.vbd.submit(ios[next].request)) next++;
			if (next < ios.length) guest.vbd.whenRoom(more);
		};
		host.inGuest(guest.kernel, more);
		host.run(10_000_000);
		expect([next, guest.block.inFlight, disk.inFlight]).toEqual([63, 63, 63]);
		disk.held = false;
		host.run(50_000_000);
		expect([next, disk.seen.length]).toEqual([80, 80]);
		expect(ios.every(({answer}) => answer === okay)).toBe(true);
		expect(guest.block.notifications).toBeLessThan(25);
		expect(guest.vbd.completed).toBe(80);
	});

	it('takes 16 requests of a domain, then those of the next, 64 in all', () => {
		const host = xen1Host();
		const disk = host.memoryDisk({depth: 256});
		disk.held = true;
		const guests = ['a', 'b', 'c'].map((name, i) => host.guest(name, disk, [{start: i * 500, sectors: 500}]));
		for (const {kernel, block, events} of guests) {
			events.mask(0);
			const address = kernel.page() * 4096;
			for (let i = 0; i < 40; i++) {
				const entry = block.ring.nextRequest();
				vbd1.writeRequest(block.ring.words, entry, i, i * 8, vbd1.virtualDisk(0), vbd1.operationRead, 1);
				vbd1.writeSegment(block.ring.words, entry, 0, address, 8);
			}

			block.ring.publishRequests();
		}

		host.inGuest(guests[0].kernel, () => {
			for (const {kernel} of guests) host.backend.blockIo(kernel.domid);
		});
		host.run(20_000_000);
		const turns = () => {
			const found: [string, number][] = [];
			for (const {sector} of disk.seen) {
				const owner = 'abc'[Math.floor(sector / 500)];
				const last = found.at(-1);
				if (last?.[0] === owner) last[1]++;
				else found.push([owner, 1]);
			}

			return found;
		};
		const first = ['a', 'b', 'c', 'a'].map((owner) => [owner, 16]);
		expect(turns()).toEqual(first);
		expect(host.backend.pending.free).toBe(0);
		disk.held = false;
		host.run(100_000_000);
		expect(disk.seen.length).toBe(120);
		expect(turns().slice(0, 6)).toEqual([...first, ['b', 16], ['c', 16]]);
	});

	it('runs on the hypervisor’s time, while the guest pays for its hypercalls', () => {
		const {host, guest} = bench();
		const before = host.xen.cpus.all.reduce((sum, {xenTime}) => sum + xenTime, 0);
		expect(guest.transfer(writeOperation, 0, [guest.kernel.page()])).toBe(okay);
		const after = host.xen.cpus.all.reduce((sum, {xenTime}) => sum + xenTime, 0);
		expect(after).toBeGreaterThan(before);
		const {domain} = guest.kernel;
		expect(domain.hypercalls).toBe(1);
		expect(domain.xenTime).toBeGreaterThanOrEqual(300);
		host.xen.cpus.checkAccounts();
	});

	it('says so when the device fails, and that there is no flush', () => {
		const {host, disk, guest} = bench();
		disk.status = ({sector}) => (sector === 108 ? ioError : okay);
		expect(guest.transfer(writeOperation, 8, [guest.kernel.page()])).toBe(ioError);
		expect(guest.transfer(flushOperation, 0, [])).toBe(notSupported);
		expect([guest.vbd.errors, guest.client.errors, host.kernel.pinned]).toEqual([2, 1, 0]);
	});

	it('writes nothing through a disk it may only read', () => {
		const host = xen1Host();
		const disk = host.memoryDisk();
		const guest = host.guest('web', disk, whole, true);
		expect(guest.transfer(writeOperation, 0, [guest.kernel.page()])).toBe(ioError);
		expect(guest.transfer(readOperation, 0, [guest.kernel.page()])).toBe(okay);
		expect(disk.seen.length).toBe(1);
	});

	it('loses an event to a fault and sleeps, until the operator kicks it', () => {
		const {host, guest} = bench();
		const point = host.engine.faults.get('event.bit web');
		if (point === undefined) throw new Error('the domain has a fault point');
		point.armed = {decide: () => 1, value: 0};
		const page = guest.kernel.page();
		expect(guest.transfer(readOperation, 0, [page])).toBeUndefined();
		expect([host.bits.lost, guest.block.waiting, guest.block.looking]).toEqual([1, 1, false]);
		point.armed = null;
		guest.block.kick();
		host.run(1_000_000);
		expect(guest.vbd.completed).toBe(1);
	});
});

describe('a hostile guest of Xen 1.0', () => {
	/** Puts a request by hand and rings; the status that comes back. */
	const poke = (
		host: ReturnType<typeof xen1Host>,
		guest: Xen1Guest,
		fields: Partial<{sector: number; device: number; operation: number; count: number; segments: [number, number][]}>,
	): number => {
		const {ring} = guest.block;
		const {words} = ring;
		const {sector = 0, device = vbd1.virtualDisk(0), operation = 0, segments = []} = fields;
		const entry = ring.nextRequest();
		vbd1.writeRequest(words, entry, 77, sector, device, operation, 0);
		for (const [i, [address, sectors]] of segments.entries()) {
			if (i < 12) vbd1.writeSegment(words, entry, i, address, sectors);
		}

		words[entry + 2] |= (fields.count ?? segments.length) << 24;
		ring.publishRequests();
		guest.events.mask(0);
		host.inGuest(guest.kernel, () => host.backend.blockIo(guest.kernel.domid));
		host.run(30_000_000);
		expect(ring.unconsumedResponses).toBe(1);
		ring.nextResponse();
		expect([words[entry], words[entry + 1] & 0xffff]).toEqual([77, operation]);
		return words[entry + 2];
	};

	it('is answered with the status of the time, and nothing of its request is done', () => {
		const host = xen1Host();
		const disk = host.memoryDisk();
		const guest = host.guest('web', disk, [{start: 100, sectors: 1000}]);
		const other = host.guest('db', disk, [{start: 1200, sectors: 100}]);
		const own = guest.kernel.page() * 4096;
		const foreign = other.kernel.page() * 4096;
		const good: [number, number] = [own, 8];
		const bad: Parameters<typeof poke>[2][] = [
			{segments: [[foreign, 8]]},
			{segments: [good, [foreign, 1]]},
			{segments: [[host.kernel.page() * 4096, 8]]},
			{segments: [[guest.client.page.frame * 4096, 8]], operation: 1},
			{segments: [[0xffff_f000, 511]]},
			{segments: [[own, 0]]},
			{segments: []},
			{segments: [good], count: 13},
			{segments: [good], count: 255},
			{segments: [good], sector: 993},
			{segments: [good], sector: 0xffff_ffff},
			{segments: [good], device: vbd1.virtualDisk(1)},
			{segments: [good], device: 0x1000},
			{segments: [good], operation: 2},
			{segments: [good], operation: vbd1.operations.PROBE_BLK},
			{segments: [good], operation: vbd1.operations.SEG_CREATE},
			{segments: [good], operation: 200},
		];
		for (const fields of bad) expect(poke(host, guest, fields), JSON.stringify(fields)).toBe(vbd1.statusBad);
		expect([disk.seen, host.backend.refused, host.kernel.pinned]).toEqual([[], bad.length, 0]);
		expect(poke(host, guest, {segments: [good], sector: 992})).toBe(vbd1.statusOkay);
		expect(other.transfer(readOperation, 0, [other.kernel.page()])).toBe(okay);
	});

	it('may name as much neighbouring memory as nine bits can say: it is moved in parts that the device takes', () => {
		const host = xen1Host();
		const disk = host.memoryDisk({sectors: 8192, bytes: 65_536, segments: 11, logicalBlock: 4096});
		disk.data.fill(0);
		for (let at = 0; at < disk.data.length; at += 4) disk.data.writeUInt32LE(at, at);
		const guest = host.guest('web', disk, [{start: 0, sectors: 8192}]);
		const memory = guest.kernel.dmaMemory(131_072);
		const base = Math.floor(memory.address / 4096);
		const segments: [number, number][] = [
			[memory.address + 512, 100],
			[memory.address + 51_712, 60],
			[memory.address + 82_432, 1],
			[memory.address + 82_944, 87],
		];
		expect(poke(host, guest, {segments, sector: 8})).toBe(vbd1.statusOkay);
		expect(disk.seen.length).toBeGreaterThan(2);
		expect(disk.seen.reduce((sum, {sectors}) => sum + sectors, 0)).toBe(248);
		for (const {sector, sectors} of disk.seen) expect([sector % 8, sectors % 8]).toEqual([0, 0]);
		const bytes = Buffer.concat(Array.from({length: 32}, (_, i) => guest.kernel.bytes(base + i)));
		expect(bytes.subarray(512, 512 + 248 * 512).equals(disk.data.subarray(4096, 4096 + 248 * 512))).toBe(true);
		expect(host.kernel.pinned).toBe(0);
	});

	it('may write any index: Xen answers what lies there and goes on serving others', () => {
		for (const index of [-1, 40, 1 << 30, 63]) {
			const host = xen1Host();
			const disk = host.memoryDisk();
			const guest = host.guest('web', disk, whole);
			const other = host.guest('db', disk, whole);
			guest.block.ring.words[0] = index;
			host.inGuest(guest.kernel, () => host.backend.blockIo(guest.kernel.domid));
			host.run(10_000_000);
			expect(host.backend.refused).toBe(index & 63);
			expect(guest.block.strays).toBe(index & 63);
			expect(other.transfer(readOperation, 0, [other.kernel.page()])).toBe(okay);
			host.xen.cpus.checkAccounts();
		}
	});

	it('may give up, or die with, pages that the device still writes: they stay its own until it is done', () => {
		const host = xen1Host();
		const disk = host.memoryDisk();
		disk.held = true;
		const guest = host.guest('web', disk, whole);
		const {kernel} = guest;
		const page = kernel.page();
		guest.submit(guest.request(readOperation, 0, [{page, offset: 0, bytes: 4096}]));
		host.run(1_000_000);
		expect(disk.inFlight).toBe(1);
		expect(host.destroy(kernel)).toBe(1);
		expect(host.xen.frames.ownerOf(page)).toBe(kernel.domid);
		disk.held = false;
		host.run(1_000_000);
		expect(host.xen.frames.pages(kernel.domid)).toBe(0);
		expect([host.backend.pending.inUse, host.kernel.pinned]).toEqual([0, 0]);
		// Another of its name may come.
		const next = host.guest('web', disk, whole);
		expect(next.transfer(readOperation, 0, [next.kernel.page()])).toBe(okay);
	});
});
