/** What netback does with requests no honest frontend sends, and what it counts: after Linux's xen-netback. */
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {RandomStream} from '../../../source/engine/random.js';
import * as netif from '../../../source/sim/channel/netif.js';
import {FrontRing} from '../../../source/sim/channel/ring.js';
import {inKernel} from '../../support/disk-channel.js';
import {extra, handmadeVif, manySlots, more} from '../../support/handmade-vif.js';
import {netChannel, packetOf, pattern, pieces} from '../../support/net-channel.js';

type Vif = ReturnType<typeof handmadeVif>;

describe('netback drops, answers with an error and serves the next packet for', () => {
	it.each<[string, (vif: Vif) => string[], string[]]>([
		['a packet shorter than an Ethernet header', ({send}) => send({size: 13}), ['0 -1']],
		['one whose first slot is', ({send}) => send({size: 113, flags: more}, {size: 100}), ['0 -1', '1 -1']],
		['a slot larger than the packet', ({send}) => send({size: 100, flags: more}, {size: 101}), ['0 -1', '1 -1']],
		['19 slots behind the first', ({send}) => send(...manySlots(20)), Array.from({length: 20}, (_, i) => `${i} -1`)],
		['20 slots behind the first', ({send}) => send(...manySlots(21)), Array.from({length: 21}, (_, i) => `${i} -1`)],
		['a reference that was never granted', ({send}) => send({size: 60, reference: 4000}), ['0 -1']],
		[
			'a fragment that was never granted',
			({send}) => send({size: 1200, flags: more}, {size: 1000, reference: 4000}),
			['0 -1', '1 -1'],
		],
		[
			'a short packet with an extra info',
			({send}) => send({size: 10, flags: extra}, {type: netif.extraGso, size: 1448, gso: netif.gsoTcp4}),
			['0 -1', 'null'],
		],
		[
			'a multicast filter, which it does not offer',
			({send}) => send({size: 60, flags: extra}, {type: netif.extraMulticastAdd}),
			['0 -1', 'null'],
		],
	])('%s', (_, attempt, answers) => {
		const vif = handmadeVif();
		expect(attempt(vif)).toEqual(answers);
		expect([vif.back.disabled, vif.back.fromGuest.grantsMapped, vif.atBack.seen.length]).toEqual([false, 0, 0]);
		expect(vif.send({size: 1000})).toEqual([`${answers.filter((text) => text !== 'null').length} 0`]);
		expect(vif.atBack.bytes).toEqual([pattern(1000)]);
	});

	it('but takes 18 slots behind the first, as many as Linux does', () => {
		const vif = handmadeVif();
		expect(vif.send(...manySlots(19)).length).toBe(19);
		expect(vif.atBack.seen[0].bytes.length).toBe(280);
	});
});

describe('netback disables the vif for', () => {
	it.each<[string, string, (vif: Vif) => unknown]>([
		[
			'21 slots behind the first',
			'Malicious frontend using 20 slots, threshold 20',
			({send}) => send(...manySlots(22)),
		],
		[
			'a first slot across the end of its page',
			'txreq.offset: 4000, size: 97',
			({send}) => send({size: 97, offset: 4000}),
		],
		[
			'a fragment across the end of its page',
			'Cross page boundary, txp->offset: 4000, size: 97',
			({send}) => send({size: 200, flags: more}, {size: 97, offset: 4000}),
		],
		[
			'a fragment that is not there',
			'Asked for 0 slots but exceeds this limit',
			({send}) => send({size: 200, flags: more}),
		],
		['an extra info that is not there', 'Missing extra info', ({send}) => send({size: 200, flags: extra})],
		['an extra info of no type', 'Invalid extra type: 0', ({send}) => send({size: 200, flags: extra}, {type: 0})],
		[
			'an extra info of an unknown type',
			'Invalid extra type: 5',
			({send}) => send({size: 200, flags: extra}, {type: 5}),
		],
		[
			'a second extra info that is not there',
			'Missing extra info',
			({send}) => send({size: 200, flags: extra}, {type: netif.extraHash, more: true}),
		],
		[
			'segments of no size',
			'GSO size must not be zero.',
			({send}) => send({size: 200, flags: extra}, {type: netif.extraGso, size: 0, gso: netif.gsoTcp4}),
		],
		[
			'segments of an unknown kind',
			'Bad GSO type 7.',
			({send}) => send({size: 200, flags: extra}, {type: netif.extraGso, size: 1448, gso: 7}),
		],
		[
			'a transmit producer beyond the ring',
			'Impossible number of requests. req_prod 300, req_cons 0, size 256',
			({words, tell}) => {
				words[0] = 300;
				tell();
			},
		],
		[
			'a receive producer beyond the ring',
			'Impossible number of receive requests',
			({front, toGuest, domainZero, settle}) => {
				const {ring} = front.receiving;
				if (ring !== null) ring.words[0] = 1000;
				toGuest(packetOf(domainZero, pieces(pattern(100))));
				settle();
			},
		],
	])('%s', (_, message, attempt) => {
		const vif = handmadeVif();
		attempt(vif);
		const {back, messages, run, toGuest, domainZero, ring} = vif;
		expect(messages().some((text) => text.startsWith(`${back.name}: ${message}`))).toBe(true);
		expect(messages()).toContain(`${back.name}: fatal error; disabling device`);
		expect([back.disabled, back.carrier, vif.atBack.seen.length]).toEqual([true, false, 0]);
		// From now on nothing is taken, and nothing waits.
		vif.words[0] = ring.requestProducer;
		vif.send({size: 60});
		const late = packetOf(domainZero, pieces(pattern(60)));
		toGuest(late);
		run(1_000_000);
		expect([vif.atBack.seen.length, late.status]).toEqual([0, -2]);
		expect([back.fromGuest.waiting, back.fromGuest.looking, back.toGuest.looking]).toEqual([0, false, false]);
	});

	it('and serves it again with a new connection', () => {
		const {send, back, guest, front, settle, fromGuest, atBack} = handmadeVif();
		send({size: 200, flags: more});
		expect(back.disabled).toBe(true);
		inKernel(guest, () => front.reconnect());
		settle();
		expect([back.disabled, back.carrier]).toEqual([false, true]);
		fromGuest(packetOf(guest, pieces(pattern(700))));
		settle();
		expect(atBack.bytes).toEqual([pattern(700)]);
	});
});

describe('a frontend that rewrites a packet after it was taken', () => {
	it('changes no decision: slots are read once, and the header is a copy', () => {
		const {put, ring, words, guest, page, tell, engine, atBack, back} = handmadeVif();
		atBack.hold = true;
		put({size: 1000, flags: more}, {size: 500});
		ring.publishRequests();
		engine.trace.onHop = (_, point) => {
			// A second CPU of the guest scribbles over slots and page from the instant the packet is taken.
			if (engine.trace.nameOf(point) === 'web:0 netback') words.fill(-1, 16);
		};
		tell();
		guest.bytes(page).fill(0xee);
		const [packet] = atBack.held;
		const {headerPage, headerOffset} = back.fromGuest.pending.all[packet.tag];
		expect([packet.pages[0], packet.offsets[0], packet.lengths[0]]).toEqual([headerPage, headerOffset, 128]);
		expect(atBack.seen[0].bytes).toEqual(Buffer.concat([pattern(500), pattern(500)]));
		expect([back.disabled, back.rxErrors]).toEqual([false, 0]);
	});
});

describe('the rate limit', () => {
	it('lets through a window of bytes at once, then one window each interval', () => {
		const vif = netChannel({rate: '20000,20000'});
		vif.connect();
		vif.fromGuest(...Array.from({length: 200}, () => packetOf(vif.guest, pieces(pattern(1000)))));
		vif.run(1_000_000);
		// The first window ended long ago: what it left, and the window that begins now.
		expect(vif.back.rxPackets).toBe(40);
		for (let window = 1; window <= 4; window++) {
			vif.run(20_000_000);
			expect(vif.back.rxPackets).toBe(40 + 20 * window);
		}
	});

	it('saves unused credit up to 128 KiB, or a window if that is more', () => {
		for (const [rate, packets] of [
			['20000,20000', 131],
			['200000,20000', 200],
		] as const) {
			const vif = netChannel({rate});
			vif.connect();
			const {credit} = vif.back;
			for (let window = 0; window < 20; window++) credit.refill();
			expect(Math.floor(credit.remaining / 1000), rate).toBe(packets);
		}
	});

	it('holds the ring back without losing anything, and is no sleep', () => {
		const vif = netChannel({rate: '1000,50000'});
		vif.connect();
		const sent = Array.from({length: 4}, () => packetOf(vif.guest, pieces(pattern(1500))));
		vif.fromGuest(...sent);
		vif.run(10_000_000);
		expect([vif.back.fromGuest.looking, vif.back.fromGuest.waiting > 0]).toEqual([true, true]);
		vif.run(1_000_000_000);
		expect(sent.every(({status}) => status === 0)).toBe(true);
		expect(vif.back.fromGuest.looking).toBe(false);
		expect(vif.back.fromGuest.limited).toBeGreaterThan(0);
	});

	it.each(['fast', '1000', '0,50000', '1000,0', '1e3,5'])('that cannot be meant (%s) is none, and said so', (rate) => {
		const {connect, back, messages} = netChannel({rate});
		connect();
		expect(back.credit.remaining).toBe(Number.POSITIVE_INFINITY);
		expect(messages()).toContain(`${back.name}: Failed to parse network rate limit. Traffic unlimited.`);
	});

	it('is not on what the guest receives', () => {
		const vif = netChannel({rate: '1000,1000000'});
		vif.connect();
		vif.toGuest(...Array.from({length: 50}, () => packetOf(vif.domainZero, pieces(pattern(1000)))));
		vif.run(10_000_000);
		expect(vif.atGuest.seen.length).toBe(50);
	});
});

/** A vif whose guest has used up its buffers and posts no more. */
function starved() {
	const vif = netChannel();
	vif.connect();
	inKernel(vif.guest, () => vif.front.postReceive(false));
	for (let i = 0; i < 256; i += 32) {
		vif.toGuest(...Array.from({length: 32}, () => packetOf(vif.domainZero, pieces(pattern(100)))));
		vif.run(2_000_000);
	}

	const carriers: boolean[] = [];
	vif.back.onCarrier = (up) => carriers.push(up);
	const offer = () => {
		const sent = packetOf(vif.domainZero, pieces(pattern(100)));
		vif.toGuest(sent);
		vif.run(1_000_000);
		return sent;
	};
	return {...vif, carriers, offer};
}

describe('a guest that posts no receive buffers', () => {
	it('has its packets queued for ten seconds, then dropped', () => {
		const {offer, run, back} = starved();
		const first = offer();
		run(9_900_000_000);
		const second = offer();
		expect([first.status, back.toGuest.queue.length]).toEqual([undefined, 2]);
		run(200_000_000);
		expect([first.status, second.status, back.txDropped]).toEqual([-2, undefined, 1]);
		run(10_000_000_000);
		expect([second.status, back.txDropped, back.toGuest.queue.bytes]).toEqual([-2, 2, 0]);
	});

	it('loses the carrier after 60 seconds, and gets it back when it posts again', () => {
		const {offer, run, back, messages, carriers, guest, front, atGuest} = starved();
		for (let second = 0; second < 59; second++) {
			offer();
			run(999_000_000);
		}

		expect([back.carrier, carriers]).toEqual([true, []]);
		for (let second = 0; second < 3; second++) {
			offer();
			run(999_000_000);
		}

		expect([back.carrier, carriers]).toEqual([false, [false]]);
		expect(messages()).toContain(`${back.name}: Guest Rx stalled`);
		const refused = offer();
		expect(refused.status).toBe(-2);
		const before = atGuest.seen.length;
		inKernel(guest, () => front.postReceive(true));
		run(1_000_000);
		expect([back.carrier, carriers]).toEqual([true, [false, true]]);
		expect(messages().filter((text) => text.endsWith('Guest Rx ready')).length).toBe(2);
		// What was offered in the last ten seconds before the carrier went is still there.
		expect(atGuest.seen.length).toBe(before + 8);
		offer();
		expect(atGuest.seen.length).toBe(before + 9);
	});

	it('never has a carrier when it posts none from the start', () => {
		const {connect, back, front, toGuest, domainZero, run} = netChannel({front: {postReceive: false}});
		connect();
		expect([front.carrier, back.carrier, front.receiving.posted]).toEqual([true, false, 0]);
		const sent = packetOf(domainZero, pieces(pattern(100)));
		toGuest(sent);
		run(1_000_000);
		expect([sent.status, back.txDropped]).toEqual([-2, 1]);
	});

	it('without feature-rx-notify is waited for 30 ms and never called stalled', () => {
		const {attach, back, guest, domainZero, settle, run, frontPath, toGuest} = netChannel();
		attach();
		inKernel(domainZero, () => back.start());
		const nothing = guest.define('ignores events', {name: 'test', ns: 100, source: 'test'}, () => {});
		inKernel(guest, () => {
			const rings = [netif.txEntryBytes, netif.rxEntryBytes].map((bytes) => {
				const page = guest.page();
				new FrontRing(guest.words(page), bytes).initialise();
				return String(guest.grant(0, page, false));
			});
			const keys = {
				'tx-ring-ref': rings[0],
				'rx-ring-ref': rings[1],
				'event-channel': String(guest.allocUnbound(0, nothing)),
				'request-rx-copy': '1',
				state: '4',
			};
			for (const [key, value] of Object.entries(keys)) guest.store.write(`${frontPath}/${key}`, value);
		});
		settle();
		expect(back.carrier).toBe(true);
		const sent = packetOf(domainZero, pieces(pattern(100)));
		toGuest(sent);
		run(25_000_000);
		expect(sent.status).toBe(undefined);
		run(10_000_000);
		expect(sent.status).toBe(-2);
		run(65_000_000_000);
		toGuest(packetOf(domainZero, pieces(pattern(100))));
		run(100_000_000);
		expect(back.carrier).toBe(true);
	});
});

describe('a failed copy', () => {
	it("puts the grant's status into the response, and the guest drops the packet", () => {
		const {connect, toGuest, domainZero, settle, back, front, atGuest, engine, guest} = netChannel();
		connect();
		const point = engine.faults.get(`grant.copy web#${guest.domid}`);
		if (point === undefined) throw new Error('the point is there');
		point.armed = {decide: () => 1, value: 0};
		toGuest(packetOf(domainZero, pieces(pattern(100))));
		settle();
		point.armed = null;
		expect([back.txErrors, front.receiving.errors, atGuest.seen.length]).toEqual([1, 1, 0]);
		toGuest(packetOf(domainZero, pieces(pattern(100))));
		settle();
		expect([atGuest.seen.length, front.receiving.posted]).toEqual([1, 256]);
	});
});

describe('a frontend that writes anything into its rings', () => {
	it('crashes nobody, is never read outside its grants, and can be closed', () => {
		fc.assert(
			fc.property(fc.nat(), fc.integer({min: 1, max: 60}), (seed, rounds) => {
				const vif = handmadeVif();
				const {front, guest, words, run, domainZero, back, toGuest, xen} = vif;
				const random = new RandomStream(seed, 'noise');
				const receive = front.receiving.ring;
				if (receive === null) throw new Error('the channel is connected');
				front.receiving.looking = true;
				for (let round = 0; round < rounds; round++) {
					for (const page of [words, receive.words]) {
						for (let i = 0; i < 200; i++) page[16 + random.below(1008)] = noise(random, vif.granted);
						if (random.below(3) > 0) page[0] += random.below(20);
						else if (random.below(20) === 0) page[0] = random.next();
						if (random.below(4) === 0) page[1 + random.below(3)] = random.next();
					}

					inKernel(guest, () => guest.notify(front.port));
					toGuest(packetOf(domainZero, pieces(pattern(60 + random.below(1400)))));
					run(200_000);
				}

				expect([domainZero.alive, guest.alive]).toEqual([true, true]);
				front.sending.looking = false;
				front.receiving.looking = false;
				inKernel(guest, () => front.reconnect());
				run(3_000_000_000);
				expect([back.disabled, back.carrier, front.carrier]).toEqual([false, true, true]);
				expect([back.fromGuest.grantsMapped, xen.grants.counters(0).mappings]).toEqual([0, 2]);
			}),
			{numRuns: 30, seed: 1},
		);
	});
});

/** A word that is sometimes nearly right. */
function noise(random: RandomStream, reference: number): number {
	switch (random.below(4)) {
		case 0:
			return reference;
		case 1:
			return random.below(4096) | (random.below(16) << 16);
		case 2:
			return random.below(256) | (random.below(2000) << 16);
		default:
			return random.next();
	}
}
