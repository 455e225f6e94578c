/**
Time stamps of captures: units of 10^-n or 2^-n seconds since some epoch, in 64 bits, which a number does not hold to the nanosecond.
They are read as seconds and nanoseconds, and a frame's time is counted from the capture's first.
*/
import {FileError} from './pcap-bytes.js';

const billion = 1_000_000_000;

/** A unit that `if_tsresol` names: its ticks in a second. Finer than picoseconds is refused. */
export function ticksPerSecond(resolution: number): number {
	const exponent = resolution & 0x7f;
	const most = (resolution & 0x80) === 0 ? 12 : 40;
	if (exponent > most) {
		throw new FileError(`a time resolution of ${(resolution & 0x80) === 0 ? 10 : 2}^-${exponent} s is not read`);
	}

	let ticks = 1;
	for (let i = 0; i < exponent; i++) {
		ticks *= (resolution & 0x80) === 0 ? 10 : 2;
	}

	return ticks;
}

/** Counts the times of one capture from that of its first frame. */
export class CaptureClock {
	#started = false;
	#firstSeconds = 0;
	#firstNanoseconds = 0;
	#last = 0;

	/** Nanoseconds from the first frame to this one; negative when the frames are not in order. @param what it is, for errors. */
	at(seconds: number, nanoseconds: number, what: string): number {
		if (!this.#started) {
			this.#started = true;
			this.#firstSeconds = seconds;
			this.#firstNanoseconds = nanoseconds;
		}

		const time = (seconds - this.#firstSeconds) * billion + (nanoseconds - this.#firstNanoseconds);
		if (!Number.isSafeInteger(time)) {
			throw new FileError(`${what} lies more than a hundred days from the first`);
		}

		this.#last = time;
		return time;
	}

	/** As `at`, of a 64-bit count of ticks. @param epoch seconds that are added. */
	ticks(high: number, low: number, perSecond: number, epoch: number, what: string): number {
		// Long division in bytes: no intermediate exceeds 2^48.
		let seconds = 0;
		let rest = 0;
		for (let shift = 56; shift >= 0; shift -= 8) {
			const byte = shift >= 32 ? (high >>> (shift - 32)) & 255 : (low >>> shift) & 255;
			rest = rest * 256 + byte;
			const digit = Math.floor(rest / perSecond);
			seconds = seconds * 256 + digit;
			rest -= digit * perSecond;
		}

		return this.at(seconds + epoch, nanosecondsOf(rest, perSecond), what);
	}

	/** The time of a frame that has none of its own: that of the one before. */
	same(): number {
		return this.#last;
	}
}

/** Whole nanoseconds of a part of a second; the arithmetic stays exact for powers of ten, and for those of two up to 2^23. */
function nanosecondsOf(ticks: number, perSecond: number): number {
	if (billion % perSecond === 0) {
		return ticks * (billion / perSecond);
	}

	return Math.floor(perSecond % billion === 0 ? ticks / (perSecond / billion) : (ticks * billion) / perSecond);
}
