/**
The oracle: one place that knows what every sector of every virtual disk may hold, and counts what it has compared. It stands
outside the host and survives reboots of guests, backends and the host itself.
*/

import {assert} from '../../engine/assert.js';
import type {Engine} from '../../engine/engine.js';
import {tagOf} from '../../engine/tag.js';
import {DiskOracle} from './disk-oracle.js';
import {Pattern} from './pattern.js';

export class Oracle {
	readonly #pattern = new Pattern();
	readonly #disks = new Map<string, DiskOracle>();
	readonly #names = new Map<number, string>();

	constructor(readonly engine: Engine) {}

	/**
	The oracle of a virtual disk, made when first asked for: whoever comes back after a reboot finds what was known.
	@param domain whose disk it is; @param disk `xvda`, or `nvme0p3` where the domain uses the device itself.
	*/
	disk(domain: string, disk: string): DiskOracle {
		const name = `${domain} ${disk}`;
		let oracle = this.#disks.get(name);
		if (oracle === undefined) {
			const tag = tagOf(name);
			assert(!this.#names.has(tag), 'tags of disks are unique');
			this.#names.set(tag, name);
			oracle = new DiskOracle(this.engine, this.#pattern, name, tag, [domain, disk], (t) => this.#names.get(t));
			this.#disks.set(name, oracle);
		}

		return oracle;
	}

	/** Nobody carries out writes of before any more, wherever they were: what has not happened will not. */
	allReset(): void {
		for (const disk of this.#disks.values()) {
			disk.incarnationReset();
		}
	}

	/** A domain is gone, and with it whoever carried out its writes: what has not happened will not. */
	domainGone(name: string): void {
		for (const disk of this.#disks.values()) {
			if (disk.parties[0] === name) {
				disk.incarnationReset();
			}
		}
	}

	get disks(): IterableIterator<DiskOracle> {
		return this.#disks.values();
	}

	/** Sectors compared on all disks. */
	get sectorsChecked(): number {
		return this.#sum((disk) => disk.sectorsChecked);
	}

	/** Sectors found that may not be as they were. */
	get violations(): number {
		return this.#sum((disk) => disk.violations);
	}

	/** Sectors on which an acknowledged write was found gone. */
	get sectorsLost(): number {
		return this.#sum((disk) => disk.lost.size);
	}

	#sum(of: (disk: DiskOracle) => number): number {
		let sum = 0;
		for (const disk of this.#disks.values()) {
			sum += of(disk);
		}

		return sum;
	}
}
