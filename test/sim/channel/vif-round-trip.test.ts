/** Packets of a guest travel the vif's rings and back: real bytes, real grants, real events, on the small real Xen. */
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {RandomStream} from '../../../source/engine/random.js';
import {
	type ChecksumState,
	checksumBlank,
	checksumPresent,
	checksumValidated,
} from '../../../source/sim/kernel/net-device.js';
import {inKernel} from '../../support/disk-channel.js';
import {differing, netChannel, type Piece, packetOf, pattern, pieces, type Sent} from '../../support/net-channel.js';

describe('a packet of the guest', () => {
	it('arrives in domain zero with every byte, its header copied and the rest mapped', () => {
		const {connect, guest, fromGuest, atBack, settle, back, front} = netChannel();
		connect();
		const [small, large] = [packetOf(guest, pieces(pattern(60))), packetOf(guest, pieces(pattern(1514, 1)))];
		fromGuest(small, large);
		settle();
		expect(atBack.bytes).toEqual([pattern(60), pattern(1514, 1)]);
		expect(atBack.seen.map(({lengths}) => lengths)).toEqual([[60], [128, 1386]]);
		expect([small.status, large.status]).toEqual([0, 0]);
		expect(back).toMatchObject({rxPackets: 2, rxBytes: 1574, rxErrors: 0, txPackets: 0});
		expect(front.sending).toMatchObject({packets: 2, bytes: 1574, errors: 0});
	});

	it('has its headers whole in the first segment however its slots are cut', () => {
		const {connect, guest, fromGuest, atBack, settle} = netChannel();
		connect();
		fromGuest(packetOf(guest, pieces(pattern(500), 14, 20, 20, 100)));
		settle();
		expect(atBack.seen[0]).toMatchObject({bytes: pattern(500), lengths: [128, 26, 346]});
	});

	it('is answered only when whoever has it lets go, unless it was copied whole', () => {
		const {connect, guest, fromGuest, atBack, run, back} = netChannel();
		connect();
		atBack.hold = true;
		const [small, large] = [packetOf(guest, pieces(pattern(128))), packetOf(guest, pieces(pattern(129)))];
		fromGuest(small, large);
		run(5_000_000);
		expect([small.status, large.status, back.fromGuest.grantsMapped]).toEqual([0, undefined, 1]);
		atBack.letGo();
		run(5_000_000);
		expect([large.status, back.fromGuest.grantsMapped, back.fromGuest.pending.inUse]).toEqual([0, 0, 0]);
	});

	it.each<[ChecksumState, ChecksumState, number]>([
		[checksumPresent, checksumPresent, 0],
		[checksumBlank, checksumBlank, 0],
		[checksumValidated, checksumValidated, 0],
		[checksumBlank, checksumBlank, 1448],
	])(
		'of checksum state %i comes with state %i and segment size %i, in either direction',
		(checksum, seen, segmentSize) => {
			const {connect, guest, domainZero, fromGuest, toGuest, atBack, atGuest, settle} = netChannel();
			connect();
			const bytes = pattern(segmentSize > 0 ? 40_000 : 1000);
			const cuts = Array.from({length: Math.floor(bytes.length / 4000)}, () => 4000);
			fromGuest(packetOf(guest, pieces(bytes, ...cuts), {checksum, segmentSize}));
			toGuest(packetOf(domainZero, pieces(bytes, ...cuts), {checksum, segmentSize}));
			settle();
			expect(atBack.seen).toMatchObject([{bytes, checksum: seen, segmentSize}]);
			expect(atGuest.seen).toMatchObject([{bytes, checksum: seen, segmentSize}]);
		},
	);

	it('takes 18 slots and an extra info at most, and the largest size', () => {
		const {connect, guest, fromGuest, atBack, settle} = netChannel();
		connect();
		const bytes = pattern(65_535);
		const packet = packetOf(guest, pieces(bytes, 14, ...Array.from({length: 15}, () => 4096)), {
			checksum: checksumBlank,
			segmentSize: 1460,
		});
		expect(packet.packet.segments).toBe(17);
		fromGuest(packet);
		settle();
		expect(differing(atBack.bytes, [bytes])).toEqual([]);
	});
});

describe('a packet for the guest', () => {
	it('is copied into the pages it posted, each filled before the next', () => {
		const {connect, domainZero, toGuest, atGuest, settle, back, front} = netChannel();
		connect();
		const bytes = pattern(9000);
		const sent = packetOf(domainZero, pieces(bytes, 1000, 2000, 3000), {checksum: checksumBlank, segmentSize: 1448});
		toGuest(sent, packetOf(domainZero, pieces(pattern(1514))));
		settle();
		expect(atGuest.seen.map(({lengths}) => lengths)).toEqual([[4096, 4096, 808], [1514]]);
		expect(atGuest.bytes).toEqual([bytes, pattern(1514)]);
		expect(sent.status).toBe(0);
		expect(back).toMatchObject({txPackets: 2, txBytes: 10_514, txErrors: 0, txDropped: 0});
		expect(front.receiving).toMatchObject({packets: 2, errors: 0, posted: 256});
	});

	it('waits for a page when the guest holds all it has, and loses nothing', () => {
		const {connect, domainZero, toGuest, atGuest, run, front} = netChannel();
		connect();
		atGuest.hold = true;
		const sent = Array.from({length: 600}, (_, i) => packetOf(domainZero, pieces(pattern(100, i))));
		for (const each of sent) {
			toGuest(each);
			run(30_000);
		}

		run(10_000_000);
		expect([atGuest.seen.length, front.receiving.posted]).toEqual([512, 0]);
		atGuest.hold = false;
		atGuest.letGo();
		run(10_000_000);
		expect(atGuest.bytes).toEqual(sent.map((_, i) => pattern(100, i)));
		expect(front.receiving.posted).toBe(256);
	});

	it('comes from another guest without a copy in between, and goes whole', () => {
		const {connect, guest, fromGuest, back, atGuest, settle} = netChannel();
		connect();
		// A bridge of one port: what the guest sends comes back to it, out of its own mapped pages.
		back.receiver = (packet) => {
			if (!back.transmit(packet)) packet.done(packet, -2);
		};
		const bytes = pattern(30_000);
		const cuts = Array.from({length: 7}, () => 4000);
		const sent = packetOf(guest, pieces(bytes, ...cuts), {checksum: checksumBlank, segmentSize: 1448});
		fromGuest(sent);
		settle();
		expect(sent.status).toBe(0);
		expect(atGuest.seen).toMatchObject([{bytes, segmentSize: 1448, checksum: checksumBlank}]);
	});

	it('is dropped when it asks for more than the guest can take', () => {
		const {connect, domainZero, toGuest, atGuest, settle, back} = netChannel({
			front: {features: {gso: false, csum: false}},
		});
		connect();
		const segmented = packetOf(domainZero, pieces(pattern(3000)), {checksum: checksumBlank, segmentSize: 1448});
		const blank = packetOf(domainZero, pieces(pattern(1000)), {checksum: checksumBlank});
		const long = packetOf(domainZero, pieces(pattern(1515)));
		toGuest(segmented, blank, long);
		settle();
		expect([segmented.status, blank.status, long.status, back.txDropped, atGuest.seen.length]).toEqual([
			-2, -2, -2, 3, 0,
		]);
	});
});

describe('full', () => {
	it('is the transmit ring before the largest packet would not fit, and whoever waits is woken once there is room', () => {
		const {connect, guest, fromGuest, atBack, run, front} = netChannel();
		connect();
		atBack.hold = true;
		const sent = Array.from({length: 240}, (_, i) => packetOf(guest, pieces(pattern(200, i))));
		fromGuest(...sent);
		run(5_000_000);
		expect(sent.filter(({taken}) => taken).length).toBe(238);
		let woken = 0;
		inKernel(guest, () => {
			front.whenRoom(() => {
				woken++;
				for (const each of sent.slice(238)) each.taken = front.transmit(each.packet);
			});
		});
		run(5_000_000);
		expect(woken).toBe(0);
		atBack.hold = false;
		atBack.letGo();
		run(5_000_000);
		expect(woken).toBe(1);
		expect(sent.every(({status}) => status === 0)).toBe(true);
		expect(atBack.bytes).toEqual(sent.map((_, i) => pattern(200, i)));
	});

	it('is the queue towards the guest once more than 512 KiB wait in it', () => {
		const {connect, guest, front, domainZero, toGuest, settle, back, run} = netChannel({front: {postReceive: true}});
		connect();
		inKernel(guest, () => front.postReceive(false));
		// The buffers already posted are used up first.
		const first = Array.from({length: 256}, () => packetOf(domainZero, pieces(pattern(1000))));
		for (let i = 0; i < 256; i += 32) {
			toGuest(...first.slice(i, i + 32));
			run(2_000_000);
		}

		expect(front.receiving.posted).toBe(0);
		const sent = Array.from({length: 360}, () => packetOf(domainZero, pieces(pattern(1500))));
		for (let i = 0; i < sent.length; i += 40) toGuest(...sent.slice(i, i + 40));
		run(2_000_000);
		expect(sent.filter(({taken}) => taken).length).toBe(Math.floor(524_288 / 1500) + 1);
		let woken = 0;
		inKernel(domainZero, () => back.whenRoom(() => woken++));
		inKernel(guest, () => front.postReceive(true));
		settle();
		expect([woken, back.txPackets, back.txDropped]).toEqual([1, 256 + 350, 0]);
	});
});

describe('notifications', () => {
	it('are one for a batch, and none while the other end is awake', () => {
		const {connect, guest, fromGuest, settle, front} = netChannel();
		connect();
		const [pushes, sent] = [front.transmitPushes, front.transmitNotifications];
		fromGuest(...Array.from({length: 16}, () => packetOf(guest, pieces(pattern(100)))));
		settle();
		expect([front.transmitPushes - pushes, front.transmitNotifications - sent]).toEqual([1, 1]);
		for (let i = 0; i < 8; i++) fromGuest(packetOf(guest, pieces(pattern(100))));
		settle();
		expect(front.transmitNotifications - sent).toBeLessThan(front.transmitPushes - pushes);
	});

	it.each(['transmit', 'receive'] as const)('that are lost put the %s ring to sleep until somebody kicks', (way) => {
		const {connect, guest, domainZero, fromGuest, toGuest, run, engine, front, back, atBack, atGuest} = netChannel();
		connect();
		const out = way === 'transmit';
		const key = out ? `evtchn.send web→Domain-0:${back.port}` : `evtchn.send Domain-0→web:${front.port}`;
		const point = engine.faults.get(key);
		if (point === undefined) throw new Error(`no point ${key}`);
		point.armed = {decide: () => 1, value: 0};
		if (out) fromGuest(packetOf(guest, pieces(pattern(300))));
		else toGuest(packetOf(domainZero, pieces(pattern(300))));
		run(50_000_000);
		point.armed = null;
		const end = out ? back.fromGuest : front.receiving;
		const other = out ? front.sending : back.toGuest;
		expect([end.waiting, end.looking, other.notifying]).toEqual([1, false, false]);
		(out ? back : front).kick();
		run(5_000_000);
		expect(end.waiting).toBe(0);
		expect((out ? atBack : atGuest).bytes).toEqual([pattern(300)]);
	});
});

describe('a packet under way', () => {
	it('leaves a hop at every station, the same hash in every run, and shows itself to a tap', () => {
		const story = () => {
			const frames: string[] = [];
			const tap = {
				name: 'web:0',
				onFrame: ({direction, bytes}: {direction: string; bytes: {length: number}}) => {
					frames.push(`${direction} ${bytes.length}`);
				},
			};
			const {connect, guest, domainZero, fromGuest, toGuest, settle, engine} = netChannel({back: {tap}});
			connect();
			const [out, into] = [engine.trace.begin(), engine.trace.begin()];
			fromGuest(packetOf(guest, pieces(pattern(1000)), {identity: out}));
			toGuest(packetOf(domainZero, pieces(pattern(900)), {identity: into}));
			settle();
			const hops = (identity: number) =>
				engine.trace
					.recent(1000)
					.filter(({request}) => request === identity)
					.map(({point}) => point);
			return {out: hops(out), into: hops(into), frames, hash: engine.hash.toString()};
		};
		const first = story();
		expect(first.out).toEqual([
			'web:0 netfront',
			'web:0 transmit ring',
			'web:0 netback',
			'web:0 vif1.0',
			'web:0 let go',
			'web:0 transmitted',
		]);
		expect(first.into).toEqual(['web:0 queue', 'web:0 receive ring', 'web:0 received']);
		expect([...first.frames].sort()).toEqual(['inbound 900', 'outbound 1000']);
		expect(story()).toEqual(first);
	});
});

describe('a second packet at any moment of the first', () => {
	it.each(['transmit', 'receive'] as const)(
		'on the %s ring finds the other end: no instant between its last look and its sleep loses it',
		(way) => {
			const {connect, guest, domainZero, fromGuest, toGuest, run, atBack, atGuest} = netChannel();
			connect();
			const [kernel, send, got] =
				way === 'transmit' ? ([guest, fromGuest, atBack] as const) : ([domainZero, toGuest, atGuest] as const);
			for (let offset = 200; offset < 9_000; offset += 50) {
				// The sizes shift the two ends' steps against each other, as the offset alone does not.
				for (const [one, other] of [
					[100, 100],
					[300, 1500],
					[1500, 60],
				]) {
					const before = got.seen.length;
					send(packetOf(kernel, pieces(pattern(one))));
					run(offset);
					send(packetOf(kernel, pieces(pattern(other))));
					run(100_000);
					expect(got.seen.length - before, `${offset} ns after, ${one} and ${other} bytes`).toBe(2);
				}
			}
		},
	);
});

describe('any load', () => {
	it('arrives whole and in order both ways, and leaves both rings asleep and every grant given back', () => {
		const loads = fc.record({
			seed: fc.nat(),
			cpus: fc.constantFrom(1, 2),
			count: fc.integer({min: 1, max: 120}),
			gap: fc.constantFrom(0, 5_000, 60_000),
			late: fc.constantFrom(0, 40_000),
		});
		fc.assert(
			fc.property(loads, ({seed, cpus, count, gap, late}) => {
				const channel = netChannel({cpus});
				const {connect, guest, domainZero, front, back, run, engine, messages} = channel;
				connect();
				const grants = guest.grants.used;
				const random = new RandomStream(seed, 'load');
				const held = domainZero.define('late', {name: 'late', ns: 100, source: 'test'}, () => {
					const packet = waiting.shift();
					packet?.done(packet, 0);
				});
				const waiting: Sent['packet'][] = [];
				const take = back.receiver;
				back.receiver = (packet) => {
					if (late === 0) {
						take(packet);
						return;
					}

					// Looked at now, let go later.
					take(Object.assign(Object.create(packet), {done: () => {}}));
					waiting.push(packet);
					domainZero.timer(1 + random.below(late), held);
				};
				const some = (): Piece[] => {
					const found: Piece[] = [];
					const segments = 1 + random.below(17);
					for (let i = 0; i < segments; i++) {
						const length = (i === 0 ? 54 : 1) + random.below(i === 0 ? 1400 : 3000);
						found.push({offset: random.below(4096 - length), bytes: pattern(length, random.below(256))});
					}

					return found;
				};
				const expected: {out: Buffer[]; into: Buffer[]} = {out: [], into: []};
				const all: Sent[] = [];
				for (let i = 0; i < count; i++) {
					const cut = some();
					const bytes = Buffer.concat(cut.map((piece) => piece.bytes));
					const segmented = bytes.length > 1514;
					const checksum: ChecksumState = segmented ? checksumBlank : checksumPresent;
					const how = {checksum, segmentSize: segmented ? 1448 : 0};
					const out = random.below(2) === 0;
					const sent = packetOf(out ? guest : domainZero, cut, how);
					all.push(sent);
					if (out) channel.fromGuest(sent);
					else channel.toGuest(sent);
					expected[out ? 'out' : 'into'].push(bytes);
					if (gap > 0) run(random.below(gap));
					// Nobody is to meet a full device here.
					if (i % 10 === 9) run(3_000_000);
				}

				run(50_000_000);
				expect(all.map(({status}) => status)).toEqual(all.map(() => 0));
				expect(differing(channel.atBack.bytes, expected.out)).toEqual([]);
				expect(differing(channel.atGuest.bytes, expected.into)).toEqual([]);
				for (const end of [front.sending, front.receiving, back.fromGuest, back.toGuest]) {
					expect([end.waiting, end.looking, end.notifying]).toEqual([0, false, false]);
				}

				expect([guest.grants.used, back.fromGuest.grantsMapped, front.receiving.posted]).toEqual([grants, 0, 256]);
				expect(engine.findings.all).toEqual([]);
				expect(messages().filter((text) => /eth0|vif/.test(text) && !text.endsWith('Guest Rx ready'))).toEqual([]);
			}),
			{numRuns: 20, seed: 1},
		);
	});
});
