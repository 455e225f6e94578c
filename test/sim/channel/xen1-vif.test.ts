/** A guest's network interface under Xen 1.0: packets out of pinned pages, packets in by exchanged ones, and nothing lost or made on the way. */
import {describe, expect, it} from 'vitest';
import * as vif1 from '../../../source/sim/channel/vif1.js';
import {DOMID_XEN} from '../../../source/sim/xen/domid.js';
import {pattern} from '../../support/e1000-bench.js';
import {frameOf, type Xen1Net, xen1Net} from '../../support/xen1-net.js';

/** Frames that the host's domains, Xen and nobody have: always all there are. */
function frames(net: Xen1Net): number {
	const {xen} = net;
	let sum = xen.frames.freeFrames + xen.frames.pages(DOMID_XEN);
	for (const domid of xen.domains.keys()) sum += xen.frames.pages(domid) + xen.frames.shared(domid);
	return sum;
}

describe.each([false, true])('an interface of Xen 1.0, IOMMU %s', (iommu) => {
	it('reaches the wire out of the guest’s own page, and is reached by pages that the driver received into', () => {
		const net = xen1Net({iommu});
		const {driver, heard, arrive} = net.nic();
		const guest = net.netGuest(1);
		const before = net.xen.frames.pages(guest.kernel.domid);
		const out = frameOf(200, 1, pattern(1500, 3));
		guest.send([out], [frameOf(200, 1, pattern(46, 4))]);
		expect(heard).toEqual([out, frameOf(200, 1, pattern(46, 4))]);
		expect(guest.statuses).toEqual([0, 0]);
		const frames = Array.from({length: 600}, (_, i) => frameOf(1, 200, pattern(46 + (i % 1400), i)));
		for (let i = 0; i < frames.length; i += 50) arrive(...frames.slice(i, i + 50));
		expect(guest.got.length).toBe(600);
		expect(guest.got.every((bytes, i) => bytes.equals(frames[i]))).toBe(true);
		// Every one without a copy, in a page that was Xen's and is the guest's now.
		expect(guest.back.flipped).toBe(600);
		expect(new Set(guest.pages).size).toBeGreaterThan(254);
		expect(net.xen.frames.pages(guest.kernel.domid)).toBe(before);
		expect([driver.state, net.machine.iommu.faults]).toEqual(['live', 0]);
		net.xen.cpus.checkAccounts();
	});
});

describe('an interface of Xen 1.0', () => {
	it('carries packets between guests, copied once into a page that changes owner', () => {
		const net = xen1Net();
		const [a, b] = [net.netGuest(1), net.netGuest(2)];
		b.send([frameOf(255, 2, pattern(60, 1))]);
		expect(a.got).toEqual([frameOf(255, 2, pattern(60, 1))]);
		const whole = frameOf(2, 1, pattern(1500, 9));
		a.send([whole]);
		a.send([whole.subarray(0, 14), whole.subarray(14, 700), whole.subarray(700)]);
		expect(b.got).toEqual([whole, whole]);
		expect([a.front.sending.copied, b.back.flipped]).toEqual([1, 0]);
		expect(a.statuses).toEqual([0, 0]);
	});

	it('neither makes frames nor loses any, whoever has them', () => {
		const net = xen1Net();
		const total = net.machine.memory.frames;
		const [a, b] = [net.netGuest(1), net.netGuest(2)];
		const own = [a, b].map(({kernel}) => net.xen.frames.pages(kernel.domid));
		expect(frames(net)).toBe(total);
		for (let i = 0; i < 20; i++) {
			const some = Array.from({length: 40}, (_, k) => [frameOf(2, 1, pattern(46 + ((i * k) % 1400), k))]);
			a.send(...some);
			b.send(...some.slice(0, 20).map(([bytes]) => [frameOf(1, 2, bytes.subarray(14))]));
			expect(frames(net)).toBe(total);
			expect([a, b].map(({kernel}) => net.xen.frames.pages(kernel.domid))).toEqual(own);
		}

		expect([a.got.length, b.got.length]).toEqual([20 * 20, 20 * 40]);
		expect(b.front.receiving.posted).toBeGreaterThan(200);
	});

	it('drops what comes when no page is posted', () => {
		const net = xen1Net();
		const a = net.netGuest(1);
		const deaf = net.netGuest(2, false);
		a.send([frameOf(2, 1, pattern(100, 1))], [frameOf(255, 1, pattern(100, 2))]);
		expect([deaf.back.receivedDropped, deaf.got.length]).toEqual([2, 0]);
		expect(a.back.sentPackets + a.back.sentDropped).toBe(2);
		net.inGuest(deaf.kernel, () => deaf.front.start());
		net.run(1_000_000);
		a.send([frameOf(2, 1, pattern(100, 3))]);
		expect(deaf.got).toEqual([frameOf(2, 1, pattern(100, 3))]);
	});

	it('sends one packet of each interface in turn', () => {
		const net = xen1Net();
		const [a, b, taker] = [net.netGuest(1), net.netGuest(2), net.netGuest(3)];
		taker.send([frameOf(255, 3, pattern(50, 0))]);
		for (const {kernel, front, events} of [a, b]) {
			events.mask(4);
			const page = kernel.page();
			const number = front === a.front ? 1 : 2;
			frameOf(3, number, pattern(50, number)).copy(kernel.bytes(page));
			for (let i = 0; i < 6; i++) {
				const entry = front.sending.ring.nextRequest();
				vif1.writeTxRequest(front.sending.ring.words, entry, i, 64, page * 4096);
			}

			front.sending.ring.publishRequests();
		}

		net.inGuest(a.kernel, () => {
			net.net.netUpdate(a.kernel.domid, 0);
			net.net.netUpdate(b.kernel.domid, 0);
		});
		net.run(5_000_000);
		expect(taker.got.map((bytes) => bytes[11])).toEqual([1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2]);
	});

	it('has the guest pay for what its hypercall does, and Xen for the rest', () => {
		const net = xen1Net();
		const [a, b] = [net.netGuest(1), net.netGuest(2)];
		const {hypercalls, xenTime} = a.kernel.domain;
		const xen = net.xen.cpus.all.reduce((sum, cpu) => sum + cpu.xenTime, 0);
		a.send(...Array.from({length: 10}, (_, i) => [frameOf(2, 1, pattern(200, i))]));
		expect(b.got.length).toBe(10);
		expect(a.kernel.domain.hypercalls).toBe(hypercalls + 1);
		expect(a.kernel.domain.xenTime - xenTime).toBeGreaterThanOrEqual(300 + 10 * 300);
		expect(net.xen.cpus.all.reduce((sum, cpu) => sum + cpu.xenTime, 0)).toBeGreaterThan(xen + 10 * 600);
		net.xen.cpus.checkAccounts();
	});

	it('sleeps when its event is lost, which its end says, and wakes when the operator kicks it', () => {
		const net = xen1Net();
		const [a, b] = [net.netGuest(1), net.netGuest(2)];
		const point = net.engine.faults.get('event.bit vm2');
		if (point === undefined) throw new Error('the domain has a fault point');
		point.armed = {decide: () => 1, value: 0};
		a.send([frameOf(2, 1, pattern(100, 1))]);
		const {waiting, looking, notifying} = b.front.receiveEnd;
		expect([b.got.length, waiting, looking, notifying, b.events.isPending(4)]).toEqual([0, 1, false, false, false]);
		point.armed = null;
		b.front.kick();
		net.run(1_000_000);
		expect([b.got.length, b.front.receiveEnd.waiting]).toEqual([1, 0]);
	});

	it('waits for answers in half-full batches without being asleep', () => {
		const net = xen1Net();
		const [a, b] = [net.netGuest(1), net.netGuest(2)];
		b.send([frameOf(255, 2, pattern(60, 0))]);
		const upcalls = a.events.upcalls;
		a.send(...Array.from({length: 64}, (_, i) => [frameOf(2, 1, pattern(60, i))]));
		expect([a.statuses.length, a.front.transmitEnd.waiting, b.got.length]).toEqual([64, 0, 64]);
		expect(a.events.upcalls - upcalls).toBeLessThan(10);
	});

	it('leaves a guest that dies nothing of Xen’s, and Xen nothing pinned of the guest’s', () => {
		const net = xen1Net();
		const total = net.machine.memory.frames;
		const [a, b] = [net.netGuest(1), net.netGuest(2)];
		a.send([frameOf(2, 1, pattern(100, 1))]);
		for (const port of net.bridge.ports) if (port?.name === b.back.name) net.bridge.removePort(port, b.back);
		expect(net.destroy(b.kernel)).toBe(0);
		expect(net.xen.frames.pages(b.kernel.domid)).toBe(0);
		a.send([frameOf(2, 1, pattern(100, 2))]);
		expect(a.statuses.length).toBe(2);
		expect(frames(net)).toBe(total);
	});
});

describe('a hostile guest on the network of Xen 1.0', () => {
	/** Puts descriptors by hand and rings. */
	const ring = (net: Xen1Net, guest: ReturnType<Xen1Net['netGuest']>) => {
		net.inGuest(guest.kernel, () => net.net.netUpdate(guest.kernel.domid, 0));
		net.run(5_000_000);
	};

	it('is told of a bad page for every packet that cannot be', () => {
		const net = xen1Net();
		const [guest, other] = [net.netGuest(1), net.netGuest(2)];
		const own = guest.kernel.page() * 4096;
		const bad: [number, number][] = [
			[own, 33],
			[own, 1515],
			[own, 0],
			[own, 65_535],
			[own + 4096 - 100, 101],
			[other.kernel.page() * 4096, 100],
			[net.kernel.page() * 4096, 100],
			[guest.back.page.frame * 4096, 100],
			[0xffff_f000, 100],
		];
		const {ring: out} = guest.front.sending;
		guest.events.mask(4);
		const entries = bad.map(([address, size], id) => {
			const entry = out.nextRequest();
			vif1.writeTxRequest(out.words, entry, id, size, address);
			return entry;
		});
		out.publishRequests();
		ring(net, guest);
		expect(out.unconsumedResponses).toBe(bad.length);
		expect(entries.map((entry) => vif1.txStatusOf(out.words[entry]))).toEqual(bad.map(() => vif1.statusBadPage));
		expect([guest.back.refused, guest.back.sentPackets, other.got.length]).toEqual([bad.length, 0, 0]);
	});

	it('is told of a bad page for every entry that names no page to exchange', () => {
		const net = xen1Net();
		const [guest, other] = [net.netGuest(1, false), net.netGuest(2)];
		const {kernel} = guest;
		const [table, page, used] = [kernel.page(), kernel.page(), kernel.page()];
		const entries = kernel.words(table);
		net.kernel.pin(kernel.domid, used, false);
		entries.set([page << 12, (page << 12) | 1, (page << 12) | 2, (other.kernel.page() << 12) | 3], 0);
		entries.set([(net.kernel.page() << 12) | 3, (table << 12) | 3, (used << 12) | 3, 0xffff_f003 | 0], 4);
		entries.set([(page << 12) | 3, (page << 12) | 3], 8);
		const {ring: posted} = guest.front.receiving;
		guest.events.mask(4);
		const addresses = [...Array.from({length: 10}, (_, i) => table * 4096 + i * 4), table * 4096 + 33];
		addresses.push(other.kernel.page() * 4096, 0xffff_fffc);
		const slots = addresses.map((address, id) => {
			const entry = posted.nextRequest();
			vif1.writeRxRequest(posted.words, entry, id, address);
			return entry;
		});
		posted.publishRequests();
		const pinned = net.kernel.pinned;
		ring(net, guest);
		// Entry 8 is good; entry 9 names the page that entry 8 has given away.
		expect(guest.back.posted.count).toBe(1);
		expect(posted.unconsumedResponses).toBe(addresses.length - 1);
		for (let i = 0; i < addresses.length - 1; i++) {
			expect(vif1.rxStatusOf(posted.words[slots[i] + 1])).toBe(vif1.statusBadPage);
		}

		expect(net.kernel.pinned).toBe(pinned + 2);
		expect([entries[8], entries[9]]).toEqual([(page << 12) | 2, (page << 12) | 3]);
		// What is posted cannot be given to a disk meanwhile and flipped all the same.
		net.kernel.pin(kernel.domid, page, true);
		other.send([frameOf(1, 2, pattern(100, 1))]);
		expect([guest.back.receivedPackets, guest.back.receivedDropped]).toEqual([0, 1]);
		expect(net.xen.frames.ownerOf(page)).toBe(kernel.domid);
	});

	it('may write any index: Xen answers what lies there and goes on', () => {
		for (const index of [-1, 40, 1 << 30, 255]) {
			const net = xen1Net();
			const [guest, other] = [net.netGuest(1, false), net.netGuest(2)];
			const {words} = guest.events.info;
			guest.events.mask(4);
			words[18] = index;
			words[21] = index;
			ring(net, guest);
			expect(guest.back.refused).toBe(2 * (index & 255));
			const third = net.netGuest(3);
			third.send([frameOf(2, 3, pattern(100, 1))]);
			expect(other.got.length).toBe(1);
			net.xen.cpus.checkAccounts();
		}
	});
});
