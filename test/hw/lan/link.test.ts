/** A link: when frames arrive, what may befall them, what a tap sees, and what happens when the cable is pulled. */
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {alter, delay, drop, type Verdict} from '../../../source/engine/fault-points.js';
import {FramePool} from '../../../source/hw/lan/frame-pool.js';
import {corruptFrame, corruptFrameSilently, duplicateFrame, reorderFrame} from '../../../source/hw/lan/impairments.js';
import {Link, type LinkOptions} from '../../../source/hw/lan/link.js';
import {address, Engine, type Kept, keep, Listener, plainFrame} from '../../support/lan-stations.js';

const gigabit = 1_000_000_000;

function bench(options: Partial<LinkOptions> = {}, seed = 1) {
	const engine = new Engine(seed);
	const pool = new FramePool();
	const link = new Link(engine, pool, 'eth0', {rate: gigabit, delay: 0, ...options});
	const nic = new Listener(engine, link.first);
	const port = new Listener(engine, link.second);
	const seen: Kept[] = [];
	link.tap.tap.onFrame = (frame) => seen.push(keep(frame));
	/** Arms the direction's fault point with one verdict for the next frame. */
	const arm = (direction: 'outbound' | 'inbound', verdict: Verdict, value = 0) => {
		const point = engine.faults.get(`wire.frame eth0 ${direction}`);
		if (point === undefined) throw new Error('the link has a point for each direction');
		point.armed = {
			value,
			decide: () => {
				point.armed = null;
				return verdict;
			},
		};
	};
	return {engine, pool, link, nic, port, seen, arm};
}

const frame = (length: number, fill = 0) => plainFrame(address(2), address(1), length, fill);

describe('when a frame arrives', () => {
	it('8 of preamble, the frame and 4 of FCS at 8 ns a byte, then the delay; the wire is free 12 bytes later', () => {
		const {nic, port} = bench({delay: 5000});
		expect(nic.send(frame(1514))).toBe(1538 * 8);
		nic.settle(1_000_000);
		expect(port.heard.map(({at}) => at)).toEqual([1526 * 8 + 5000]);
	});

	it('81,274 full frames and 1,488,095 of the smallest pass in a second', () => {
		for (const [length, rate] of [
			[1514, 81_274],
			[60, 1_488_095],
		]) {
			const {nic} = bench();
			expect(Math.floor(1e9 / nic.send(frame(length)))).toBe(rate);
		}
	});

	it('both directions have the whole rate', () => {
		const {nic, port} = bench();
		nic.send(frame(1000));
		port.send(frame(1000));
		nic.settle(1_000_000);
		expect(nic.heard[0].at).toBe(port.heard[0].at);
	});

	it('a rate of 100 Mb/s takes ten times as long', () => {
		const {nic} = bench({rate: 100_000_000});
		expect(nic.send(frame(1514))).toBe(1538 * 80);
	});

	it('what arrives is what was sent, in the order in which it was sent, and every frame comes back to the pool', () => {
		fc.assert(
			fc.property(fc.array(fc.uint8Array({minLength: 60, maxLength: 9000}), {maxLength: 20}), (frames) => {
				const {nic, port, pool} = bench({delay: 100_000});
				nic.sendAll(frames);
				nic.settle(1_000_000);
				expect(port.heard.map(({bytes}) => Buffer.from(bytes))).toEqual(frames.map((bytes) => Buffer.from(bytes)));
				expect(pool.inUse).toBe(0);
			}),
			{numRuns: 50},
		);
	});

	it('a station that sends while its wire is busy has broken an invariant', () => {
		const {nic} = bench();
		nic.send(frame(60));
		expect(() => nic.send(frame(60))).toThrow('one frame at a time');
	});
});

describe('what may befall a frame', () => {
	const count = 20_000;
	const many = (options: Partial<LinkOptions>, seed = 1) => {
		const parts = bench(options, seed);
		parts.nic.sendAll(Array.from({length: count}, (_, i) => numbered(i)));
		parts.nic.settle(1_000_000);
		return parts;
	};
	const numbered = (i: number) => {
		const bytes = frame(60);
		bytes.writeUInt32BE(i, 20);
		return bytes;
	};
	const number = ({bytes}: {bytes: Buffer}) => bytes.readUInt32BE(20);

	it('nothing, unless asked for', () => {
		const {port} = many({});
		expect(port.heard.map(number)).toEqual(Array.from({length: count}, (_, i) => i));
		expect(port.heard.every(({damaged, note}) => !damaged && note === '')).toBe(true);
	});

	it('of a million, as many as asked are lost, and a capture says which', () => {
		const {port, link, seen} = many({loss: 50_000});
		const {lost} = link.first.impairments;
		expect(lost).toBeGreaterThan(900);
		expect(lost).toBeLessThan(1100);
		expect(port.heard).toHaveLength(count - lost);
		expect(seen.filter(({note}) => note === 'wire: lost')).toHaveLength(lost);
		expect(seen).toHaveLength(count);
	});

	it('corruption flips the bit that the note names, and the FCS does not fit', () => {
		const {port} = many({corruption: 10_000});
		const touched = port.heard.filter(({note}) => note !== '');
		expect(touched.length).toBeGreaterThan(150);
		for (const {bytes, damaged, note} of touched) {
			expect(damaged).toBe(true);
			const byte = Number(/^wire: one bit flipped at byte (\d+)$/.exec(note)?.[1]);
			const others = numbered(port.heard.findIndex((each) => each.bytes === bytes));
			const difference = bytes[byte] ^ others[byte];
			expect(Math.log2(difference) % 1).toBe(0);
			others[byte] = bytes[byte];
			expect(bytes).toEqual(others);
		}
	});

	it('silent corruption leaves an FCS that fits', () => {
		const {port} = many({silentCorruption: 10_000});
		const touched = port.heard.filter(({note}) => note.endsWith('the FCS fits'));
		expect(touched.length).toBeGreaterThan(150);
		expect(port.heard.some(({damaged}) => damaged)).toBe(false);
	});

	it('a duplicate follows one frame time later, with a note of its own', () => {
		const {nic, port, arm} = bench();
		arm('outbound', alter, duplicateFrame);
		const time = nic.send(frame(60));
		nic.settle(1_000_000);
		expect(port.heard.map(({note}) => note)).toEqual(['wire: duplicated', 'wire: a duplicate']);
		expect(port.heard[1].at - port.heard[0].at).toBe(time);
		expect(port.heard[1].bytes).toEqual(port.heard[0].bytes);
	});

	it('a reordered frame is held back while others overtake it', () => {
		const {port, link} = many({reordering: 10_000, holdBack: 2000});
		const order = port.heard.map(number);
		const {heldBack} = link.first.impairments;
		expect(heldBack).toBeGreaterThan(150);
		const late = order.filter((each, i) => i > 0 && each < order[i - 1]);
		expect(late.length).toBeGreaterThan(heldBack * 0.9);
		expect([...order].sort((a, b) => a - b)).toEqual(Array.from({length: count}, (_, i) => i));
	});

	it('each draws from a stream of its own: adding one leaves the others as they were', () => {
		const lost = (options: Partial<LinkOptions>) =>
			many(options)
				.seen.filter(({note}) => note.includes('lost'))
				.map(number);
		const alone = lost({loss: 1000});
		expect(alone.length).toBeGreaterThan(5);
		expect(lost({loss: 1000, duplication: 5000, reordering: 5000})).toEqual(alone);
	});

	it('each direction draws for itself', () => {
		const {nic, port, link} = bench({loss: 500_000});
		for (let i = 0; i < 100; i++) {
			nic.send(frame(60));
			port.send(frame(60));
			nic.settle(10_000);
		}

		expect(link.first.impairments.lost).toBeGreaterThan(30);
		expect(link.second.impairments.lost).toBeGreaterThan(30);
		expect(port.heard.map(({at}) => at)).not.toEqual(nic.heard.map(({at}) => at));
	});

	it('the same seed gives the same fate, another seed another', () => {
		const fate = (seed: number) =>
			many({loss: 10_000, corruption: 10_000}, seed)
				.seen.filter(({note}) => note !== '')
				.map((each) => `${number(each)} ${each.note}`);
		expect(fate(1)).toEqual(fate(1));
		expect(fate(1)).not.toEqual(fate(2));
	});
});

describe('fault points', () => {
	it('lose, damage, duplicate, hold back and delay one frame, and the note says that it was injected', () => {
		for (const [verdict, value, note, damaged] of [
			[alter, corruptFrame, /^wire: one bit flipped at byte \d+ \(injected fault\)$/, true],
			[alter, corruptFrameSilently, /^wire: one bit flipped at byte \d+, the FCS fits \(injected fault\)$/, false],
			[alter, reorderFrame, /^wire: held back for 50000 ns \(injected fault\)$/, false],
			[delay, 700, /^wire: held back for 700 ns \(injected fault\)$/, false],
		] as const) {
			const {nic, port, arm} = bench();
			arm('outbound', verdict, value);
			nic.sendAll([frame(60), frame(60)]);
			nic.settle(1_000_000);
			expect(port.heard).toHaveLength(2);
			const touched = port.heard.filter((each) => each.note !== '');
			expect(touched).toHaveLength(1);
			expect(touched[0].note).toMatch(note);
			expect(touched[0].damaged).toBe(damaged);
		}
	});

	it('a frame lost on its way in is seen by the tap when it would have arrived', () => {
		const {nic, port, seen, arm, pool} = bench({delay: 1000});
		arm('inbound', drop);
		port.send(frame(60));
		nic.settle(1_000_000);
		expect(nic.heard).toEqual([]);
		expect(seen.map(({at, direction, note}) => ({at, direction, note}))).toEqual([
			{at: 72 * 8 + 1000, direction: 'inbound', note: 'wire: lost (injected fault)'},
		]);
		expect(pool.inUse).toBe(0);
	});
});

describe('a tap', () => {
	it('sees both directions as the first station does: sent at the first bit, received at the last', () => {
		const {nic, port, seen} = bench({delay: 1000});
		nic.send(frame(60, 1));
		port.send(frame(100, 2));
		nic.settle(1_000_000);
		expect(seen).toEqual([
			{at: 0, direction: 'outbound', note: '', bytes: frame(60, 1)},
			{at: 112 * 8 + 1000, direction: 'inbound', note: '', bytes: frame(100, 2)},
		]);
	});

	it('changes nothing: state hash and events are the same unwatched', () => {
		const run = (watched: boolean) => {
			const {engine, nic, port, link} = bench({loss: 100_000, corruption: 100_000, duplication: 100_000});
			if (!watched) link.tap.tap.onFrame = null;
			nic.sendAll(Array.from({length: 300}, () => frame(60)));
			port.sendAll(Array.from({length: 300}, () => frame(60)));
			nic.settle(1_000_000);
			return [engine.executed, engine.hash.toString()];
		};
		expect(run(true)).toEqual(run(false));
	});
});

describe('a cable that is pulled', () => {
	it('loses what is under way, tells both stations, and carries frames again when it is back', () => {
		const {nic, port, link, pool} = bench({delay: 5000});
		nic.send(frame(60));
		nic.settle(1000);
		link.setUp(false);
		expect(link.first.up).toBe(false);
		nic.send(frame(60));
		nic.settle(10_000);
		link.setUp(true);
		nic.send(frame(60, 9));
		nic.settle(10_000);
		expect(port.heard.map(({bytes}) => bytes)).toEqual([frame(60, 9)]);
		expect([nic.changes, port.changes]).toEqual([
			[false, true],
			[false, true],
		]);
		expect(link.first.cut).toBe(2);
		expect(pool.inUse).toBe(0);
	});
});
