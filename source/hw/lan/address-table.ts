/**
What a switch has learnt: behind which port each station lives (IEEE 802.1D). Buckets of four entries in typed arrays, as a switch's
chip has them: the oldest of a full bucket gives way, and an entry not heard of for five minutes is forgotten.
*/

const buckets = 1024;
const ways = 4;
const entries = buckets * ways;
/** 802.1D's default ageing time, ns. */
export const ageing = 300_000_000_000;
/** Nowhere: never heard of, or not for long. */
export const unknownPort = -1;

export class AddressTable {
	/** The first two bytes of each address, and the last four. */
	private readonly high = new Int32Array(entries);
	private readonly low = new Int32Array(entries);
	private readonly port = new Int32Array(entries).fill(unknownPort);
	private readonly heard = new Float64Array(entries);

	/** The address of six bytes at `offset` was heard from `port` at `now` ns. */
	learn(bytes: Uint8Array, offset: number, port: number, now: number): void {
		const high = highOf(bytes, offset);
		const low = lowOf(bytes, offset);
		const first = bucketOf(high, low);
		let place = first;
		for (let i = first; i < first + ways; i++) {
			if (this.port[i] !== unknownPort && this.low[i] === low && this.high[i] === high) {
				place = i;
				break;
			}

			if (this.age(i, now) > this.age(place, now)) {
				place = i;
			}
		}

		this.high[place] = high;
		this.low[place] = low;
		this.port[place] = port;
		this.heard[place] = now;
	}

	/** The port behind which the address at `offset` lives, or `unknownPort`. */
	find(bytes: Uint8Array, offset: number, now: number): number {
		const high = highOf(bytes, offset);
		const low = lowOf(bytes, offset);
		const first = bucketOf(high, low);
		for (let i = first; i < first + ways; i++) {
			if (this.low[i] === low && this.high[i] === high && this.port[i] !== unknownPort) {
				return now - this.heard[i] > ageing ? unknownPort : this.port[i];
			}
		}

		return unknownPort;
	}

	/** Everything learnt from `port`: its link went down. */
	forget(port: number): void {
		for (let i = 0; i < entries; i++) {
			if (this.port[i] === port) {
				this.port[i] = unknownPort;
			}
		}
	}

	/** An empty entry is older than any. */
	private age(entry: number, now: number): number {
		return this.port[entry] === unknownPort ? Number.POSITIVE_INFINITY : now - this.heard[entry];
	}
}

function highOf(bytes: Uint8Array, offset: number): number {
	return (bytes[offset] << 8) | bytes[offset + 1];
}

function lowOf(bytes: Uint8Array, offset: number): number {
	return (bytes[offset + 2] << 24) | (bytes[offset + 3] << 16) | (bytes[offset + 4] << 8) | bytes[offset + 5];
}

function bucketOf(high: number, low: number): number {
	const mixed = Math.imul(low ^ high, 0x9e3779b1);
	return (mixed >>> 22) * ways;
}
