/** Requests of a guest travel the ring to a disk and back: real bytes, real grants, real events, on the small real Xen. */
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {RandomStream} from '../../../source/engine/random.js';
import {
	BlockRequest,
	flushOperation,
	ioError,
	okay,
	readOperation,
	writeOperation,
} from '../../../source/sim/kernel/block-device.js';
import {GTF_permit_access, GTF_reading, GTF_readonly, GTF_writing} from '../../../source/sim/xen/grant-entry.js';
import {diskChannel, inKernel} from '../../support/disk-channel.js';

describe('a request through the channel', () => {
	it("writes the guest's bytes to the disk and reads them back into another page", () => {
		const {connect, guest, disk, write, readPages} = diskChannel();
		connect();
		const [from, to] = [guest.page(), guest.page()];
		guest.bytes(from).fill('ringtop ');
		expect(write(8, [from]).answer).toBe(okay);
		expect(disk.data.subarray(8 * 512, 16 * 512).equals(guest.bytes(from))).toBe(true);
		expect(readPages(8, [to]).answer).toBe(okay);
		expect(guest.bytes(to).equals(guest.bytes(from))).toBe(true);
	});

	it('moves eleven pages in one ring request, and parts of pages', () => {
		const {connect, guest, disk, write, request, submit, settle, back, engine} = diskChannel();
		connect();
		const random = new RandomStream(1, 'bytes');
		const pages = Array.from({length: 11}, () => guest.page());
		for (const page of pages) for (let i = 0; i < 1024; i++) guest.words(page)[i] = random.next();
		expect(write(0, pages).answer).toBe(okay);
		expect(back.writeRequests).toBe(1);
		expect(back.writeSectors).toBe(88);
		expect(disk.data.subarray(0, 11 * 4096).equals(Buffer.concat(pages.map((page) => guest.bytes(page))))).toBe(true);
		const target = guest.page();
		const io = request(readOperation, 9, [
			{page: target, offset: 512, bytes: 1024},
			{page: target, offset: 2048, bytes: 512},
		]);
		submit(io);
		settle();
		expect(io.answer).toBe(okay);
		expect(
			guest
				.bytes(target)
				.subarray(512, 1536)
				.equals(disk.data.subarray(9 * 512, 11 * 512)),
		).toBe(true);
		expect(
			guest
				.bytes(target)
				.subarray(2048, 2560)
				.equals(disk.data.subarray(11 * 512, 12 * 512)),
		).toBe(true);
		expect(guest.words(target)[0]).toBe(0);
		expect(engine.findings.all).toEqual([]);
	});

	it("flushes the disk's cache", () => {
		const {connect, request, submit, settle, disk, back} = diskChannel();
		connect();
		const io = request(flushOperation, 0, []);
		submit(io);
		settle();
		expect(io.answer).toBe(okay);
		expect(disk.seen).toEqual([{operation: flushOperation, sector: 0, sectors: 0}]);
		expect(back.flushRequests).toBe(1);
	});

	it('gives every grant back and unmaps every page, whatever the order of answers', () => {
		const {connect, guest, disk, request, submit, settle, back, front} = diskChannel();
		connect();
		const before = guest.grants.used;
		const random = new RandomStream(3, 'latency');
		disk.latency = () => 20_000 + random.below(500_000);
		const ios = Array.from({length: 32}, (_, i) =>
			request(i % 3 === 0 ? writeOperation : readOperation, i * 8, [{page: guest.page(), offset: 0, bytes: 4096}]),
		);
		submit(...ios);
		settle();
		expect(ios.map((io) => io.answer)).toEqual(ios.map(() => okay));
		expect(disk.mostInFlight).toBeGreaterThan(16);
		expect(guest.grants.used).toBe(before);
		expect(back.grantsMapped).toBe(0);
		expect(front.shadow.free).toBe(32);
		expect(back.pending.free).toBe(32);
	});

	it('grants a page read-only for a write and writable for a read', () => {
		const {connect, guest, disk, request, submit, run, front, xen, machine} = diskChannel();
		connect();
		disk.held = true;
		const page = guest.page();
		submit(
			request(writeOperation, 0, [{page, offset: 0, bytes: 4096}]),
			request(readOperation, 8, [{page, offset: 0, bytes: 4096}]),
		);
		run(1_000_000);
		const entries = machine.memory.bytes(xen.grants.grantFrames(guest.domid)[0]);
		const [write, read] = front.shadow.inOrder().map((row) => front.shadow.references[row * 11]);
		const flags = (reference: number) => entries.readUInt16LE(reference * 8);
		expect([flags(write), flags(read)]).toEqual([
			GTF_permit_access | GTF_readonly | GTF_reading,
			GTF_permit_access | GTF_reading | GTF_writing,
		]);
		disk.held = false;
		run(1_000_000);
		expect(front.shadow.free).toBe(32);
	});

	it('says full when the ring is full, and wakes whoever waited, oldest first', () => {
		const {connect, guest, disk, request, submit, settle, front} = diskChannel();
		connect();
		disk.held = true;
		const page = guest.page();
		const make = (i: number) => request(readOperation, i * 8, [{page, offset: 0, bytes: 4096}]);
		const ios = Array.from({length: 34}, (_, i) => make(i));
		submit(...ios);
		settle();
		expect(ios.map(({submitted}) => submitted)).toEqual([...Array(32).fill(true), false, false]);
		expect(front.inFlight).toBe(32);
		const woken: number[] = [];
		inKernel(guest, () => {
			for (const i of [32, 33]) {
				front.whenRoom(() => {
					woken.push(i);
					ios[i].submitted = front.submit(ios[i].request);
				});
			}
		});
		disk.held = false;
		settle();
		expect(woken).toEqual([32, 33]);
		expect(ios.every(({answer}) => answer === okay)).toBe(true);
	});

	it('sends one notification for a batch, and none while the backend is awake', () => {
		const {connect, guest, request, submit, settle, front, disk} = diskChannel();
		connect();
		const page = guest.page();
		const make = (i: number) => request(readOperation, i * 8, [{page, offset: 0, bytes: 4096}]);
		const [pushes, notifications] = [front.pushes, front.notifications];
		submit(...Array.from({length: 16}, (_, i) => make(i)));
		settle();
		expect(front.pushes - pushes).toBe(1);
		expect(front.notifications - notifications).toBe(1);
		expect(disk.seen.length).toBe(16);
		for (let i = 0; i < 8; i++) submit(make(i));
		settle();
		expect(front.pushes - pushes).toBe(9);
		expect(front.notifications).toBeLessThan(front.pushes);
	});

	it('tells the guest of a failed request and goes on', () => {
		const {connect, guest, disk, write, front} = diskChannel();
		connect();
		disk.status = ({sector}) => (sector === 16 ? ioError : okay);
		const page = guest.page();
		expect(write(16, [page]).answer).toBe(ioError);
		expect(write(24, [page]).answer).toBe(okay);
		expect(front.errors).toBe(1);
	});

	it('takes at most 35 CPU steps for a single read, back to sleep included', () => {
		const {connect, guest, request, submit, run, engine, readPages} = diskChannel();
		connect();
		const page = guest.page();
		readPages(0, [page]);
		const io = request(readOperation, 0, [{page, offset: 0, bytes: 4096}]);
		submit(io);
		const before = engine.executed;
		run(1_000_000);
		expect(io.answer).toBe(okay);
		expect(engine.executed - before).toBeLessThanOrEqual(35);
	});

	it('leaves a hop at every station, and the same hash in every run', () => {
		const story = () => {
			const {connect, readPages, guest, engine} = diskChannel();
			connect();
			const io = readPages(0, [guest.page()]);
			const hops = engine.trace
				.recent(1000)
				.filter(({request}) => request === io.request.identity)
				.map(({point}) => point);
			return {hops, hash: engine.hash.toString()};
		};
		const first = story();
		expect(first.hops).toEqual([
			'web.xvda blkfront',
			'web.xvda slot',
			'web.xvda ring',
			'web.xvda blkback',
			'web.xvda mapped',
			'web.xvda disk',
			'web.xvda completed',
			'web.xvda response',
			'web.xvda answered',
		]);
		expect(story().hash).toBe(first.hash);
	});
});

describe('a lost notification', () => {
	it('puts the channel to sleep with work on the ring until somebody kicks', () => {
		const {connect, guest, request, submit, run, engine, front, back} = diskChannel();
		connect();
		const point = engine.faults.get(`evtchn.send web→Domain-0:${back.port}`);
		expect(point).toBeDefined();
		const page = guest.page();
		let lost = 0;
		if (point !== undefined) point.armed = {decide: () => (lost++ === 0 ? 1 : 0), value: 0};
		const io = request(readOperation, 0, [{page, offset: 0, bytes: 4096}]);
		submit(io);
		run(50_000_000);
		expect(io.answer).toBe(undefined);
		expect([back.waiting, back.looking, front.notifying]).toEqual([1, false, false]);
		back.kick();
		run(5_000_000);
		expect(io.answer).toBe(okay);
		expect(back.waiting).toBe(0);
	});

	it('sleeps no less when the store that arms an event is lost', () => {
		const {connect, readPages, guest, request, submit, run, engine, front, back} = diskChannel();
		connect();
		readPages(0, [guest.page()]);
		const point = engine.faults.get('ring.write web.xvda front');
		// req_prod is word 0: the backend is told, looks, and finds nothing.
		if (point !== undefined) point.armed = {decide: (word) => (word === 0 ? 1 : 0), value: 0};
		const io = request(readOperation, 0, [{page: guest.page(), offset: 0, bytes: 4096}]);
		submit(io);
		run(20_000_000);
		expect([io.answer, back.waiting, front.inFlight]).toEqual([undefined, 0, 1]);
		if (point !== undefined) point.armed = null;
		// The next publication carries both.
		const next = request(readOperation, 0, [{page: guest.page(), offset: 0, bytes: 4096}]);
		submit(next);
		run(20_000_000);
		expect([io.answer, next.answer]).toEqual([okay, okay]);
	});
});

describe('a second request at any moment of the first', () => {
	it('finds the backend: no instant between its last look and its sleep loses it', () => {
		const {connect, guest, request, submit, run, disk, readPages} = diskChannel();
		connect();
		const pages = Array.from({length: 5}, () => guest.page());
		readPages(0, pages);
		disk.latency = () => 30_000;
		const make = (segments: number) =>
			request(
				readOperation,
				0,
				pages.slice(0, segments).map((page) => ({page, offset: 0, bytes: 4096})),
			);
		// The sizes shift the two ends' steps against each other, as the offset alone does not: a blocking vCPU rounds it away.
		for (let offset = 2_000; offset < 9_000; offset += 25) {
			for (const [one, other] of [
				[1, 1],
				[1, 2],
				[2, 1],
				[3, 1],
				[4, 2],
				[5, 1],
			]) {
				const [first, second] = [make(one), make(other)];
				submit(first);
				run(offset);
				submit(second);
				run(100_000);
				expect([first.answer, second.answer], `${offset} ns after, ${one} and ${other} pages`).toEqual([okay, okay]);
			}
		}
	});
});

describe('any load', () => {
	it('is answered wholly, with the bytes last written, on one CPU or two, and leaves both ends asleep on an empty ring', () => {
		const loads = fc.record({
			seed: fc.nat(),
			cpus: fc.constantFrom(1, 2),
			latency: fc.constantFrom(0, 3_000, 50_000, 400_000),
			count: fc.integer({min: 1, max: 200}),
			gap: fc.constantFrom(0, 500, 5_000, 60_000),
		});
		fc.assert(
			fc.property(loads, ({seed, cpus, latency, count, gap}) => {
				const {connect, guest, disk, request, front, back, engine, run, messages} = diskChannel({cpus});
				connect();
				const random = new RandomStream(seed, 'load');
				disk.latency = () => 1_000 + random.below(latency + 1);
				const model = Buffer.alloc(disk.data.length);
				const busy = new Set<number>();
				const problems: string[] = [];
				let left = count;
				// Like a workload: tops up when a request is answered or room comes, one request a block at a time.
				const work = guest.define('load', {name: 'load', ns: 200, source: 'test'}, () => {
					while (left > 0) {
						const block = random.below(256);
						if (busy.has(block)) {
							guest.timer(gap + 1_000, work);
							return;
						}

						const page = guest.page();
						const write = random.below(2) === 1;
						if (write) guest.words(page).fill(random.next());
						const io = request(write ? writeOperation : readOperation, block * 8, [{page, offset: 0, bytes: 4096}]);
						const settled = new BlockRequest(11, 0, (done, status) => {
							if (status !== okay) problems.push(`block ${block}: ${status}`);
							const known = model.subarray(block * 4096, (block + 1) * 4096);
							if (write) guest.bytes(page).copy(known);
							else if (!known.equals(guest.bytes(page))) problems.push(`block ${block} differs`);
							busy.delete(block);
							guest.releasePage(page);
							if (done.pages[0] !== page) problems.push('a request was changed');
						});
						settled.operation = io.request.operation;
						settled.sector = io.request.sector;
						settled.segments = 1;
						settled.pages[0] = page;
						settled.lengths[0] = 4096;
						if (!front.submit(settled)) {
							guest.releasePage(page);
							front.whenRoom(() => guest.task(work));
							return;
						}

						busy.add(block);
						left--;
						if (gap > 0) {
							guest.timer(random.below(gap), work);
							return;
						}
					}
				});
				inKernel(guest, () => guest.step(work));
				run(2_000_000_000);
				expect(problems).toEqual([]);
				expect([left, busy.size, front.shadow.free, back.pending.free]).toEqual([0, 0, 32, 32]);
				expect([front.looking, front.notifying, back.looking, back.notifying]).toEqual([false, false, false, false]);
				expect([front.waiting, back.waiting, back.grantsMapped]).toEqual([0, 0, 0]);
				expect(back.readRequests + back.writeRequests).toBe(count);
				expect(engine.findings.all).toEqual([]);
				expect(messages().filter((text) => text.includes('xvda'))).toEqual([]);
			}),
			{numRuns: 25, seed: 1},
		);
	});
});
