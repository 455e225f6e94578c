/**
What a byte stream carries: pseudo-random bytes that are a function of the stream's seed and the position, so that nothing need be kept to
send it again and everything that arrives can be checked. One table serves all streams; its period is a prime that no segment size
divides, so bytes that arrive a few segments away from their place do not fit.
*/
import {copyBytes} from '../engine/bytes.js';
import {RandomStream} from '../engine/random.js';

const period = 65_521;
const mostAtOnce = 65_536;
const table = makeTable();

export class StreamPattern {
	private readonly phase: number;

	constructor(seed: number) {
		this.phase = (seed >>> 0) % period;
	}

	/** Writes the bytes of `position` and on; at most 64 KiB. */
	fill(memory: Buffer, offset: number, position: number, length: number): void {
		const from = (this.phase + position) % period;
		copyBytes(table, from, memory, offset, length);
	}

	/** Whether `length` bytes (at most 64 KiB) at `offset` are those of `position` and on. */
	matches(memory: Buffer, offset: number, position: number, length: number): boolean {
		const from = (this.phase + position) % period;
		return memory.compare(table, from, from + length, offset, offset + length) === 0;
	}
}

/** The period and as much again as one call may ask for, so that every range lies in one piece. */
function makeTable(): Buffer {
	const random = new RandomStream(20_030_419, 'net/stream-pattern');
	const bytes = Buffer.alloc(period + mostAtOnce);
	for (let i = 0; i < period; i++) {
		bytes[i] = random.next() & 0xff;
	}

	bytes.copy(bytes, period, 0, period);
	bytes.copy(bytes, 2 * period, 0, mostAtOnce - period);
	return bytes;
}
