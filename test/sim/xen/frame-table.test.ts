/** Who owns each frame of memory: allocation against a plain list, references, zombies. */
import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {Memory} from '../../../source/hw/memory.js';
import {ENOMEM, ESRCH} from '../../../source/sim/xen/errno.js';
import {FrameTable, nobody} from '../../../source/sim/xen/frame-table.js';

function table(frames: number): {memory: Memory; frames: FrameTable} {
	const memory = new Memory(frames * 4096);
	const owned = new FrameTable(memory);
	owned.addDomain(0);
	owned.addDomain(1, 4);
	return {memory, frames: owned};
}

describe('frame table', () => {
	it('gives the lowest free frame, also after frames in between were freed', () => {
		const {frames} = table(100);
		expect([frames.allocate(0), frames.allocate(0), frames.allocate(0)]).toEqual([0, 1, 2]);
		frames.free(1);
		expect(frames.allocate(1)).toBe(1);
		expect(frames.ownerOf(1)).toBe(1);
		expect(frames.allocate(0)).toBe(3);
	});

	it('answers -ENOMEM at the domain’s limit and when memory is exhausted, -ESRCH for no domain', () => {
		const {frames} = table(8);
		for (let i = 0; i < 4; i++) frames.allocate(1);
		expect(frames.allocate(1)).toBe(-ENOMEM);
		for (let i = 0; i < 4; i++) expect(frames.allocate(0)).toBeGreaterThanOrEqual(0);
		expect(frames.allocate(0)).toBe(-ENOMEM);
		expect(frames.allocate(9)).toBe(-ESRCH);
	});

	it('gives contiguous frames with alignment and below a limit', () => {
		const {frames} = table(128);
		frames.allocate(0);
		expect(frames.allocateContiguous(0, 3, 4)).toBe(4);
		expect(frames.allocateContiguous(0, 4, 4)).toBe(8);
		expect(frames.allocateContiguous(0, 8, 8, 16)).toBe(-ENOMEM);
		expect(frames.allocate(0)).toBe(1);
	});

	it('scrubs a frame before it changes hands', () => {
		const {memory, frames} = table(4);
		const frame = frames.allocate(0);
		memory.words(frame)[7] = 42;
		frames.free(frame);
		expect(frames.allocate(1)).toBe(frame);
		expect(memory.words(frame)[7]).toBe(0);
	});

	it('keeps a frame its owner gave up until the last reference goes', () => {
		const {frames} = table(4);
		const frame = frames.allocate(1);
		frames.reference(frame, true);
		expect(frames.freeAll(1)).toBe(1);
		expect(frames.ownerOf(frame)).toBe(1);
		expect(frames.pages(1)).toBe(1);
		expect(frames.allocate(0)).not.toBe(frame);
		frames.dereference(frame, true);
		expect(frames.ownerOf(frame)).toBe(nobody);
		expect(frames.pages(1)).toBe(0);
	});

	it('does not count what the hypervisor shares with a domain as its memory', () => {
		const {frames} = table(4);
		const frame = frames.allocateShared(1);
		expect(frames.ownerOf(frame)).toBe(1);
		expect(frames.pages(1)).toBe(0);
		expect(frames.shared(1)).toBe(1);
	});

	it('agrees with a plain list of owners, whatever is allocated and freed', () => {
		fc.assert(
			fc.property(
				fc.integer({min: 1, max: 2100}),
				fc.array(fc.tuple(fc.constantFrom('allocate', 'contiguous', 'free'), fc.nat(4000)), {maxLength: 120}),
				(size, operations) => {
					const {frames} = table(size);
					const free = new Set(Array.from({length: size}, (_, i) => i));
					for (const [operation, number] of operations) {
						if (operation === 'allocate') {
							const lowest = free.size === 0 ? -ENOMEM : Math.min(...free);
							expect(frames.allocate(0)).toBe(lowest);
							free.delete(lowest);
						} else if (operation === 'contiguous') {
							const count = 1 + (number % 70);
							let first = 0;
							const fits = () => Array.from({length: count}, (_, i) => first + i).every((frame) => free.has(frame));
							const crosses = () => first % 1024 > (first + count - 1) % 1024;
							while (first + count <= size && (crosses() || !fits())) first += 2;
							const expected = first + count <= size ? first : -ENOMEM;
							expect(frames.allocateContiguous(0, count, 2)).toBe(expected);
							if (expected >= 0) for (let i = 0; i < count; i++) free.delete(first + i);
						} else if (frames.ownerOf(number) === 0) {
							frames.free(number);
							free.add(number);
						}
					}

					expect(frames.freeFrames).toBe(free.size);
					expect(frames.pages(0)).toBe(size - free.size);
				},
			),
			{numRuns: 60},
		);
	});
});
