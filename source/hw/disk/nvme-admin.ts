/**
Admin commands of an NVMe controller: queues, Identify, features, log pages, abort, asynchronous event requests. After NVMe base
specification 1.4 §5; every refusal carries the status it names.
*/
import type {Msix} from '../msix.js';
import type {Medium} from './medium.js';
import {slotEvent} from './nvme-commands.js';
import {NvmeEvents} from './nvme-events.js';
import {featureArbitration, featureQueues, featureVector, featureWriteCache, NvmeFeatures} from './nvme-features.js';
import {
	abortLimit,
	identifyBytes,
	identifyController,
	identifyDescriptors,
	identifyNamespace,
	identifyNamespaceList,
} from './nvme-identify.js';
import type {NvmeLog} from './nvme-log.js';
import type {NvmeOptions} from './nvme-options.js';
import {type NvmePipeline, pending} from './nvme-pipeline.js';
import {type AdminOwner, NvmeQueueCommands} from './nvme-queue-commands.js';
import type {NvmeQueues} from './nvme-queues.js';
import {
	abort,
	asyncEventRequest,
	createCompletionQueue,
	createSubmissionQueue,
	deleteCompletionQueue,
	deleteSubmissionQueue,
	getFeatures,
	getLogPage,
	identify,
	setFeatures,
} from './nvme-registers.js';
import {
	abortLimitExceeded,
	abortRequested,
	asyncEventLimitExceeded,
	featureNotSaveable,
	invalidField,
	invalidLogPage,
	invalidNamespace,
	invalidOpcode,
	success,
} from './nvme-status.js';

export class NvmeAdmin {
	readonly features: NvmeFeatures;
	readonly events: NvmeEvents;
	readonly queues: NvmeQueueCommands;
	private readonly pipeline: NvmePipeline;
	private readonly medium: Medium;
	private readonly log: NvmeLog;
	private readonly options: NvmeOptions;
	private readonly msix: Msix;
	private readonly owner: AdminOwner;
	private readonly page: Buffer;

	constructor(
		pipeline: NvmePipeline,
		queues: NvmeQueues,
		medium: Medium,
		log: NvmeLog,
		options: NvmeOptions,
		msix: Msix,
		owner: AdminOwner,
	) {
		this.pipeline = pipeline;
		this.medium = medium;
		this.log = log;
		this.options = options;
		this.msix = msix;
		this.owner = owner;
		this.page = Buffer.alloc(options.maximumTransfer);
		this.queues = new NvmeQueueCommands(pipeline, queues, options, msix, owner);
		this.features = new NvmeFeatures(medium.volatileCache, options.queues);
		this.events = new NvmeEvents((slot, result) => {
			pipeline.commands.result[slot] = result;
			pipeline.complete(slot, success);
		});
	}

	/** As after a controller reset. */
	reset(): void {
		this.features.reset();
		this.events.reset();
		this.queues.reset();
		this.pipeline.arbiter.burst = this.features.burst;
		this.medium.cacheEnabled = this.medium.volatileCache;
	}

	/** Runs the command in `slot`. Its status, or `pending`. */
	execute(slot: number): number {
		const {commands} = this.pipeline;
		const at = (slot - commands.io) * 16;
		const words = commands.adminWords;
		switch (commands.opcode[slot]) {
			case createCompletionQueue: {
				return this.queues.createCompletion(words, at);
			}

			case createSubmissionQueue: {
				return this.queues.createSubmission(words, at);
			}

			case deleteCompletionQueue: {
				return this.queues.deleteCompletion(words[at + 10] & 0xffff);
			}

			case deleteSubmissionQueue: {
				return this.queues.deleteSubmission(words[at + 10] & 0xffff, slot);
			}

			case identify: {
				return this.identify(slot, words, at);
			}

			case getLogPage: {
				return this.logPage(slot, words, at);
			}

			case setFeatures: {
				return this.setFeatures(slot, words[at + 10], words[at + 11]);
			}

			case getFeatures: {
				return this.getFeatures(slot, words[at + 10], words[at + 11]);
			}

			case abort: {
				return this.abort(slot, words[at + 10]);
			}

			case asyncEventRequest: {
				commands.state[slot] = slotEvent;
				return this.events.request(slot) ? pending : asyncEventLimitExceeded;
			}

			default: {
				return invalidOpcode;
			}
		}
	}

	private identify(slot: number, words: Int32Array, at: number): number {
		const page = this.page;
		const namespace = words[at + 1] >>> 0;
		page.fill(0, 0, identifyBytes);
		switch (words[at + 10] & 0xff) {
			case 0: {
				if (namespace !== 1) {
					return invalidNamespace;
				}

				identifyNamespace(page, this.medium, this.options);
				break;
			}

			case 1: {
				identifyController(page, this.medium, this.options);
				break;
			}

			case 2: {
				if (namespace >= 0xffff_fffe) {
					return invalidNamespace;
				}

				identifyNamespaceList(page, namespace);
				break;
			}

			case 3: {
				if (namespace !== 1) {
					return invalidNamespace;
				}

				identifyDescriptors(page, this.options);
				break;
			}

			default: {
				return invalidField;
			}
		}

		return this.answer(slot, words, at, 0, identifyBytes);
	}

	private logPage(slot: number, words: Int32Array, at: number): number {
		const identifier = words[at + 10] & 0xff;
		const bytes = (((words[at + 10] >>> 16) | ((words[at + 11] & 0xffff) << 16)) + 1) * 4;
		const offset = words[at + 12] >>> 0;
		const page = this.page;
		page.fill(0);
		const length = this.log.page(identifier, page, this.owner.now);
		if (length === 0) {
			return invalidLogPage;
		}

		if (
			bytes <= 0 ||
			bytes > this.options.maximumTransfer ||
			offset % 4 !== 0 ||
			offset >= length ||
			words[at + 13] !== 0 ||
			offset + bytes > page.length
		) {
			return invalidField;
		}

		const status = this.answer(slot, words, at, offset, bytes);
		if (status === success && identifier === 1 && (words[at + 10] & (1 << 15)) === 0) {
			this.events.unmask();
		}

		return status;
	}

	/** Sends `bytes` of the page from `offset` to where the command's PRPs say. A status. */
	private answer(slot: number, words: Int32Array, at: number, offset: number, bytes: number): number {
		const {commands, decoder} = this.pipeline;
		const status = decoder.walker.walk(
			words[at + 6],
			words[at + 7],
			words[at + 8],
			words[at + 9],
			bytes,
			commands.frames,
			slot * commands.pagesPerSlot,
		);
		if (status !== success) {
			return status;
		}

		commands.offset[slot] = words[at + 6] & 4095;
		return this.pipeline.transfer.send(slot, offset === 0 ? this.page : this.page.subarray(offset), bytes);
	}

	private setFeatures(slot: number, selector: number, value: number): number {
		const feature = selector & 0xff;
		if (selector < 0) {
			return featureNotSaveable;
		}

		if (!this.features.exists(feature)) {
			return invalidField;
		}

		if (feature === featureQueues) {
			const granted = this.queues.grant(value);
			if (granted < 0) {
				return -granted;
			}

			this.pipeline.commands.result[slot] = granted;
			return this.features.set(featureQueues, granted);
		}

		if (feature === featureVector && (value & 0xffff) >= this.msix.vectors) {
			return invalidField;
		}

		const status = this.features.set(feature, value);
		if (status === success && feature === featureWriteCache) {
			this.medium.cacheEnabled = (value & 1) === 1;
		} else if (feature === featureArbitration) {
			this.pipeline.arbiter.burst = this.features.burst;
		}

		return status;
	}

	private getFeatures(slot: number, selector: number, value: number): number {
		const feature = selector & 0xff;
		if (!this.features.exists(feature)) {
			return invalidField;
		}

		if (feature === featureVector) {
			if ((value & 0xffff) >= this.msix.vectors) {
				return invalidField;
			}

			this.pipeline.commands.result[slot] = value & 0xffff;
		} else {
			this.pipeline.commands.result[slot] = this.features.get(feature);
		}

		return success;
	}

	/** Dword 0 bit 0 of the answer: 1 = the command was not aborted. */
	private abort(slot: number, target: number): number {
		const {commands} = this.pipeline;
		const queue = target & 0xffff;
		const cid = target >>> 16;
		let concurrent = 0;
		let event = -1;
		for (let other = commands.io; other < commands.total; other++) {
			if (commands.isBusy(other) && commands.opcode[other] === abort) {
				concurrent++;
			}

			if (queue === 0 && commands.isBusy(other) && commands.cid[other] === cid) {
				event = other;
			}
		}

		if (concurrent > abortLimit + 1) {
			return abortLimitExceeded;
		}

		let aborted = false;
		if (queue !== 0) {
			aborted = this.pipeline.abort(queue, cid);
		} else if (event >= 0 && this.events.remove(event)) {
			this.pipeline.complete(event, abortRequested);
			aborted = true;
		}

		commands.result[slot] = aborted ? 0 : 1;
		return success;
	}
}
