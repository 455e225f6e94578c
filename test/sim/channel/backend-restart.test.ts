/**
A guest's disk whose backend's domain dies and is replaced by another: what the toolstack writes then (one transaction: backend and
backend-id replaced, the frontend's state 1), and what blkfront makes of it.
*/
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {Blkback} from '../../../source/sim/backend/blkback.js';
import {RingIdentities} from '../../../source/sim/channel/ring-identities.js';
import {Blkfront} from '../../../source/sim/frontend/blkfront.js';
import {BlockRequest, okay, readOperation, writeOperation} from '../../../source/sim/kernel/block-device.js';
import type {DomainKernel} from '../../../source/sim/kernel/domain-kernel.js';
import {inKernel, vdev} from '../../support/disk-channel.js';
import {MemoryDisk} from '../../support/memory-disk.js';
import {storeHost} from '../xenstore/store-host.js';

interface Server {
	readonly kernel: DomainKernel;
	readonly disk: MemoryDisk;
	readonly back: Blkback;
	readonly path: string;
}

/** A guest and as many driver domains, one after the other, as the test has die. */
function restartable() {
	const host = storeHost(2);
	const {engine, xen, store, domainZero, settle} = host;
	const {kernel: guest} = host.guest('web');
	const identities = new RingIdentities();
	const front = new Blkfront(guest, {name: 'xvda', channel: 'web.xvda', virtualDevice: vdev, identities});
	const frontPath = `/local/domain/${guest.domid}/device/vbd/${vdev}`;

	/** A new driver domain. Its backend starts once it is given the device. */
	let built = 0;
	const build = (): Server => {
		const {kernel} = host.guest(`diskdd${++built}`);
		const disk = new MemoryDisk(kernel);
		const options = {frontend: guest.domid, virtualDevice: vdev, channel: 'web.xvda', device: disk, identities};
		const path = `/local/domain/${kernel.domid}/backend/vbd/${guest.domid}/${vdev}`;
		return {kernel, disk, back: new Blkback(kernel, options), path};
	};

	/** The toolstack's transaction: the device is this server's from now on. */
	const give = ({kernel, back, path}: Server) => {
		inKernel(domainZero, () =>
			store.transaction(
				(transaction, finish) => {
					const write = (key: string, value: string) => store.write(key, value, undefined, transaction);
					write(path, '');
					store.setPermissions(path, [`n${kernel.domid}`, `r${guest.domid}`], undefined, transaction);
					const backKeys = {frontend: frontPath, 'frontend-id': `${guest.domid}`, online: '1', mode: 'w', state: '1'};
					for (const [key, value] of Object.entries(backKeys)) write(`${path}/${key}`, value);
					// Made anew, so that the new backend may read it and nothing of the old handshake is left.
					store.remove(frontPath, undefined, transaction);
					write(frontPath, '');
					store.setPermissions(frontPath, [`n${guest.domid}`, `r${kernel.domid}`], undefined, transaction);
					const frontKeys = {backend: path, 'backend-id': `${kernel.domid}`, state: '1'};
					for (const [key, value] of Object.entries(frontKeys)) write(`${frontPath}/${key}`, value);
					finish(true);
				},
				() => inKernel(kernel, () => back.start()),
			),
		);
	};

	/** The domain dies, and is destroyed: nothing of it runs, its mappings and ports are gone, and its nodes. */
	const kill = ({kernel}: Server) => {
		kernel.die();
		xen.cpus.stop(kernel.domain);
		xen.events.destroy(kernel.domid);
		xen.grants.releaseMappings(kernel.domid);
		inKernel(domainZero, () => store.remove(`/local/domain/${kernel.domid}`));
	};

	const spares = [build(), build(), build()];
	let server = build();
	give(server);
	settle();
	inKernel(guest, () => front.start());

	const answers: number[] = [];
	const request = (operation: 0 | 1, sector: number, page: number) => {
		const io = new BlockRequest(11, answers.push(Number.NaN) - 1, ({tag}, status) => {
			answers[tag] = status;
		});
		io.operation = operation;
		io.sector = sector;
		io.segments = 1;
		io.pages[0] = page;
		io.lengths[0] = 4096;
		return io;
	};

	/** A page full of `value` is written at its place on the disk. */
	const write = (place: number, value: number) => {
		const page = guest.page();
		guest.bytes(page).fill(value);
		const io = request(writeOperation, place * 8, page);
		inKernel(guest, () => {
			const submit = () => {
				if (!front.submit(io)) front.whenRoom(submit);
			};
			submit();
		});
	};
	return {
		...host,
		guest,
		front,
		frontPath,
		answers,
		request,
		write,
		give,
		kill,
		build,
		run: (nanoseconds: number) => void engine.run(engine.now + nanoseconds, 10_000_000),
		messages: () => engine.log.since(0).map(({text}) => text),
		get server() {
			return server;
		},
		/** Kills the one that serves and gives the device to another, with what was on the disk. */
		replace() {
			const next = spares.shift();
			if (next === undefined) throw new Error('three times at most');
			server.disk.data.copy(next.disk.data);
			kill(server);
			server = next;
			give(server);
		},
	};
}

describe('when the domain of its backend is replaced, blkfront', () => {
	it('shakes hands with the new one on a new ring page and issues what was not answered again, in order, before anything new', () => {
		const channel = restartable();
		channel.settle();
		const {front, server: first} = channel;
		first.disk.held = true;
		for (let i = 0; i < 10; i++) channel.write(9 - i, 65 + i);
		channel.run(1_000_000);
		expect(first.disk.seen.length).toBe(10);
		const {ring} = front;
		channel.kill(first);
		const second = channel.build();
		channel.run(20_000_000);
		// Nobody serves the disk: nothing is lost, nothing answered.
		channel.write(20, 100);
		channel.run(20_000_000);
		channel.give(second);
		channel.run(1_000_000_000);
		expect(front.ring).not.toBe(ring);
		expect(channel.answers).toEqual(new Array(11).fill(okay));
		expect(second.disk.seen.map(({sector}) => sector / 8)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 20]);
		expect(channel.messages()).toContain('xvda: re-issued 11 requests');
		expect(front.errors).toBe(0);
	});

	it('uses no frame again that the old one still has mapped, and issues nothing again before', () => {
		const channel = restartable();
		channel.settle();
		const {front, guest, xen, server: first} = channel;
		first.disk.held = true;
		channel.write(0, 65);
		channel.run(1_000_000);
		const ringFrame = guest.grants.frameOf(front.ringReference);
		const second = channel.build();
		// The device moves to another domain while the old one lives and has the guest's pages.
		channel.give(second);
		channel.run(50_000_000);
		expect(front.deferredGrants).toBe(2);
		expect(xen.grants.isMapped(first.kernel.domid, ringFrame, true)).toBe(true);
		expect(guest.grants.frameOf(front.ringReference)).not.toBe(ringFrame);
		expect(second.disk.seen.length).toBe(0);
		channel.kill(first);
		channel.run(5_000_000_000);
		expect(channel.answers).toEqual([okay]);
		expect(second.disk.seen.length).toBe(1);
	});

	it('goes on whenever it happens: during the handshake, twice in a row, during the restart', () => {
		const moments = fc.array(fc.integer({min: 0, max: 900}), {minLength: 1, maxLength: 3});
		fc.assert(
			fc.property(moments, fc.integer({min: 0, max: 40}), fc.boolean(), (counts, writes, slow) => {
				const channel = restartable();
				const {engine, front, guest, xen} = channel;
				for (let i = 0; i < writes; i++) channel.write(i, 1 + i);
				for (const count of counts) {
					engine.run(engine.now + 30_000_000, count);
					// A guest that does not get to run finds out when the new backend has long been waiting.
					if (slow) xen.cpus.pause(guest.domain);
					channel.replace();
					if (slow) {
						channel.run(10_000_000);
						xen.cpus.unpause(guest.domain);
					}
				}

				channel.run(3_000_000_000);
				expect(front.state).toBe('connected');
				expect(channel.answers).toEqual(new Array(writes).fill(okay));
				// What a guest reads afterwards is what it wrote, and nothing of it stays granted but the ring.
				const {data} = channel.server.disk;
				for (let i = 0; i < writes; i++) {
					expect(data.subarray(i * 4096, (i + 1) * 4096).every((byte) => byte === 1 + i)).toBe(true);
				}

				expect(guest.grants.used).toBe(1);
				const io = channel.request(readOperation, 0, guest.page());
				inKernel(guest, () => front.submit(io));
				channel.run(100_000_000);
				expect(channel.answers[writes]).toBe(okay);
			}),
			{numRuns: 40, seed: 1},
		);
	});
});
