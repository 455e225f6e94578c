/** Drives a medium at its door: the tests' stand-in for a controller, keeping operations outstanding and noting what ends. */
import {Engine} from '../../../../source/engine/engine.js';
import type {CachedMedium} from '../../../../source/hw/disk/media/cached-medium.js';
import {type MediumOperation, mediumRead, mediumSlots} from '../../../../source/hw/disk/medium.js';

export const second = 1_000_000_000;

export interface Ended {
	readonly slot: number;
	readonly status: number;
	readonly time: number;
}

export class MediumHarness {
	readonly engine: Engine;
	readonly medium: CachedMedium;
	readonly ended: Ended[] = [];
	#free = Array.from({length: mediumSlots}, (_, slot) => slot).reverse();

	constructor(make: (engine: Engine) => CachedMedium, seed = 1) {
		this.engine = new Engine(seed);
		this.medium = make(this.engine);
		this.medium.done = (slot, status) => {
			this.#free.push(slot);
			this.ended.push({slot, status, time: this.engine.now});
		};
	}

	start(operation: MediumOperation, sector = 0, sectors = 0, forceUnitAccess = false): number {
		const slot = this.#free.pop();
		if (slot === undefined) {
			throw new Error('no free slot');
		}

		this.medium.start(operation, sector, sectors, slot, forceUnitAccess);
		return slot;
	}

	runFor(nanoseconds: number): void {
		this.engine.run(this.engine.now + nanoseconds, Number.POSITIVE_INFINITY);
	}

	/** Runs until the operation in `slot`, started last, has ended; returns when. */
	finish(slot: number): Ended {
		const from = this.ended.length;
		for (;;) {
			const found = this.ended.slice(from).find((ended) => ended.slot === slot);
			if (found !== undefined) {
				return found;
			}

			if (this.engine.nextTime === Number.POSITIVE_INFINITY) {
				throw new Error('the operation never ends');
			}

			this.engine.run(this.engine.nextTime, 1);
		}
	}

	/** Keeps `depth` reads of 4 KiB outstanding for `nanoseconds`; `next` draws sectors. Returns reads per second. */
	readRate(depth: number, nanoseconds: number, next: () => number): number {
		let count = 0;
		this.medium.done = (slot) => {
			count++;
			this.medium.start(mediumRead, next(), 8, slot, false);
		};
		for (let slot = 0; slot < depth; slot++) {
			this.medium.start(mediumRead, next(), 8, slot, false);
		}

		this.runFor(nanoseconds / 4);
		count = 0;
		this.runFor(nanoseconds);
		return (count * second) / nanoseconds;
	}
}
