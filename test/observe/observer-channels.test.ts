/** What a person reads off a channel and its ring: looks, slots, and what each request waits for. */
import {describe, expect, test} from 'vitest';
import type {BlockSlotView, SlotView, Snapshot} from '../../source/observe/snapshot.js';
import {millisecond, second, WatchedHost} from '../support/hosts.js';

const channelOf = ({channels}: Snapshot, id: string) => {
	const channel = channels.find((each) => each.id === id);
	if (channel === undefined) throw new Error(`no channel ${id}`);
	return channel;
};
const isBlock = (slot: SlotView): slot is BlockSlotView => slot.kind === 'block';
const slotsOf = ({ring}: Snapshot, ...states: SlotView['state'][]) =>
	(ring?.slots ?? []).filter(isBlock).filter(({state}) => states.includes(state));

describe('a channel whose wake-up is lost', () => {
	const watched = new WatchedHost('lost-notification');
	watched.observer.watch('db.xvda', 0);
	watched.advance(2 * second);
	const before = watched.look();
	watched.advance(5 * second).look();
	watched.advance(6 * second);
	const asleep = watched.look();
	watched.advance(8.5 * second);
	const after = watched.look();

	test('is busy or idle before', () => {
		expect(['busy', 'idle']).toContain(channelOf(before, 'db.xvda').look);
		expect(channelOf(before, 'db.xvda').frontSent).toBeGreaterThan(50);
	});

	test('sleeps with every slot taken, and says for how long', () => {
		const channel = channelOf(asleep, 'db.xvda');
		expect(channel).toMatchObject({look: 'asleep', inFlight: 32, size: 32, unread: 0, requestRate: 0});
		expect(channel.since).toBeGreaterThan(2.9 * second);
		expect(channel.since).toBeLessThanOrEqual(3 * second);
		expect(channel.oldest).toBeGreaterThanOrEqual(channel.since);
		expect(channel.latency).toBeUndefined();
	});

	test('shows what lies on its ring: requests that nobody has taken', () => {
		const requests = slotsOf(asleep, 'request');
		expect(requests).toHaveLength(32);
		for (const {operation, segments, sector, age} of requests) {
			expect({operation, segments}).toEqual({operation: 'WRITE', segments: 1});
			expect(sector % 8).toBe(0);
			expect(age).toBeGreaterThan(2 * second);
		}

		const {ring} = asleep;
		expect((ring?.requestProducer ?? 0) - (ring?.requestConsumer ?? 0)).toBe(32);
		// The frontend passed the backend's event index, and only once.
		expect(ring?.requestEvent).toBe((ring?.requestConsumer ?? 0) + 1);
		expect(ring?.sharing?.grantsGiven).toBe(32);
		expect(ring?.sharing?.grantsMapped).toBe(0);
	});

	test('says of each request that nobody was told, and of the one whose push was to tell that this was lost', () => {
		const words = asleep.ring?.requests.map(({waitsFor}) => waitsFor);
		expect(words).toHaveLength(32);
		expect(words?.[0]).toBe('Domain-0 to look: its notification was lost');
		expect(new Set(words?.slice(1))).toEqual(new Set(['Domain-0 to look: not notified']));
	});

	test('is in trouble at both ends, and its job waits', () => {
		const parts = asleep.domains.flatMap((domain) => domain.parts).filter(({channel}) => channel === 'db.xvda');
		expect(parts.map(({trouble}) => trouble)).toEqual([true, true]);
		const [rows] = asleep.domains.find(({name}) => name === 'db')?.jobs ?? [];
		expect(rows.oldest).toBeGreaterThan(2.9 * second);
		expect(rows.rate).toBe(0);
		expect(rows.outstanding).toBe(64);
		expect(rows.silence).toBeGreaterThan(2.9 * second);
		expect(rows.silence).toBeLessThanOrEqual(rows.oldest);
	});

	test('leaves the neighbour alone', () => {
		expect(channelOf(asleep, 'web.xvda').requestRate).toBeGreaterThan(400);
		expect(channelOf(asleep, 'web.xvda').look).not.toBe('asleep');
	});

	test('names the fault, the finding and what explains it', () => {
		expect(asleep.faults).toEqual([
			expect.objectContaining({id: 'nudge', fault: 'evt.lost', target: 'db.xvda', state: 'spent', fired: 1}),
		]);
		expect(asleep.findings).toEqual([expect.objectContaining({kind: 'asleep', explainedBy: 'nudge'})]);
		expect(asleep.log.filter(({topic}) => topic === 'fault')).toHaveLength(2);
	});

	test('is said once in the log when it falls asleep, and once when it wakes, by the channel itself', () => {
		const lines = after.log.filter(({topic, source}) => topic === 'check' && source === 'db.xvda');
		expect(lines.map(({text}) => text)).toEqual([
			expect.stringMatching(/^sleeps with \d+ requests? on its ring: nobody will look$/),
			expect.stringMatching(/^woke after [34]\.\d+ s$/),
		]);
		expect(after.findings[0].text).toBe(`db.xvda ${lines[0].text}`);
	});

	test('answers again after the kick, though what arrived meanwhile is old', () => {
		const snapshot = new WatchedHost('lost-notification').advance(7001 * millisecond).look();
		const [rows] = snapshot.domains.find(({name}) => name === 'db')?.jobs ?? [];
		expect(rows.oldest).toBeGreaterThan(second);
		expect(rows.silence).toBeLessThan(10 * millisecond);
	});

	test('is awake after the kick', () => {
		const channel = channelOf(after, 'db.xvda');
		expect(['busy', 'idle']).toContain(channel.look);
		expect(channel.requestRate).toBeGreaterThan(150);
	});
});

test('a request that waits longer than the trace remembers still says what it waits for', () => {
	const watched = new WatchedHost('web-and-db').advance(2 * second);
	watched.observer.watch('db.xvda', 0);
	watched.host.operate({
		verb: 'fault',
		fault: {
			fault: 'evt.lost',
			id: 'gone',
			target: {domain: 'db', vdev: 'xvda'},
			direction: 'to-backend',
			times: 1,
			for: 0,
		},
	});
	const {ring} = watched.advance(14 * second).look();
	const words = ring?.requests.map(({waitsFor}) => waitsFor) ?? [];
	expect(ring?.requests.every(({age = 0}) => age > 9 * second)).toBe(true);
	expect(words[0]).toBe('Domain-0 to look: its notification was lost');
	expect(new Set(words.slice(1))).toEqual(new Set(['Domain-0 to look: not notified']));
});

test('a ring that is always full says so, and the neighbour’s is not', () => {
	const watched = new WatchedHost('full-ring').advance(1500 * millisecond);
	let full = 0;
	for (let step = 1; step <= 40; step++) {
		const snapshot = watched.advance(1500 * millisecond + step * 7 * millisecond).observer.snapshot();
		const {look, inFlight, since} = channelOf(snapshot, 'eager.xvda');
		if (look === 'full') {
			full++;
			expect(inFlight).toBe(32);
			expect(since).toBeGreaterThan(0);
		}

		expect(channelOf(snapshot, 'modest.xvda').look).not.toBe('full');
		expect(snapshot.domains.find(({name}) => name === 'eager')?.jobs[0].outstanding).toBeLessThanOrEqual(128);
	}

	expect(full).toBeGreaterThan(35);
});

describe('the slots of a ring', () => {
	test.each([
		{name: 'web-and-db', ring: 'db.xvda', from: 4020 * millisecond},
		{name: 'full-ring', ring: 'eager.xvda', from: 1500 * millisecond},
	])('of $ring in $name are as many as there are requests on it, at every instant', ({name, ring, from}) => {
		const watched = new WatchedHost(name).advance(from);
		watched.observer.watch(ring, 0);
		const seen = new Set<string>();
		let reused = 0;
		for (let step = 0; step < 400; step++) {
			watched.host.advance(from + step * 37_003, 1e9);
			const snapshot = watched.observer.snapshot();
			const {inFlight, unread} = channelOf(snapshot, ring);
			expect(slotsOf(snapshot, 'request', 'taken', 'response')).toHaveLength(inFlight);
			expect(slotsOf(snapshot, 'response')).toHaveLength(unread);
			const requests = snapshot.ring?.requests.filter(isBlock) ?? [];
			expect(requests).toHaveLength(inFlight);
			expect(new Set(requests.map(({id}) => id)).size).toBe(inFlight);
			const moved = requests.filter(({slot}) => slot < 0).length;
			expect(snapshot.ring?.slots.filter(({reserved}) => reserved)).toHaveLength(moved);
			reused += moved;
			if (inFlight > 0) expect(requests[0].age).toBe(channelOf(snapshot, ring).oldest);
			for (const [n, {slot, waitsFor, operation, age, state}] of requests.entries()) {
				expect(operation).toMatch(/^(READ|WRITE|FLUSH)$/);
				expect(age).toBeGreaterThanOrEqual(0);
				expect(age).toBeLessThanOrEqual(requests[Math.max(0, n - 1)].age);
				if (state !== 'request') expect(waitsFor).not.toBe('');
				if (slot >= 0) expect(snapshot.ring?.slots[slot]).toEqual(requests[n]);
				else expect(state).toBe('taken');
				seen.add(waitsFor.replace(/\d+$/, 'n'));
			}
		}

		// Reads of flash come back in another order than they were asked for.
		if (name === 'full-ring') expect(reused).toBeGreaterThan(0);
		expect([...seen].join('\n')).toMatch(/^nvme\d, its medium$/m);
	});

	test('say who has to run before a request goes on', () => {
		const watched = new WatchedHost('busy-domain-zero').advance(6 * second);
		watched.observer.watch('web.xvda', 0);
		const seen = new Set<string>();
		for (let step = 0; step < 300; step++) {
			watched.advance(6 * second + step * millisecond);
			for (const {waitsFor} of slotsOf(watched.observer.snapshot(), 'request', 'taken', 'response')) {
				seen.add(waitsFor);
			}
		}

		expect([...seen]).toContain('Domain-0 to run');
	});

	test('say that a paused guest will not read its answer', () => {
		const watched = new WatchedHost('web-and-db').advance(2 * second);
		watched.observer.watch('web.xvda', 0);
		watched.host.operate({verb: 'xl', xl: {command: 'pause', domain: 'web'}});
		const snapshot = watched.advance(2200 * millisecond).look();
		const web = snapshot.domains.find(({name}) => name === 'web');
		expect(web).toMatchObject({pausedByXl: true, state: expect.stringContaining('p')});
		expect(web?.run).toBeLessThan(2);
		const unread = slotsOf(snapshot, 'response');
		expect(unread.length).toBe(channelOf(snapshot, 'web.xvda').unread);
		for (const {waitsFor} of unread) expect(waitsFor).toBe('web, paused by xl');
	});
});

test('the log is given from where the view asked, the newest if it asked for too much', () => {
	const watched = new WatchedHost('web-and-db').advance(second);
	const all = watched.look();
	expect(all.log.map(({number}) => number)).toEqual(Array.from({length: all.logCount}, (_, i) => i));
	watched.observer.watch(undefined, all.logCount - 2);
	expect(watched.observer.snapshot().log.map(({number}) => number)).toEqual([all.logCount - 2, all.logCount - 1]);
	watched.observer.watch(undefined, all.logCount);
	expect(watched.observer.snapshot().log).toEqual([]);
});

test('what comes next is named, and comes then', () => {
	const watched = new WatchedHost('web-and-db').advance(second);
	for (let step = 0; step < 200; step++) {
		const {next, time} = watched.observer.snapshot();
		expect(next?.what).not.toBe('');
		expect(['sleep check', 'state hash', 'sample']).not.toContain(next?.what);
		expect(next?.inNanoseconds).toBeGreaterThanOrEqual(0);
		// Nothing but checks happens before it.
		expect(time + (next?.inNanoseconds ?? 0)).toBeGreaterThanOrEqual(watched.host.nextTime);
		watched.host.advance(watched.host.now + 1e9, 7);
	}
});

test('a domain that dies keeps its frame, with cause and time, until it is gone', () => {
	const watched = new WatchedHost('web-and-db').advance(2 * second);
	const [, web] = watched.host.boot.domains;
	const panic = web.kernel.define('test panic', {name: 'test', ns: 100, source: 'test'}, () =>
		web.kernel.panic('test'),
	);
	web.kernel.task(panic);
	const snapshot = watched.advance(2000.5 * millisecond).look();
	const view = snapshot.domains.find(({name}) => name === 'web');
	expect(snapshot.domains.map(({name}) => name)).toEqual(['Domain-0', 'web', 'db']);
	expect(view?.died?.cause).toBe('crashed');
	expect(view?.died?.time).toBeGreaterThan(2 * second);
	expect(view?.died?.time).toBeLessThan(2.001 * second);
	expect(view?.state).toContain('c');
	expect(snapshot.domains.find(({name}) => name === 'db')?.died).toBeUndefined();
	const later = watched.advance(2500 * millisecond).look();
	expect(later.domains.map(({name}) => name)).toEqual(['Domain-0', 'db']);
});
