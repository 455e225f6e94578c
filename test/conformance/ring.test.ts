/** Our ring beside the macros of the real xen/io/ring.h and the structures of the real xen/io/blkif.h: same bytes, same decisions. */
import fc from 'fast-check';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {RandomStream} from '../../source/engine/random.js';
import {needsXenHeaders} from '../support/peers.js';
import {
	backOperations,
	compilePlayer,
	frontOperations,
	type Operation,
	type Outcome,
	Player,
	playInC,
} from './ring-player.js';

const choices = [
	'request',
	'request',
	'request',
	'push-requests',
	'push-requests',
	'take-response',
	'take-response',
	'final-check-responses',
	'arm-response-event',
	'free',
	'unconsumed-responses',
	'responses-overflow',
	'take-request',
	'take-request',
	'take-request',
	'response',
	'response',
	'response',
	'push-responses',
	'push-responses',
	'final-check-requests',
	'arm-request-event',
	'unconsumed-requests',
	'requests-overflow',
	'consumer-overflow',
	'hostile',
] as const;

/** A run of operations a front and a back might make, from a start index, with the odd lie about an index. */
const scripts = fc.record({
	start: fc.oneof(
		fc.constant(0),
		fc.integer({min: 0xffff_ffd0, max: 0xffff_ffff}),
		fc.integer({min: 0, max: 0xffff_ffff}),
	),
	seed: fc.integer({min: 0, max: 0xffff_ffff}),
	length: fc.integer({min: 20, max: 400}),
});

/** Plays a script on our ring while making it up, so that every operation is one its side may make there. */
function play(start: number, seed: number, length: number): {script: Operation[]; ours: Outcome[]} {
	const player = new Player();
	const random = new RandomStream(seed, 'script');
	const script: Operation[] = [];
	const ours: Outcome[] = [];
	const perform = (name: string, ...numbers: number[]) => {
		script.push({name, numbers});
		ours.push(player.play({name, numbers}));
	};

	perform('initialise');
	for (let word = 16; word < 1024; word += 7) perform('poke', word, random.next());
	for (const word of [0, 2]) perform('poke', word, start);
	for (const word of [1, 3]) perform('poke', word, (start + 1) >>> 0);
	perform('attach-front', start);
	perform('attach-back', start);
	const {front, back} = player;
	for (let step = 0; step < length; step++) {
		const name = choices[random.below(choices.length)];
		if (name === 'request') {
			if (front.full) continue;
			const segments = random.below(12);
			const numbers = [random.below(7), segments, random.below(65_536), random.below(0x8000_0000)];
			numbers.push(random.next() + random.below(1 << 20) * 0x1_0000_0000);
			for (let i = 0; i < segments; i++) numbers.push(random.next(), random.below(8), random.below(256));
			perform(name, ...numbers);
		} else if (name === 'take-response') {
			if (front.unconsumedResponses > 0 && front.outstanding > 0) perform(name);
		} else if (name === 'take-request') {
			if (back.unconsumedRequests > 0) perform(name);
		} else if (name === 'response') {
			if (back.responseProducer === back.requestConsumer) continue;
			perform(name, random.below(0x8000_0000), random.below(7), random.below(3) - 2);
		} else if (name === 'arm-request-event' || name === 'arm-response-event') {
			perform(name, 1 + random.below(4));
		} else if (name === 'hostile') {
			// A producer index from anywhere: the checks must answer alike. Then the truth again.
			if (random.below(4) > 0) continue;
			const word = random.below(2) * 2;
			const truth = player.words[word] >>> 0;
			perform('poke', word, random.next());
			perform(word === 0 ? 'requests-overflow' : 'responses-overflow');
			perform(word === 0 ? 'unconsumed-requests' : 'unconsumed-responses');
			perform('poke', word, truth);
		} else {
			perform(name);
		}
	}

	return {script, ours};
}

/** The script of one side alone; what the other side did to the page arrives as our own bytes. */
function oneSide(script: readonly Operation[], ours: readonly Outcome[], side: ReadonlySet<string>) {
	const kept: Operation[] = [];
	const expected: Outcome[] = [];
	for (const [i, operation] of script.entries()) {
		const other = side === frontOperations ? backOperations : frontOperations;
		if (other.has(operation.name)) {
			const numbers: number[] = [];
			for (let at = 0; at < 4096; at += 4) {
				const now = ours[i].page.readUInt32LE(at);
				if (now !== ours[i - 1].page.readUInt32LE(at)) numbers.push(at / 4, now);
			}

			kept.push({name: 'page', numbers: [...numbers, -1]});
			expected.push({result: 0, copy: Buffer.alloc(112), page: ours[i].page});
		} else {
			kept.push(operation);
			expected.push(ours[i]);
		}
	}

	return {kept, expected};
}

function compare(script: readonly Operation[], ours: readonly Outcome[], theirs: readonly Outcome[]): void {
	expect(theirs.length).toBe(ours.length);
	for (let i = 0; i < ours.length; i++) {
		const where = `operation ${i}: ${script[i].name} ${script[i].numbers.join(' ')}`;
		expect(ours[i].result, where).toBe(theirs[i].result);
		if (!ours[i].copy.equals(theirs[i].copy)) expect(ours[i].copy, where).toEqual(theirs[i].copy);
		if (!ours[i].page.equals(theirs[i].page)) expect(ours[i].page, where).toEqual(theirs[i].page);
	}
}

needsXenHeaders()('our ring and the real ring.h', () => {
	let player: {path: string; remove: () => void};
	beforeAll(() => {
		player = compilePlayer();
	});
	afterAll(() => {
		player?.remove();
	});

	it('leave the same page and decide the same after every operation, wherever the indices start', () => {
		fc.assert(
			fc.property(scripts, ({start, seed, length}) => {
				const {script, ours} = play(start, seed, length);
				compare(script, ours, playInC(player.path, script));
			}),
			{numRuns: 60, seed: 1},
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
			{numRuns: 25, seed: 2},
		);
	});

	it('go through the wrap at 2^32 many times over a long run', () => {
		const {script, ours} = play(0xffff_fff0, 7, 6000);
		expect(script.filter(({name}) => name === 'request').length).toBeGreaterThan(100);
		compare(script, ours, playInC(player.path, script));
	});
});

describe('the script itself', () => {
	it('reaches full rings, notifications sent and held off, and requests over several segments', () => {
		let full = 0;
		let sent = 0;
		let held = 0;
		for (let seed = 0; seed < 20; seed++) {
			const {script, ours} = play(0xffff_fff8, seed, 400);
			for (const [i, {name}] of script.entries()) {
				if (name === 'free' && ours[i].result === 1) full++;
				if (name.startsWith('push-')) ours[i].result === 1 ? sent++ : held++;
			}
		}

		expect(full).toBeGreaterThan(0);
		expect(sent).toBeGreaterThan(20);
		expect(held).toBeGreaterThan(20);
	});
});
