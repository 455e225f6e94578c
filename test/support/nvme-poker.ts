/**
An NVMe controller on a bench: memory, bus, interrupt controller, IOMMU, and hands that poke its registers. There is no driver: a
test writes submission entries and doorbells, and looks at completion entries, registers and interrupts.
*/
import {Engine} from '../../source/engine/engine.js';
import type {Verdict} from '../../source/engine/fault-points.js';
import type {Medium} from '../../source/hw/disk/medium.js';
import {NvmeController} from '../../source/hw/disk/nvme-controller.js';
import type {NvmeOptions} from '../../source/hw/disk/nvme-options.js';
import {InterruptController, messageAddress} from '../../source/hw/interrupts.js';
import {Iommu} from '../../source/hw/iommu.js';
import {Memory} from '../../source/hw/memory.js';
import {PciBus, type RegisterWindow} from '../../source/hw/pci.js';
import {MemoryMedium} from './memory-medium.js';

export interface Entry {
	opcode: number;
	cid?: number;
	/** Second byte: fuse and PSDT. */
	flags?: number;
	namespace?: number;
	prp1?: number;
	prp2?: number;
	words?: {[dword: number]: number};
}

export interface Completion {
	result: number;
	head: number;
	queue: number;
	cid: number;
	/** Status code type << 8 | status code. */
	status: number;
	doNotRetry: boolean;
}

const address = '00:04.0';
export const adminEntries = 32;

/** Frames the bench uses: queues low, data from `dataFrame` on. */
export const adminSubmission = 16;
export const adminCompletion = 24;
export const dataFrame = 256;

export class NvmePoker {
	readonly engine = new Engine(1);
	readonly memory = new Memory(16 * 1024 * 1024);
	readonly interrupts = new InterruptController(this.engine, 2);
	readonly iommu = new Iommu();
	readonly bus = new PciBus(this.engine);
	readonly medium: MemoryMedium;
	readonly controller: NvmeController;
	readonly registers: RegisterWindow;
	/** Vectors delivered, in order. */
	readonly delivered: number[] = [];
	readonly #frames: number[] = [adminSubmission];
	readonly #completionFrames: number[] = [adminCompletion];
	readonly #sizes: number[] = [adminEntries];
	readonly #completionSizes: number[] = [adminEntries];
	readonly #tails: number[] = [0];
	readonly #heads: number[] = [0];
	#cid = 100;

	/** Called for each vector delivered, before its end of interrupt. */
	onVector: (vector: number) => void = () => {};

	/** @param makeMedium another medium in the place of `medium`. */
	constructor(options: Partial<NvmeOptions> = {}, makeMedium?: (engine: Engine) => Medium) {
		this.medium = new MemoryMedium(this.engine);
		this.controller = new NvmeController(
			{engine: this.engine, memory: this.memory, interrupts: this.interrupts, iommu: this.iommu},
			makeMedium?.(this.engine) ?? this.medium,
			{address, name: 'nvme0', ...options},
		);
		this.bus.plug(this.controller);
		this.iommu.device('nvme0').passThrough();
		this.interrupts.onInterrupt = (cpu, vector) => {
			this.delivered.push(vector);
			this.onVector(vector);
			if (vector >= 0x40) {
				this.interrupts.endOfInterrupt(cpu, vector);
			}
		};
		this.registers = this.bus.window(address, 0);
		this.config(4, 2, 0x0006);
	}

	config(offset: number, bytes: 1 | 2 | 4, value: number): void {
		this.bus.writeConfig(address, offset, bytes, value);
	}

	read(offset: number): number {
		return this.registers.read32(offset);
	}

	write(offset: number, value: number): void {
		this.registers.write32(offset, value);
	}

	get status(): number {
		return this.read(0x1c);
	}

	/** Lets `nanoseconds` pass. */
	run(nanoseconds = 50_000_000): void {
		this.engine.run(this.engine.now + nanoseconds, 10_000_000);
	}

	/** Enables MSI-X with vector i → CPU 0, vector 0x40 + i, all unmasked. */
	enableMsix(): void {
		const at = this.capability(0x11);
		this.config(at + 2, 2, 0x8000);
		for (let vector = 0; vector < 17; vector++) {
			this.write(0x2000 + vector * 16, messageAddress(0));
			this.write(0x2000 + vector * 16 + 8, 0x40 + vector);
			this.write(0x2000 + vector * 16 + 12, 0);
		}
	}

	/** Offset of a capability in configuration space, by id. */
	capability(id: number): number {
		let at = this.bus.readConfig(address, 0x34, 1);
		while (at !== 0 && this.bus.readConfig(address, at, 1) !== id) {
			at = this.bus.readConfig(address, at + 1, 1);
		}

		return at;
	}

	/** Programs the admin queue and CC.EN, and waits. `cc` overrides the configuration written. */
	enable(cc = 0x0046_0001): void {
		this.write(0x24, ((adminEntries - 1) << 16) | (adminEntries - 1));
		this.write(0x28, adminSubmission * 4096);
		this.write(0x2c, 0);
		this.write(0x30, adminCompletion * 4096);
		this.write(0x34, 0);
		this.write(0x14, cc);
		this.#tails[0] = 0;
		this.#heads[0] = 0;
		this.memory.scrub(adminCompletion);
		this.run();
	}

	/** Creates completion and submission queue `id` of `size` entries, with interrupts on vector `id` when MSI-X is on. */
	createQueues(id: number, size = 16, frame = 32 + 16 * (id - 1), interrupts = true, vector = 0): void {
		this.adopt(id, size, frame);
		const words = {10: id | ((size - 1) << 16), 11: 1 | (interrupts ? 2 : 0) | (vector << 16)};
		const cq = this.admin({opcode: 5, prp1: (frame + 8) * 4096, words});
		const sq = this.admin({opcode: 1, prp1: frame * 4096, words: {10: id | ((size - 1) << 16), 11: 1 | (id << 16)}});
		if (cq.status !== 0 || sq.status !== 0) {
			throw new Error(`creating queues ${id}: ${cq.status}, ${sq.status}`);
		}
	}

	/** Keeps the books for a queue pair: entries at `frame`, completions 8 frames on. */
	adopt(id: number, size: number, frame: number): void {
		this.#frames[id] = frame;
		this.#completionFrames[id] = frame + 8;
		this.#sizes[id] = size;
		this.#completionSizes[id] = size;
		this.#tails[id] = 0;
		this.#heads[id] = 0;
		for (let i = 0; i < 8; i++) {
			this.memory.scrub(frame + 8 + i);
		}
	}

	/** Writes an entry at the queue's tail without ringing. Returns its command identifier. */
	place(queue: number, entry: Entry): number {
		const cid = entry.cid ?? this.#cid++ & 0xffff;
		const tail = this.#tails[queue];
		const words = this.memory.words(this.#frames[queue] + (tail >> 6));
		const at = (tail & 63) * 16;
		words.fill(0, at, at + 16);
		words[at] = entry.opcode | ((entry.flags ?? 0) << 8) | (cid << 16);
		words[at + 1] = entry.namespace ?? 1;
		words[at + 6] = entry.prp1 ?? dataFrame * 4096;
		words[at + 7] = Math.floor((entry.prp1 ?? 0) / 4_294_967_296);
		words[at + 8] = entry.prp2 ?? 0;
		for (const [dword, value] of Object.entries(entry.words ?? {})) {
			words[at + Number(dword)] = value;
		}

		this.#tails[queue] = (tail + 1) % this.#sizes[queue];
		return cid;
	}

	ring(queue: number): void {
		this.write(0x1000 + queue * 8, this.#tails[queue]);
	}

	submit(queue: number, entry: Entry): number {
		const cid = this.place(queue, entry);
		this.ring(queue);
		return cid;
	}

	/** New completion entries of a queue, by phase; `consume` moves the head doorbell. */
	completions(queue: number, consume = true): Completion[] {
		const found: Completion[] = [];
		let head = this.#heads[queue];
		for (;;) {
			const size = this.#completionSizes[queue];
			const at = head % size;
			const words = this.memory.words(this.#completionFrames[queue] + (at >> 8));
			const last = words[(at & 255) * 4 + 3];
			const expected = Math.floor(head / size) % 2 === 0 ? 1 : 0;
			if (((last >>> 16) & 1) !== expected || found.length >= size) {
				break;
			}

			found.push({
				result: words[(at & 255) * 4],
				head: words[(at & 255) * 4 + 2] & 0xffff,
				queue: words[(at & 255) * 4 + 2] >>> 16,
				cid: last & 0xffff,
				status: (last >>> 17) & 0x7ff,
				doNotRetry: last < 0,
			});
			head++;
		}

		if (consume && found.length > 0) {
			this.#heads[queue] = head;
			this.write(0x1004 + queue * 8, head % this.#completionSizes[queue]);
		}

		return found;
	}

	/** Submits, waits, and returns the one completion. */
	command(queue: number, entry: Entry): Completion {
		const cid = this.submit(queue, entry);
		this.run();
		const found = this.completions(queue);
		if (found.length !== 1 || found[0].cid !== cid) {
			throw new Error(`one completion of ${cid}, got ${JSON.stringify(found)}`);
		}

		return found[0];
	}

	admin(entry: Entry): Completion {
		return this.command(0, entry);
	}

	/** A read or write of `blocks` logical blocks at `block`. */
	transfer(opcode: 1 | 2, block: number, blocks: number, prp1 = dataFrame * 4096, prp2 = 0, extra = 0): Entry {
		return {opcode, prp1, prp2, words: {10: block, 11: 0, 12: (blocks - 1) | extra}};
	}

	/** Fills a frame with a pattern that depends on `seed`. */
	fill(frame: number, seed: number): Buffer {
		const bytes = this.memory.bytes(frame);
		for (let i = 0; i < 4096; i++) {
			bytes[i] = (i * 31 + seed * 17 + (i >> 8)) & 0xff;
		}

		return Buffer.from(bytes);
	}
}

/** A controller with MSI-X, enabled, with I/O queue pair 1 of `queueSize` entries on vector 1. */
export function readyPoker(queueSize = 16): NvmePoker {
	const poker = new NvmePoker();
	poker.enableMsix();
	poker.enable();
	poker.createQueues(1, queueSize, 32, true, 1);
	poker.delivered.length = 0;
	return poker;
}

/** Arms a fault point for the next `times` things that pass it. */
export function arm(poker: NvmePoker, point: string, verdict: Verdict, value = 0, times = 1): void {
	const found = poker.engine.faults.get(point);
	if (found === undefined) {
		throw new Error(`no fault point ${point}`);
	}

	let left = times;
	found.armed = {value, decide: () => (left-- > 0 ? verdict : 0)};
}
