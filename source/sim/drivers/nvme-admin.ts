/**
The admin queue of the NVMe driver: commands a sequence waits for, aborts that nobody waits for, and the asynchronous event request
that is always outstanding. NVM Express base specification 1.4 §5; timeouts as Linux's (60 s for an admin command).
*/
import type {Step} from '../../engine/step.js';
import {registerWrite} from '../kernel/cost.js';
import type {DmaMemory, Kernel, PciDevice, Registers} from '../kernel/kernel.js';
import {nvmeCosts} from './nvme-costs.js';
import {NvmeQueuePair} from './nvme-queue.js';
import {abortCommand, asyncEventRequest, completionDoorbell, statusOf, submissionDoorbell} from './nvme-registers.js';
import type {Pause, Sequence} from './sequence.js';

const entries = 32;
const highUnit = 4_294_967_296;
/** Command identifiers: the one a sequence waits for, aborts from 1, the event request last. */
const waitedFor = 0;
const eventRequest = entries - 2;
const generationUnit = 64;

/** The controller did not answer an admin command in time. */
export const noAnswer = -1;

export class NvmeAdmin {
	readonly queue: NvmeQueuePair;
	/** Where Identify puts its page. */
	readonly page: DmaMemory;
	/** Command-specific result of the last command waited for. */
	result = 0;
	/** Aborts that may still be sent: ACL of Identify, plus one, less those outstanding. */
	abortsLeft = 1;
	/** An abort was answered. */
	onAbort: (result: number, status: number) => void = () => {};
	/** An asynchronous event was reported. */
	onEvent: (result: number) => void = () => {};
	/** Doorbell stride, CAP.DSTRD. */
	stride = 0;
	#nextAbort = 0;
	/** Changes with each command waited for, so that a late answer to an earlier one is not taken for its own. */
	#generation = 0;
	#answered = true;
	#status = 0;
	readonly #kernel: Kernel;
	readonly #device: PciDevice;
	readonly #registers: Registers;
	readonly #sequence: Sequence;
	readonly #timeout: number;
	readonly #ring: Step;
	readonly #finish: Step;
	/** To be bound to the admin queue's interrupt. */
	readonly interrupt: Step;

	/** @param timeout for a command waited for, ns. */
	constructor(kernel: Kernel, device: PciDevice, registers: Registers, sequence: Sequence, timeout: number) {
		this.#kernel = kernel;
		this.#device = device;
		this.#registers = registers;
		this.#sequence = sequence;
		this.#timeout = timeout;
		this.queue = new NvmeQueuePair(kernel, 0, entries);
		this.page = kernel.dmaMemory(4096);
		const {name} = device;
		this.#ring = kernel.define(`${name} admin doorbell`, registerWrite, () => this.#announce());
		this.#finish = kernel.define(`${name} admin finish`, nvmeCosts.finish, (vector) => {
			this.#release();
			this.#device.endOfInterrupt(vector);
		});
		this.interrupt = kernel.define(`${name} admin interrupt`, nvmeCosts.interrupt, (vector) => {
			this.#reap();
			kernel.step(this.#finish, vector);
		});
	}

	/** The controller was disabled: nothing is outstanding any more. */
	clear(): void {
		this.queue.clear();
		this.#answered = true;
	}

	/**
	Runs one command and waits for it, within a sequence.
	@param address of DMA memory for its data, bytes; 0 for none.
	@returns its status, or `noAnswer`.
	*/
	*execute(
		opcode: number,
		namespace: number,
		address: number,
		dword10: number,
		dword11: number,
	): Generator<Pause, number, boolean> {
		yield nvmeCosts.admin;
		this.#generation++;
		this.#answered = false;
		this.#put(this.#waitedFor, opcode, namespace, address, dword10, dword11);
		yield registerWrite;
		this.#announce();
		if (!this.#answered) {
			const inTime = yield {wait: this.#timeout};
			// A lost interrupt looks like a lost command until somebody looks.
			if (!inTime) this.#reap();
		}

		return this.#answered ? this.#status : noAnswer;
	}

	/** Asks the controller to abort a command; from within a step. */
	abort(queue: number, identifier: number): void {
		this.abortsLeft--;
		this.#nextAbort = (this.#nextAbort % 8) + 1;
		this.#put(this.#nextAbort, abortCommand, 0, 0, queue | (identifier << 16), 0);
		this.#kernel.step(this.#ring);
	}

	/** Puts the event request in the controller's hands; from within a step. */
	requestEvent(): void {
		this.#put(eventRequest, asyncEventRequest, 0, 0, 0, 0);
		this.#kernel.step(this.#ring);
	}

	get #waitedFor(): number {
		return waitedFor + (this.#generation & 255) * generationUnit;
	}

	#put(identifier: number, opcode: number, namespace: number, address: number, dword10: number, dword11: number): void {
		const {words} = this.queue.submission;
		const at = this.queue.entry;
		words.fill(0, at, at + 16);
		words[at] = opcode | (identifier << 16);
		words[at + 1] = namespace;
		words[at + 6] = address | 0;
		words[at + 7] = Math.floor(address / highUnit);
		words[at + 10] = dword10;
		words[at + 11] = dword11;
		this.queue.push();
	}

	#announce(): void {
		if (this.queue.announced === this.queue.tail) return;
		this.queue.announced = this.queue.tail;
		this.#registers.write32(submissionDoorbell(0, this.stride), this.queue.tail);
	}

	#release(): void {
		if (!this.queue.taken) return;
		this.queue.taken = false;
		this.#registers.write32(completionDoorbell(0, this.stride), this.queue.head);
	}

	#reap(): void {
		const {queue} = this;
		while (queue.pending) {
			const word = queue.status;
			const {result} = queue;
			const identifier = word & 0xffff;
			queue.pop();
			if (identifier === this.#waitedFor) {
				if (this.#answered) continue;
				this.#answered = true;
				this.#status = statusOf(word);
				this.result = result;
				this.#sequence.wake();
			} else if (identifier === eventRequest) {
				this.onEvent(result);
				if (statusOf(word) === 0) this.requestEvent();
			} else if (identifier >= 1 && identifier <= 8) {
				this.abortsLeft++;
				this.onAbort(result, statusOf(word));
			}
		}
	}
}
