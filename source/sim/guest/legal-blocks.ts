/**
Which values every sector of one disk may hold, by the rules of a register with failures:

- A write was before another only if it was acknowledged before the other was submitted. When a write is acknowledged, every
  version before it is *superseded* at that moment. A read may return a version unless it was superseded before the read
  was submitted.
- A read that returned one version supersedes every other one acknowledged before the read was submitted.
- A write that failed, or that nobody answered, may happen until the device's or backend's incarnation is known reset, and may
  have happened after that; it supersedes nothing.
- Loss of power brings back every version that was not superseded when the last completed flush was submitted.

Moments are numbers of a sequence that grows with every event of the disk. Nearly always a sector is *plain*: one current version,
and behind it the versions that power loss may bring back, which are all those from a lowest number on that ever wrote the
sector (its bytes say which one they are). Anything else, a write in flight first of all, has a record with a list of versions, which is
folded back when it can be without losing a distinction.
*/
import {assert} from '../../engine/assert.js';
import {sectorsPerBlock} from './pattern.js';

const chunkBlocks = 1024;
const chunkBits = 10;
const chunkSectors = chunkBlocks * sectorsPerBlock;
const none = 0;
const never = Number.POSITIVE_INFINITY;

const inFlight = 1;
const acknowledged = 2;
const failed = 3;
/** It may have happened, and if so it has by now. */
const settled = 4;

/** Versions of one block kept apart; beyond, superseded ones merge into a range that power loss may bring back. */
const versionLimit = 128;

class Chunk {
	/** Per sector: the current version when it is plain; the one before all in the record otherwise. 0: never written. */
	readonly newest = new Int32Array(chunkSectors);
	/** Per sector: when it was acknowledged. */
	readonly acknowledgedAt = new Float64Array(chunkSectors);
	/** Per sector: the lowest version that power loss may bring back, unless a flush has covered the newest. */
	readonly lowest = new Int32Array(chunkSectors);
	/** Per block: its record; 0 is none. */
	readonly records = new Int32Array(chunkBlocks);
	/** Per block: first of the reads in flight; 0 is none. */
	readonly readers = new Int32Array(chunkBlocks);
	/** Per block, a bit a sector: power was lost, and the current version is any from the lowest to the newest. */
	readonly widened = new Uint8Array(chunkBlocks);
}

export class LegalBlocks {
	/** Number of the newest write. */
	writes = 0;
	#sequence = 1;
	/** When the last completed flush was submitted, or power was lost, whichever is later. */
	#flushed = 0;
	#powerLost = 0;
	#flushesInFlight = 0;
	/** When the newest flush was submitted. */
	#newestFlush = 0;
	readonly #chunks: (Chunk | undefined)[] = [];
	/** Blocks whose record could not be folded because of a flush in flight. */
	#deferred: number[] = [];
	/** Blocks that have failed writes. */
	#withFailures: number[] = [];

	// Records: what a block needs beyond plain sectors. Index 0 is nobody.
	#first = new Int32Array(64);
	#length = new Int32Array(64);
	/** A bit a sector: the plain version can no longer be returned by anything. */
	#baseGone = new Uint8Array(64);
	/** More has happened than one write: the record may hold distinctions that plain sectors cannot. */
	#mixed = new Uint8Array(64);
	#baseSuperseded = new Float64Array(64 * sectorsPerBlock);
	/** Highest version that was dropped from the record. */
	#dropped = new Int32Array(64 * sectorsPerBlock);
	readonly #freeRecords: number[] = [];
	#recordCount = 1;

	// Versions: one write on one block.
	#next = new Int32Array(64);
	#number = new Int32Array(64);
	#state = new Uint8Array(64);
	/** A bit a sector it wrote, as long as something may still return it. */
	#mask = new Uint8Array(64);
	#submitted = new Float64Array(64);
	#answered = new Float64Array(64);
	#superseded = new Float64Array(64 * sectorsPerBlock);
	readonly #freeVersions: number[] = [];
	#versionCount = 1;

	// Reads in flight: one read on one block.
	#readerNext = new Int32Array(64);
	#readerSince = new Float64Array(64);
	readonly #freeReaders: number[] = [];
	#readerCount = 1;

	/** Blocks with a record: writes in flight or not settled. */
	get records(): number {
		return this.#recordCount - 1 - this.#freeRecords.length;
	}

	/** A write of `sectors` sectors from `sector` on begins. Returns its number, 1 or more, unique on this disk. */
	submitWrite(sector: number, sectors: number): number {
		assert(this.writes < 0x7fffffff, 'a disk takes 2^31 writes');
		const number = ++this.writes;
		const now = ++this.#sequence;
		for (let at = sector; at < sector + sectors; ) {
			const within = at % sectorsPerBlock;
			const count = Math.min(sectorsPerBlock - within, sector + sectors - at);
			const block = Math.floor(at / sectorsPerBlock);
			const record = this.#recordFor(block);
			const version = this.#freeVersions.pop() ?? this.#extendVersions();
			this.#number[version] = number;
			this.#state[version] = inFlight;
			this.#mask[version] = maskOf(within, count);
			this.#submitted[version] = now;
			this.#answered[version] = never;
			for (let i = 0; i < sectorsPerBlock; i++) {
				this.#superseded[version * sectorsPerBlock + i] = never;
			}

			this.#next[version] = this.#first[record];
			this.#first[record] = version;
			this.#length[record]++;
			at += count;
		}

		return number;
	}

	/** The write was answered with success. */
	acknowledge(number: number, sector: number, sectors: number): void {
		const now = ++this.#sequence;
		for (let at = sector; at < sector + sectors; ) {
			const within = at % sectorsPerBlock;
			const block = Math.floor(at / sectorsPerBlock);
			const chunk = this.#chunk(block);
			const index = block & (chunkBlocks - 1);
			const record = chunk.records[index];
			const version = this.#find(record, number);
			// A write that loss of power fell into may have been answered from a cache that is gone: it supersedes nothing.
			const certain = this.#submitted[version] > this.#powerLost;
			this.#state[version] = certain ? acknowledged : settled;
			this.#answered[version] = now;
			if (
				certain &&
				this.#length[record] === 1 &&
				this.#mixed[record] === 0 &&
				chunk.readers[index] === none &&
				this.#flushesInFlight === 0
			) {
				this.#foldSole(chunk, index, record, version, now);
			} else {
				if (certain) {
					this.#supersede(chunk, index, record, version, now);
				}

				this.#settle(block);
			}

			at += sectorsPerBlock - within;
		}
	}

	/** The write was answered with an error, or nobody will answer it: from now on it may happen until `incarnationReset`. */
	fail(number: number, sector: number, sectors: number): void {
		++this.#sequence;
		for (let at = sector; at < sector + sectors; at += sectorsPerBlock - (at % sectorsPerBlock)) {
			const block = Math.floor(at / sectorsPerBlock);
			const version = this.#find(this.#chunk(block).records[block & (chunkBlocks - 1)], number);
			this.#state[version] = failed;
			this.#withFailures.push(block);
		}
	}

	/** Whoever might still carry out failed writes is known to have been reset: what has not happened will not. */
	incarnationReset(): void {
		const now = ++this.#sequence;
		const blocks = this.#withFailures;
		this.#withFailures = [];
		for (const block of blocks) {
			const record = this.#chunk(block).records[block & (chunkBlocks - 1)];
			for (let version = this.#first[record]; version !== none; version = this.#next[version]) {
				if (this.#state[version] === failed) {
					this.#state[version] = settled;
					this.#answered[version] = now;
				}
			}

			this.#settle(block);
		}
	}

	/** A read begins. Returns its moment, which names it until `endRead`. */
	submitRead(sector: number, sectors: number): number {
		const now = ++this.#sequence;
		for (let at = sector; at < sector + sectors; at += sectorsPerBlock - (at % sectorsPerBlock)) {
			const block = Math.floor(at / sectorsPerBlock);
			const chunk = this.#chunk(block);
			const reader = this.#freeReaders.pop() ?? this.#extendReaders();
			this.#readerSince[reader] = now;
			this.#readerNext[reader] = chunk.readers[block & (chunkBlocks - 1)];
			chunk.readers[block & (chunkBlocks - 1)] = reader;
		}

		return now;
	}

	/** The one version that all eight sectors of a block must hold; -1 when it is not that simple. */
	soleVersion(block: number): number {
		const chunk = this.#chunk(block);
		const index = block & (chunkBlocks - 1);
		if (chunk.records[index] !== none || chunk.widened[index] !== 0) {
			return -1;
		}

		const newest = chunk.newest;
		const at = index * sectorsPerBlock;
		const number = newest[at];
		for (let i = 1; i < sectorsPerBlock; i++) {
			if (newest[at + i] !== number) {
				return -1;
			}
		}

		return number;
	}

	/** May a read submitted at `since` return version `number` of the sector? The sector's bytes have shown that the version wrote it. */
	isLegal(sector: number, number: number, since: number): boolean {
		const block = Math.floor(sector / sectorsPerBlock);
		const chunk = this.#chunk(block);
		const index = block & (chunkBlocks - 1);
		const i = sector % sectorsPerBlock;
		const record = chunk.records[index];
		if (
			this.#inBase(chunk, index, i, number) &&
			(record === none ||
				((this.#baseGone[record] & (1 << i)) === 0 && this.#baseSuperseded[record * sectorsPerBlock + i] > since))
		) {
			return true;
		}

		for (let version = this.#first[record]; version !== none; version = this.#next[version]) {
			if (this.#number[version] === number) {
				return (this.#mask[version] & (1 << i)) !== 0 && this.#superseded[version * sectorsPerBlock + i] > since;
			}
		}

		return false;
	}

	/** A read submitted at `since` returned version `number` of the sector, which was legal: other ones are no longer. */
	narrow(sector: number, number: number, since: number): void {
		const block = Math.floor(sector / sectorsPerBlock);
		const chunk = this.#chunk(block);
		const index = block & (chunkBlocks - 1);
		let record = chunk.records[index];
		if (since <= this.#powerLost || (record === none && chunk.widened[index] === 0)) {
			return;
		}

		const now = ++this.#sequence;
		const i = sector % sectorsPerBlock;
		const at = index * sectorsPerBlock + i;
		const bit = 1 << i;
		const widened = (chunk.widened[index] & bit) !== 0;
		// The others were superseded when the returned version happened: by its acknowledgement, if it has one.
		let moment = now;
		if (this.#inBase(chunk, index, i, number)) {
			moment = Math.min(now, Math.max(chunk.acknowledgedAt[at], this.#powerLost));
			if (widened && this.#oldestReader(chunk, index) > this.#powerLost) {
				// What loss of power left is stable. The record remembers that newer ones are not behind it.
				record = this.#recordFor(block);
				this.#drop(record, i, chunk.newest[at] === number ? -1 : chunk.newest[at]);
				chunk.newest[at] = number;
				chunk.lowest[at] = number;
				chunk.widened[index] &= ~bit;
			}
		} else if (record !== none) {
			moment = Math.min(now, Math.max(this.#answeredAt(record, number), this.#powerLost));
			const base = record * sectorsPerBlock + i;
			this.#baseSuperseded[base] = Math.min(this.#baseSuperseded[base], moment);
		}

		this.#mixed[record] = 1;
		for (let version = this.#first[record]; version !== none; version = this.#next[version]) {
			const mark = version * sectorsPerBlock + i;
			if (this.#number[version] !== number && (this.#mask[version] & bit) !== 0 && this.#answered[version] < since) {
				this.#superseded[mark] = Math.min(this.#superseded[mark], moment);
			}
		}
	}

	/** The read that `submitRead` named is over, well or not. */
	endRead(since: number, sector: number, sectors: number): void {
		for (let at = sector; at < sector + sectors; at += sectorsPerBlock - (at % sectorsPerBlock)) {
			const block = Math.floor(at / sectorsPerBlock);
			const chunk = this.#chunk(block);
			const index = block & (chunkBlocks - 1);
			let before = none;
			let reader = chunk.readers[index];
			while (this.#readerSince[reader] !== since) {
				assert(reader !== none, 'a read that ends was begun');
				before = reader;
				reader = this.#readerNext[reader];
			}

			if (before === none) {
				chunk.readers[index] = this.#readerNext[reader];
			} else {
				this.#readerNext[before] = this.#readerNext[reader];
			}

			this.#freeReaders.push(reader);
			if (chunk.records[index] !== none) {
				this.#settle(block);
			}
		}
	}

	/** A flush begins. Returns its moment, which names it. */
	submitFlush(): number {
		this.#flushesInFlight++;
		this.#newestFlush = ++this.#sequence;
		return this.#newestFlush;
	}

	/** The flush is over; `completed`: everything acknowledged before it was submitted is on stable storage. */
	endFlush(since: number, completed: boolean): void {
		++this.#sequence;
		this.#flushesInFlight--;
		if (completed && since > this.#powerLost && since > this.#flushed) {
			this.#flushed = since;
		}

		const deferred = this.#deferred;
		this.#deferred = [];
		for (const block of deferred) {
			this.#settle(block);
		}
	}

	/** The device lost power: versions that no flush has made stable may be gone, and older ones current again. */
	powerLost(): void {
		for (const chunk of this.#chunks) {
			for (let index = 0; chunk !== undefined && index < chunkBlocks; index++) {
				this.#widen(chunk, index);
			}
		}

		this.#powerLost = ++this.#sequence;
		// What is current now has survived: it is stable.
		this.#flushed = this.#powerLost;
	}

	/** The versions that the sector may hold now, for reports; `more`: and any older one back to the first of them. */
	candidates(sector: number): {readonly numbers: readonly number[]; readonly more: boolean} {
		const block = Math.floor(sector / sectorsPerBlock);
		const chunk = this.#chunk(block);
		const index = block & (chunkBlocks - 1);
		const i = sector % sectorsPerBlock;
		const record = chunk.records[index];
		const numbers = [];
		for (let version = this.#first[record]; version !== none; version = this.#next[version]) {
			if ((this.#mask[version] & (1 << i)) !== 0 && this.#superseded[version * sectorsPerBlock + i] === never) {
				numbers.push(this.#number[version]);
			}
		}

		const widened = (chunk.widened[index] & (1 << i)) !== 0;
		if (record === none || this.#baseSuperseded[record * sectorsPerBlock + i] === never) {
			numbers.push(chunk.newest[index * sectorsPerBlock + i]);
			if (widened) {
				numbers.push(chunk.lowest[index * sectorsPerBlock + i]);
			}
		}

		return {numbers: numbers.sort((a, b) => a - b), more: widened};
	}

	#chunk(block: number): Chunk {
		const chunk = this.#chunks[block >>> chunkBits];
		if (chunk !== undefined) {
			return chunk;
		}

		const made = new Chunk();
		while (this.#chunks.length <= block >>> chunkBits) {
			this.#chunks.push(undefined);
		}

		this.#chunks[block >>> chunkBits] = made;
		return made;
	}

	#inBase(chunk: Chunk, index: number, i: number, number: number): boolean {
		const at = index * sectorsPerBlock + i;
		if ((chunk.widened[index] & (1 << i)) === 0) {
			return number === chunk.newest[at];
		}

		return number >= chunk.lowest[at] && number <= chunk.newest[at];
	}

	/** The lowest version that power loss may bring back, of those the plain arrays tell of. */
	#lowest(chunk: Chunk, index: number, i: number): number {
		const at = index * sectorsPerBlock + i;
		return chunk.acknowledgedAt[at] < this.#flushed && (chunk.widened[index] & (1 << i)) === 0
			? chunk.newest[at]
			: chunk.lowest[at];
	}

	#recordFor(block: number): number {
		const chunk = this.#chunk(block);
		const index = block & (chunkBlocks - 1);
		let record = chunk.records[index];
		if (record === none) {
			record = this.#freeRecords.pop() ?? this.#extendRecords();
			this.#first[record] = none;
			this.#length[record] = 0;
			this.#baseGone[record] = 0;
			this.#mixed[record] = 0;
			for (let i = record * sectorsPerBlock; i < (record + 1) * sectorsPerBlock; i++) {
				this.#baseSuperseded[i] = never;
				this.#dropped[i] = -1;
			}

			chunk.records[index] = record;
		}

		return record;
	}

	#find(record: number, number: number): number {
		let version = this.#first[record];
		while (version !== none && this.#number[version] !== number) {
			version = this.#next[version];
		}

		assert(version !== none && this.#state[version] === inFlight, 'a write that is answered is in flight');
		return version;
	}

	/** The usual case: the only version of the block becomes what its sectors hold. */
	#foldSole(chunk: Chunk, index: number, record: number, version: number, now: number): void {
		const mask = this.#mask[version];
		const number = this.#number[version];
		for (let i = 0; i < sectorsPerBlock; i++) {
			if ((mask & (1 << i)) !== 0) {
				const at = index * sectorsPerBlock + i;
				chunk.lowest[at] = this.#lowest(chunk, index, i);
				chunk.newest[at] = number;
				chunk.acknowledgedAt[at] = now;
			}
		}

		chunk.widened[index] &= ~mask;
		this.#freeVersions.push(version);
		this.#freeRecords.push(record);
		chunk.records[index] = none;
	}

	/** `version` was acknowledged at `now`: what was answered before it was submitted is superseded. */
	#supersede(chunk: Chunk, index: number, record: number, version: number, now: number): void {
		const mask = this.#mask[version];
		const submitted = this.#submitted[version];
		for (let i = 0; i < sectorsPerBlock; i++) {
			const base = record * sectorsPerBlock + i;
			if ((mask & (1 << i)) !== 0 && this.#baseSuperseded[base] === never) {
				assert(
					chunk.acknowledgedAt[index * sectorsPerBlock + i] < submitted,
					'plain versions are older than any in flight',
				);
				this.#baseSuperseded[base] = now;
			}
		}

		for (let other = this.#first[record]; other !== none; other = this.#next[other]) {
			const both = this.#answered[other] < submitted ? this.#mask[other] & mask : 0;
			for (let i = 0; both >>> i !== 0; i++) {
				const mark = other * sectorsPerBlock + i;
				if ((both & (1 << i)) !== 0 && this.#superseded[mark] === never) {
					this.#superseded[mark] = now;
				}
			}
		}
	}

	/** Drops from the block's record what nothing can return any more, and folds it when what is left is plain. */
	#settle(block: number): void {
		const chunk = this.#chunk(block);
		const index = block & (chunkBlocks - 1);
		const record = chunk.records[index];
		if (record === none) {
			return;
		}

		this.#mixed[record] = 1;
		const oldestReader = this.#oldestReader(chunk, index);
		const waiting = this.#prune(chunk, index, record, Math.min(oldestReader, this.#flushed));
		if (waiting || oldestReader !== never || !this.#canFold(chunk, index, record, block)) {
			if (this.#length[record] > versionLimit) {
				this.#merge(chunk, index, record, oldestReader);
			}

			return;
		}

		this.#fold(chunk, index, record);
	}

	/** Drops versions superseded at or before `horizon`. Returns true when a write is in flight or failed. */
	#prune(chunk: Chunk, index: number, record: number, horizon: number): boolean {
		let waiting = false;
		let before = none;
		for (let version = this.#first[record]; version !== none; ) {
			const next = this.#next[version];
			for (let i = 0; i < sectorsPerBlock; i++) {
				if ((this.#mask[version] & (1 << i)) !== 0 && this.#superseded[version * sectorsPerBlock + i] <= horizon) {
					this.#mask[version] &= ~(1 << i);
					this.#drop(record, i, this.#number[version]);
				}
			}

			waiting ||= this.#state[version] === inFlight || this.#state[version] === failed;
			if (this.#mask[version] === 0) {
				this.#unlink(record, before, version);
			} else {
				before = version;
			}

			version = next;
		}

		for (let i = 0; i < sectorsPerBlock; i++) {
			if ((this.#baseGone[record] & (1 << i)) === 0 && this.#baseSuperseded[record * sectorsPerBlock + i] <= horizon) {
				this.#baseGone[record] |= 1 << i;
				this.#drop(record, i, chunk.newest[index * sectorsPerBlock + i]);
			}
		}

		return waiting;
	}

	#drop(record: number, i: number, number: number): void {
		const at = record * sectorsPerBlock + i;
		this.#dropped[at] = Math.max(this.#dropped[at], number);
	}

	#unlink(record: number, before: number, version: number): void {
		if (before === none) {
			this.#first[record] = this.#next[version];
		} else {
			this.#next[before] = this.#next[version];
		}

		this.#length[record]--;
		this.#freeVersions.push(version);
	}

	/** Every sector has one current version, the highest, and what power loss may bring back is a range up to it. */
	#canFold(chunk: Chunk, index: number, record: number, block: number): boolean {
		let deferred = false;
		for (let i = 0; i < sectorsPerBlock; i++) {
			const bit = 1 << i;
			const at = index * sectorsPerBlock + i;
			const base = record * sectorsPerBlock + i;
			const gone = (this.#baseGone[record] & bit) !== 0;
			let current = 0;
			let currents = 0;
			let lowest = never;
			let highest = -1;
			let oldest = never;
			let versions = 0;
			if (!gone) {
				lowest = this.#lowest(chunk, index, i);
				highest = chunk.newest[at];
				if (this.#baseSuperseded[base] === never) {
					current = highest;
					currents++;
				} else {
					oldest = lowest === highest ? this.#baseSuperseded[base] : 0;
				}
			}

			for (let version = this.#first[record]; version !== none; version = this.#next[version]) {
				if ((this.#mask[version] & bit) !== 0) {
					const number = this.#number[version];
					versions++;
					lowest = Math.min(lowest, number);
					highest = Math.max(highest, number);
					oldest = Math.min(oldest, this.#superseded[version * sectorsPerBlock + i]);
					if (this.#superseded[version * sectorsPerBlock + i] === never) {
						current = number;
						currents++;
					}
				}
			}

			if (this.#dropped[base] >= lowest) {
				return false;
			}

			if (versions === 0 && !gone && currents === 1) {
				continue;
			}

			if (currents !== 1 || current !== highest) {
				return false;
			}

			if (!gone && (chunk.widened[index] & bit) !== 0 && this.#baseSuperseded[base] === never) {
				return false;
			}

			deferred ||= this.#flushesInFlight > 0 && lowest !== highest && oldest <= this.#newestFlush;
		}

		if (deferred) {
			this.#deferred.push(block);
		}

		return !deferred;
	}

	#fold(chunk: Chunk, index: number, record: number): void {
		for (let i = 0; i < sectorsPerBlock; i++) {
			const bit = 1 << i;
			const at = index * sectorsPerBlock + i;
			let lowest = (this.#baseGone[record] & bit) === 0 ? this.#lowest(chunk, index, i) : never;
			let involved =
				(this.#baseGone[record] & bit) !== 0 || this.#baseSuperseded[record * sectorsPerBlock + i] !== never;
			for (let version = this.#first[record]; version !== none; version = this.#next[version]) {
				if ((this.#mask[version] & bit) !== 0) {
					involved = true;
					lowest = Math.min(lowest, this.#number[version]);
					if (this.#superseded[version * sectorsPerBlock + i] === never) {
						chunk.newest[at] = this.#number[version];
						chunk.acknowledgedAt[at] = this.#answered[version];
						chunk.widened[index] &= ~bit;
					}
				}
			}

			if (involved) {
				chunk.lowest[at] = lowest;
			}
		}

		while (this.#first[record] !== none) {
			this.#unlink(record, none, this.#first[record]);
		}

		this.#freeRecords.push(record);
		chunk.records[index] = none;
	}

	/** Too many versions kept apart: superseded ones that no read can return become part of the range behind the plain version. */
	#merge(chunk: Chunk, index: number, record: number, oldestReader: number): void {
		let before = none;
		for (let version = this.#first[record]; version !== none; ) {
			const next = this.#next[version];
			for (let i = 0; i < sectorsPerBlock; i++) {
				const superseded = this.#superseded[version * sectorsPerBlock + i];
				const base = record * sectorsPerBlock + i;
				if (
					(this.#mask[version] & (1 << i)) !== 0 &&
					superseded <= oldestReader &&
					superseded !== never &&
					this.#baseSuperseded[base] <= oldestReader &&
					this.#baseSuperseded[base] !== never
				) {
					const at = index * sectorsPerBlock + i;
					this.#mask[version] &= ~(1 << i);
					chunk.lowest[at] = Math.min(chunk.lowest[at], this.#number[version]);
					chunk.newest[at] = Math.max(chunk.newest[at], this.#number[version]);
					this.#baseSuperseded[base] = Math.max(this.#baseSuperseded[base], superseded);
					chunk.acknowledgedAt[at] = this.#baseSuperseded[base];
					this.#baseGone[record] &= ~(1 << i);
				}
			}

			if (this.#mask[version] === 0) {
				this.#unlink(record, before, version);
			} else {
				before = version;
			}

			version = next;
		}
	}

	#widen(chunk: Chunk, index: number): void {
		const record = chunk.records[index];
		for (let i = 0; i < sectorsPerBlock; i++) {
			const bit = 1 << i;
			const at = index * sectorsPerBlock + i;
			const base = record * sectorsPerBlock + i;
			for (let version = this.#first[record]; version !== none; version = this.#next[version]) {
				if (this.#superseded[version * sectorsPerBlock + i] > this.#flushed) {
					this.#superseded[version * sectorsPerBlock + i] = never;
				}
			}

			if (record !== none && ((this.#baseGone[record] & bit) !== 0 || this.#baseSuperseded[base] <= this.#flushed)) {
				continue;
			}

			chunk.lowest[at] = this.#lowest(chunk, index, i);
			if (chunk.lowest[at] !== chunk.newest[at]) {
				chunk.widened[index] |= bit;
			}

			if (record !== none) {
				this.#baseSuperseded[base] = never;
				this.#mixed[record] = 1;
			}
		}
	}

	#answeredAt(record: number, number: number): number {
		for (let version = this.#first[record]; version !== none; version = this.#next[version]) {
			if (this.#number[version] === number) {
				return this.#answered[version];
			}
		}

		return never;
	}

	/** When the oldest read in flight on the block was submitted; Infinity when there is none. */
	#oldestReader(chunk: Chunk, index: number): number {
		let oldest = never;
		for (let reader = chunk.readers[index]; reader !== none; reader = this.#readerNext[reader]) {
			oldest = Math.min(oldest, this.#readerSince[reader]);
		}

		return oldest;
	}

	#extendRecords(): number {
		if (this.#recordCount === this.#first.length) {
			const length = this.#first.length * 2;
			this.#first = grown(this.#first, new Int32Array(length));
			this.#length = grown(this.#length, new Int32Array(length));
			this.#baseGone = grown(this.#baseGone, new Uint8Array(length));
			this.#mixed = grown(this.#mixed, new Uint8Array(length));
			this.#baseSuperseded = grown(this.#baseSuperseded, new Float64Array(length * sectorsPerBlock));
			this.#dropped = grown(this.#dropped, new Int32Array(length * sectorsPerBlock));
		}

		return this.#recordCount++;
	}

	#extendVersions(): number {
		if (this.#versionCount === this.#next.length) {
			const length = this.#next.length * 2;
			this.#next = grown(this.#next, new Int32Array(length));
			this.#number = grown(this.#number, new Int32Array(length));
			this.#state = grown(this.#state, new Uint8Array(length));
			this.#mask = grown(this.#mask, new Uint8Array(length));
			this.#submitted = grown(this.#submitted, new Float64Array(length));
			this.#answered = grown(this.#answered, new Float64Array(length));
			this.#superseded = grown(this.#superseded, new Float64Array(length * sectorsPerBlock));
		}

		return this.#versionCount++;
	}

	#extendReaders(): number {
		if (this.#readerCount === this.#readerNext.length) {
			const length = this.#readerNext.length * 2;
			this.#readerNext = grown(this.#readerNext, new Int32Array(length));
			this.#readerSince = grown(this.#readerSince, new Float64Array(length));
		}

		return this.#readerCount++;
	}
}

/** A bit for each of `count` sectors of a block from `within` on. */
function maskOf(within: number, count: number): number {
	return ((1 << count) - 1) << within;
}

function grown<T extends Int32Array | Uint8Array | Float64Array>(from: T, to: T): T {
	to.set(from);
	return to;
}
