/**
The packet an 82540EM is putting together from transmit descriptors, straight in a frame of the wire: data, checksum, FCS, padding. After
SDM §3.3.3: CSS and CSO count in the first descriptor, IC and IFCS in the last. Without IFCS the data ends with software's own FCS, and
it is looked at.
*/
import type {Dma} from '../dma.js';
import {frameCheckBytes, minimumFrame, type WireEnd, type WireFrame} from '../lan/wire.js';
import {insertChecksum} from './e1000-checksum.js';
import {commandInsertChecksum, commandInsertFcs} from './e1000-registers.js';
import {readMemory} from './e1000-transfer.js';
import {frameCheck} from './frame-check.js';

const padded = minimumFrame - frameCheckBytes;
/** Room asked for a packet of several descriptors, and for one that turns out longer. */
const usualBytes = 2048;
const mostBytes = 16_384 + frameCheckBytes;

export class E1000Packet {
	/** Between two packets: the next descriptor is a first one. */
	between = true;
	/** Bytes so far. */
	bytes = 0;
	/** It is to leave with a wrong FCS. */
	damaged = false;
	/** A descriptor of it was of a kind not modelled: nothing of it is sent. */
	spoilt = false;
	private frame: WireFrame | null = null;
	/** What it was asked to hold. */
	private capacity = 0;
	private identity = 0;
	private checksumStart = 0;
	private checksumOffset = 0;
	private readonly dma: Dma;
	private readonly wire: WireEnd;

	constructor(dma: Dma, wire: WireEnd) {
		this.dma = dma;
		this.wire = wire;
	}

	/** What there is of a packet is given up. */
	reset(): void {
		if (this.frame !== null) {
			this.wire.release(this.frame);
			this.frame = null;
		}

		this.between = true;
		this.bytes = 0;
		this.damaged = false;
		this.spoilt = false;
	}

	/** Its first descriptor, with CSS and CSO. */
	begin(identity: number, checksumStart: number, checksumOffset: number): void {
		this.between = false;
		this.identity = identity;
		this.checksumStart = checksumStart;
		this.checksumOffset = checksumOffset;
	}

	/** Reads a descriptor's data from memory. `last`: it is the packet's end. False when memory refused. */
	add(low: number, high: number, length: number, last: boolean): boolean {
		const frame = this.room(this.bytes + length + frameCheckBytes, last);
		if (!readMemory(this.dma, frame.bytes, this.bytes, low, high, length)) {
			return false;
		}

		this.bytes += length;
		return true;
	}

	/** The packet is whole. `command` is its last descriptor's. The frame to send; null when there is nothing to. */
	finish(command: number, pad: boolean): WireFrame | null {
		const frame = this.frame;
		if (frame === null || this.spoilt) {
			this.reset();
			return null;
		}

		let length = this.bytes;
		let {damaged} = this;
		if ((command & commandInsertChecksum) !== 0) {
			insertChecksum(frame.bytes, length, this.checksumStart, this.checksumOffset);
		}

		if ((command & commandInsertFcs) === 0) {
			length = Math.max(0, length - frameCheckBytes);
			damaged ||= frame.bytes.readUInt32LE(length) !== frameCheck(frame.bytes, length);
		} else if (pad && length < padded) {
			frame.bytes.fill(0, length, padded);
			length = padded;
		}

		if (length === 0) {
			this.reset();
			return null;
		}

		frame.length = length;
		frame.damaged = damaged;
		frame.note = this.damaged ? 'nic: wrong FCS' : '';
		frame.identity = this.identity;
		this.frame = null;
		this.reset();
		return frame;
	}

	/** The frame that holds the packet, with room for `bytes`. */
	private room(bytes: number, last: boolean): WireFrame {
		const frame = this.frame;
		if (frame !== null && bytes <= this.capacity) {
			return frame;
		}

		this.capacity = frame !== null ? mostBytes : Math.max(bytes, last ? minimumFrame : usualBytes);
		const next = this.wire.frame(this.capacity);
		if (frame !== null) {
			frame.bytes.copy(next.bytes, 0, 0, this.bytes);
			this.wire.release(frame);
		}

		this.frame = next;
		return next;
	}
}
