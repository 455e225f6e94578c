/**
The check of an I/O command before anything of it happens: opcode, namespace, size, range, where its data lies. After NVMe base
specification 1.4 §6 (the NVM command set).
*/
import type {Dma} from '../dma.js';
import type {Medium} from './medium.js';
import type {NvmeCommands} from './nvme-commands.js';
import type {NvmeOptions} from './nvme-options.js';
import {PrpWalker} from './nvme-prp.js';
import {flush, read, write} from './nvme-registers.js';
import {invalidField, invalidNamespace, invalidOpcode, lbaOutOfRange, success} from './nvme-status.js';

export class NvmeDecoder {
	readonly walker: PrpWalker;
	private readonly commands: NvmeCommands;
	private readonly medium: Medium;
	private readonly blockSectors: number;
	private readonly maximumSectors: number;

	constructor(commands: NvmeCommands, dma: Dma, medium: Medium, options: NvmeOptions) {
		this.walker = new PrpWalker(dma);
		this.commands = commands;
		this.medium = medium;
		this.blockSectors = options.logicalBlock / 512;
		this.maximumSectors = options.maximumTransfer / 512;
	}

	/** Checks the entry at word `at` of `words` and notes in `slot` what it asks for. A status. */
	decode(slot: number, words: Int32Array, at: number): number {
		const commands = this.commands;
		const opcode = commands.opcode[slot];
		const namespace = words[at + 1];
		if (opcode === flush) {
			return namespace === 1 || namespace === -1 ? success : invalidNamespace;
		}

		if (opcode !== read && opcode !== write) {
			return invalidOpcode;
		}

		if (namespace !== 1) {
			return invalidNamespace;
		}

		const control = words[at + 12];
		const sectors = ((control & 0xffff) + 1) * this.blockSectors;
		if (sectors > this.maximumSectors) {
			return invalidField;
		}

		const block = (words[at + 11] >>> 0) * 4_294_967_296 + (words[at + 10] >>> 0);
		const sector = block * this.blockSectors;
		if (sector + sectors > this.medium.sectors) {
			return lbaOutOfRange;
		}

		commands.sector[slot] = sector;
		commands.sectors[slot] = sectors;
		commands.forceUnitAccess[slot] = (control >>> 30) & 1;
		commands.offset[slot] = words[at + 6] & 4095;
		return this.walker.walk(
			words[at + 6],
			words[at + 7],
			words[at + 8],
			words[at + 9],
			sectors * 512,
			commands.frames,
			slot * commands.pagesPerSlot,
		);
	}
}
