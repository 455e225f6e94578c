/** A domain's kernel on a real hypervisor: steps, timers, event channels and grants between two domains. */
import {expect, test} from 'vitest';
import {smallXen} from '../../support/small-xen.js';

const work = {name: 'test.work', ns: 1000, source: 'test'};
const hypercall = {name: 'test.hypercall', ns: 300, source: 'test'};

test('an event reaches the other domain after its vCPU was woken and switched to', () => {
	const {engine, xen, domain} = smallXen();
	const a = domain('a');
	const b = domain('b');
	let heard = 0;
	const port = a.allocUnbound(
		b.domid,
		a.define('hear', work, (argument) => (heard = engine.now * 10 + argument)),
		7,
	);
	let sendPort = 0;
	const send = b.hypercall('send', hypercall, () => b.notify(sendPort));
	const bind = b.hypercall('bind', hypercall, () => {
		sendPort = b.bindInterdomain(
			a.domid,
			port,
			b.define('ignore', work, () => {}),
		);
		b.step(send);
	});
	b.task(bind);
	engine.run(1_000_000, 1e6);
	// b: switch 1200, bind 300, the upcall that a bind always causes 500 + 1000, send 300; a: switch 1200, upcall 500, handler 1000.
	expect(heard).toBe(6000 * 10 + 7);
	expect(b.domain.hypercalls).toBe(2);
	xen.cpus.checkAccounts();
});

test('a granted page is the same memory; it cannot be taken back while mapped', () => {
	const {domain} = smallXen();
	const a = domain('a');
	const b = domain('b');
	const page = a.page();
	const reference = a.grant(b.domid, page, false);
	const handle = b.mapGrant(a.domid, reference, false, false);
	expect(b.mappedPage(handle)).toBe(page);
	b.words(b.mappedPage(handle))[3] = 42;
	expect(a.words(page)[3]).toBe(42);
	expect(a.endGrant(reference)).toBe(false);
	expect(b.unmapGrant(handle)).toBe(0);
	expect(a.endGrant(reference)).toBe(true);
});

test('a timer runs its step as a task; a cancelled one never does', () => {
	const {engine, domain} = smallXen();
	const a = domain('a');
	const seen: number[] = [];
	const step = a.define('tick', work, (argument) => seen.push(argument));
	a.timer(5000, step, 1);
	a.cancelTimer(a.timer(6000, step, 2));
	a.timer(7000, step, 3);
	engine.run(1_000_000, 1e6);
	expect(seen).toEqual([1, 3]);
});

test('DMA memory is contiguous, aligned, zeroed and taken from the domain’s own allocation', () => {
	const {xen, domain} = smallXen();
	const a = domain('a');
	const before = xen.frames.pages(a.domid);
	const memory = a.dmaMemory(65_536, 65_536);
	expect(memory.address % 65_536).toBe(0);
	expect(memory.words.length).toBe(16_384);
	expect(memory.words.every((word) => word === 0)).toBe(true);
	expect(xen.frames.pages(a.domid)).toBe(before);
});

test('steps queued for a domain that died never run', () => {
	const {engine, domain} = smallXen();
	const a = domain('a');
	let ran = 0;
	const step = a.define('later', work, () => ran++);
	a.timer(5000, step);
	a.task(step);
	a.die();
	engine.run(1_000_000, 1e6);
	expect(ran).toBe(0);
});
