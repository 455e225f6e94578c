/**
Time in an SSD: flash dies behind shared channels, after MQSim's model (ssdconfig.xml: 8 channels × 4 chips × 2 dies, 75 µs
read, ONFI NV-DDR2 at 333 MT/s). A read of 4 KiB occupies its die for readLatency, then the die's channel for the transfer. A
program occupies its die from the moment it is chosen: it waits for the channel, moves its data in, then programs.

Addresses are striped channel first, then way and die (MQSim's CWDP order): consecutive blocks of 4 KiB lie on different channels.
Smaller reads fetch whole blocks: error correction needs all of a codeword. A flash translation layer, its garbage
collection and erases are not modelled.

Order: a die takes reads before programs, because a read has somebody waiting; a program that `readsBeforeProgram` reads have
overtaken goes next, so that write-back never starves. Nothing under way is interrupted. A channel is first come first served.
*/
import {assert} from '../../../engine/assert.js';
import type {Engine} from '../../../engine/engine.js';
import {noHandle} from '../../../engine/event-queue.js';
import {delay, type FaultPoint} from '../../../engine/fault-points.js';
import {Step} from '../../../engine/step.js';
import {mediumSlots} from '../medium.js';
import {blockBytes} from './byte-store.js';
import type {Mechanism, MechanismPart} from './mechanism.js';

export interface NandOptions {
	readonly channels: number;
	/** Per channel. */
	readonly chips: number;
	/** Per chip. */
	readonly dies: number;
	/** Nanoseconds a read occupies its die. */
	readonly readLatency: number;
	/** Nanoseconds a program occupies its die, after its data came in. */
	readonly programLatency: number;
	/** Bytes per second of one channel. */
	readonly channelRate: number;
	/** Reads that may overtake a program waiting for the same die. */
	readonly readsBeforeProgram: number;
}

export const nandDefaults: NandOptions = {
	// MQSim, ssdconfig.xml: Flash_Channel_Count, Chip_No_Per_Channel, Die_No_Per_Chip, Page_Read_Latency_*, Channel_Transfer_Rate
	channels: 8,
	chips: 4,
	dies: 2,
	readLatency: 75_000,
	channelRate: 333_000_000,
	// MQSim ships 75 µs; SimpleSSD's example has 500 µs for the fast pages of MLC flash, which is what drives are made of
	programLatency: 500_000,
	// knob
	readsBeforeProgram: 8,
};

const none = -1;

export class Nand implements Mechanism {
	readonly model: string;
	whenRead: (slot: number, ticket: number) => void = () => {};
	whenProgramBegins: (entry: number) => void = () => {};
	whenProgrammed: (entry: number) => void = () => {};
	isWanted: (slot: number, ticket: number) => boolean = () => true;
	urgent = false;
	readonly parts: readonly MechanismPart[];
	/** Nanoseconds of one block's transfer. */
	readonly transfer: number;
	queued = 0;

	private readonly options: NandOptions;
	private readonly dieCount: number;
	private readonly channelCount: number;
	/** The job at each die, or -1; from when it was chosen until the die is free again. */
	private readonly dieJob: Int32Array;
	private readonly dieSince: Float64Array;
	private readonly dieBusy: Float64Array;
	private readonly dieHandle: Float64Array;
	private readonly readHead: Int32Array;
	private readonly readTail: Int32Array;
	private readonly programHead: Int32Array;
	private readonly programTail: Int32Array;
	/** Reads that overtook the die's first waiting program. */
	private readonly overtaken: Int32Array;
	private readonly channelJob: Int32Array;
	private readonly channelSince: Float64Array;
	private readonly channelBusy: Float64Array;
	private readonly channelHandle: Float64Array;
	private readonly channelHead: Int32Array;
	private readonly channelTail: Int32Array;
	private readonly channelWaiting: Int32Array;
	private readonly channelFaults: readonly FaultPoint[];
	/** Blocks of each slot's read that are still to come, and whether one of them has reached its die. */
	private readonly remaining = new Int32Array(mediumSlots);
	private readonly begun = new Uint8Array(mediumSlots);

	/** A job is one block to fetch for a slot, or one cache entry to program. */
	private jobNext = new Int32Array(256);
	private jobDie = new Int32Array(256);
	private jobProgram = new Uint8Array(256);
	/** The slot or the entry. */
	private jobSubject = new Int32Array(256);
	private jobTicket = new Int32Array(256);
	private freeJob = none;
	private jobs = 0;

	private readonly dieEnd: Step;
	private readonly channelEnd: Step;

	/** @param name the device's, `nvme0`. */
	constructor(
		readonly engine: Engine,
		name: string,
		options: Partial<NandOptions> = {},
	) {
		this.options = {...nandDefaults, ...options};
		const {channels, chips, dies, channelRate} = this.options;
		assert(channels > 0 && chips > 0 && dies > 0 && channelRate > 0, 'an SSD has channels, chips, dies and a rate');
		this.model = `SSD, ${channels} channels`;
		this.transfer = Math.round((blockBytes * 1_000_000_000) / channelRate);
		this.channelCount = channels;
		this.dieCount = channels * chips * dies;
		this.dieJob = new Int32Array(this.dieCount).fill(none);
		this.dieSince = new Float64Array(this.dieCount);
		this.dieBusy = new Float64Array(this.dieCount);
		this.dieHandle = new Float64Array(this.dieCount).fill(noHandle);
		this.readHead = new Int32Array(this.dieCount).fill(none);
		this.readTail = new Int32Array(this.dieCount).fill(none);
		this.programHead = new Int32Array(this.dieCount).fill(none);
		this.programTail = new Int32Array(this.dieCount).fill(none);
		this.overtaken = new Int32Array(this.dieCount);
		this.channelJob = new Int32Array(channels).fill(none);
		this.channelSince = new Float64Array(channels);
		this.channelBusy = new Float64Array(channels);
		this.channelHandle = new Float64Array(channels).fill(noHandle);
		this.channelHead = new Int32Array(channels).fill(none);
		this.channelTail = new Int32Array(channels).fill(none);
		this.channelWaiting = new Int32Array(channels);
		const faults = [];
		const parts = [];
		for (let channel = 0; channel < channels; channel++) {
			faults.push(engine.faults.point(`medium.channel ${name}:${channel}`, [name]));
			parts.push(this.channelPart(channel));
		}

		this.channelFaults = faults;
		this.parts = parts;
		this.dieEnd = new Step(`${name} die`, engine.world, 0, false, (die) => this.dieEnds(die));
		this.channelEnd = new Step(`${name} channel`, engine.world, 0, false, (channel) => this.channelEnds(channel));
	}

	/** The die that holds a block. Dies are numbered so that die % channels is the channel. */
	dieOf(block: number): number {
		return block % this.dieCount;
	}

	/** Nanoseconds, up to now, in which a die read or programmed. */
	dieBusyNanoseconds(die: number): number {
		return this.dieBusy[die] + (this.dieJob[die] === none ? 0 : this.engine.now - this.dieSince[die]);
	}

	read(block: number, blocks: number, slot: number, ticket: number): void {
		this.remaining[slot] = blocks;
		this.begun[slot] = 0;
		for (let i = 0; i < blocks; i++) {
			const die = (block + i) % this.dieCount;
			const job = this.job(die, 0, slot, ticket);
			if (this.dieJob[die] === none) {
				this.occupy(die, job);
			} else {
				append(this.readHead, this.readTail, this.jobNext, die, job);
			}
		}
	}

	hasBegun(slot: number): boolean {
		return this.begun[slot] === 1;
	}

	program(block: number, entry: number): void {
		const die = block % this.dieCount;
		const job = this.job(die, 1, entry, 0);
		if (this.dieJob[die] === none) {
			this.occupy(die, job);
		} else {
			if (this.programHead[die] === none) {
				this.overtaken[die] = 0;
			}

			append(this.programHead, this.programTail, this.jobNext, die, job);
		}
	}

	losePower(): void {
		for (let die = 0; die < this.dieCount; die++) {
			this.engine.cancel(this.dieHandle[die]);
			if (this.dieJob[die] !== none) {
				this.dieBusy[die] += this.engine.now - this.dieSince[die];
			}
		}

		for (let channel = 0; channel < this.channelCount; channel++) {
			this.engine.cancel(this.channelHandle[channel]);
			if (this.channelJob[channel] !== none) {
				this.channelBusy[channel] += this.engine.now - this.channelSince[channel];
			}
		}

		this.dieJob.fill(none);
		this.readHead.fill(none);
		this.programHead.fill(none);
		this.channelJob.fill(none);
		this.channelHead.fill(none);
		this.channelWaiting.fill(0);
		this.freeJob = none;
		this.jobs = 0;
		this.queued = 0;
	}

	private occupy(die: number, job: number): void {
		this.dieJob[die] = job;
		this.dieSince[die] = this.engine.now;
		if (this.jobProgram[job] === 0) {
			this.begun[this.jobSubject[job]] = 1;
			this.dieHandle[die] = this.engine.after(this.options.readLatency, this.dieEnd, die);
		} else {
			this.whenProgramBegins(this.jobSubject[job]);
			this.toChannel(die, job);
		}
	}

	private dieEnds(die: number): void {
		const job = this.dieJob[die];
		const program = this.jobProgram[job] === 1;
		this.dieJob[die] = none;
		this.dieHandle[die] = noHandle;
		this.dieBusy[die] += this.engine.now - this.dieSince[die];
		if (!program) {
			this.toChannel(die, job);
		}

		this.next(die);
		if (program) {
			const entry = this.jobSubject[job];
			this.release(job);
			this.whenProgrammed(entry);
		}
	}

	private next(die: number): void {
		while (this.readHead[die] !== none) {
			if (this.programHead[die] !== none && this.overtaken[die] >= this.options.readsBeforeProgram) {
				break;
			}

			const job = take(this.readHead, this.jobNext, die);
			if (this.isWanted(this.jobSubject[job], this.jobTicket[job])) {
				this.overtaken[die]++;
				this.occupy(die, job);
				return;
			}

			this.release(job);
		}

		if (this.programHead[die] !== none) {
			this.overtaken[die] = 0;
			this.occupy(die, take(this.programHead, this.jobNext, die));
		}
	}

	private toChannel(die: number, job: number): void {
		const channel = die % this.channelCount;
		if (this.channelJob[channel] === none) {
			this.move(channel, job);
		} else {
			append(this.channelHead, this.channelTail, this.jobNext, channel, job);
			this.channelWaiting[channel]++;
		}
	}

	private move(channel: number, job: number): void {
		let time = this.transfer;
		const fault = this.channelFaults[channel].armed;
		if (fault !== null && fault.decide(this.jobDie[job]) === delay) {
			time += fault.value;
		}

		this.channelJob[channel] = job;
		this.channelSince[channel] = this.engine.now;
		this.channelHandle[channel] = this.engine.after(time, this.channelEnd, channel);
	}

	private channelEnds(channel: number): void {
		const job = this.channelJob[channel];
		this.channelJob[channel] = none;
		this.channelHandle[channel] = noHandle;
		this.channelBusy[channel] += this.engine.now - this.channelSince[channel];
		if (this.channelHead[channel] !== none) {
			this.channelWaiting[channel]--;
			this.move(channel, take(this.channelHead, this.jobNext, channel));
		}

		if (this.jobProgram[job] === 1) {
			const die = this.jobDie[job];
			this.dieHandle[die] = this.engine.after(this.options.programLatency, this.dieEnd, die);
			return;
		}

		const slot = this.jobSubject[job];
		const ticket = this.jobTicket[job];
		this.release(job);
		if (this.isWanted(slot, ticket) && --this.remaining[slot] === 0) {
			this.whenRead(slot, ticket);
		}
	}

	private job(die: number, program: number, subject: number, ticket: number): number {
		let job = this.freeJob;
		if (job === none) {
			if (this.jobs === this.jobNext.length) {
				this.grow();
			}

			job = this.jobs++;
		} else {
			this.freeJob = this.jobNext[job];
		}

		this.jobDie[job] = die;
		this.jobProgram[job] = program;
		this.jobSubject[job] = subject;
		this.jobTicket[job] = ticket;
		this.queued++;
		return job;
	}

	private release(job: number): void {
		this.jobNext[job] = this.freeJob;
		this.freeJob = job;
		this.queued--;
	}

	private grow(): void {
		const length = this.jobNext.length * 2;
		this.jobNext = grown(this.jobNext, new Int32Array(length));
		this.jobDie = grown(this.jobDie, new Int32Array(length));
		this.jobSubject = grown(this.jobSubject, new Int32Array(length));
		this.jobTicket = grown(this.jobTicket, new Int32Array(length));
		this.jobProgram = grown(this.jobProgram, new Uint8Array(length));
	}

	private channelPart(channel: number): MechanismPart {
		const busy = () =>
			this.channelBusy[channel] +
			(this.channelJob[channel] === none ? 0 : this.engine.now - this.channelSince[channel]);
		const waiting = () => this.channelWaiting[channel];
		return {
			name: `channel ${channel}`,
			get busyNanoseconds() {
				return busy();
			},
			get waiting() {
				return waiting();
			},
		};
	}
}

function append(heads: Int32Array, tails: Int32Array, next: Int32Array, list: number, job: number): void {
	next[job] = none;
	if (heads[list] === none) {
		heads[list] = job;
	} else {
		next[tails[list]] = job;
	}

	tails[list] = job;
}

function take(heads: Int32Array, next: Int32Array, list: number): number {
	const job = heads[list];
	heads[list] = next[job];
	return job;
}

function grown<T extends Int32Array | Uint8Array>(from: T, to: T): T {
	to.set(from);
	return to;
}
