/** A volume puts a virtual disk onto extents of a real one. */
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {type Extent, Volume} from '../../../source/sim/backend/volume.js';
import {
	BlockRequest,
	flushOperation,
	ioError,
	okay,
	readOperation,
	writeOperation,
} from '../../../source/sim/kernel/block-device.js';
import {inKernel} from '../../support/disk-channel.js';
import {MemoryDisk} from '../../support/memory-disk.js';
import {smallXen} from '../../support/small-xen.js';

function makeVolume(extents: readonly Extent[], limits: ConstructorParameters<typeof MemoryDisk>[1] = {}) {
	const {engine, domain} = smallXen(1);
	const kernel = domain('Domain-0');
	const disk = new MemoryDisk(kernel, limits);
	const volume = new Volume('nvme0p1', disk, extents);
	const transfer = (operation: 0 | 1 | 3, sector: number, pages: readonly number[]) => {
		const io = {answer: undefined as number | undefined, accepted: false};
		const request = new BlockRequest(11, 0, (_, status) => {
			io.answer = status;
		});
		request.operation = operation;
		request.sector = sector;
		request.segments = pages.length;
		for (const [i, page] of pages.entries()) {
			request.pages[i] = page;
			request.offsets[i] = 0;
			request.lengths[i] = 4096;
		}

		inKernel(kernel, () => {
			io.accepted = volume.submit(request);
		});
		return io;
	};

	const settle = () => {
		engine.run(engine.now + 50_000_000, 1_000_000);
	};

	return {engine, kernel, disk, volume, transfer, settle};
}

describe('a volume', () => {
	it('on one partition shifts sectors and leaves the request as it was', () => {
		const {kernel, disk, volume, transfer, settle} = makeVolume([{start: 1024, sectors: 512}]);
		const page = kernel.page();
		kernel.bytes(page).fill(9);
		const io = transfer(writeOperation, 16, [page]);
		settle();
		expect(io.answer).toBe(okay);
		expect(volume.limits.sectors).toBe(512);
		expect(disk.seen).toEqual([{operation: writeOperation, sector: 1040, sectors: 8}]);
		expect(volume.deviceSector(16)).toBe(1040);
	});

	it('does not let a request past its end', () => {
		const {volume} = makeVolume([{start: 0, sectors: 64}]);
		const request = new BlockRequest(11, 0, () => {});
		request.sector = 60;
		request.segments = 1;
		request.lengths[0] = 4096;
		expect(() => volume.submit(request)).toThrow('lies on the volume');
	});

	it('refuses extents that do not lie on the device', () => {
		expect(() => makeVolume([{start: 2000, sectors: 100}])).toThrow('extents lie on the device');
	});

	it('passes a flush to the device', () => {
		const {disk, transfer, settle} = makeVolume([
			{start: 0, sectors: 64},
			{start: 128, sectors: 64},
		]);
		const io = transfer(flushOperation, 0, []);
		settle();
		expect(io.answer).toBe(okay);
		expect(disk.seen.map(({operation}) => operation)).toEqual([flushOperation]);
	});

	it('cuts a request where extents meet, and answers once with the worst status', () => {
		const {disk, kernel, transfer, settle} = makeVolume([
			{start: 512, sectors: 12},
			{start: 64, sectors: 100},
		]);
		disk.status = ({sector}) => (sector === 64 ? ioError : okay);
		const io = transfer(readOperation, 8, [kernel.page(), kernel.page()]);
		settle();
		expect(disk.seen.map(({sector, sectors}) => [sector, sectors])).toEqual([
			[520, 4],
			[64, 12],
		]);
		expect(io.answer).toBe(ioError);
	});

	it('holds back the rest of a request while the device has no room', () => {
		const {disk, kernel, transfer, settle} = makeVolume(
			[
				{start: 0, sectors: 8},
				{start: 100, sectors: 8},
				{start: 50, sectors: 8},
			],
			{depth: 3},
		);
		const first = transfer(readOperation, 0, [kernel.page()]);
		const second = transfer(readOperation, 0, [kernel.page(), kernel.page()]);
		const third = transfer(readOperation, 0, [kernel.page(), kernel.page(), kernel.page()]);
		settle();
		expect([first.answer, second.answer]).toEqual([okay, okay]);
		expect(third.accepted).toBe(false);
		expect(disk.inFlight).toBe(0);
	});

	it('of any extents reads back what was written, wherever it lies', () => {
		const shapes = fc.array(fc.integer({min: 1, max: 12}), {minLength: 1, maxLength: 8});
		fc.assert(
			fc.property(shapes, fc.nat(), fc.integer({min: 1, max: 4}), (sizes, where, count) => {
				// Extents laid out backwards with a gap between them.
				let start = 1500;
				const extents = sizes.map((size) => {
					start -= size * 4 + 4;
					return {start, sectors: size * 4};
				});
				const {kernel, volume, transfer, settle, disk} = makeVolume(extents);
				if (volume.limits.sectors < count * 8) return;
				const sector = where % (volume.limits.sectors - count * 8 + 1);
				const pages = Array.from({length: count}, (_, i) => {
					const page = kernel.page();
					kernel.bytes(page).forEach((__, at, bytes) => {
						bytes[at] = (at * 7 + i * 31) & 0xff;
					});
					return page;
				});
				const back = pages.map(() => kernel.page());
				const written = transfer(writeOperation, sector, pages);
				settle();
				const read = transfer(readOperation, sector, back);
				settle();
				expect([written.answer, read.answer]).toEqual([okay, okay]);
				for (const [i, page] of back.entries()) expect(kernel.bytes(page).equals(kernel.bytes(pages[i]))).toBe(true);
				for (let i = 0; i < count * 8; i++) {
					const at = volume.deviceSector(sector + i) * 512;
					const page = kernel.bytes(pages[i >> 3]);
					expect(disk.data.subarray(at, at + 512).equals(page.subarray((i & 7) * 512, ((i & 7) + 1) * 512))).toBe(true);
				}
			}),
			{numRuns: 40, seed: 1},
		);
	});
});
