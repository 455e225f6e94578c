/**
Captures: interfaces of a host, watched at their taps, into files of pcapng. Several interfaces may share a file. Watching reads only:
the run is the same without it. Where the bytes go is the caller's matter.
*/
import {assert} from '../engine/assert.js';
import type {FrameTap} from '../net/frame-tap.js';
import {PcapngWriter} from './pcapng.js';

/** One `--capture eth0=out.pcapng`. */
export interface CaptureWords {
	/** A tap's name: `eth0`, `web:0`. */
	readonly interface: string;
	readonly file: string;
}

/** Takes the bytes of a file that belong at `at`, and owns them: behind those before, or from 0 on in a file begun anew. */
export type FileSink = (file: string, chunk: Uint8Array, at: number) => void;

export class Capture {
	readonly #taps: FrameTap[] = [];
	readonly #writers = new Map<string, PcapngWriter>();

	/**
	Begins to watch.
	@param taps of the host; each of `words` names one of them, once.
	@param version ringtop's, which the files bear.
	*/
	constructor(taps: readonly FrameTap[], words: readonly CaptureWords[], version: string, sink: FileSink) {
		for (const {interface: name, file} of words) {
			const tap = taps.find((each) => each.name === name);
			assert(tap !== undefined && tap.onFrame === null, 'a capture names taps that nobody watches yet');
			const writer =
				this.#writers.get(file) ?? new PcapngWriter((chunk, at) => sink(file, chunk, at), `ringtop ${version}`);
			this.#writers.set(file, writer);
			const number = writer.addInterface(name);
			tap.onFrame = (frame) => writer.frame(number, frame);
			this.#taps.push(tap);
		}
	}

	/** Hands out everything seen so far. */
	flush(): void {
		for (const writer of this.#writers.values()) {
			writer.flush();
		}
	}

	/** Stops watching; everything seen has been handed out. */
	end(): void {
		for (const tap of this.#taps) {
			tap.onFrame = null;
		}

		this.flush();
	}
}
