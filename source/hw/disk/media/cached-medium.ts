/**
A medium: sectors in a byte store, a volatile write cache before it, and a mechanism that says how long things take. Reads
wait for the mechanism. Writes are acknowledged from the cache while there is room, else first come first served as programs
make room; with force unit access or the cache off they wait until they are stable. Write-back is eager: what enters the cache
is handed to the mechanism at once.

Fault points (subject of each: the operation's first sector; block-writer.ts has another, for bytes):
  medium.command  drop: the operation never ends; delay: it begins later
  medium.read     alter: unrecovered read error for the operation, after the time it takes
  medium.write    alter: write fault; the bytes are there nevertheless, as a failed write may
*/
import {assert} from '../../../engine/assert.js';
import type {Engine} from '../../../engine/engine.js';
import {noHandle} from '../../../engine/event-queue.js';
import {alter, delay, drop, type FaultPoint} from '../../../engine/fault-points.js';
import type {RandomStream} from '../../../engine/random.js';
import {Step} from '../../../engine/step.js';
import {
	type Medium,
	type MediumOperation,
	mediumOkay,
	mediumRead,
	mediumSlots,
	mediumUnrecoveredRead,
	mediumWrite,
	mediumWriteFault,
} from '../medium.js';
import {BlockWriter} from './block-writer.js';
import {ByteStore, blockBytes, sectorsPerBlock} from './byte-store.js';
import type {Mechanism} from './mechanism.js';
import {type MediumDetail, MediumMeter} from './medium-meter.js';
import {SlotQueue} from './slot-queue.js';
import {WriteCache} from './write-cache.js';

export interface CacheOptions {
	/** Bytes of volatile write cache; 0 is none. */
	readonly writeCache: number;
	/** Nanoseconds from a write's start to its acknowledgement from the cache; also what a flush of nothing takes. */
	readonly cacheLatency: number;
}

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
	readonly store: ByteStore;
	readonly cache: WriteCache;
	readonly #meter: MediumMeter;
	readonly #writer: BlockWriter;

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

	readonly #commandFault: FaultPoint;
	readonly #readFault: FaultPoint;
	readonly #writeFault: FaultPoint;
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
		const bytesFault = engine.faults.point(`medium.bytes ${name}`, [name]);
		this.#writer = new BlockWriter(this.cache, mechanism, bytesFault);
		this.#meter = new MediumMeter(engine, this.cache, mechanism, this.#cacheBlocks);
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
	}

	get gauges(): MediumDetail {
		return this.#meter;
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
		this.#meter.begin(slot);
		this.#operation[slot] = operation;
		this.#sector[slot] = sector;
		this.#sectors[slot] = sectors;
		this.#through[slot] = forceUnitAccess || !this.#cacheEnabled ? 1 : 0;
		this.#status[slot] = mediumOkay;
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
		this.#writer.write(sector, source, offset, bytes);
	}

	losePower(): void {
		this.cancelAll();
		this.mechanism.losePower();
		this.cache.losePower(this.#random);
	}

	/** Flips one bit of a sector where it is stored: corruption that nobody reported. */
	corrupt(sector: number, bit: number): void {
		this.#writer.corrupt(sector, bit);
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
		this.#meter.count(this.#operation[slot], this.#sectors[slot], status);
		this.#leave(slot);
		this.done(slot, status);
	}

	#leave(slot: number): void {
		this.#state[slot] = idle;
		this.#handle[slot] = noHandle;
		this.#meter.end(slot);
	}

	/** Blocks that the slot's sectors lie in. */
	#blocks(slot: number): number {
		const first = this.#sector[slot];
		const sectors = this.#sectors[slot];
		return sectors === sectorsPerBlock && first % sectorsPerBlock === 0
			? 1
			: Math.floor((first + sectors - 1) / sectorsPerBlock) - Math.floor(first / sectorsPerBlock) + 1;
	}
}
