/**
The volatile write cache of a disk: blocks whose newest bytes are not on stable storage yet. The newest bytes are always in
the byte store, where reads find them; the cache keeps what stable storage still holds instead, so that loss of power can
put it back. An entry goes waiting → programming → gone. A block written again while it is being programmed keeps three
versions: stable, on its way, newest.

Flushes are epochs: each counts its entries, and a flush is done when no entry of its epoch or an older one is left
(NVMe base specification 1.4 §6.8: what completed before the flush is non-volatile when the flush completes).
*/
import {assert} from '../../../engine/assert.js';
import type {RandomStream} from '../../../engine/random.js';
import {type ByteStore, blockBytes, sectorsPerBlock, zeroBlock} from './byte-store.js';

const sectorBytes = 512;
const buckets = 8192;
/** More than flushes can wait at once. */
const epochRing = 8192;
const none = -1;

export class WriteCache {
	/** Called once for each slot given to `notifyWhenStable`, when the version it waits for is stable. */
	onStable: (slot: number) => void = () => {};
	/** Entries that are not stable, in blocks. */
	dirty = 0;

	/** Entries by block: heads of lists, each an entry or -1. */
	private readonly heads = new Int32Array(buckets).fill(none);
	private next = new Int32Array(64);
	private blocks = new Int32Array(64);
	private programming = new Uint8Array(64);
	private epochs = new Int32Array(64);
	private newerEpochs = new Int32Array(64);
	/** Heads of the lists of slots that await this version, and the newer one. */
	private waiters = new Int32Array(64);
	private newerWaiters = new Int32Array(64);
	/** Stable content; undefined stands for zeros. */
	private readonly stableBytes: (Buffer | undefined)[] = [];
	/** Content being programmed, when a newer version is in the store; undefined otherwise. */
	private readonly underWay: (Buffer | undefined)[] = [];
	private free: number[] = [];
	private used = 0;

	private waiterNext = new Int32Array(64);
	private waiterSlot = new Int32Array(64);
	private freeWaiter = none;
	private waitersUsed = 0;

	private epoch = 0;
	private oldestEpoch = 0;
	private readonly epochCounts = new Int32Array(epochRing);

	constructor(readonly store: ByteStore) {}

	/** The block that an entry is about. */
	blockOf(entry: number): number {
		return this.blocks[entry];
	}

	/** The block's entry, or -1 when it is stable. */
	entryOf(block: number): number {
		let entry = this.heads[block & (buckets - 1)];
		while (entry !== none && this.blocks[entry] !== block) {
			entry = this.next[entry];
		}

		return entry;
	}

	/**
	Makes the block's bytes the newest; they are part of the current epoch. `from` to `from + bytes` of `source` replace the block's
	from byte `within` on.
	@returns the entry when it is new and somebody must program it, or -1 when it already waits to be programmed.
	*/
	write(block: number, within: number, source: Buffer, from: number, bytes: number): number {
		const store = this.store;
		const whole = bytes === blockBytes;
		const current = store.block(block);
		let entry = this.entryOf(block);
		let target = current;
		let fresh = none;
		if (entry === none) {
			entry = this.enter(block, current);
			fresh = entry;
			target = undefined;
		} else if (this.programming[entry] === 1 && this.newerEpochs[entry] === none) {
			this.underWay[entry] = current;
			this.newerEpochs[entry] = this.epoch;
			this.epochCounts[this.epoch & (epochRing - 1)]++;
			target = undefined;
		}

		if (target === undefined) {
			target = store.take();
			if (!whole) {
				target.set(current ?? zeroBlock);
			}

			store.replace(block, target);
		}

		if (whole && source.length === blockBytes) {
			target.set(source);
		} else {
			source.copy(target, within, from, from + bytes);
		}

		return fresh;
	}

	/** `onStable(slot)` will be called when the block's newest version is stable. The block has an entry. */
	notifyWhenStable(block: number, slot: number): void {
		const entry = this.entryOf(block);
		assert(entry !== none, 'only what is not stable is awaited');
		let waiter = this.freeWaiter;
		if (waiter === none) {
			if (this.waitersUsed === this.waiterNext.length) {
				this.waiterNext = grown(this.waiterNext);
				this.waiterSlot = grown(this.waiterSlot);
			}

			waiter = this.waitersUsed++;
		} else {
			this.freeWaiter = this.waiterNext[waiter];
		}

		const list = this.newerEpochs[entry] === none ? this.waiters : this.newerWaiters;
		this.waiterSlot[waiter] = slot;
		this.waiterNext[waiter] = list[entry];
		list[entry] = waiter;
	}

	/** The entry's newest bytes begin to be programmed: what is written from now on is another version. */
	program(entry: number): void {
		assert(this.programming[entry] === 0, 'an entry is programmed once at a time');
		this.programming[entry] = 1;
	}

	/**
	The version on its way is stable.
	@returns true when a newer one was written meanwhile: then the entry must be programmed again.
	*/
	programmed(entry: number): boolean {
		assert(this.programming[entry] === 1, 'what was not programmed does not become stable');
		this.programming[entry] = 0;
		this.leaveEpoch(this.epochs[entry]);
		const old = this.stableBytes[entry];
		if (old !== undefined) {
			this.store.give(old);
		}

		const waiters = this.waiters[entry];
		const again = this.newerEpochs[entry] !== none;
		if (again) {
			this.stableBytes[entry] = this.underWay[entry];
			this.underWay[entry] = undefined;
			this.epochs[entry] = this.newerEpochs[entry];
			this.newerEpochs[entry] = none;
			this.waiters[entry] = this.newerWaiters[entry];
			this.newerWaiters[entry] = none;
		} else {
			this.leave(entry);
		}

		this.notify(waiters);
		return again;
	}

	/** Begins a new epoch. The flush that did is done when `isStable` of the returned epoch says so. */
	closeEpoch(): number {
		assert(this.epoch - this.oldestEpoch < epochRing - 2, 'the epochs fit');
		return this.epoch++;
	}

	/** Everything written in `epoch` or before is on stable storage. */
	isStable(epoch: number): boolean {
		while (this.oldestEpoch < this.epoch && this.epochCounts[this.oldestEpoch & (epochRing - 1)] === 0) {
			this.oldestEpoch++;
		}

		return epoch < this.oldestEpoch;
	}

	/** Nobody waits any more: the slots given to `notifyWhenStable` are forgotten. */
	forgetWaiters(): void {
		this.waiters.fill(none);
		this.newerWaiters.fill(none);
		this.freeWaiter = none;
		this.waitersUsed = 0;
	}

	/**
	Power fails. Blocks that waited are as stable storage has them; of a block that was being programmed, each sector is either
	stable content or the version on its way.
	*/
	losePower(random: RandomStream): void {
		for (let entry = 0; entry < this.used; entry++) {
			const block = this.blocks[entry];
			if (block !== none) {
				this.lose(entry, block, random);
			}
		}

		this.forgetWaiters();
		this.epochCounts.fill(0);
		this.oldestEpoch = this.epoch;
	}

	private lose(entry: number, block: number, random: RandomStream): void {
		const store = this.store;
		const newest = store.block(block);
		const stable = this.stableBytes[entry];
		const underWay = this.underWay[entry] ?? newest;
		let kept = stable;
		if (this.programming[entry] === 1 && underWay !== undefined) {
			kept = store.take();
			kept.set(stable ?? zeroBlock);
			const survivors = random.below(1 << sectorsPerBlock);
			for (let sector = 0; sector < sectorsPerBlock; sector++) {
				if ((survivors & (1 << sector)) !== 0) {
					underWay.copy(kept, sector * sectorBytes, sector * sectorBytes, (sector + 1) * sectorBytes);
				}
			}

			if (stable !== undefined) {
				store.give(stable);
			}
		}

		if (newest !== undefined) {
			store.give(newest);
		}

		if (underWay !== undefined && underWay !== newest) {
			store.give(underWay);
		}

		store.replace(block, kept);
		this.programming[entry] = 0;
		this.newerEpochs[entry] = none;
		this.underWay[entry] = undefined;
		this.leave(entry);
	}

	private enter(block: number, stable: Buffer | undefined): number {
		const entry = this.free.pop() ?? this.extend();
		this.blocks[entry] = block;
		this.programming[entry] = 0;
		this.epochs[entry] = this.epoch;
		this.newerEpochs[entry] = none;
		this.waiters[entry] = none;
		this.newerWaiters[entry] = none;
		this.stableBytes[entry] = stable;
		this.underWay[entry] = undefined;
		this.epochCounts[this.epoch & (epochRing - 1)]++;
		this.next[entry] = this.heads[block & (buckets - 1)];
		this.heads[block & (buckets - 1)] = entry;
		this.dirty++;
		return entry;
	}

	private leave(entry: number): void {
		const block = this.blocks[entry];
		const bucket = block & (buckets - 1);
		if (this.heads[bucket] === entry) {
			this.heads[bucket] = this.next[entry];
		} else {
			let before = this.heads[bucket];
			while (this.next[before] !== entry) {
				before = this.next[before];
			}

			this.next[before] = this.next[entry];
		}

		this.blocks[entry] = none;
		this.stableBytes[entry] = undefined;
		this.free.push(entry);
		this.dirty--;
	}

	private leaveEpoch(epoch: number): void {
		const row = epoch & (epochRing - 1);
		assert(this.epochCounts[row] > 0, 'an epoch counts its entries');
		this.epochCounts[row]--;
	}

	private notify(first: number): void {
		let waiter = first;
		while (waiter !== none) {
			const next = this.waiterNext[waiter];
			const slot = this.waiterSlot[waiter];
			this.waiterNext[waiter] = this.freeWaiter;
			this.freeWaiter = waiter;
			this.onStable(slot);
			waiter = next;
		}
	}

	private extend(): number {
		if (this.used === this.blocks.length) {
			this.blocks = grown(this.blocks);
			this.next = grown(this.next);
			this.epochs = grown(this.epochs);
			this.newerEpochs = grown(this.newerEpochs);
			this.waiters = grown(this.waiters);
			this.newerWaiters = grown(this.newerWaiters);
			const programming = new Uint8Array(this.blocks.length);
			programming.set(this.programming);
			this.programming = programming;
		}

		this.stableBytes.push(undefined);
		this.underWay.push(undefined);
		return this.used++;
	}
}

function grown(from: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
	const to = new Int32Array(from.length * 2);
	to.set(from);
	return to;
}
