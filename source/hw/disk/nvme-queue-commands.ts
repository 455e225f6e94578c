/**
Admin commands that make and delete I/O queues, and the number of queues the driver may make. After NVMe base specification 1.4
§5.3 to §5.6 and §5.21.1.7.
*/
import {frameOf} from '../dma.js';
import type {Msix} from '../msix.js';
import type {NvmeOptions} from './nvme-options.js';
import {type NvmePipeline, pending} from './nvme-pipeline.js';
import type {NvmeQueues} from './nvme-queues.js';
import {ccCompletionEntry, ccSubmissionEntry, completionEntryShift, submissionEntryShift} from './nvme-registers.js';
import {
	commandSequenceError,
	invalidCompletionQueue,
	invalidField,
	invalidInterruptVector,
	invalidPrpOffset,
	invalidQueueDeletion,
	invalidQueueIdentifier,
	invalidQueueSize,
	success,
} from './nvme-status.js';

/** What the admin commands need to know of the controller. */
export interface AdminOwner {
	/** CC. */
	readonly configuration: number;
	readonly now: number;
}

export class NvmeQueueCommands {
	private readonly pipeline: NvmePipeline;
	private readonly queues: NvmeQueues;
	private readonly options: NvmeOptions;
	private readonly msix: Msix;
	private readonly owner: AdminOwner;
	/** Slot of the command that deletes a submission queue, by queue. */
	private readonly deleter: Int32Array;
	/** I/O queues the driver asked for with feature 07h. */
	private submissionQueues: number;
	private completionQueues: number;

	constructor(pipeline: NvmePipeline, queues: NvmeQueues, options: NvmeOptions, msix: Msix, owner: AdminOwner) {
		this.pipeline = pipeline;
		this.queues = queues;
		this.options = options;
		this.msix = msix;
		this.owner = owner;
		this.deleter = new Int32Array(queues.pairs).fill(-1);
		this.submissionQueues = options.queues;
		this.completionQueues = options.queues;
	}

	/** As after a controller reset: all queues there are may be made. */
	reset(): void {
		this.deleter.fill(-1);
		this.submissionQueues = this.options.queues;
		this.completionQueues = this.options.queues;
	}

	/** Create I/O Completion Queue, §5.3. A status. */
	createCompletion(words: Int32Array, at: number): number {
		const id = words[at + 10] & 0xffff;
		const size = words[at + 10] >>> 16;
		const flags = words[at + 11];
		const vector = flags >>> 16;
		if (id === 0 || id > this.completionQueues || this.queues.cqSize[id] !== 0) {
			return invalidQueueIdentifier;
		}

		if (size === 0 || size > this.options.entries - 1) {
			return invalidQueueSize;
		}

		if ((words[at + 6] & 4095) !== 0) {
			return invalidPrpOffset;
		}

		if (vector >= (this.msix.enabled ? this.msix.vectors : 1)) {
			return invalidInterruptVector;
		}

		if ((flags & 1) === 0 || ccCompletionEntry(this.owner.configuration) !== completionEntryShift) {
			return invalidField;
		}

		this.queues.createCompletion(id, frameOf(words[at + 6], words[at + 7]), size + 1, (flags & 2) !== 0, vector);
		return success;
	}

	/** Create I/O Submission Queue, §5.4. A status. */
	createSubmission(words: Int32Array, at: number): number {
		const id = words[at + 10] & 0xffff;
		const size = words[at + 10] >>> 16;
		const flags = words[at + 11];
		const completion = flags >>> 16;
		if (completion === 0 || completion >= this.queues.pairs || this.queues.cqSize[completion] === 0) {
			return invalidCompletionQueue;
		}

		if (id === 0 || id > this.submissionQueues || this.queues.sqSize[id] !== 0) {
			return invalidQueueIdentifier;
		}

		if (size === 0 || size > this.options.entries - 1) {
			return invalidQueueSize;
		}

		if ((words[at + 6] & 4095) !== 0) {
			return invalidPrpOffset;
		}

		if ((flags & 1) === 0 || ccSubmissionEntry(this.owner.configuration) !== submissionEntryShift) {
			return invalidField;
		}

		this.queues.createSubmission(id, frameOf(words[at + 6], words[at + 7]), size + 1, completion);
		return success;
	}

	/** Delete I/O Completion Queue, §5.5. A status. */
	deleteCompletion(id: number): number {
		if (id === 0 || id >= this.queues.pairs || this.queues.cqSize[id] === 0) {
			return invalidQueueIdentifier;
		}

		if (this.queues.cqUsers[id] > 0) {
			return invalidQueueDeletion;
		}

		this.queues.deleteCompletion(id);
		return success;
	}

	/** Delete I/O Submission Queue, §5.6: its commands end first. A status, or `pending`. */
	deleteSubmission(id: number, slot: number): number {
		const queues = this.queues;
		if (id === 0 || id >= queues.pairs || queues.sqSize[id] === 0 || queues.sqDeleting[id] === 1) {
			return invalidQueueIdentifier;
		}

		queues.sqDeleting[id] = 1;
		if (queues.sqInFlight[id] === 0) {
			queues.deleteSubmission(id);
			return success;
		}

		this.deleter[id] = slot;
		this.pipeline.drain(id);
		return pending;
	}

	/** Feature 07h: the number of queues granted, or minus a status. */
	grant(value: number): number {
		const submission = value & 0xffff;
		const completion = value >>> 16;
		if (submission === 0xffff || completion === 0xffff) {
			return -invalidField;
		}

		for (let id = 1; id < this.queues.pairs; id++) {
			if (this.queues.sqSize[id] !== 0 || this.queues.cqSize[id] !== 0) {
				return -commandSequenceError;
			}
		}

		this.submissionQueues = Math.min(submission + 1, this.options.queues);
		this.completionQueues = Math.min(completion + 1, this.options.queues);
		return (this.submissionQueues - 1) | ((this.completionQueues - 1) << 16);
	}

	/** The last command of a queue being deleted is gone: the queue is, too. */
	drained(queue: number): void {
		const slot = this.deleter[queue];
		if (slot >= 0) {
			this.deleter[queue] = -1;
			this.queues.deleteSubmission(queue);
			this.pipeline.complete(slot, success);
		}
	}
}
