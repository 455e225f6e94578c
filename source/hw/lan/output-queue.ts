/**
The output queue of a host on the LAN: frames leave in order as fast as its link takes them, so the queue is the time until the wire is
free. It is bounded; whoever was refused is told once when two full frames have left, so that an acknowledgment waits no longer for its
turn than the segments it answers took.
*/
import type {Engine} from '../../engine/engine.js';
import {Step} from '../../engine/step.js';
import type {LinkEnd} from './link.js';
import type {WireFrame} from './wire.js';

/** Nanoseconds of frames that a host's queue holds. knob: about what Linux lets wait below its sockets. */
export const hostQueueNanoseconds = 1_000_000;
/** Two full frames on the wire, bytes. */
const roomBytes = 2 * 1538;
/** Shortest frame without its FCS; what is shorter is padded with zeros, as every MAC does. */
const shortestFrame = 60;

export class OutputQueue {
	/** There is room again after `full` was seen. */
	onRoom: () => void = () => {};
	private waiting = false;
	private readonly room: number;
	private readonly wake: Step;

	/** @param name the host's. */
	constructor(
		private readonly engine: Engine,
		private readonly end: LinkEnd,
		name: string,
	) {
		this.room = Math.round((roomBytes * 8_000_000_000) / end.rate);
		this.wake = new Step(`${name} has room`, engine.world, 0, false, () => {
			this.waiting = false;
			this.onRoom();
		});
	}

	/** When everything in the queue has left, ns. */
	get emptyAt(): number {
		return this.end.freeAt;
	}

	/** The queue takes no more for now; `onRoom` is called when it does. */
	full(): boolean {
		const {now} = this.engine;
		const backlog = this.end.freeAt - now;
		if (backlog < hostQueueNanoseconds) {
			return false;
		}

		if (!this.waiting) {
			this.waiting = true;
			this.engine.after(Math.min(backlog, backlog - hostQueueNanoseconds + this.room), this.wake);
		}

		return true;
	}

	/** Puts a frame behind the others. */
	put(frame: WireFrame): void {
		if (frame.length < shortestFrame) {
			frame.bytes.fill(0, frame.length, shortestFrame);
			frame.length = shortestFrame;
		}

		this.end.sendAt(frame, Math.max(this.engine.now, this.end.freeAt));
	}
}
