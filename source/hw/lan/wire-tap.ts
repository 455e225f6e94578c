/**
A tap at one end of a link: shows what the station there sends and what reaches it, with what befell it on the way. A frame sent is seen
when its first bit leaves, one received when its last bit arrives (or would have).
*/
import {type FrameDirection, FrameTap, type SeenFrame} from '../../net/frame-tap.js';
import {PacketBuffer} from '../../net/packet-buffer.js';
import type {WireFrame} from './wire.js';

/** The one frame shown at a time. */
class Shown implements SeenFrame {
	at = 0;
	direction: FrameDirection = 'inbound';
	readonly bytes = new PacketBuffer(1);
	readonly checksumBlank = false;
	readonly segmentSize = 0;
	note = '';
}

export class WireTap {
	readonly tap: FrameTap;
	private readonly shown = new Shown();

	/** @param name the interface's: `eth0`. */
	constructor(name: string) {
		this.tap = new FrameTap(name);
	}

	show(frame: WireFrame, direction: FrameDirection, at: number): void {
		const watcher = this.tap.onFrame;
		if (watcher === null) {
			return;
		}

		const shown = this.shown;
		shown.at = at;
		shown.direction = direction;
		shown.note = frame.note;
		shown.bytes.clear();
		shown.bytes.add(frame.bytes, 0, frame.length);
		watcher(shown);
	}
}
