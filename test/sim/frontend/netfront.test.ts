/** How netfront protects itself from its backend, and what it counts: after Linux's xen-netfront. */
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {RandomStream} from '../../../source/engine/random.js';
import * as netif from '../../../source/sim/channel/netif.js';
import {inKernel} from '../../support/disk-channel.js';
import {type NetChannelOptions, netChannel, packetOf, pattern, pieces} from '../../support/net-channel.js';

/** A connected vif whose backend the test plays: netback itself looks away. */
function betrayed(options: NetChannelOptions = {}) {
	const channel = netChannel(options);
	channel.connect();
	const {back, front, domainZero, run, xen, guest} = channel;
	back.fromGuest.looking = true;
	back.toGuest.looking = true;
	const [transmit, receive] = [back.fromGuest.ring, back.toGuest.ring];
	if (transmit === null || receive === null) throw new Error('the channel is connected');
	const tell = () => {
		inKernel(domainZero, () => domainZero.notify(back.port));
		run(1_000_000);
	};

	/** Answers a slot of the transmit ring. */
	const answer = (id: number, status = 0) => {
		netif.writeTxResponse(transmit.words, transmit.entry(transmit.words[2]), id, status);
		transmit.words[2]++;
		tell();
	};

	/** Receive responses in the next slots, each `[offset, flags, status]` or the two words of an extra info. */
	const give = (...responses: readonly (readonly [number, number, number] | readonly [number, number])[]) => {
		for (const response of responses) {
			const index = receive.words[2];
			const entry = receive.entry(index);
			const id = netif.rxRequestId(receive.words[entry]);
			if (response.length === 3) netif.writeRxResponse(receive.words, entry, id, ...response);
			else receive.words.set(response, entry);
			receive.words[2]++;
		}

		tell();
	};

	/** Writes into the page posted in a slot, as a backend that copies does. */
	const fill = (slot: number, bytes: Buffer) => {
		const reference = receive.words[receive.entry(slot) + 1];
		const page = domainZero.page();
		bytes.copy(domainZero.bytes(page));
		expect(xen.grants.copy(0, guest.domid, reference, 0, page, 0, bytes.length, true)).toBe(0);
	};

	const sent = packetOf(guest, pieces(pattern(1000), 500));
	channel.fromGuest(sent);
	run(1_000_000);
	const idOf = (slot: number) => netif.txId(transmit.words, transmit.entry(slot));
	return {...channel, transmit, receive, tell, answer, give, fill, sent, idOf, front};
}

type Betrayed = ReturnType<typeof betrayed>;

describe('netfront is disabled for further use when', () => {
	it.each<[string, string, (vif: Betrayed) => void]>([
		['a response has an id that cannot be', 'Response has incorrect id (256)', ({answer}) => answer(256)],
		['a response answers nothing', 'Response for inactive request', ({answer, idOf}) => answer(idOf(0) ^ 0x80)],
		[
			'a response comes twice',
			'Response for inactive request',
			({answer, idOf}) => {
				answer(idOf(1));
				answer(idOf(1));
			},
		],
		[
			'the page of an answered slot is still mapped',
			'Grant still in use by backend domain',
			({answer, idOf, transmit, xen, guest}) => {
				xen.grants.map(0, guest.domid, netif.txReference(transmit.words, transmit.entry(0)), 2 | 4);
				answer(idOf(0));
			},
		],
		[
			'there are more transmit responses than requests',
			'Illegal number of responses 257',
			({transmit, tell}) => {
				transmit.words[2] = 257;
				tell();
			},
		],
		[
			'there are more receive responses than requests',
			'Illegal number of responses 300',
			({receive, tell}) => {
				receive.words[2] = 300;
				tell();
			},
		],
		[
			'a buffer is answered that the backend still has mapped',
			'Grant still in use by backend domain',
			({receive, give, xen, guest}) => {
				xen.grants.map(0, guest.domid, receive.words[receive.entry(0) + 1], 2);
				give([0, 0, 60]);
			},
		],
	])('%s', (_, message, betray) => {
		const vif = betrayed();
		const carriers: boolean[] = [];
		vif.front.onCarrier = (up) => carriers.push(up);
		betray(vif);
		const {front, messages, guest, run, fromGuest} = vif;
		expect([front.state, front.carrier, carriers]).toEqual(['error', false, [false]]);
		expect(messages()).toContain(`eth0: ${message}`);
		expect(messages()).toContain('eth0: Disabled for further use');
		const next = packetOf(guest, pieces(pattern(100)));
		fromGuest(next);
		run(1_000_000);
		expect([next.status, front.sending.looking, front.receiving.looking]).toEqual([-2, false, false]);
	});
});

describe('netfront drops what makes no sense, posts its buffers again and goes on:', () => {
	it.each<[string, string, (vif: Betrayed) => void]>([
		['an error in place of bytes', 'rx->offset: 0, size: -3', ({give}) => give([0, 0, -3])],
		['bytes beyond the page', 'rx->offset: 4000, size: 97', ({give}) => give([4000, 0, 97])],
		['a packet whose last slot is missing', 'Need more slots', ({give}) => give([0, netif.rxMoreData, 4096])],
		['a missing extra info', 'Missing extra info', ({give}) => give([0, netif.rxExtraInfo, 100])],
		['an extra info of no type', 'Invalid extra type: 0', ({give}) => give([0, netif.rxExtraInfo, 100], [0, 0])],
		['an unknown extra info', 'Invalid extra type: 9', ({give}) => give([0, netif.rxExtraInfo, 100], [9, 0])],
		['segments of no size', 'GSO size must not be zero', ({give}) => give([0, netif.rxExtraInfo, 100], [1, 1])],
		[
			'segments of an unknown kind',
			'Bad GSO type 9',
			({give}) => give([0, netif.rxExtraInfo, 100], [1 | (1448 << 16), 9]),
		],
		[
			'a packet of 19 slots',
			'Too many slots',
			({give}) =>
				give(...Array.from({length: 19}, (_, i): [number, number, number] => [0, i < 18 ? netif.rxMoreData : 0, 100])),
		],
		['a packet without a header', 'the first segment is too short', ({give}) => give([0, 0, 13])],
	])('%s', (_, message, betray) => {
		const vif = betrayed();
		betray(vif);
		const {front, messages, fill, give, atGuest, receive} = vif;
		expect(messages()).toContain(`eth0: ${message}`);
		expect([front.state, front.receiving.errors, atGuest.seen.length]).toEqual(['connected', 1, 0]);
		expect(front.receiving.posted).toBe(256);
		fill(receive.words[2], pattern(200));
		give([0, 0, 200]);
		expect(atGuest.bytes).toEqual([pattern(200)]);
	});
});

describe('responses of the transmit ring', () => {
	it('may come in any order; the packet is done with its last slot, with the worst status', () => {
		const {answer, idOf, sent, front, guest} = betrayed();
		const grants = guest.grants.used;
		answer(idOf(1), netif.responseError);
		expect(sent.status).toBe(undefined);
		answer(idOf(0));
		expect([sent.status, front.sending.errors]).toEqual([-1, 1]);
		expect(guest.grants.used).toBe(grants - 2);
	});

	it('do not free the id of a packet under way, whatever comes between', () => {
		const {answer, idOf, sent, guest, fromGuest, run, transmit} = betrayed();
		const first = idOf(0);
		answer(first);
		const others = Array.from({length: 20}, () => packetOf(guest, pieces(pattern(60))));
		fromGuest(...others);
		run(1_000_000);
		const ids = others.map((_, i) => netif.txId(transmit.words, transmit.entry(2 + i)));
		expect(ids).not.toContain(first);
		expect(new Set(ids).size).toBe(20);
		answer(idOf(1));
		expect(sent.status).toBe(0);
		for (const id of ids) answer(id);
		expect(others.every(({status}) => status === 0)).toBe(true);
	});
});

describe('grants', () => {
	it('are read-only for what is sent and writable for what is received, on pages of the guest', () => {
		const {transmit, receive, machine, xen, guest, sent} = betrayed();
		const entries = machine.memory.bytes(xen.grants.grantFrames(guest.domid)[0]);
		const entry = (reference: number) => [
			entries.readUInt16LE(reference * 8) & 7,
			entries.readUInt32LE(reference * 8 + 4),
		];
		expect(entry(netif.txReference(transmit.words, transmit.entry(0)))).toEqual([1 | 4, sent.pages[0]]);
		const [flags, frame] = entry(receive.words[receive.entry(0) + 1]);
		expect([flags, xen.frames.ownerOf(frame)]).toEqual([1, guest.domid]);
	});

	it('that are not to be had drop what is sent and delay what is posted, no more', () => {
		const {connect, guest, domainZero, fromGuest, toGuest, atBack, atGuest, front, run} = netChannel();
		connect();
		const page = guest.page();
		const taken: number[] = [];
		for (let reference = guest.grant(0, page, true); reference >= 0; reference = guest.grant(0, page, true)) {
			taken.push(reference);
		}

		const used = guest.grants.used;
		const lost = packetOf(guest, pieces(pattern(2000), 1000));
		fromGuest(lost);
		run(1_000_000);
		expect([lost.status, front.sending.dropped, guest.grants.used]).toEqual([-2, 1, used]);
		for (const reference of taken) guest.endGrant(reference);
		const [out, into] = [packetOf(guest, pieces(pattern(300))), packetOf(domainZero, pieces(pattern(400)))];
		fromGuest(out);
		toGuest(into);
		run(200_000_000);
		expect([atBack.bytes, atGuest.bytes]).toEqual([[pattern(300)], [pattern(400)]]);
		expect(front.receiving.posted).toBe(256);
	});
});

describe('a backend that writes anything into the rings', () => {
	it('crashes nobody, and the guest is served again by another', () => {
		fc.assert(
			fc.property(fc.nat(), fc.integer({min: 1, max: 40}), (seed, rounds) => {
				const vif = betrayed();
				const {front, back, guest, domainZero, transmit, receive, tell, run, fromGuest, atBack} = vif;
				const random = new RandomStream(seed, 'noise');
				for (let round = 0; round < rounds; round++) {
					for (const ring of [transmit, receive]) {
						const next = ring.entry(ring.words[2]);
						for (let i = 0; i < 6; i++) {
							const nearly = random.below(256) | (random.below(3) === 0 ? 0 : random.below(2000) << 16);
							if (next + i < 1024) ring.words[next + i] = random.below(2) === 0 ? nearly : random.next();
						}

						if (random.below(3) > 0) ring.words[2] += random.below(3);
						else if (random.below(30) === 0) ring.words[2] = random.next();
						if (random.below(4) === 0) ring.words[1] = random.next();
					}

					fromGuest(packetOf(guest, pieces(pattern(60 + random.below(1400)))));
					tell();
				}

				expect([domainZero.alive, guest.alive]).toEqual([true, true]);
				back.fromGuest.looking = false;
				back.toGuest.looking = false;
				inKernel(guest, () => front.reconnect());
				run(3_000_000_000);
				expect([front.state, front.carrier, back.carrier]).toEqual(['connected', true, true]);
				const before = atBack.seen.length;
				fromGuest(packetOf(guest, pieces(pattern(500))));
				run(1_000_000);
				expect(atBack.bytes.slice(before)).toEqual([pattern(500)]);
			}),
			{numRuns: 25, seed: 1},
		);
	});
});
