/** Stations for tests of the wire: an engine, and stations that note what they hear. */
import {Engine} from '../../source/engine/engine.js';
import type {LinkEnd} from '../../source/hw/lan/link.js';
import type {WireFrame, WireStation} from '../../source/hw/lan/wire.js';
import type {SeenFrame} from '../../source/net/frame-tap.js';

export interface Heard {
	readonly at: number;
	readonly bytes: Buffer;
	readonly damaged: boolean;
	readonly note: string;
}

/** Notes every frame and gives it back. */
export class Listener implements WireStation {
	readonly heard: Heard[] = [];
	readonly changes: boolean[] = [];

	constructor(
		private readonly engine: Engine,
		readonly end: LinkEnd,
	) {
		end.attach(this);
	}

	receive(frame: WireFrame): void {
		const {damaged, note} = frame;
		const bytes = Buffer.from(frame.bytes.subarray(0, frame.length));
		this.heard.push({at: this.engine.now, bytes, damaged, note});
		this.end.release(frame);
	}

	linkChanged(up: boolean): void {
		this.changes.push(up);
	}

	/** Sends these bytes now. @returns when the wire is free again, ns from now. */
	send(bytes: Uint8Array): number {
		const frame = this.end.frame(bytes.length);
		frame.bytes.set(bytes);
		frame.length = bytes.length;
		return this.end.send(frame);
	}

	/** Sends frames one behind the other. */
	sendAll(frames: readonly Uint8Array[]): void {
		for (const bytes of frames) {
			this.settle(this.send(bytes));
		}
	}

	/** Lets time go by. */
	settle(nanoseconds: number): void {
		this.engine.run(this.engine.now + nanoseconds, 10_000_000);
	}
}

export const address = (last: number) => Buffer.from([2, 0, 0, 0, 0, last]);
export const broadcast = Buffer.alloc(6, 0xff);

/** A frame of `length` bytes with no protocol that anybody knows. */
export function plainFrame(to: Uint8Array, from: Uint8Array, length = 60, fill = 0): Buffer {
	const bytes = Buffer.alloc(length, fill);
	bytes.set(to, 0);
	bytes.set(from, 6);
	bytes.writeUInt16BE(0x88b5, 12);
	return bytes;
}

/** What a tap showed, kept. */
export type Kept = Pick<SeenFrame, 'at' | 'direction' | 'note'> & {readonly bytes: Buffer};

export function keep({at, direction, note, bytes}: SeenFrame): Kept {
	const chunks = bytes.memory
		.slice(0, bytes.chunks)
		.map((memory, i) => memory.subarray(bytes.offsets[i], bytes.offsets[i] + bytes.lengths[i]));
	return {at, direction, note, bytes: Buffer.concat(chunks)};
}

export {Engine};
