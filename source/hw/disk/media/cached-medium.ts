/**
A medium: sectors in a byte store, a volatile write cache before it, and a mechanism that says how long things take. Reads
wait for the mechanism. Writes are acknowledged from the cache while there is room, else first come first served as programs
make room; with force unit access or the cache off they wait until they are stable. Write-back is eager: what enters the cache
is handed to the mechanism at once.

Fault points (subject of each: the operation's or block's first sector):
  medium.command  drop: the operation never ends; delay: it begins later
  medium.read     alter: unrecovered read error for the operation, after the time it takes
  medium.write    alter: write fault; the bytes are there nevertheless, as a failed write may
  medium.bytes    alter, by value: 0 one bit of the sector flips, 1 the write of this block is lost, 2 it lands on the next block
*/
import {assert} from '../../../engine/assert.js';
import type {Engine} from '../../../engine/engine.js';
import {noHandle} from '../../../engine/event-queue.js';
import {alter, delay, drop, type FaultPoint} from '../../../engine/fault-points.js';
import type {RandomStream} from '../../../engine/random.js';
import {Step} from '../../../engine/step.js';
import {
	type Medium,
	type MediumGauges,
	type MediumOperation,
	mediumFlush,
	mediumOkay,
	mediumRead,
	mediumSlots,
	mediumUnrecoveredRead,
	mediumWrite,
	mediumWriteFault,
} from '../medium.js';
import {ByteStore, blockBytes, sectorsPerBlock} from './byte-store.js';
import type {Mechanism, MechanismPart} from './mechanism.js';
import {WriteCache} from './write-cache.js';

export interface CacheOptions {
	/** Bytes of volatile write cache; 0 is none. */
	readonly writeCache: number;
	/** Nanoseconds from a write's start to its acknowledgement from the cache; also what a flush of nothing takes. */
	readonly cacheLatency: number;
}

/** What a person can see of a medium beyond the door's gauges. */
export interface MediumDetail extends MediumGauges {
	readonly parts: readonly MechanismPart[];
	/** Fetches and programs queued at the mechanism or under way. */
	readonly queued: number;
	/** When the oldest operation that is not done was started, nanoseconds; Infinity when there is none. */
	readonly oldestSince: number;
	/** Operations that ended with an error. */
	readonly errors: number;
}

const sectorBytes = 512;
const idle = 0;
/** Waits for the mechanism or for programs. */
const working = 1;
/** A write that waits for room in the cache. */
const waitingForRoom = 2;
/** Its only event left, the acknowledgement, is scheduled. */
const scheduled = 3;
/** Will begin later, through a fault. */
const delayed = 5;
/** Lost by a fault: nothing will happen until it is cancelled. */
const hanging = 4;

export class CachedMedium implements Medium {
	done: (slot: number, status: number) => void = () => {};
	readonly sectors: number;
	readonly model: string;
	readonly volatileCache: boolean;
	readonly gauges: MediumDetail;
	readonly store: ByteStore;
	readonly cache: WriteCache;

	readonly #cacheBlocks: number;
	readonly #cacheLatency: number;
	readonly #random: RandomStream;
	#cacheEnabled: boolean;

	readonly #state = new Uint8Array(mediumSlots);
	readonly #operation = new Uint8Array(mediumSlots);
	readonly #sector = new Float64Array(mediumSlots);
	readonly #sectors = new Int32Array(mediumSlots);
	readonly #through = new Uint8Array(mediumSlots);
	readonly #status = new Int32Array(mediumSlots);
	readonly #since = new Float64Array(mediumSlots);
	readonly #handle = new Float64Array(mediumSlots).fill(noHandle);
	/** Distinguishes the uses of a slot. */
	readonly #ticket = new Int32Array(mediumSlots);
	/** Blocks a write-through still waits for. */
	readonly #unstable = new Int32Array(mediumSlots);
	readonly #epoch = new Int32Array(mediumSlots);
	/** Slots in order of arrival: writes that wait for room, flushes that wait for programs. */
	readonly #roomQueue = new SlotQueue();
	readonly #flushQueue = new SlotQueue();
	/** Blocks of the writes in the room queue. */
	#roomBlocks = 0;
	#writeThroughs = 0;

	#outstanding = 0;
	#busy = 0;
	#busySince = 0;
	#counts = {reads: 0, writes: 0, flushes: 0, sectorsRead: 0, sectorsWritten: 0, errors: 0};

	readonly #commandFault: FaultPoint;
	readonly #readFault: FaultPoint;
	readonly #writeFault: FaultPoint;
	readonly #bytesFault: FaultPoint;
	readonly #finish: Step;
	readonly #begin: Step;

	/** @param sectors capacity in 512-byte sectors, a multiple of eight. */
	constructor(
		readonly engine: Engine,
		name: string,
		sectors: number,
		readonly mechanism: Mechanism,
		options: CacheOptions,
	) {
		this.sectors = sectors;
		this.model = mechanism.model;
		this.store = new ByteStore(sectors);
		this.cache = new WriteCache(this.store);
		this.#cacheBlocks = Math.floor(options.writeCache / blockBytes);
		this.#cacheLatency = options.cacheLatency;
		this.volatileCache = this.#cacheBlocks > 0;
		this.#cacheEnabled = this.volatileCache;
		this.#random = engine.random.stream(`${name}/power`);
		this.#commandFault = engine.faults.point(`medium.command ${name}`, [name]);
		this.#readFault = engine.faults.point(`medium.read ${name}`, [name]);
		this.#writeFault = engine.faults.point(`medium.write ${name}`, [name]);
		this.#bytesFault = engine.faults.point(`medium.bytes ${name}`, [name]);
		this.#finish = new Step(`${name} medium done`, engine.world, 0, false, (slot) => this.#finishes(slot));
		this.#begin = new Step(`${name} medium begin`, engine.world, 0, false, (slot) => this.#begins(slot));
		mechanism.whenRead = (slot) => this.#finishes(slot);
		mechanism.isWanted = (slot, ticket) => this.#state[slot] === working && this.#ticket[slot] === ticket;
		mechanism.whenProgramBegins = (entry) => this.cache.program(entry);
		mechanism.whenProgrammed = (entry) => this.#programmed(entry);
		this.cache.onStable = (slot) => {
			if (--this.#unstable[slot] === 0) {
				this.#writeThroughs--;
				this.#finishes(slot);
			}
		};
		this.gauges = this.#makeGauges();
	}

	get cacheEnabled(): boolean {
		return this.#cacheEnabled;
	}

	set cacheEnabled(enabled: boolean) {
		this.#cacheEnabled = enabled && this.volatileCache;
	}

	start(operation: MediumOperation, sector: number, sectors: number, slot: number, forceUnitAccess: boolean): void {
		assert(this.#state[slot] === idle, 'a slot carries one operation');
		assert(sector >= 0 && sector + sectors <= this.sectors, 'the sectors exist');
		if (this.#outstanding++ === 0) {
			this.#busySince = this.engine.now;
		}

		this.#operation[slot] = operation;
		this.#sector[slot] = sector;
		this.#sectors[slot] = sectors;
		this.#through[slot] = forceUnitAccess || !this.#cacheEnabled ? 1 : 0;
		this.#status[slot] = mediumOkay;
		this.#since[slot] = this.engine.now;
		this.#ticket[slot] = (this.#ticket[slot] + 1) & 0x7fffffff;
		const fault = this.#commandFault.armed;
		if (fault !== null) {
			const verdict = fault.decide(sector);
			if (verdict === drop) {
				this.#state[slot] = hanging;
				return;
			}

			if (verdict === delay) {
				this.#schedule(slot, fault.value, this.#begin);
				this.#state[slot] = delayed;
				return;
			}
		}

		this.#begins(slot);
	}

	cancel(slot: number): boolean {
		const state = this.#state[slot];
		const begun =
			state === idle ||
			state === scheduled ||
			(state === working && (this.#operation[slot] !== mediumRead || this.mechanism.hasBegun(slot)));
		if (begun) {
			return false;
		}

		if (state === waitingForRoom) {
			this.#roomQueue.remove(slot);
			this.#roomBlocks -= this.#blocks(slot);
		}

		this.engine.cancel(this.#handle[slot]);
		this.#leave(slot);
		return true;
	}

	cancelAll(): void {
		for (let slot = 0; slot < mediumSlots; slot++) {
			if (this.#state[slot] !== idle) {
				this.engine.cancel(this.#handle[slot]);
				this.#leave(slot);
			}
		}

		this.#roomQueue.clear();
		this.#flushQueue.clear();
		this.#roomBlocks = 0;
		this.#writeThroughs = 0;
		this.mechanism.urgent = false;
		this.cache.forgetWaiters();
	}

	readBytes(sector: number, target: Buffer, offset: number, bytes: number): void {
		this.store.read(sector, target, offset, bytes);
	}

	writeBytes(sector: number, source: Buffer, offset: number, bytes: number): void {
		if (bytes === blockBytes && sector % sectorsPerBlock === 0) {
			this.#writeBlock(sector / sectorsPerBlock, 0, source, offset, blockBytes);
			return;
		}

		let at = sector;
		let from = offset;
		let left = bytes;
		while (left > 0) {
			const within = (at % sectorsPerBlock) * sectorBytes;
			const length = Math.min(left, blockBytes - within);
			this.#writeBlock(Math.floor(at / sectorsPerBlock), within, source, from, length);
			at += length / sectorBytes;
			from += length;
			left -= length;
		}
	}

	losePower(): void {
		this.cancelAll();
		this.mechanism.losePower();
		this.cache.losePower(this.#random);
	}

	/** Flips one bit of a sector where it is stored: corruption that nobody reported. */
	corrupt(sector: number, bit: number): void {
		const block = Math.floor(sector / sectorsPerBlock);
		let bytes = this.store.block(block);
		if (bytes === undefined) {
			bytes = this.store.take();
			bytes.fill(0);
			this.store.replace(block, bytes);
		}

		bytes[(sector % sectorsPerBlock) * sectorBytes + (bit >>> 3)] ^= 1 << (bit & 7);
	}

	#writeBlock(block: number, within: number, source: Buffer, from: number, bytes: number): void {
		const fault = this.#bytesFault.armed;
		let target = block;
		let flip = false;
		if (fault !== null && fault.decide(block * sectorsPerBlock + within / sectorBytes) === alter) {
			flip = fault.value === 0;
			if (fault.value === 1) {
				return;
			}

			if (fault.value === 2) {
				target = (block + 1) % (this.sectors / sectorsPerBlock);
			}
		}

		const entry = this.cache.write(target, within, source, from, bytes);
		if (flip) {
			this.corrupt(block * sectorsPerBlock + within / sectorBytes, 100);
		}

		if (entry >= 0) {
			this.mechanism.program(target, entry);
		}
	}

	#begins(slot: number): void {
		this.#handle[slot] = noHandle;
		switch (this.#operation[slot]) {
			case mediumRead:
				this.#beginRead(slot);
				break;
			case mediumWrite:
				this.#beginWrite(slot);
				break;
			default:
				this.#beginFlush(slot);
		}
	}

	#beginRead(slot: number): void {
		const fault = this.#readFault.armed;
		if (fault !== null && fault.decide(this.#sector[slot]) === alter) {
			this.#status[slot] = mediumUnrecoveredRead;
		}

		this.#state[slot] = working;
		const block = Math.floor(this.#sector[slot] / sectorsPerBlock);
		this.mechanism.read(block, this.#blocks(slot), slot, this.#ticket[slot]);
	}

	#beginWrite(slot: number): void {
		const fault = this.#writeFault.armed;
		if (fault !== null && fault.decide(this.#sector[slot]) === alter) {
			this.#status[slot] = mediumWriteFault;
		}

		const blocks = this.#blocks(slot);
		if (this.#through[slot] === 1) {
			this.#writeThrough(slot, Math.floor(this.#sector[slot] / sectorsPerBlock), blocks);
		} else if (this.#roomQueue.isEmpty && this.cache.dirty <= this.#cacheBlocks) {
			this.#schedule(slot, this.#cacheLatency, this.#finish);
		} else {
			this.#state[slot] = waitingForRoom;
			this.#roomQueue.push(slot);
			this.#roomBlocks += blocks;
		}
	}

	#writeThrough(slot: number, block: number, blocks: number): void {
		this.#state[slot] = working;
		this.#unstable[slot] = 0;
		for (let i = 0; i < blocks; i++) {
			if (this.cache.entryOf(block + i) >= 0) {
				this.#unstable[slot]++;
				this.cache.notifyWhenStable(block + i, slot);
			}
		}

		if (this.#unstable[slot] === 0) {
			this.#schedule(slot, this.#cacheLatency, this.#finish);
		} else {
			this.#writeThroughs++;
			this.mechanism.urgent = true;
		}
	}

	#beginFlush(slot: number): void {
		const epoch = this.cache.closeEpoch();
		if (this.#flushQueue.isEmpty && this.cache.isStable(epoch)) {
			this.#schedule(slot, this.#cacheLatency, this.#finish);
			return;
		}

		this.#state[slot] = working;
		this.#epoch[slot] = epoch;
		this.#flushQueue.push(slot);
		this.mechanism.urgent = true;
	}

	#programmed(entry: number): void {
		const block = this.cache.blockOf(entry);
		if (this.cache.programmed(entry)) {
			this.mechanism.program(block, entry);
		}

		while (!this.#roomQueue.isEmpty) {
			const slot = this.#roomQueue.first;
			const blocks = this.#blocks(slot);
			if (this.cache.dirty - this.#roomBlocks + blocks > this.#cacheBlocks) {
				break;
			}

			this.#roomQueue.shift();
			this.#roomBlocks -= blocks;
			this.#schedule(slot, this.#cacheLatency, this.#finish);
		}

		while (!this.#flushQueue.isEmpty && this.cache.isStable(this.#epoch[this.#flushQueue.first])) {
			this.#finishes(this.#flushQueue.shift());
		}

		this.mechanism.urgent = this.#writeThroughs > 0 || !this.#flushQueue.isEmpty;
	}

	#schedule(slot: number, nanoseconds: number, step: Step): void {
		this.#state[slot] = scheduled;
		this.#handle[slot] = this.engine.after(nanoseconds, step, slot);
	}

	#finishes(slot: number): void {
		const status = this.#status[slot];
		if (status !== mediumOkay) {
			this.#counts.errors++;
		}

		switch (this.#operation[slot]) {
			case mediumRead:
				this.#counts.reads++;
				this.#counts.sectorsRead += this.#sectors[slot];
				break;
			case mediumFlush:
				this.#counts.flushes++;
				break;
			default:
				this.#counts.writes++;
				this.#counts.sectorsWritten += this.#sectors[slot];
		}

		this.#leave(slot);
		this.done(slot, status);
	}

	#leave(slot: number): void {
		this.#state[slot] = idle;
		this.#handle[slot] = noHandle;
		if (--this.#outstanding === 0) {
			this.#busy += this.engine.now - this.#busySince;
		}
	}

	/** Blocks that the slot's sectors lie in. */
	#blocks(slot: number): number {
		const first = this.#sector[slot];
		const sectors = this.#sectors[slot];
		return sectors === sectorsPerBlock && first % sectorsPerBlock === 0
			? 1
			: Math.floor((first + sectors - 1) / sectorsPerBlock) - Math.floor(first / sectorsPerBlock) + 1;
	}

	#oldestSince(): number {
		let oldest = Number.POSITIVE_INFINITY;
		for (let slot = 0; slot < mediumSlots; slot++) {
			if (this.#state[slot] !== idle) {
				oldest = Math.min(oldest, this.#since[slot]);
			}
		}

		return oldest;
	}

	#makeGauges(): MediumDetail {
		const medium = this;
		return {
			get busyNanoseconds() {
				return medium.#busy + (medium.#outstanding > 0 ? medium.engine.now - medium.#busySince : 0);
			},
			get outstanding() {
				return medium.#outstanding;
			},
			get dirtyBytes() {
				return medium.cache.dirty * blockBytes;
			},
			cacheBytes: this.#cacheBlocks * blockBytes,
			get reads() {
				return medium.#counts.reads;
			},
			get writes() {
				return medium.#counts.writes;
			},
			get flushes() {
				return medium.#counts.flushes;
			},
			get sectorsRead() {
				return medium.#counts.sectorsRead;
			},
			get sectorsWritten() {
				return medium.#counts.sectorsWritten;
			},
			get errors() {
				return medium.#counts.errors;
			},
			parts: this.mechanism.parts,
			get queued() {
				return medium.mechanism.queued;
			},
			get oldestSince() {
				return medium.#oldestSince();
			},
		};
	}
}

/** Slots first come first served, in a ring: no operation is in a queue twice. */
class SlotQueue {
	readonly #slots = new Int16Array(mediumSlots);
	#from = 0;
	#length = 0;

	get isEmpty(): boolean {
		return this.#length === 0;
	}

	get first(): number {
		return this.#slots[this.#from & (mediumSlots - 1)];
	}

	push(slot: number): void {
		this.#slots[(this.#from + this.#length++) & (mediumSlots - 1)] = slot;
	}

	shift(): number {
		const slot = this.first;
		this.#from++;
		this.#length--;
		return slot;
	}

	remove(slot: number): void {
		const length = this.#length;
		for (let i = 0; i < length; i++) {
			const other = this.shift();
			if (other !== slot) {
				this.push(other);
			}
		}
	}

	clear(): void {
		this.#from = 0;
		this.#length = 0;
	}
}
