/**
The movement of a command's bytes between memory and the device, page by page, each asked of the IOMMU at the moment it is
reached. Whole sectors go straight between frame and medium; nothing is copied in between.
*/
import type {Engine} from '../../engine/engine.js';
import {type Dma, refused} from '../dma.js';
import type {Medium} from './medium.js';
import type {NvmeCommands} from './nvme-commands.js';
import {dataTransferError, success} from './nvme-status.js';

const pageBytes = 4096;

export class NvmeTransfer {
	/** Mixes every byte moved into the state hash, not only a stamp of each page. */
	hashBytes = false;
	private readonly engine: Engine;
	private readonly dma: Dma;
	private readonly medium: Medium;
	private readonly commands: NvmeCommands;
	private readonly staging: Buffer;

	/** @param maximum bytes of the largest transfer. */
	constructor(engine: Engine, dma: Dma, medium: Medium, commands: NvmeCommands, maximum: number) {
		this.engine = engine;
		this.dma = dma;
		this.medium = medium;
		this.commands = commands;
		this.staging = Buffer.alloc(maximum);
	}

	/** Moves a command's bytes between memory and medium, page by page. On a refusal the pages before it have moved. A status. */
	move(slot: number, toMemory: boolean): number {
		const commands = this.commands;
		const bytes = commands.sectors[slot] * 512;
		let offset = commands.offset[slot];
		if ((offset & 511) !== 0) {
			return this.moveUnaligned(slot, toMemory, bytes);
		}

		const {memory} = this.dma;
		const first = slot * commands.pagesPerSlot;
		let sector = commands.sector[slot];
		let left = bytes;
		for (let i = first; left > 0; i++) {
			const frame = this.dma.reach(commands.frames[i], toMemory);
			if (frame === refused) {
				return dataTransferError;
			}

			const length = Math.min(left, pageBytes - offset);
			if (toMemory) {
				this.medium.readBytes(sector, memory.bytes(frame), offset, length);
			} else {
				this.medium.writeBytes(sector, memory.bytes(frame), offset, length);
			}

			const words = memory.words(frame);
			if (this.hashBytes) {
				this.engine.hash.words(words, offset >> 2, length >> 2);
			} else {
				this.engine.hash.word(words[offset >> 2]);
			}

			sector += length >> 9;
			left -= length;
			offset = 0;
		}

		return success;
	}

	/** Sectors straddle pages when the data starts at a dword that is not a sector's: all of it passes the device's buffer. */
	private moveUnaligned(slot: number, toMemory: boolean, bytes: number): number {
		const commands = this.commands;
		const staging = this.staging;
		if (toMemory) {
			this.medium.readBytes(commands.sector[slot], staging, 0, bytes);
			return this.send(slot, staging, bytes);
		}

		const first = slot * commands.pagesPerSlot;
		let offset = commands.offset[slot];
		let done = 0;
		for (let i = first; done < bytes; i++) {
			const frame = this.dma.reach(commands.frames[i], false);
			if (frame === refused) {
				return dataTransferError;
			}

			const length = Math.min(pageBytes - offset, bytes - done);
			this.dma.memory.bytes(frame).copy(staging, done, offset, offset + length);
			done += length;
			offset = 0;
		}

		this.medium.writeBytes(commands.sector[slot], staging, 0, bytes);
		return success;
	}

	/** Copies `bytes` of `source` to the pages of `slot`, resolved before. A status. */
	send(slot: number, source: Buffer, bytes: number): number {
		const commands = this.commands;
		const first = slot * commands.pagesPerSlot;
		let offset = commands.offset[slot];
		let done = 0;
		for (let i = 0; done < bytes; i++) {
			const frame = this.dma.reach(commands.frames[first + i], true);
			if (frame === refused) {
				return dataTransferError;
			}

			const length = Math.min(pageBytes - offset, bytes - done);
			source.copy(this.dma.memory.bytes(frame), offset, done, done + length);
			done += length;
			offset = 0;
		}

		return success;
	}
}
