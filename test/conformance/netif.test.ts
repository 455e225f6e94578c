/** Our rings of a vif beside the macros of the real xen/io/ring.h on the structures of the real xen/io/netif.h: same bytes, same decisions. */
import fc from 'fast-check';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {RandomStream} from '../../source/engine/random.js';
import * as netif from '../../source/sim/channel/netif.js';
import {ringEntries} from '../../source/sim/channel/ring.js';
import {needsXenHeaders} from '../support/peers.js';
import {
	backOperations,
	compilePlayer,
	frontOperations,
	layoutInC,
	type Operation,
	type Outcome,
	Player,
	playInC,
	type RingName,
} from './netif-player.js';

const choices = [
	...['request', 'request', 'request', 'gso-request', 'push-requests', 'push-requests'],
	...['take-response', 'take-response', 'final-check-responses', 'free', 'unconsumed-responses', 'responses-overflow'],
	...['take-request', 'take-request', 'take-request', 'response', 'response', 'response', 'gso-response'],
	...['null-response', 'push-responses', 'push-responses', 'final-check-requests', 'arm-request-event'],
	...['unconsumed-requests', 'requests-overflow', 'hostile'],
] as const;

/** A run of operations a frontend and a backend might make, from a start index, with the odd lie about an index. */
const scripts = fc.record({
	start: fc.oneof(
		fc.constant(0),
		fc.integer({min: 0xffff_fff0, max: 0xffff_ffff}),
		fc.integer({min: 0, max: 0xffff_ffff}),
	),
	seed: fc.integer({min: 0, max: 0xffff_ffff}),
	length: fc.integer({min: 20, max: 500}),
});

/** Plays a script on our rings while making it up, so that every operation is one its side may make there. */
function play(start: number, seed: number, length: number): {script: Operation[]; ours: Outcome[]} {
	const player = new Player();
	const random = new RandomStream(seed, 'script');
	const script: Operation[] = [];
	const ours: Outcome[] = [];
	const perform = (ring: RingName, name: string, ...numbers: number[]) => {
		script.push({ring, name, numbers});
		ours.push(player.play({ring, name, numbers}));
	};

	for (const ring of ['tx', 'rx'] as const) {
		perform(ring, 'initialise');
		for (let word = 16; word < 1024; word += 17) perform(ring, 'poke', word, random.next());
		for (const word of [0, 2]) perform(ring, 'poke', word, start);
		for (const word of [1, 3]) perform(ring, 'poke', word, (start + 1) >>> 0);
		perform(ring, 'attach', start);
	}

	const short = () => random.below(65_536);
	for (let step = 0; step < length; step++) {
		const ring: RingName = random.below(2) === 0 ? 'tx' : 'rx';
		const [front, back] = [player.front[ring], player.back[ring]];
		const name = choices[random.below(choices.length)];
		const mayAnswer = back.responseProducer !== back.requestConsumer;
		switch (name) {
			case 'request':
				if (front.full) break;
				if (ring === 'tx')
					perform(ring, name, random.next() >>> 0, random.below(4096), random.below(16), short(), short());
				else perform(ring, name, short(), random.next() >>> 0);
				break;
			case 'gso-request':
				if (ring === 'tx' && !front.full) perform(ring, name, short(), 1 + random.below(2));
				break;
			case 'response':
				if (!mayAnswer) break;
				if (ring === 'tx') perform(ring, name, short(), random.below(4) - 2);
				else perform(ring, name, short(), random.below(4096), random.below(32), random.below(4110) - 13);
				break;
			case 'gso-response':
				if (ring === 'rx' && mayAnswer) perform(ring, name, short(), 1 + random.below(2));
				break;
			case 'null-response':
				if (ring === 'tx' && mayAnswer) perform(ring, name);
				break;
			case 'take-response':
				if (front.unconsumedResponses > 0 && front.outstanding > 0) perform(ring, name);
				break;
			case 'take-request':
				if (back.unconsumedRequests > 0) perform(ring, name);
				break;
			case 'arm-request-event':
				perform(ring, name, 1 + random.below(20));
				break;
			case 'hostile': {
				// A producer index from anywhere: the checks must answer alike. Then the truth again.
				if (random.below(4) > 0) break;
				const word = random.below(2) * 2;
				const truth = player.words[ring][word] >>> 0;
				perform(ring, 'poke', word, random.next());
				perform(ring, word === 0 ? 'requests-overflow' : 'responses-overflow');
				perform(ring, word === 0 ? 'unconsumed-requests' : 'unconsumed-responses');
				perform(ring, 'poke', word, truth);
				break;
			}

			default:
				perform(ring, name);
		}
	}

	return {script, ours};
}

/** The script of one side alone; what the other side did to the page arrives as our own bytes. */
function oneSide(script: readonly Operation[], ours: readonly Outcome[], side: ReadonlySet<string>) {
	const other = side === frontOperations ? backOperations : frontOperations;
	const kept: Operation[] = [];
	const expected: Outcome[] = [];
	for (const [i, operation] of script.entries()) {
		if (!other.has(operation.name)) {
			kept.push(operation);
			expected.push(ours[i]);
			continue;
		}

		const base = operation.ring === 'tx' ? 0 : 4096;
		const numbers: number[] = [];
		for (let at = 0; at < 4096; at += 4) {
			const now = ours[i].pages.readUInt32LE(base + at);
			if (now !== ours[i - 1].pages.readUInt32LE(base + at)) numbers.push(at / 4, now);
		}

		kept.push({ring: operation.ring, name: 'page', numbers: [...numbers, -1]});
		expected.push({result: 0, copy: Buffer.alloc(netif.txEntryBytes), pages: ours[i].pages});
	}

	return {kept, expected};
}

function compare(script: readonly Operation[], ours: readonly Outcome[], theirs: readonly Outcome[]): void {
	expect(theirs.length).toBe(ours.length);
	for (let i = 0; i < ours.length; i++) {
		const {ring, name, numbers} = script[i];
		const where = `operation ${i}: ${ring} ${name} ${numbers.join(' ')}`;
		expect(ours[i].result, where).toBe(theirs[i].result);
		if (!ours[i].copy.equals(theirs[i].copy)) expect(ours[i].copy, where).toEqual(theirs[i].copy);
		if (!ours[i].pages.equals(theirs[i].pages)) expect(ours[i].pages, where).toEqual(theirs[i].pages);
	}
}

needsXenHeaders()('our vif and the real netif.h', () => {
	let player: {path: string; remove: () => void};
	let layout: Map<string, number[]>;
	beforeAll(() => {
		player = compilePlayer();
		layout = layoutInC(player.path);
	});
	afterAll(() => {
		player?.remove();
	});

	it('leave the same pages and decide the same after every operation, wherever the indices start', () => {
		fc.assert(
			fc.property(scripts, ({start, seed, length}) => {
				const {script, ours} = play(start, seed, length);
				compare(script, ours, playInC(player.path, script));
			}),
			{numRuns: 40, seed: 1},
		);
	});

	it.each([
		['frontend', frontOperations],
		['backend', backOperations],
	])('work together with C as the %s', (_, side) => {
		fc.assert(
			fc.property(scripts, ({start, seed, length}) => {
				const {script, ours} = play(start, seed, length);
				const {kept, expected} = oneSide(script, ours, side);
				compare(kept, expected, playInC(player.path, kept));
			}),
			{numRuns: 20, seed: 2},
		);
	});

	it('go through the wrap at 2^32, and around the ring, in a long run', () => {
		const {script, ours} = play(0xffff_fff0, 7, 6000);
		for (const ring of ['tx', 'rx']) {
			const requests = script.filter((operation) => operation.ring === ring && operation.name === 'request');
			expect(requests.length).toBeGreaterThan(256);
		}

		compare(script, ours, playInC(player.path, script));
	});

	it.each([
		['netif_tx_request_t', netif.txRequestLayout],
		['netif_tx_response_t', netif.txResponseLayout],
		['netif_rx_request_t', netif.rxRequestLayout],
		['netif_rx_response_t', netif.rxResponseLayout],
		['netif_extra_info_t', netif.extraLayout],
	])('have the same %s', (type, fields) => {
		for (const [field, {offset, bytes}] of Object.entries(fields)) {
			expect(layout.get(`offsetof ${type} ${field}`), `${type}.${field}`).toEqual([offset, bytes]);
		}
	});

	it('have the same sizes of entries and rings', () => {
		expect(layout.get('sizeof union netif_tx_sring_entry')).toEqual([netif.txEntryBytes]);
		expect(layout.get('sizeof union netif_rx_sring_entry')).toEqual([netif.rxEntryBytes]);
		expect(layout.get('sizeof netif_extra_info_t')).toEqual([8]);
		for (const pages of [1, 2, 4, 8, 16]) {
			expect(layout.get(`ring tx ${pages}`)).toEqual([ringEntries(pages, netif.txEntryBytes)]);
			expect(layout.get(`ring rx ${pages}`)).toEqual([ringEntries(pages, netif.rxEntryBytes)]);
		}

		expect(layout.get('ring tx 1')).toEqual([netif.ringSlots]);
	});

	it('have the same flags, statuses, types and limits', () => {
		const expected: Record<string, number> = {
			XEN_NETIF_EXTRA_TYPE_GSO: netif.extraGso,
			XEN_NETIF_EXTRA_TYPE_MCAST_ADD: netif.extraMulticastAdd,
			XEN_NETIF_EXTRA_TYPE_MCAST_DEL: netif.extraMulticastDelete,
			XEN_NETIF_EXTRA_TYPE_HASH: netif.extraHash,
			XEN_NETIF_EXTRA_TYPE_MAX: netif.extraTypes,
			XEN_NETIF_EXTRA_FLAG_MORE: netif.extraMore,
			XEN_NETIF_GSO_TYPE_TCPV4: netif.gsoTcp4,
			XEN_NETIF_GSO_TYPE_TCPV6: netif.gsoTcp6,
			XEN_NETIF_NR_SLOTS_MIN: netif.slotsMinimum,
			XEN_NETIF_MAX_TX_SIZE: netif.maximumSize,
		};
		for (const [name, value] of Object.entries(netif.txFlags)) expected[`NETTXF_${name}`] = value;
		for (const [name, value] of Object.entries(netif.rxFlags)) expected[`NETRXF_${name}`] = value;
		for (const [name, value] of Object.entries(netif.responseStatus)) expected[`NETIF_RSP_${name}`] = value;
		for (const [name, value] of Object.entries(expected)) expect(layout.get(`constant ${name}`), name).toEqual([value]);
	});
});

describe('the script itself', () => {
	it('reaches notifications sent and held off on both rings, extra infos both ways, and NULL responses', () => {
		const seen = new Map<string, number>();
		for (let seed = 0; seed < 10; seed++) {
			const {script, ours} = play(0xffff_fff8, seed, 500);
			for (const [i, {ring, name}] of script.entries()) {
				const key = name.startsWith('push-') ? `${ring} ${name} ${ours[i].result}` : `${ring} ${name}`;
				seen.set(key, (seen.get(key) ?? 0) + 1);
			}
		}

		for (const ring of ['tx', 'rx']) {
			for (const push of ['push-requests', 'push-responses']) {
				for (const notified of [0, 1])
					expect(seen.get(`${ring} ${push} ${notified}`), `${ring} ${push}`).toBeGreaterThan(10);
			}
		}

		for (const name of ['tx gso-request', 'tx null-response', 'rx gso-response']) {
			expect(seen.get(name), name).toBeGreaterThan(10);
		}
	});
});
