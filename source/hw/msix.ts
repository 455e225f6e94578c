/**
MSI-X: the table of messages and the pending bits that a function keeps in one of its BARs, with a mask for each vector and
one for the function. After PCI Local Bus Specification 3.0 §6.8.2. A message is a memory write: without bus mastering it does
not leave the function.
*/
import {assert} from '../engine/assert.js';
import type {MessageSource} from './interrupts.js';
import {type ConfigSpace, msixCapability} from './pci-config.js';

const entryWords = 4;
const addressWord = 0;
const dataWord = 2;
const controlWord = 3;

const enableBit = 1 << 15;
const functionMaskBit = 1 << 14;

export class Msix {
	private readonly config: ConfigSpace;
	private readonly source: MessageSource;
	private readonly table: Int32Array;
	private readonly pending: Int32Array;
	/** Offset of the message control register, and its value as last written. */
	private readonly control: number;
	private state = 0;

	/** Adds the capability to `config`. Offsets in bytes within `bar`, multiples of 8. */
	constructor(
		config: ConfigSpace,
		source: MessageSource,
		readonly vectors: number,
		bar: number,
		readonly tableOffset: number,
		readonly pendingOffset: number,
	) {
		assert(vectors >= 1 && vectors <= 2048, 'MSI-X has 1 to 2048 vectors');
		this.config = config;
		this.source = source;
		this.table = new Int32Array(vectors * entryWords);
		this.pending = new Int32Array(((vectors + 63) >> 6) * 2);
		const at = config.addCapability(msixCapability, 12);
		config.preset16(at + 2, vectors - 1);
		config.permit16(at + 2, enableBit | functionMaskBit);
		config.preset32(at + 4, tableOffset | bar);
		config.preset32(at + 8, pendingOffset | bar);
		this.control = at + 2;
		this.reset();
	}

	get tableBytes(): number {
		return this.table.byteLength;
	}

	get pendingBytes(): number {
		return this.pending.byteLength;
	}

	get enabled(): boolean {
		return (this.state & enableBit) !== 0;
	}

	/** The function has something to say on `vector`: sends its message, or keeps it pending while masked. Needs `enabled`. */
	raise(vector: number): void {
		if ((this.state & functionMaskBit) !== 0 || (this.table[vector * entryWords + controlWord] & 1) !== 0) {
			this.pending[vector >> 5] |= 1 << (vector & 31);
			return;
		}

		this.send(vector);
	}

	/** Whether the byte at `offset` of the BAR belongs to the table or the pending bits. */
	covers(offset: number): boolean {
		return (
			(offset >= this.tableOffset && offset < this.tableOffset + this.table.byteLength) ||
			(offset >= this.pendingOffset && offset < this.pendingOffset + this.pending.byteLength)
		);
	}

	/** Reads an aligned 32-bit word where `covers` is true. */
	read32(offset: number): number {
		return offset >= this.tableOffset && offset < this.tableOffset + this.table.byteLength
			? this.table[(offset - this.tableOffset) >> 2]
			: this.pending[(offset - this.pendingOffset) >> 2];
	}

	/** Writes an aligned 32-bit word; pending bits are read-only. Unmasking a vector sends what it kept. */
	write32(offset: number, value: number): void {
		if (offset < this.tableOffset || offset >= this.tableOffset + this.table.byteLength) {
			return;
		}

		const word = (offset - this.tableOffset) >> 2;
		const kind = word & (entryWords - 1);
		this.table[word] = kind === controlWord ? value & 1 : kind === addressWord ? value & ~3 : value;
		if (kind === controlWord) {
			this.release(word >> 2);
		}
	}

	/** To be called after every write of configuration space: sends what became unmasked. */
	configWritten(): void {
		this.state = this.config.read(this.control, 2);
		if (this.enabled) {
			for (let vector = 0; vector < this.vectors; vector++) {
				this.release(vector);
			}
		}
	}

	/** All vectors masked, nothing pending. To be called after the reset of configuration space. */
	reset(): void {
		this.table.fill(0);
		this.pending.fill(0);
		this.state = this.config.read(this.control, 2);
		for (let vector = 0; vector < this.vectors; vector++) {
			this.table[vector * entryWords + controlWord] = 1;
		}
	}

	private release(vector: number): void {
		const bit = 1 << (vector & 31);
		if ((this.pending[vector >> 5] & bit) === 0) {
			return;
		}

		const open = (this.state & enableBit) !== 0 && (this.state & functionMaskBit) === 0;
		if (open && (this.table[vector * entryWords + controlWord] & 1) === 0) {
			this.pending[vector >> 5] &= ~bit;
			this.send(vector);
		}
	}

	private send(vector: number): void {
		if (this.config.busMaster) {
			this.source.send(this.table[vector * entryWords + addressWord], this.table[vector * entryWords + dataWord]);
		}
	}
}
