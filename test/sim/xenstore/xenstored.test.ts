/** xenstored and its clients over real ring pages, event channels and vCPUs. */
import {describe, expect, it} from 'vitest';
import {delay, drop} from '../../../source/engine/fault-points.js';
import type {GuestKernel, StoreClient} from '../../../source/sim/kernel/kernel.js';
import type {RingStoreClient} from '../../../source/sim/xenstore/client.js';
import {errorField, requestProducer} from '../../../source/sim/xenstore/ring.js';
import type {StoreKernel} from '../../../source/sim/xenstore/store-kernel.js';
import {storeHost} from './store-host.js';

// The kernels above offer what the store asks for, and the store what they promise to drivers.
const kernelFits = (kernel: GuestKernel): StoreKernel => kernel;
const clientFits = (client: RingStoreClient): StoreClient => client;

describe('xenstored in domain zero', () => {
	it('fits the kernels', () => {
		expect(typeof kernelFits).toBe('function');
		expect(typeof clientFits).toBe('function');
	});

	it('answers domain zero through its own ring', () => {
		const {store, settle, xenstored} = storeHost();
		const seen: string[] = [];
		store.write('/a/b', 'déjà vu', (error) => seen.push(`write ${error}`));
		store.read('/a/b', (error, value) => seen.push(`read ${error} ${value}`));
		store.read('/a/c', (error, value) => seen.push(`read ${error} ${value}`));
		store.directory('/a', (error, names) => seen.push(`directory ${error} ${names}`));
		settle();
		expect(seen).toEqual(['write ', 'read  déjà vu', 'read ENOENT ', 'directory  b']);
		expect(xenstored.store.requests).toBe(4);
		expect(store.messages).toBe(4);
	});

	it('costs CPU in domain zero, the notifications with executor Xen', () => {
		const {store, settle, xen} = storeHost();
		const domain = xen.domains.get(0);
		const self = domain?.selfTime ?? 0;
		const hypercalls = domain?.hypercalls ?? 0;
		store.read('/', () => {});
		settle();
		expect((domain?.selfTime ?? 0) - self).toBeGreaterThan(12_000);
		expect((domain?.hypercalls ?? 0) - hypercalls).toBe(2);
	});

	it('serves a guest once it is introduced, and tells @introduceDomain', () => {
		const {store, settle, build, xenstored} = storeHost();
		const events: string[] = [];
		store.watch('@introduceDomain', 'domains', (path) => events.push(path));
		const {kernel, client, frame, port} = build('web');
		let name = '';
		client.read('name', (_error, value) => {
			name = value;
		});
		store.write(`/local/domain/${kernel.domid}/name`, 'web');
		store.setPermissions(`/local/domain/${kernel.domid}`, ['n0', `r${kernel.domid}`]);
		store.setPermissions(`/local/domain/${kernel.domid}/name`, ['n0', `r${kernel.domid}`]);
		settle();
		expect(name).toBe('');
		store.introduce(kernel.domid, frame, port);
		settle();
		expect(name).toBe('web');
		expect(events).toEqual(['@introduceDomain', '@introduceDomain']);
		expect(xenstored.store.connections.map(({domid}) => domid)).toEqual([0, kernel.domid]);
	});

	it("refuses to introduce a page or a port that is not the domain's", () => {
		const {store, settle, build, domainZero} = storeHost();
		const {kernel, frame, port} = build('web');
		const errors: string[] = [];
		store.introduce(kernel.domid, domainZero.page(), port, (error) => errors.push(error));
		store.introduce(kernel.domid, frame, 999, (error) => errors.push(error));
		store.introduce(kernel.domid, frame, port, (error) => errors.push(error));
		settle();
		expect(errors).toEqual(['EINVAL', 'EINVAL', '']);
	});

	it('holds a guest to its permissions', () => {
		const {store, settle, guest} = storeHost();
		const {client} = guest('web');
		const errors: string[] = [];
		client.write('data', 'x', (error) => errors.push(error));
		client.write('/tool/x', 'x', (error) => errors.push(error));
		client.read('/local/domain/0/secret', (error) => errors.push(error));
		client.introduce(7, 1, 1, (error) => errors.push(error));
		client.release(0, (error) => errors.push(error));
		store.write('/local/domain/0/secret', 'x');
		settle();
		expect(errors).toEqual(['', 'EACCES', 'EACCES', 'EACCES', 'EACCES']);
	});

	it('carries values and directories larger than the ring', () => {
		const {store, settle} = storeHost();
		const big = 'x'.repeat(4000);
		const names: string[] = [];
		store.write('/big', big);
		for (let i = 0; i < 900; i++) {
			store.write(`/many/number-${i}`, '');
		}

		let read = '';
		let tooBig = '';
		store.read('/big', (_error, value) => {
			read = value;
		});
		store.directory('/many', (_error, found) => {
			names.push(...found);
		});
		store.write('/big', 'y'.repeat(4096), (error) => {
			tooBig = error;
		});
		settle();
		expect(read).toBe(big);
		expect(names).toHaveLength(900);
		expect(names[899]).toBe('number-899');
		expect(tooBig).toBe('E2BIG');
	});

	it('delivers watch events to every kernel that may know, with the path they asked by', () => {
		const {store, settle, guest} = storeHost();
		const {kernel, client} = guest('web');
		const events: string[] = [];
		store.watch(`/local/domain/${kernel.domid}/device`, 'same', (path) => events.push(`dom0 ${path}`));
		store.watch(`/local/domain/${kernel.domid}/device/x`, 'same', (path) => events.push(`dom0 also ${path}`));
		client.watch('device', 'mine', (path) => events.push(`web ${path}`));
		settle();
		events.length = 0;
		client.write('device/x', '1');
		settle();
		const absolute = `/local/domain/${kernel.domid}/device/x`;
		expect(events.sort()).toEqual([`dom0 ${absolute}`, `dom0 also ${absolute}`, 'web device/x'].sort());
		store.unwatch(`/local/domain/${kernel.domid}/device`, 'same');
		client.unwatch('device', 'mine');
		settle();
		events.length = 0;
		client.write('device/x', '2');
		settle();
		expect(events).toEqual([`dom0 also ${absolute}`]);
	});

	it('runs a transaction again when somebody else was faster', () => {
		const {store, settle, guest, xenstored} = storeHost();
		const {client} = guest('web');
		client.write('counter', '0');
		settle();
		let runs = 0;
		const ended: string[] = [];
		const add = (own: RingStoreClient, path: string, slow: boolean) => {
			own.transaction(
				(transaction, finish) => {
					runs++;
					own.read(
						path,
						(_error, value) => {
							if (slow && runs <= 2) {
								own.read('/', () => {});
								own.read('/', () => {});
							}

							own.write(path, `${Number(value) + 1}`, () => finish(true), transaction);
						},
						transaction,
					);
				},
				(error) => ended.push(error),
			);
		};
		add(client, 'counter', true);
		add(store, '/local/domain/1/counter', false);
		settle();
		let value = '';
		client.read('counter', (_error, found) => {
			value = found;
		});
		settle();
		expect(ended).toEqual(['', '']);
		expect(value).toBe('2');
		expect(runs).toBe(2 + xenstored.store.conflicts);
		expect(xenstored.store.conflicts).toBeGreaterThan(0);
	});

	it('says so when a transaction is given up, and changes nothing', () => {
		const {store, settle} = storeHost();
		const ended: string[] = [];
		store.transaction(
			(transaction, finish) => store.write('/x', '1', () => finish(false), transaction),
			(error) => ended.push(error),
		);
		store.read('/x', (error) => ended.push(error));
		settle();
		store.read('/x', (error) => ended.push(error));
		settle();
		expect(ended).toEqual(['ENOENT', 'ECANCELED', 'ENOENT']);
	});

	it('stops listening to a guest whose ring indices or messages are impossible, and only to it', () => {
		const {settle, guest, xenstored, engine} = storeHost();
		const bad = guest('bad');
		const rude = guest('rude');
		const good = guest('good');
		bad.kernel.words(bad.frame)[requestProducer] += 2000;
		const notify = bad.kernel.hypercall('kick', {name: 'kick', ns: 1, source: 'test'}, () =>
			bad.kernel.notify(bad.port),
		);
		bad.kernel.task(notify);
		// A header that announces 4097 bytes.
		rude.kernel.bytes(rude.frame).writeUInt32LE(2, rude.kernel.words(rude.frame)[requestProducer] & 1023);
		const at = rude.kernel.words(rude.frame)[requestProducer];
		for (let i = 0; i < 16; i++) {
			rude.kernel.bytes(rude.frame)[(at + i) & 1023] = i === 12 ? 1 : i === 13 ? 16 : 0;
		}

		rude.kernel.words(rude.frame)[requestProducer] += 16;
		const also = rude.kernel.hypercall('kick', {name: 'kick', ns: 1, source: 'test'}, () =>
			rude.kernel.notify(rude.port),
		);
		rude.kernel.task(also);
		let answered = false;
		good.client.write('data', '1', () => {
			answered = true;
		});
		settle();
		expect(bad.kernel.words(bad.frame)[errorField]).toBe(2);
		expect(rude.kernel.words(rude.frame)[errorField]).toBe(3);
		expect(answered).toBe(true);
		expect(engine.log.since(0).filter(({text}) => text.includes('ignored'))).toHaveLength(2);
		expect(xenstored.store.watches).toBe(0);
	});

	it('forgets a domain that is gone and tells @releaseDomain', () => {
		const {store, settle, guest, xenstored} = storeHost();
		const {client, kernel} = guest('web');
		let events = 0;
		store.watch('@releaseDomain', 'domains', () => {
			events++;
		});
		client.watch('data', 'mine', () => {});
		settle();
		expect(xenstored.store.watches).toBe(2);
		xenstored.domainGone(kernel.domid);
		settle();
		expect(events).toBe(2);
		expect(xenstored.store.watches).toBe(1);
		expect(xenstored.store.connections).toHaveLength(1);
	});

	it('has fault points: a lost request, a lost event, a daemon that hangs', () => {
		const {store, settle, engine} = storeHost();
		const request = engine.faults.get('xenstored.request');
		const event = engine.faults.get('xenstored.event');
		const seen: string[] = [];
		if (request !== undefined) request.armed = {value: 50_000_000, decide: () => delay};
		const began = engine.now;
		store.write('/x', '1', () => seen.push(`written after ${engine.now - began >= 50_000_000}`));
		settle();
		if (request !== undefined) request.armed = {value: 0, decide: () => drop};
		store.write('/x', '2', () => seen.push('answered'));
		settle();
		if (request !== undefined) request.armed = null;
		if (event !== undefined) event.armed = {value: 0, decide: () => drop};
		store.watch('/x', 'x', () => seen.push('fired'));
		settle();
		expect(seen).toEqual(['written after true']);
	});
});
