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
	private readonly meter: MediumMeter;
	private readonly writer: BlockWriter;

	private readonly cacheBlocks: number;
	private readonly cacheLatency: number;
	private readonly random: RandomStream;
	private cacheOn: boolean;

	private readonly state = new Uint8Array(mediumSlots);
	private readonly operation = new Uint8Array(mediumSlots);
	private readonly sector = new Float64Array(mediumSlots);
	private readonly counts = new Int32Array(mediumSlots);
	private readonly through = new Uint8Array(mediumSlots);
	private readonly status = new Int32Array(mediumSlots);
	private readonly handle = new Float64Array(mediumSlots).fill(noHandle);
	/** Distinguishes the uses of a slot. */
	private readonly ticket = new Int32Array(mediumSlots);
	/** Blocks a write-through still waits for. */
	private readonly unstable = new Int32Array(mediumSlots);
	private readonly epoch = new Int32Array(mediumSlots);
	/** Slots in order of arrival: writes that wait for room, flushes that wait for programs. */
	private readonly roomQueue = new SlotQueue();
	private readonly flushQueue = new SlotQueue();
	/** Blocks of the writes in the room queue. */
	private roomBlocks = 0;
	private writeThroughs = 0;

	private readonly commandFault: FaultPoint;
	private readonly readFault: FaultPoint;
	private readonly writeFault: FaultPoint;
	private readonly finish: Step;
	private readonly begin: Step;

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
		this.cacheBlocks = Math.floor(options.writeCache / blockBytes);
		this.cacheLatency = options.cacheLatency;
		this.volatileCache = this.cacheBlocks > 0;
		this.cacheOn = this.volatileCache;
		this.random = engine.random.stream(`${name}/power`);
		this.commandFault = engine.faults.point(`medium.command ${name}`, [name]);
		this.readFault = engine.faults.point(`medium.read ${name}`, [name]);
		this.writeFault = engine.faults.point(`medium.write ${name}`, [name]);
		const bytesFault = engine.faults.point(`medium.bytes ${name}`, [name]);
		this.writer = new BlockWriter(this.cache, mechanism, bytesFault);
		this.meter = new MediumMeter(engine, this.cache, mechanism, this.cacheBlocks);
		this.finish = new Step(`${name} medium done`, engine.world, 0, false, (slot) => this.finishes(slot));
		this.begin = new Step(`${name} medium begin`, engine.world, 0, false, (slot) => this.begins(slot));
		mechanism.whenRead = (slot) => this.finishes(slot);
		mechanism.isWanted = (slot, ticket) => this.state[slot] === working && this.ticket[slot] === ticket;
		mechanism.whenProgramBegins = (entry) => this.cache.program(entry);
		mechanism.whenProgrammed = (entry) => this.programmed(entry);
		this.cache.onStable = (slot) => {
			if (--this.unstable[slot] === 0) {
				this.writeThroughs--;
				this.finishes(slot);
			}
		};
	}

	get gauges(): MediumDetail {
		return this.meter;
	}

	get cacheEnabled(): boolean {
		return this.cacheOn;
	}

	set cacheEnabled(enabled: boolean) {
		this.cacheOn = enabled && this.volatileCache;
	}

	start(operation: MediumOperation, sector: number, sectors: number, slot: number, forceUnitAccess: boolean): void {
		assert(this.state[slot] === idle, 'a slot carries one operation');
		assert(sector >= 0 && sector + sectors <= this.sectors, 'the sectors exist');
		this.meter.begin(slot);
		this.operation[slot] = operation;
		this.sector[slot] = sector;
		this.counts[slot] = sectors;
		this.through[slot] = forceUnitAccess || !this.cacheOn ? 1 : 0;
		this.status[slot] = mediumOkay;
		this.ticket[slot] = (this.ticket[slot] + 1) & 0x7fffffff;
		const fault = this.commandFault.armed;
		if (fault !== null) {
			const verdict = fault.decide(sector);
			if (verdict === drop) {
				this.state[slot] = hanging;
				return;
			}

			if (verdict === delay) {
				this.schedule(slot, fault.value, this.begin);
				this.state[slot] = delayed;
				return;
			}
		}

		this.begins(slot);
	}

	cancel(slot: number): boolean {
		const state = this.state[slot];
		const begun =
			state === idle ||
			state === scheduled ||
			(state === working && (this.operation[slot] !== mediumRead || this.mechanism.hasBegun(slot)));
		if (begun) {
			return false;
		}

		if (state === waitingForRoom) {
			this.roomQueue.remove(slot);
			this.roomBlocks -= this.blocks(slot);
		}

		this.engine.cancel(this.handle[slot]);
		this.leave(slot);
		return true;
	}

	cancelAll(): void {
		for (let slot = 0; slot < mediumSlots; slot++) {
			if (this.state[slot] !== idle) {
				this.engine.cancel(this.handle[slot]);
				this.leave(slot);
			}
		}

		this.roomQueue.clear();
		this.flushQueue.clear();
		this.roomBlocks = 0;
		this.writeThroughs = 0;
		this.mechanism.urgent = false;
		this.cache.forgetWaiters();
	}

	readBytes(sector: number, target: Buffer, offset: number, bytes: number): void {
		this.store.read(sector, target, offset, bytes);
	}

	writeBytes(sector: number, source: Buffer, offset: number, bytes: number): void {
		this.writer.write(sector, source, offset, bytes);
	}

	losePower(): void {
		this.cancelAll();
		this.mechanism.losePower();
		this.cache.losePower(this.random);
	}

	/** Flips one bit of a sector where it is stored: corruption that nobody reported. */
	corrupt(sector: number, bit: number): void {
		this.writer.corrupt(sector, bit);
	}

	private begins(slot: number): void {
		this.handle[slot] = noHandle;
		switch (this.operation[slot]) {
			case mediumRead:
				this.beginRead(slot);
				break;
			case mediumWrite:
				this.beginWrite(slot);
				break;
			default:
				this.beginFlush(slot);
		}
	}

	private beginRead(slot: number): void {
		const fault = this.readFault.armed;
		if (fault !== null && fault.decide(this.sector[slot]) === alter) {
			this.status[slot] = mediumUnrecoveredRead;
		}

		this.state[slot] = working;
		const block = Math.floor(this.sector[slot] / sectorsPerBlock);
		this.mechanism.read(block, this.blocks(slot), slot, this.ticket[slot]);
	}

	private beginWrite(slot: number): void {
		const fault = this.writeFault.armed;
		if (fault !== null && fault.decide(this.sector[slot]) === alter) {
			this.status[slot] = mediumWriteFault;
		}

		const blocks = this.blocks(slot);
		if (this.through[slot] === 1) {
			this.writeThrough(slot, Math.floor(this.sector[slot] / sectorsPerBlock), blocks);
		} else if (this.roomQueue.isEmpty && this.cache.dirty <= this.cacheBlocks) {
			this.schedule(slot, this.cacheLatency, this.finish);
		} else {
			this.state[slot] = waitingForRoom;
			this.roomQueue.push(slot);
			this.roomBlocks += blocks;
		}
	}

	private writeThrough(slot: number, block: number, blocks: number): void {
		this.state[slot] = working;
		this.unstable[slot] = 0;
		for (let i = 0; i < blocks; i++) {
			if (this.cache.entryOf(block + i) >= 0) {
				this.unstable[slot]++;
				this.cache.notifyWhenStable(block + i, slot);
			}
		}

		if (this.unstable[slot] === 0) {
			this.schedule(slot, this.cacheLatency, this.finish);
		} else {
			this.writeThroughs++;
			this.mechanism.urgent = true;
		}
	}

	private beginFlush(slot: number): void {
		const epoch = this.cache.closeEpoch();
		if (this.flushQueue.isEmpty && this.cache.isStable(epoch)) {
			this.schedule(slot, this.cacheLatency, this.finish);
			return;
		}

		this.state[slot] = working;
		this.epoch[slot] = epoch;
		this.flushQueue.push(slot);
		this.mechanism.urgent = true;
	}

	private programmed(entry: number): void {
		const block = this.cache.blockOf(entry);
		if (this.cache.programmed(entry)) {
			this.mechanism.program(block, entry);
		}

		while (!this.roomQueue.isEmpty) {
			const slot = this.roomQueue.first;
			const blocks = this.blocks(slot);
			if (this.cache.dirty - this.roomBlocks + blocks > this.cacheBlocks) {
				break;
			}

			this.roomQueue.shift();
			this.roomBlocks -= blocks;
			this.schedule(slot, this.cacheLatency, this.finish);
		}

		while (!this.flushQueue.isEmpty && this.cache.isStable(this.epoch[this.flushQueue.first])) {
			this.finishes(this.flushQueue.shift());
		}

		this.mechanism.urgent = this.writeThroughs > 0 || !this.flushQueue.isEmpty;
	}

	private schedule(slot: number, nanoseconds: number, step: Step): void {
		this.state[slot] = scheduled;
		this.handle[slot] = this.engine.after(nanoseconds, step, slot);
	}

	private finishes(slot: number): void {
		const status = this.status[slot];
		this.meter.count(this.operation[slot], this.counts[slot], status);
		this.leave(slot);
		this.done(slot, status);
	}

	private leave(slot: number): void {
		this.state[slot] = idle;
		this.handle[slot] = noHandle;
		this.meter.end(slot);
	}

	/** Blocks that the slot's sectors lie in. */
	private blocks(slot: number): number {
		const first = this.sector[slot];
		const sectors = this.counts[slot];
		return sectors === sectorsPerBlock && first % sectorsPerBlock === 0
			? 1
			: Math.floor((first + sectors - 1) / sectorsPerBlock) - Math.floor(first / sectorsPerBlock) + 1;
	}
}
