/**
Time in a disk with one arm. What is queued is served shortest positioning time first (seek plus rotation from where the arm is
now; Jacobson and Wilkes, HPL-CSP-91-7); what has waited longer than `patience` goes first all the same. Write-back leaves reads
the arm until a flush or a write-through waits for it or much has gathered; then both compete by positioning time.

Read ahead: after a read, with nothing else to do, the head goes on over the following sectors and keeps `readAhead`
bytes of them. A read of those takes until the head has passed them, or the buffer's time only.
*/
import type {Engine} from '../../../engine/engine.js';
import {noHandle} from '../../../engine/event-queue.js';
import {Step} from '../../../engine/step.js';
import {mediumSlots} from '../medium.js';
import {sectorsPerBlock} from './byte-store.js';
import type {Mechanism, MechanismPart} from './mechanism.js';
import {Platter, type PlatterOptions, platterDefaults} from './platter.js';

export interface ArmOptions extends PlatterOptions {
	/** Nanoseconds the drive takes to decode a read; hidden when the arm is busy with another. */
	readonly commandLatency: number;
	/** Nanoseconds after which a queued read or program goes before any other. */
	readonly patience: number;
	/** Programs looked at for the shortest positioning time, oldest first. */
	readonly programWindow: number;
	/** Programs queued from which on they compete with reads. */
	readonly programBacklog: number;
	/** Bytes kept of what follows a read; 0 is none. */
	readonly readAhead: number;
	/** Nanoseconds to answer from the buffer. */
	readonly bufferLatency: number;
}

export const armDefaults: ArmOptions = {
	...platterDefaults,
	// knobs
	commandLatency: 200_000,
	patience: 500_000_000,
	programWindow: 64,
	programBacklog: 1024,
	readAhead: 512 * 1024,
	bufferLatency: 20_000,
};

const none = -1;
/** Jobs 0 … mediumSlots-1 are the reads of those slots; from here on come programs of cache entries. */
const firstProgram = mediumSlots;

export class Arm implements Mechanism {
	readonly model: string;
	readonly platter: Platter;
	whenRead: (slot: number, ticket: number) => void = () => {};
	whenProgramBegins: (entry: number) => void = () => {};
	whenProgrammed: (entry: number) => void = () => {};
	isWanted: (slot: number, ticket: number) => boolean = () => true;
	urgent = false;
	readonly parts: readonly MechanismPart[];

	private readonly options: ArmOptions;
	/** What the arm does: a job, or -1. */
	private job = none;
	private since = 0;
	private busy = 0;
	private handle = noHandle;
	private track = 0;
	/** Read ahead: the sector after the last read, and when the head was there; -1 when the arm went elsewhere. */
	private aheadSector = none;
	private aheadTime = 0;
	private readonly reads = new JobList();
	private readonly programs = new JobList();
	private sectorOf = new Float64Array(2 * mediumSlots);
	private sectorsOf = new Int32Array(2 * mediumSlots);
	private ticketOf = new Int32Array(2 * mediumSlots);
	private queuedAt = new Float64Array(2 * mediumSlots);
	private readonly begun = new Uint8Array(mediumSlots);
	private readonly end: Step;

	/**
	@param name the device's, `sda`.
	@param sectors capacity in 512-byte sectors.
	*/
	constructor(
		readonly engine: Engine,
		name: string,
		sectors: number,
		options: Partial<ArmOptions> = {},
	) {
		this.options = {...armDefaults, ...options};
		this.platter = new Platter(sectors, this.options);
		this.model = `${this.options.rpm} rpm disk`;
		this.end = new Step(`${name} arm`, engine.world, 0, false, () => this.ends());
		const busy = () => this.busy + (this.job === none ? 0 : engine.now - this.since);
		const waiting = () => this.reads.length + this.programs.length;
		this.parts = [
			{
				name: 'arm',
				get busyNanoseconds() {
					return busy();
				},
				get waiting() {
					return waiting();
				},
			},
		];
	}

	get queued(): number {
		return this.reads.length + this.programs.length + (this.job === none ? 0 : 1);
	}

	read(block: number, blocks: number, slot: number, ticket: number): void {
		this.begun[slot] = 0;
		this.reads.remove(slot);
		this.queue(this.reads, slot, block * sectorsPerBlock, blocks * sectorsPerBlock, ticket);
	}

	hasBegun(slot: number): boolean {
		return this.begun[slot] === 1;
	}

	program(block: number, entry: number): void {
		this.queue(this.programs, firstProgram + entry, block * sectorsPerBlock, sectorsPerBlock, 0);
	}

	losePower(): void {
		this.engine.cancel(this.handle);
		if (this.job !== none) {
			this.busy += this.engine.now - this.since;
		}

		this.job = none;
		this.aheadSector = none;
		this.reads.clear();
		this.programs.clear();
	}

	private queue(list: JobList, job: number, sector: number, sectors: number, ticket: number): void {
		if (job >= this.sectorOf.length) {
			this.grow(job);
		}

		this.sectorOf[job] = sector;
		this.sectorsOf[job] = sectors;
		this.ticketOf[job] = ticket;
		this.queuedAt[job] = this.engine.now;
		list.append(job);
		if (this.job === none) {
			this.next();
		}
	}

	private next(): void {
		const job = this.choose();
		if (job === none) {
			return;
		}

		const now = this.engine.now;
		const sector = this.sectorOf[job];
		const sectors = this.sectorsOf[job];
		const program = job >= firstProgram;
		let time = program ? none : this.ahead(sector, sectors);
		if (time === none) {
			const decoded = program ? 0 : Math.max(0, this.queuedAt[job] + this.options.commandLatency - now);
			time = decoded + this.platter.positioning(this.track, sector, now + decoded, program);
			time += this.platter.transfer(sector, sectors);
			this.aheadSector = program ? none : sector + sectors;
			this.aheadTime = now + time;
		}

		this.track = this.platter.trackOf(sector + sectors - 1);
		this.job = job;
		this.since = now;
		if (program) {
			this.programs.remove(job);
			this.whenProgramBegins(job - firstProgram);
		} else {
			this.reads.remove(job);
			this.begun[job] = 1;
		}

		this.handle = this.engine.after(time, this.end);
	}

	private ends(): void {
		const job = this.job;
		this.job = none;
		this.handle = noHandle;
		this.busy += this.engine.now - this.since;
		if (job >= firstProgram) {
			this.whenProgrammed(job - firstProgram);
		} else if (this.isWanted(job, this.ticketOf[job])) {
			this.whenRead(job, this.ticketOf[job]);
		}

		if (this.job === none) {
			this.next();
		}
	}

	/** Nanoseconds until the head, reading on by itself, has passed the sectors; -1 when they are not in what it keeps. */
	private ahead(sector: number, sectors: number): number {
		const from = this.aheadSector;
		if (from === none || sector < from || (sector + sectors - from) * 512 > this.options.readAhead) {
			return none;
		}

		const passed = this.aheadTime + this.platter.transfer(from, sector + sectors - from);
		// From here the head reads on, so that the window slides with a sequential reader.
		this.aheadSector = sector + sectors;
		this.aheadTime = passed;
		return Math.max(this.options.bufferLatency, passed - this.engine.now);
	}

	private choose(): number {
		const {patience, programWindow, programBacklog} = this.options;
		this.dropUnwanted();
		const reads = this.reads;
		const programs = this.programs;
		const impatient = this.engine.now - patience;
		if (reads.first !== none && this.queuedAt[reads.first] < impatient) {
			return reads.first;
		}

		if (programs.first !== none && this.queuedAt[programs.first] < impatient) {
			return programs.first;
		}

		const compete = this.urgent || programs.length >= programBacklog;
		let best = this.nearest(reads, none, mediumSlots);
		if (best === none || compete) {
			best = this.nearest(programs, best, programWindow);
		}

		return best;
	}

	/** The job of `list`, or `best`, that the arm reaches first; equal ones in order of arrival. */
	private nearest(list: JobList, best: number, window: number): number {
		let nearest = best;
		let time = best === none ? Number.POSITIVE_INFINITY : this.positioning(best);
		let left = window;
		for (let job = list.first; job !== none && left > 0; job = list.after(job)) {
			const other = this.positioning(job);
			if (other < time) {
				nearest = job;
				time = other;
			}

			left--;
		}

		return nearest;
	}

	private positioning(job: number): number {
		const from = this.aheadSector;
		const sector = this.sectorOf[job];
		if (job < firstProgram && from !== none && sector >= from && (sector - from) * 512 < this.options.readAhead) {
			return 0;
		}

		return this.platter.positioning(this.track, sector, this.engine.now, job >= firstProgram);
	}

	private dropUnwanted(): void {
		let job = this.reads.first;
		while (job !== none) {
			const next = this.reads.after(job);
			if (!this.isWanted(job, this.ticketOf[job])) {
				this.reads.remove(job);
			}

			job = next;
		}
	}

	private grow(job: number): void {
		let length = this.sectorOf.length;
		while (length <= job) {
			length *= 2;
		}

		const sectorOf = new Float64Array(length);
		sectorOf.set(this.sectorOf);
		this.sectorOf = sectorOf;
		const sectorsOf = new Int32Array(length);
		sectorsOf.set(this.sectorsOf);
		this.sectorsOf = sectorsOf;
		const ticketOf = new Int32Array(length);
		ticketOf.set(this.ticketOf);
		this.ticketOf = ticketOf;
		const queuedAt = new Float64Array(length);
		queuedAt.set(this.queuedAt);
		this.queuedAt = queuedAt;
	}
}

/** Jobs in order of arrival, removable from the middle: a doubly linked list over job numbers. */
class JobList {
	length = 0;
	first = none;
	private last = none;
	private next = new Int32Array(2 * mediumSlots);
	private previous = new Int32Array(2 * mediumSlots);
	private member = new Uint8Array(2 * mediumSlots);

	after(job: number): number {
		return this.next[job];
	}

	append(job: number): void {
		if (job >= this.next.length) {
			this.grow(job);
		}

		this.member[job] = 1;
		this.next[job] = none;
		this.previous[job] = this.last;
		if (this.last === none) {
			this.first = job;
		} else {
			this.next[this.last] = job;
		}

		this.last = job;
		this.length++;
	}

	/** Nothing happens when the job is not in the list. */
	remove(job: number): void {
		if (this.member[job] !== 1) {
			return;
		}

		const next = this.next[job];
		const previous = this.previous[job];
		if (previous === none) {
			this.first = next;
		} else {
			this.next[previous] = next;
		}

		if (next === none) {
			this.last = previous;
		} else {
			this.previous[next] = previous;
		}

		this.member[job] = 0;
		this.length--;
	}

	clear(): void {
		this.first = none;
		this.last = none;
		this.length = 0;
		this.member.fill(0);
	}

	private grow(job: number): void {
		let length = this.next.length;
		while (length <= job) {
			length *= 2;
		}

		const next = new Int32Array(length);
		next.set(this.next);
		this.next = next;
		const previous = new Int32Array(length);
		previous.set(this.previous);
		this.previous = previous;
		const member = new Uint8Array(length);
		member.set(this.member);
		this.member = member;
	}
}
