/** Submission entries of the NVM command set, to the byte: NVM Express base specification 1.4 §4.2 and §6 (Flush, Read, Write). */
import {type BlockRequest, flushOperation, readOperation} from '../kernel/block-device.js';
import type {NvmeBounce} from './nvme-bounce.js';
import type {NvmeCommands} from './nvme-commands.js';
import type {NvmePrpLists} from './nvme-prp.js';
import {flushCommand, forceUnitAccessBit, readCommand, writeCommand} from './nvme-registers.js';

const highUnit = 4_294_967_296;

export class NvmeEntryWriter {
	readonly #lists: NvmePrpLists;
	readonly #bounce: NvmeBounce | null;
	readonly #namespace: number;
	readonly #blockSectors: number;

	/** @param blockSectors 512-byte sectors in a logical block. */
	constructor(lists: NvmePrpLists, bounce: NvmeBounce | null, namespace: number, blockSectors: number) {
		this.#lists = lists;
		this.#bounce = bounce;
		this.#namespace = namespace;
		this.#blockSectors = blockSectors;
	}

	/** Writes command `tag`, a part of `request`, at `words[at]`, under a new command identifier. */
	write(words: Int32Array, at: number, commands: NvmeCommands, tag: number, request: BlockRequest): void {
		const {operation} = request;
		words[at + 1] = this.#namespace;
		let opcode = flushCommand;
		if (operation === flushOperation) {
			words.fill(0, at + 6, at + 13);
		} else {
			const reads = operation === readOperation;
			opcode = reads ? readCommand : writeCommand;
			const buffer = commands.bounce[commands.owner[tag]];
			if (buffer >= 0 && this.#bounce !== null) {
				this.#lists.describeMemory(words, at, this.#bounce.address(buffer), commands.bytes[tag], tag);
			} else {
				const direction = reads ? 'fromDevice' : 'toDevice';
				this.#lists.describe(words, at, request, commands.firstSegment[tag], commands.segments[tag], direction, tag);
			}

			const block = commands.sector[tag] / this.#blockSectors;
			words[at + 10] = block | 0;
			words[at + 11] = Math.floor(block / highUnit);
			const blocks = (commands.bytes[tag] >>> 9) / this.#blockSectors;
			words[at + 12] = (blocks - 1) | (request.forceUnitAccess && !reads ? forceUnitAccessBit : 0);
		}

		words[at] = opcode | (commands.newIdentifier(tag) << 16);
	}
}
