/** The memory behind a medium: sparse, reused, and bounded. */
import {describe, expect, it} from 'vitest';
import {ByteStore, blockBytes} from '../../../../source/hw/disk/media/byte-store.js';

const slabBlocks = 256;

describe('the bytes of a medium', () => {
	it('take memory for what is written only, and for what was given back not again', () => {
		const store = new ByteStore(2 ** 30);
		expect(store.allocatedBlocks).toBe(0);
		const taken = Array.from({length: slabBlocks}, () => store.take());
		for (const bytes of taken) store.give(bytes);
		for (let i = 0; i < slabBlocks; i++) store.take();
		expect(store.allocatedBlocks).toBe(slabBlocks);
	});

	it('stop the run with a remedy where they would take more than their limit', () => {
		const store = new ByteStore(2 ** 30, slabBlocks);
		for (let i = 0; i < slabBlocks; i++) expect(store.take()).toHaveLength(blockBytes);
		expect(() => store.take()).toThrow("make the partition or the jobs' size: smaller");
	});
});
