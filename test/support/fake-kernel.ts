/**
A kernel on one CPU of its own that waits for nobody, with a real engine and real memory: steps take their cost, chains run depth first,
interrupt work comes before tasks. And a PCI function for it straight from the bus. For tests of drivers, without a hypervisor.
*/
import {Engine} from '../../source/engine/engine.js';
import type {Severity} from '../../source/engine/log.js';
import {type Owner, Step} from '../../source/engine/step.js';
import type {Trace} from '../../source/engine/trace.js';
import {InterruptController, messageAddress} from '../../source/hw/interrupts.js';
import {Iommu} from '../../source/hw/iommu.js';
import {Memory} from '../../source/hw/memory.js';
import {PciBus} from '../../source/hw/pci.js';
import type {Cost} from '../../source/sim/kernel/cost.js';
import {
	type Direction,
	type DmaMemory,
	type Kernel,
	type Page,
	Panic,
	type PciDevice,
	type Registers,
} from '../../source/sim/kernel/kernel.js';

interface Item {
	readonly step: Step;
	readonly argument: number;
	readonly extra: number;
}

/** The line's own place among a function's bound interrupts; message vectors are 0 and up. */
const line = -1;

export class FakeKernel implements Kernel, Owner {
	readonly name = 'kernel';
	alive = true;
	readonly engine = new Engine(1);
	readonly memory = new Memory(32 << 20);
	readonly interrupts = new InterruptController(this.engine, 1);
	readonly iommu = new Iommu();
	readonly bus = new PciBus(this.engine);
	readonly trace: Trace = this.engine.trace;
	/** Log lines, oldest first. */
	readonly lines: string[] = [];
	/** Names of the steps that ran, when switched on. */
	readonly ran: string[] = [];
	/** Takes from the CPU's account: nanoseconds it worked. */
	busy = 0;
	panicked = '';
	readonly #chain: Item[] = [];
	readonly #interruptWork: Item[] = [];
	readonly #tasks: Item[] = [];
	/** What the effect under way asked for, in order; null between effects. */
	#asked: Item[] | null = null;
	#running: Item | null = null;
	#nextPage = 0;
	readonly #freePages: Page[] = [];
	readonly #stepEnd: Step;
	readonly #timers = new Map<Step, Step>();
	readonly #handlers = new Map<number, () => void>();
	#nextVector = 0x30;

	constructor() {
		this.#stepEnd = new Step('step end', this.engine.world, 0, false, () => this.#end());
		this.interrupts.onInterrupt = (_cpu, vector) => this.#handlers.get(vector)?.();
	}

	/** Runs everything due in the next `nanoseconds`. */
	run(nanoseconds: number): void {
		this.engine.run(this.engine.now + nanoseconds, Number.POSITIVE_INFINITY);
	}

	now(): number {
		return this.engine.now;
	}

	define(name: string, cost: Cost, run: (argument: number) => void): Step {
		return new Step(name, this, cost.ns, false, run);
	}

	step(step: Step, argument = 0, extraNanoseconds = 0): void {
		if (this.#asked === null) throw new Error(`${step.name} asked for outside a step`);
		this.#asked.push({step, argument, extra: extraNanoseconds});
	}

	task(step: Step, argument = 0): void {
		this.#tasks.push({step, argument, extra: 0});
		this.#dispatch();
	}

	/** Runs `work` as the effect of a task of its own. */
	inTask(work: () => void): void {
		this.task(this.define('test', {name: 'test', ns: 0, source: 'test'}, work));
	}

	timer(nanoseconds: number, step: Step, argument = 0): number {
		let due = this.#timers.get(step);
		if (due === undefined) {
			due = new Step(`timer of ${step.name}`, this, 0, false, (value) => this.task(step, value));
			this.#timers.set(step, due);
		}

		return this.engine.after(nanoseconds, due, argument);
	}

	cancelTimer(timer: number): void {
		this.engine.cancel(timer);
	}

	page(): Page {
		return this.#freePages.pop() ?? this.#nextPage++;
	}

	releasePage(page: Page): void {
		this.memory.scrub(page);
		this.#freePages.push(page);
	}

	bytes(page: Page): Buffer {
		return this.memory.bytes(page);
	}

	words(page: Page): Int32Array {
		return this.memory.words(page);
	}

	dmaMemory(bytes: number, alignment = 4096): DmaMemory {
		const count = Math.ceil(bytes / 4096);
		this.#nextPage = Math.ceil((this.#nextPage * 4096) / alignment) * (alignment / 4096);
		// A span lies in one slab of 1024 frames.
		if (Math.floor(this.#nextPage / 1024) !== Math.floor((this.#nextPage + count - 1) / 1024)) {
			this.#nextPage = Math.ceil(this.#nextPage / 1024) * 1024;
		}

		const first = this.#nextPage;
		this.#nextPage += count;
		return {address: first * 4096, bytes: count * 4096, words: this.memory.span(first, count)};
	}

	dmaAddress(page: Page, _direction: Direction): number {
		return page * 4096;
	}

	log(_severity: Severity, text: string): void {
		this.lines.push(text);
	}

	panic(reason: string): never {
		throw new Panic(reason);
	}

	/** The function at `address`, with everything permitted. */
	device(address: string): PciDevice {
		const found = this.bus.find(address);
		if (found === undefined) throw new Error(`no function at ${address}`);
		const {bus, interrupts} = this;
		const bound = new Map<number, number>();
		const bind = (vector: number, handler: Step) => {
			const systemVector = this.#nextVector++;
			bound.set(vector, systemVector);
			this.#handlers.set(systemVector, () => this.#interrupt(handler, Math.max(vector, 0)));
			return systemVector;
		};
		return {
			address,
			name: found.name,
			vendor: bus.readConfig(address, 0, 2),
			device: bus.readConfig(address, 2, 2),
			readConfig: (offset, bytes) => bus.readConfig(address, offset, bytes),
			writeConfig: (offset, bytes, value) => bus.writeConfig(address, offset, bytes, value),
			registers: (bar): Registers => bus.window(address, bar),
			bindMessage: (vector, handler) => ({address: messageAddress(0), data: bind(vector, handler)}),
			bindLine: (handler) => {
				const pin = bus.readConfig(address, 0x3c, 1);
				interrupts.route(pin, 0, bind(line, handler));
				interrupts.mask(pin, false);
			},
			endOfInterrupt: (vector) => interrupts.endOfInterrupt(0, bound.get(vector) ?? bound.get(line) ?? 0),
			unbindInterrupts: () => {
				for (const vector of bound.values()) this.#handlers.delete(vector);
			},
			reset: () => bus.resetFunction(address),
		};
	}

	#interrupt(handler: Step, vector: number): void {
		this.#interruptWork.push({step: handler, argument: vector, extra: 0});
		this.#dispatch();
	}

	#dispatch(): void {
		if (this.#running !== null || this.#asked !== null || !this.alive) return;
		const next = this.#chain.pop() ?? this.#interruptWork.shift() ?? this.#tasks.shift();
		if (next === undefined) return;
		this.#running = next;
		this.busy += next.step.cost + next.extra;
		this.engine.after(next.step.cost + next.extra, this.#stepEnd);
	}

	#end(): void {
		const item = this.#running;
		this.#running = null;
		if (item === null || !this.alive) return;
		this.ran.push(item.step.name);
		const asked: Item[] = [];
		this.#asked = asked;
		try {
			item.step.run(item.argument);
		} catch (error) {
			if (!(error instanceof Panic)) throw error;
			this.alive = false;
			this.panicked = error.message;
		}

		this.#asked = null;
		this.#chain.push(...asked.reverse());
		this.#dispatch();
	}
}
