/**
As much of an 82540EM as its driver touches, without time: what the driver announces is fetched at once or when `going` is switched on,
what arrives is written back at once. An anchor for the driver's tests beside those against the real device.
*/
import type {InterruptController, InterruptLine} from '../../source/hw/interrupts.js';
import type {Memory} from '../../source/hw/memory.js';
import type {AccessBytes, PciFunction} from '../../source/hw/pci.js';
import {type Bar, ConfigSpace} from '../../source/hw/pci-config.js';

const mac = [0x00, 0x1b, 0x21, 0x11, 0x22, 0x33];
const ids: Readonly<Record<number, number>> = {2: 0x0141, 3: 0x0c20};

export interface SentFrame {
	readonly bytes: Buffer;
	/** CMD, CSO and CSS of the last descriptor. */
	readonly command: number;
	readonly checksumOffset: number;
	readonly checksumStart: number;
	readonly descriptors: number;
}

export class FakeE1000 implements PciFunction {
	readonly config: ConfigSpace;
	readonly bars: readonly Bar[] = [{index: 0, kind: 'memory32', bytes: 0x2_0000}];
	/** Frames the driver has sent, oldest first. */
	readonly sent: SentFrame[] = [];
	/** Registers as written, by offset. */
	readonly words = new Map<number, number>();
	/** Every write, in order. */
	readonly writes: (readonly [offset: number, value: number])[] = [];
	/** False: descriptors stay where they are, as in a transmitter that hangs. */
	going = true;
	/** False: what is fetched is not written back before `writeBack`. */
	writesBack = true;
	/** Frames that found no descriptor. */
	missed = 0;
	link = true;
	/** What bit 0 of the EEPROM's last word is: a wrong sum when 1. */
	spoiledEeprom = 0;
	#cause = 0;
	#mask = 0;
	readonly #line: InterruptLine;
	readonly #memory: Memory;

	constructor(
		memory: Memory,
		interrupts: InterruptController,
		readonly address: string,
		readonly name: string,
	) {
		this.#memory = memory;
		this.config = new ConfigSpace(
			{
				vendor: 0x8086,
				device: 0x100e,
				classCode: 0x02_00_00,
				revision: 3,
				subsystemVendor: 0x8086,
				subsystem: 0x001e,
				interruptPin: 1,
			},
			this.bars,
		);
		// The pin that the bus gives the first function plugged in.
		this.#line = interrupts.line(name, 16);
	}

	readRegister(_bar: number, offset: number, _bytes: AccessBytes): number {
		const word = (at: number) => this.words.get(at) ?? 0;
		switch (offset) {
			case 0x0008:
				return this.link ? 0x83 : 0x81;
			case 0x0014:
				return (word(offset) & 0xff00) | 0x10 | (this.#eeprom((word(offset) >>> 8) & 63) << 16);
			case 0x0020:
				return (word(offset) & 0x0fff_0000) | (1 << 28) | (ids[(word(offset) >>> 16) & 31] ?? 0);
			case 0x00c0: {
				const cause = this.#cause;
				this.#cause = 0;
				this.#update();
				return cause;
			}
			default: {
				const value = word(offset);
				if (offset >= 0x4000 && offset < 0x4100) this.words.delete(offset);
				return value;
			}
		}
	}

	writeRegister(_bar: number, offset: number, _bytes: AccessBytes, value: number): void {
		this.writes.push([offset, value]);
		switch (offset) {
			case 0x0000:
				if ((value & (1 << 26)) !== 0) this.#reset();
				else this.words.set(offset, value);
				return;
			case 0x00c8:
				this.raise(value);
				return;
			case 0x00d0:
				this.#mask |= value;
				this.#update();
				return;
			case 0x00d8:
				this.#mask &= ~value;
				this.#update();
				return;
			default:
				this.words.set(offset, value);
				if (offset === 0x3818) this.fetch();
		}
	}

	reset(): void {
		this.config.reset();
		this.#reset();
	}

	#reset(): void {
		this.words.clear();
		this.#cause = 0;
		this.#mask = 0;
		this.#update();
	}

	raise(cause: number): void {
		this.#cause |= cause;
		this.#update();
	}

	setLink(up: boolean): void {
		this.link = up;
		this.raise(1 << 2);
	}

	/** Fetches what lies between head and tail of the transmit ring. */
	fetch(): void {
		if (((this.words.get(0x0400) ?? 0) & 2) === 0) return;
		const base = (this.words.get(0x3800) ?? 0) / 4096;
		const entries = (this.words.get(0x3808) ?? 0) / 16;
		const ring = this.#memory.words(base);
		let head = this.words.get(0x3810) ?? 0;
		let chunks: Buffer[] = [];
		while (this.going && head !== this.words.get(0x3818)) {
			const [low, , command, status] = ring.subarray(head * 4, head * 4 + 4);
			const memory = this.#memory.bytes(low >>> 12);
			chunks.push(Buffer.from(memory.subarray(low & 4095, (low & 4095) + (command & 0xffff))));
			if ((command & (1 << 24)) !== 0) {
				const descriptors = chunks.length;
				const [checksumOffset, checksumStart] = [(command >>> 16) & 255, (status >>> 8) & 255];
				this.sent.push({
					...{bytes: Buffer.concat(chunks), command: command >>> 24},
					...{checksumOffset, checksumStart, descriptors},
				});
				chunks = [];
			}

			if (this.writesBack && (command & (1 << 27)) !== 0) ring[head * 4 + 3] |= 1;
			head = (head + 1) % entries;
			this.words.set(0x3810, head);
		}

		if (this.writesBack) this.raise(1);
	}

	/** A frame arrives. @param status and @param errors of its descriptor beside DD and EOP. @returns whether there was a descriptor. */
	arrive(bytes: Buffer, status = 0, errors = 0): boolean {
		const base = (this.words.get(0x2800) ?? 0) / 4096;
		const entries = (this.words.get(0x2808) ?? 0) / 16;
		const head = this.words.get(0x2810) ?? 0;
		if (((this.words.get(0x0100) ?? 0) & 2) === 0 || head === (this.words.get(0x2818) ?? 0)) {
			this.missed++;
			return false;
		}

		const ring = this.#memory.words(base);
		bytes.copy(this.#memory.bytes(ring[head * 4] >>> 12), ring[head * 4] & 4095);
		ring[head * 4 + 2] = bytes.length;
		ring[head * 4 + 3] = 3 | status | (errors << 8);
		this.words.set(0x2810, (head + 1) % entries);
		this.raise(1 << 7);
		return true;
	}

	#eeprom(word: number): number {
		const held = word < 3 ? mac[word * 2] | (mac[word * 2 + 1] << 8) : 0;
		if (word < 63) return held;
		let sum = 0;
		for (let i = 0; i < 63; i++) sum += this.#eeprom(i);
		return ((0xbaba - sum) & 0xffff) ^ this.spoiledEeprom;
	}

	#update(): void {
		this.#line.set((this.#cause & this.#mask) !== 0);
	}
}
