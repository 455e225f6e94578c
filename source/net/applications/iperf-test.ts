/**
What an iperf3 client tells its server of a stream: here in the 37 bytes that iperf3 begins each stream with (its cookie; iperf3 itself
sends the parameters over a connection of their own).
*/

export interface StreamOptions {
	/** The server sends (`-R`). */
	readonly reverse: boolean;
	/** Bytes to send (`-n`); 0: no limit. */
	readonly bytes: number;
	/** How long to send, ns (`-t`); 0: no limit. */
	readonly time: number;
	/** Bits per second (`-b`); 0: no limit. */
	readonly bitrate: number;
	/** Bytes of a write, or of a datagram (`-l`). */
	readonly length: number;
}

export const cookieBytes = 37;
/** iperf3's pacing timer. */
export const pacingInterval = 1_000_000;

export function writeCookie(memory: Buffer, options: StreamOptions): void {
	memory.fill(0, 0, cookieBytes);
	memory.write(options.reverse ? 'R' : 'F', 0, 'latin1');
	memory.writeDoubleBE(options.bytes, 1);
	memory.writeDoubleBE(options.time, 9);
	memory.writeDoubleBE(options.bitrate, 17);
	memory.writeDoubleBE(options.length, 25);
}

/** Undefined when the bytes are no cookie of ours. */
export function readCookie(memory: Buffer): StreamOptions | undefined {
	const kind = memory.toString('latin1', 0, 1);
	const [bytes, time, bitrate, length] = [1, 9, 17, 25].map((at) => memory.readDoubleBE(at));
	const numbers = [bytes, time, bitrate, length];
	if ((kind !== 'R' && kind !== 'F') || !numbers.every((value) => Number.isSafeInteger(value) && value >= 0)) {
		return undefined;
	}

	return length === 0 ? undefined : {reverse: kind === 'R', bytes, time, bitrate, length};
}

/** How many bytes a sender may have sent by now: whole blocks, as many as keep the average below the bitrate. */
export class Pace {
	#begun = 0;

	constructor(readonly options: StreamOptions) {}

	begin(now: number): void {
		this.#begun = now;
	}

	isOver(now: number): boolean {
		return this.options.time > 0 && now - this.#begun >= this.options.time;
	}

	/** Nanoseconds until the time is over; Infinity without a limit. */
	left(now: number): number {
		return this.options.time > 0 ? Math.max(0, this.#begun + this.options.time - now) : Number.POSITIVE_INFINITY;
	}

	/** Bytes allowed since the beginning; Infinity without limits. */
	allowed(now: number): number {
		const {bitrate, bytes, length} = this.options;
		const most = bytes > 0 ? bytes : Number.POSITIVE_INFINITY;
		if (bitrate === 0) {
			return most;
		}

		// One block goes at once; the next when what was sent is below the rate.
		const average = Math.floor(((now - this.#begun) / 8_000_000_000) * bitrate);
		return Math.min(most, (Math.floor(average / length) + 1) * length);
	}
}
