/**
A volume: a virtual disk made of extents of a real one, usually a single partition. A block layer above the driver; it moves no
bytes, it renumbers sectors. A request that crosses extents becomes several.
*/
import {assert} from '../../engine/assert.js';
import {
	type BlockDevice,
	type BlockLimits,
	BlockRequest,
	flushOperation,
	okay,
	sectorBytes,
} from '../kernel/block-device.js';

/** `sectors` sectors of the device, from sector `start`; 512-byte units. */
export interface Extent {
	readonly start: number;
	readonly sectors: number;
}

export class Volume implements BlockDevice {
	readonly limits: BlockLimits;
	/** First sector of each extent within the volume, and one past the last. */
	readonly #firsts: readonly number[];
	/** Made when first taken: few volumes ever use as many as the device is deep. */
	readonly #parts: BlockRequest[] = [];
	/** The submitter's request that each part belongs to. */
	readonly #whole: (BlockRequest | null)[];
	/** Parts that the whole request of part i has not heard of yet, and the worst status; kept at its first part. */
	readonly #remaining: Int32Array;
	readonly #statuses: Int32Array;
	readonly #first: Int32Array;
	readonly #free: Int32Array;
	#freeCount: number;
	/** Parts made and refused by the device, oldest first. */
	readonly #waiting: number[] = [];
	readonly #room: () => void;
	/** Whoever was refused because the parts had run out, not by the device. */
	readonly #waiters: (() => void)[] = [];
	#lacksParts = false;

	constructor(
		readonly name: string,
		private readonly device: BlockDevice,
		private readonly extents: readonly Extent[],
		readonly readonly = false,
	) {
		assert(extents.length > 0, 'a volume has an extent');
		const alignment = device.limits.logicalBlock / sectorBytes;
		const firsts = [0];
		for (const {start, sectors} of extents) {
			assert(
				start >= 0 && sectors > 0 && start + sectors <= device.limits.sectors,
				`${name}: extents lie on the device`,
			);
			assert(start % alignment === 0 && sectors % alignment === 0, `${name}: extents are whole logical blocks`);
			firsts.push(firsts[firsts.length - 1] + sectors);
		}

		this.#firsts = firsts;
		this.limits = {...device.limits, sectors: firsts[firsts.length - 1], readonly: readonly || device.limits.readonly};
		const {depth} = device.limits;
		this.#whole = new Array(depth).fill(null);
		this.#remaining = new Int32Array(depth);
		this.#statuses = new Int32Array(depth);
		this.#first = new Int32Array(depth);
		this.#free = new Int32Array(depth);
		for (let i = 0; i < depth; i++) this.#free[i] = depth - 1 - i;
		this.#freeCount = depth;
		this.#room = () => this.#sendWaiting();
	}

	/** The device's sector that a sector of the volume is. */
	deviceSector(sector: number): number {
		const extent = this.#extentOf(sector);
		return this.extents[extent].start + sector - this.#firsts[extent];
	}

	submit(request: BlockRequest): boolean {
		const {sector} = request;
		const sectors = request.bytes / sectorBytes;
		const flush = request.operation === flushOperation;
		assert(sector >= 0 && sector + sectors <= this.limits.sectors, 'the request lies on the volume');
		const from = flush ? 0 : this.#extentOf(sector);
		let to = from;
		while (!flush && sector + sectors > this.#firsts[to + 1]) to++;
		const count = to - from + 1;
		assert(count <= this.#free.length, 'a request crosses no more extents than the device is deep');
		this.#lacksParts = this.#freeCount < count || this.#waiting.length > 0;
		if (this.#lacksParts) return false;
		if (count === 1) {
			const index = this.#take(request, -1);
			const part = this.#parts[index];
			part.sector = flush ? 0 : this.extents[from].start + sector - this.#firsts[from];
			part.segments = request.segments;
			for (let i = 0; i < request.segments; i++) {
				part.pages[i] = request.pages[i];
				part.offsets[i] = request.offsets[i];
				part.lengths[i] = request.lengths[i];
			}

			if (this.device.submit(part)) return true;
			this.#release(index);
			return false;
		}

		this.#split(request, from, count);
		return true;
	}

	whenRoom(wake: () => void): void {
		if (this.#lacksParts) this.#waiters.push(wake);
		else this.device.whenRoom(wake);
	}

	/** Cuts a request at the ends of extents. Parts that the device refuses wait here. */
	#split(request: BlockRequest, from: number, count: number): void {
		let sector = request.sector;
		let segment = 0;
		let used = 0;
		let first = -1;
		for (let extent = from; extent < from + count; extent++) {
			const index = this.#take(request, first);
			if (first < 0) {
				first = index;
				this.#remaining[first] = count;
			}

			const part = this.#parts[index];
			part.sector = this.extents[extent].start + sector - this.#firsts[extent];
			part.segments = 0;
			let room = (this.#firsts[extent + 1] - sector) * sectorBytes;
			while (room > 0 && segment < request.segments) {
				const length = Math.min(room, request.lengths[segment] - used);
				part.pages[part.segments] = request.pages[segment];
				part.offsets[part.segments] = request.offsets[segment] + used;
				part.lengths[part.segments] = length;
				part.segments++;
				room -= length;
				used += length;
				sector += length / sectorBytes;
				if (used === request.lengths[segment]) {
					segment++;
					used = 0;
				}
			}

			if (this.#waiting.length > 0 || !this.device.submit(part)) this.#wait(index);
		}
	}

	#wait(index: number): void {
		if (this.#waiting.push(index) === 1) this.device.whenRoom(this.#room);
	}

	#sendWaiting(): void {
		while (this.#waiting.length > 0) {
			if (!this.device.submit(this.#parts[this.#waiting[0]])) {
				this.device.whenRoom(this.#room);
				return;
			}

			this.#waiting.shift();
		}
	}

	#done(index: number, status: number): void {
		const first = this.#first[index];
		const whole = this.#whole[index];
		assert(whole !== null, 'a part completes once');
		if (status !== okay && this.#statuses[first] === okay) this.#statuses[first] = status;
		const last = --this.#remaining[first] === 0;
		const outcome = this.#statuses[first];
		// The first part keeps the account of the whole, so it stays taken until the last is done.
		if (index !== first) this.#release(index);
		if (last) {
			this.#release(first);
			// Whoever has waited longest comes before what the completed request's owner may submit now.
			for (let count = this.#waiters.length; count > 0 && this.#waiting.length === 0; count--)
				this.#waiters.shift()?.();
			whole.done(whole, outcome);
		}
	}

	#take(request: BlockRequest, first: number): number {
		const index = this.#free[--this.#freeCount];
		if (index === this.#parts.length) {
			const {segments} = this.device.limits;
			this.#parts.push(new BlockRequest(segments, index, (done, status) => this.#done(done.tag, status)));
		}

		const part = this.#parts[index];
		part.operation = request.operation;
		part.forceUnitAccess = request.forceUnitAccess;
		part.identity = request.identity;
		part.vcpu = request.vcpu;
		this.#whole[index] = request;
		this.#first[index] = first < 0 ? index : first;
		this.#remaining[index] = 1;
		this.#statuses[index] = okay;
		return index;
	}

	#release(index: number): void {
		this.#whole[index] = null;
		this.#free[this.#freeCount++] = index;
	}

	#extentOf(sector: number): number {
		let extent = 0;
		while (sector >= this.#firsts[extent + 1] && extent < this.extents.length - 1) extent++;
		return extent;
	}
}
