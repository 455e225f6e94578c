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
import {acknowledged, failed, inFlight, Records, settled, Versions} from './block-records.js';
import {Folding} from './folding.js';
import {sectorsPerBlock} from './pattern.js';
import {PlainSectors} from './plain-sectors.js';
import {ReadsInFlight} from './reads-in-flight.js';
import {Superseding} from './superseding.js';

const none = 0;
const never = Number.POSITIVE_INFINITY;

/** Versions of one block kept apart; beyond, superseded ones merge into a range that power loss may bring back. */
const versionLimit = 128;

export class LegalBlocks {
	/** Number of the newest write. */
	writes = 0;
	#sequence = 1;
	#powerLost = 0;
	readonly #plain = new PlainSectors();
	readonly #reads = new ReadsInFlight();
	readonly #records = new Records();
	readonly #versions = new Versions();
	readonly #folding = new Folding(this.#plain, this.#records, this.#versions);
	readonly #superseding = new Superseding(this.#plain, this.#records, this.#versions, this.#folding, this.#reads);
	/** Blocks that have failed writes. */
	#withFailures: number[] = [];

	/** Blocks with a record: writes in flight or not settled. */
	get records(): number {
		return this.#records.used;
	}

	/**
	Blocks of which something is known, ascending: every one whose writes are not settled, and of the others evenly as many as make `most`
	in all.
	*/
	known(most: number): number[] {
		const open: number[] = [];
		const settled: number[] = [];
		for (const block of this.#plain.known()) {
			(this.#plain.records[this.#plain.slotOf(block)] === none ? settled : open).push(block);
		}

		const room = Math.max(0, most - open.length);
		const stride = room === 0 ? Number.POSITIVE_INFINITY : Math.max(1, settled.length / room);
		for (let at = 0; at < settled.length; at += stride) {
			open.push(settled[Math.floor(at)]);
		}

		return open.sort((a, b) => a - b);
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
			const record = this.#records.takeFor(block, this.#plain.slotFor(block), this.#plain);
			const version = this.#versions.take();
			this.#versions.number[version] = number;
			this.#versions.state[version] = inFlight;
			this.#versions.mask[version] = maskOf(within, count);
			this.#versions.submitted[version] = now;
			this.#versions.answered[version] = never;
			this.#versions.next[version] = this.#records.first[record];
			this.#records.first[record] = version;
			this.#records.length[record]++;
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
			const slot = this.#plain.slotOf(block);
			const record = this.#plain.records[slot];
			const version = this.#find(record, number);
			// A write that loss of power fell into may have been answered from a cache that is gone: it supersedes nothing.
			const certain = this.#versions.submitted[version] > this.#powerLost;
			this.#versions.state[version] = certain ? acknowledged : settled;
			this.#versions.answered[version] = now;
			if (
				certain &&
				this.#records.length[record] === 1 &&
				this.#records.mixed[record] === 0 &&
				this.#reads.oldest(block) === never &&
				this.#folding.flushesInFlight === 0
			) {
				this.#folding.foldSole(slot, record, version, now);
			} else {
				if (certain) {
					this.#superseding.byWrite(slot, record, version, now);
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
			const version = this.#find(this.#plain.records[this.#plain.slotOf(block)], number);
			this.#versions.state[version] = failed;
			this.#withFailures.push(block);
		}
	}

	/** Whoever might still carry out failed writes is known to have been reset: what has not happened will not. */
	incarnationReset(): void {
		const now = ++this.#sequence;
		const blocks = this.#withFailures;
		this.#withFailures = [];
		for (const block of blocks) {
			const record = this.#plain.records[this.#plain.slotOf(block)];
			for (let version = this.#records.first[record]; version !== none; version = this.#versions.next[version]) {
				if (this.#versions.state[version] === failed) {
					this.#versions.state[version] = settled;
					this.#versions.answered[version] = now;
				}
			}

			this.#settle(block);
		}
	}

	/** A read begins. Returns its moment, which names it until `endRead`. */
	submitRead(sector: number, sectors: number): number {
		const now = ++this.#sequence;
		for (let at = sector; at < sector + sectors; at += sectorsPerBlock - (at % sectorsPerBlock)) {
			this.#reads.begin(Math.floor(at / sectorsPerBlock), now);
		}

		return now;
	}

	/** The one version that all eight sectors of a block must hold; -1 when it is not that simple. */
	soleVersion(block: number): number {
		const slot = this.#plain.slotOf(block);
		if (this.#plain.records[slot] !== none || this.#plain.widened[slot] !== 0) {
			return -1;
		}

		const newest = this.#plain.newest;
		const at = slot * sectorsPerBlock;
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
		const slot = this.#plain.slotOf(block);
		const i = sector % sectorsPerBlock;
		const record = this.#plain.records[slot];
		if (
			this.#plain.holds(slot, i, number) &&
			(record === none ||
				((this.#records.baseGone[record] & (1 << i)) === 0 &&
					this.#records.baseSuperseded[record * sectorsPerBlock + i] > since))
		) {
			return true;
		}

		for (let version = this.#records.first[record]; version !== none; version = this.#versions.next[version]) {
			if (this.#versions.number[version] === number) {
				return (
					(this.#versions.mask[version] & (1 << i)) !== 0 &&
					this.#versions.superseded[version * sectorsPerBlock + i] > since
				);
			}
		}

		return false;
	}

	/** A read submitted at `since` returned version `number` of the sector, which was legal: other ones are no longer. */
	narrow(sector: number, number: number, since: number): void {
		const block = Math.floor(sector / sectorsPerBlock);
		const slot = this.#plain.slotOf(block);
		if (since > this.#powerLost && (this.#plain.records[slot] !== none || this.#plain.widened[slot] !== 0)) {
			const now = ++this.#sequence;
			this.#superseding.byRead(block, slot, sector % sectorsPerBlock, number, since, now, this.#powerLost);
		}
	}

	/** The read that `submitRead` named is over, well or not. */
	endRead(since: number, sector: number, sectors: number): void {
		for (let at = sector; at < sector + sectors; at += sectorsPerBlock - (at % sectorsPerBlock)) {
			const block = Math.floor(at / sectorsPerBlock);
			this.#reads.end(block, since);
			if (this.#plain.records[this.#plain.slotOf(block)] !== none) {
				this.#settle(block);
			}
		}
	}

	/** A flush begins. Returns its moment, which names it. */
	submitFlush(): number {
		this.#folding.flushesInFlight++;
		this.#folding.newestFlush = ++this.#sequence;
		return this.#folding.newestFlush;
	}

	/** The flush is over; `completed`: everything acknowledged before it was submitted is on stable storage. */
	endFlush(since: number, completed: boolean): void {
		++this.#sequence;
		this.#folding.flushesInFlight--;
		if (completed && since > this.#powerLost && since > this.#folding.flushed) {
			this.#folding.flushed = since;
		}

		const deferred = this.#folding.deferred;
		this.#folding.deferred = [];
		for (const block of deferred) {
			this.#settle(block);
		}
	}

	/** The device lost power: versions that no flush has made stable may be gone, and older ones current again. */
	powerLost(): void {
		for (let slot = 1; slot < this.#plain.slots; slot++) {
			this.#superseding.undo(slot);
		}

		this.#powerLost = ++this.#sequence;
		// What is current now has survived: it is stable.
		this.#folding.flushed = this.#powerLost;
	}

	/** The versions that the sector may hold now, for reports; `more`: and any older one back to the first of them. */
	candidates(sector: number): {readonly numbers: readonly number[]; readonly more: boolean} {
		const block = Math.floor(sector / sectorsPerBlock);
		const slot = this.#plain.slotOf(block);
		const i = sector % sectorsPerBlock;
		const record = this.#plain.records[slot];
		const numbers = [];
		for (let version = this.#records.first[record]; version !== none; version = this.#versions.next[version]) {
			if (
				(this.#versions.mask[version] & (1 << i)) !== 0 &&
				this.#versions.superseded[version * sectorsPerBlock + i] === never
			) {
				numbers.push(this.#versions.number[version]);
			}
		}

		const widened = (this.#plain.widened[slot] & (1 << i)) !== 0;
		if (record === none || this.#records.baseSuperseded[record * sectorsPerBlock + i] === never) {
			numbers.push(this.#plain.newest[slot * sectorsPerBlock + i]);
			if (widened) {
				numbers.push(this.#plain.lowest[slot * sectorsPerBlock + i]);
			}
		}

		return {numbers: numbers.sort((a, b) => a - b), more: widened};
	}

	#find(record: number, number: number): number {
		let version = this.#records.first[record];
		while (version !== none && this.#versions.number[version] !== number) {
			version = this.#versions.next[version];
		}

		assert(version !== none && this.#versions.state[version] === inFlight, 'a write that is answered is in flight');
		return version;
	}

	/** Drops from the block's record what nothing can return any more, and folds it when what is left is plain. */
	#settle(block: number): void {
		const slot = this.#plain.slotOf(block);
		const record = this.#plain.records[slot];
		if (record === none) {
			return;
		}

		this.#records.mixed[record] = 1;
		const oldestReader = this.#reads.oldest(block);
		const waiting = this.#folding.prune(slot, record, Math.min(oldestReader, this.#folding.flushed));
		if (waiting || oldestReader !== never || !this.#folding.canFold(slot, record, block)) {
			if (this.#records.length[record] > versionLimit) {
				this.#folding.merge(slot, record, oldestReader);
			}

			return;
		}

		this.#folding.fold(slot, record);
	}
}

/** A bit for each of `count` sectors of a block from `within` on. */
function maskOf(within: number, count: number): number {
	return ((1 << count) - 1) << within;
}
