/**
Statistics registers of an 82540EM, 4000h to 40FFh. After SDM §13.7: reading one clears it, reading the upper half of a pair clears the
pair, and they stick at their largest value. What was counted is kept for good beside them: a register shows what came since it was
cleared. A reset clears the registers. Octets are counted from the destination address through the FCS.
*/
import {statisticsFirst} from './e1000-registers.js';

const count = 64;
const word = 4_294_967_296;

const index = (offset: number): number => (offset - statisticsFirst) >> 2;

export const crcErrors = index(0x4000);
export const dataErrors = index(0x400c);
export const missedPackets = index(0x4010);
/** Times a frame had to wait because the link was not up. */
export const deferCount = index(0x4030);
export const lengthErrors = index(0x4040);
/** Six registers each by size: 64, to 127, to 255, to 511, to 1023, and longer. */
const receivedBySize = index(0x405c);
const sentBySize = index(0x40d8);
export const goodReceived = index(0x4074);
const broadcastReceived = index(0x4078);
const multicastReceived = index(0x407c);
export const goodSent = index(0x4080);
export const goodOctetsReceived = index(0x4088);
export const goodOctetsSent = index(0x4090);
export const noBuffers = index(0x40a0);
export const undersized = index(0x40a4);
export const fragments = index(0x40a8);
export const oversized = index(0x40ac);
export const jabbers = index(0x40b0);
const octetsReceived = index(0x40c0);
const octetsSent = index(0x40c8);
export const packetsReceived = index(0x40d0);
export const packetsSent = index(0x40d4);
const multicastSent = index(0x40f0);
const broadcastSent = index(0x40f4);

/** The lower halves of pairs. */
const pairs = [goodOctetsReceived, goodOctetsSent, octetsReceived, octetsSent];

export class E1000Statistics {
	/** Everything counted since the machine was switched on, by register (a pair's in its lower half). */
	readonly totals = new Float64Array(count);
	/** What the totals were when each register was cleared. */
	private readonly cleared = new Float64Array(count);
	/** 1 for the lower half of a pair, 2 for the upper. */
	private readonly half = new Uint8Array(count);

	constructor() {
		for (const pair of pairs) {
			this.half[pair] = 1;
			this.half[pair + 1] = 2;
		}
	}

	reset(): void {
		this.cleared.set(this.totals);
	}

	/** Reads a register: signed, as a 32-bit access answers. A pair cannot reach its limit of 2^64 - 1 here. */
	read(offset: number): number {
		const at = index(offset);
		const half = this.half[at];
		if (half === 1) {
			return ((this.totals[at] - this.cleared[at]) % word) | 0;
		}

		const low = half === 2 ? at - 1 : at;
		const value = this.totals[low] - this.cleared[low];
		this.cleared[low] = this.totals[low];
		return (half === 2 ? Math.floor(value / word) : Math.min(value, word - 1)) | 0;
	}

	add(register: number): void {
		this.totals[register]++;
	}

	/** A frame has been heard while the receiver is on, whatever becomes of it. */
	heard(bytes: number): void {
		this.totals[packetsReceived]++;
		this.totals[octetsReceived] += bytes;
	}

	/** A good frame for us has found room in the FIFO. `group`: 0 for one station, 1 multicast, 2 broadcast. */
	received(bytes: number, group: number): void {
		const {totals} = this;
		totals[goodReceived]++;
		totals[goodOctetsReceived] += bytes;
		totals[receivedBySize + sizeClass(bytes)]++;
		if (group !== 0) {
			totals[group === 2 ? broadcastReceived : multicastReceived]++;
		}
	}

	/** A frame has been put on the wire; those below 64 bytes are not good ones. */
	sent(bytes: number, group: number): void {
		const {totals} = this;
		totals[packetsSent]++;
		totals[octetsSent] += bytes;
		if (bytes < 64) {
			return;
		}

		totals[goodSent]++;
		totals[goodOctetsSent] += bytes;
		totals[sentBySize + sizeClass(bytes)]++;
		if (group !== 0) {
			totals[group === 2 ? broadcastSent : multicastSent]++;
		}
	}
}

function sizeClass(bytes: number): number {
	return bytes <= 64 ? 0 : bytes < 1024 ? 26 - Math.clz32(bytes) : 5;
}
