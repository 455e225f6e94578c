/** The simplest medium: a Map of sectors, a fixed time for each operation, no cache that could be lost. Counts what it was asked. */
import type {Engine} from '../../source/engine/engine.js';
import {noHandle} from '../../source/engine/event-queue.js';
import {Step} from '../../source/engine/step.js';
import {
	type Medium,
	type MediumGauges,
	type MediumOperation,
	mediumFlush,
	mediumSlots,
} from '../../source/hw/disk/medium.js';

export class MemoryMedium implements Medium {
	readonly model = 'Medium for tests';
	readonly volatileCache = true;
	cacheEnabled = true;
	done: (slot: number, status: number) => void = () => {};
	/** Nanoseconds of each operation from now on. */
	time = 10_000;
	/** What the next operations report. */
	status = 0;
	flushes = 0;
	forced = 0;
	started = 0;
	powerLost = false;
	readonly #data = new Map<number, Buffer>();
	readonly #handles = new Array<number>(mediumSlots).fill(noHandle);
	readonly #step: Step;
	readonly #engine: Engine;

	constructor(
		engine: Engine,
		readonly sectors = 1 << 20,
	) {
		this.#engine = engine;
		this.#step = new Step('medium done', engine.world, 0, false, (slot) => {
			this.#handles[slot] = noHandle;
			this.done(slot, this.status);
		});
	}

	start(operation: MediumOperation, _sector: number, _sectors: number, slot: number, forceUnitAccess: boolean): void {
		if (this.#handles[slot] !== noHandle) {
			throw new Error(`slot ${slot} is busy`);
		}

		this.started++;
		this.flushes += operation === mediumFlush ? 1 : 0;
		this.forced += forceUnitAccess ? 1 : 0;
		this.#handles[slot] = this.#engine.after(this.time, this.#step, slot);
	}

	cancel(slot: number): boolean {
		const cancelled = this.#engine.cancel(this.#handles[slot]);
		this.#handles[slot] = noHandle;
		return cancelled;
	}

	cancelAll(): void {
		for (let slot = 0; slot < mediumSlots; slot++) {
			this.cancel(slot);
		}
	}

	readBytes(sector: number, target: Buffer, offset: number, bytes: number): void {
		for (let i = 0; i < bytes / 512; i++) {
			const held = this.#data.get(sector + i);
			if (held === undefined) {
				target.fill(0, offset + i * 512, offset + (i + 1) * 512);
			} else {
				held.copy(target, offset + i * 512);
			}
		}
	}

	writeBytes(sector: number, source: Buffer, offset: number, bytes: number): void {
		for (let i = 0; i < bytes / 512; i++) {
			this.#data.set(sector + i, Buffer.from(source.subarray(offset + i * 512, offset + (i + 1) * 512)));
		}
	}

	/** What a sector holds; zeros where nothing was written. */
	sector(sector: number): Buffer {
		return this.#data.get(sector) ?? Buffer.alloc(512);
	}

	losePower(): void {
		this.powerLost = true;
		this.cancelAll();
	}

	get gauges(): MediumGauges {
		return {
			busyNanoseconds: 0,
			outstanding: this.#handles.filter((handle) => handle !== noHandle).length,
			dirtyBytes: 0,
			cacheBytes: 0,
			reads: 0,
			writes: 0,
			flushes: this.flushes,
			sectorsRead: 0,
			sectorsWritten: 0,
		};
	}
}
