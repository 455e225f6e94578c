/**
A store-and-forward learning switch (IEEE 802.1D): a frame whose FCS fits goes to the port behind which its destination lives, else to
every other port. Each port has an output queue of so many bytes and drops from its tail; since frames leave in order, the queue is the
time until its wire is free, and needs neither memory nor events. Forwarding itself takes no time.

Not modelled: VLANs, spanning tree, PAUSE; frames to the addresses reserved for those go nowhere, as the standard says.
*/
import {assert} from '../../engine/assert.js';
import type {Engine} from '../../engine/engine.js';
import {AddressTable, unknownPort} from './address-table.js';
import type {FramePool, PooledFrame} from './frame-pool.js';
import type {LinkEnd} from './link.js';
import {frameCheckBytes, minimumFrame, type WireFrame, type WireStation} from './wire.js';

/** Longest frame forwarded, bytes without FCS: what most gigabit switches take. */
export const longestFrame = 9216;
const nanosecondsPerSecond = 1_000_000_000;

/** A port's station: counts what it hears and hands it to the switch. */
export class SwitchPort implements WireStation {
	/** Frames sent out of this port, or dropped because its queue was full. */
	forwarded = 0;
	tailDrops = 0;
	/** Frames heard and not forwarded: their FCS did not fit, they were too short or too long. */
	damaged = 0;
	runts = 0;
	giants = 0;
	/** Nanoseconds that a full queue takes to send. */
	private readonly fullQueue: number;

	/** @param name whose port it is: `eth0`; @param queue bytes. */
	constructor(
		readonly name: string,
		readonly number: number,
		readonly end: LinkEnd,
		queue: number,
		private readonly lan: Switch,
	) {
		this.fullQueue = Math.round((queue * 8 * nanosecondsPerSecond) / end.rate);
		end.attach(this);
	}

	/** Nanoseconds until everything queued for this port has left. */
	backlog(now: number): number {
		return Math.max(0, this.end.freeAt - now);
	}

	receive(frame: WireFrame): void {
		const {length} = frame;
		if (frame.damaged) {
			this.damaged++;
		} else if (length < minimumFrame - frameCheckBytes) {
			this.runts++;
		} else if (length > longestFrame) {
			this.giants++;
		} else {
			this.lan.forward(frame, this.number);
			return;
		}

		this.end.release(frame);
	}

	linkChanged(up: boolean): void {
		if (!up) {
			this.lan.forget(this.number);
		}
	}

	/** Puts a frame in the queue, or drops it. */
	put(frame: WireFrame, now: number): void {
		const {freeAt} = this.end;
		if (freeAt - now > this.fullQueue) {
			this.tailDrops++;
			this.end.release(frame);
			return;
		}

		this.forwarded++;
		this.end.sendAt(frame, Math.max(now, freeAt));
	}
}

export class Switch {
	readonly ports: SwitchPort[] = [];
	/** Frames sent to every port because nobody had heard of their destination, or it was a group. */
	flooded = 0;
	private readonly table = new AddressTable();

	/** @param queue bytes of each port's output queue. */
	constructor(
		private readonly engine: Engine,
		private readonly pool: FramePool,
		private readonly queue: number,
	) {}

	/** A new port at this end of a link. */
	addPort(name: string, end: LinkEnd): SwitchPort {
		const port = new SwitchPort(name, this.ports.length, end, this.queue, this);
		this.ports.push(port);
		return port;
	}

	/** A whole frame whose FCS fits came in at `port`. */
	forward(frame: WireFrame, port: number): void {
		const {bytes} = frame;
		const {now} = this.engine;
		if ((bytes[6] & 1) === 0) {
			this.table.learn(bytes, 6, port, now);
		}

		const group = (bytes[0] & 1) === 1;
		const to = group ? unknownPort : this.table.find(bytes, 0, now);
		if (to === unknownPort && !isReserved(bytes)) {
			this.flood(this.pool.owned(frame), port, now);
		} else if (to === unknownPort || to === port) {
			this.pool.release(frame);
		} else {
			this.ports[to].put(frame, now);
		}
	}

	forget(port: number): void {
		this.table.forget(port);
	}

	/** Each port gets a copy: what befalls one on its wire is not seen on the others. */
	private flood(frame: PooledFrame, from: number, now: number): void {
		assert(!frame.damaged, 'no copy is made of what is damaged');
		this.flooded++;
		for (const port of this.ports) {
			if (port.number !== from && port.end.up) {
				port.put(this.pool.copy(frame), now);
			}
		}

		this.pool.release(frame);
	}
}

/** 01-80-C2-00-00-00 to -0F: PAUSE, spanning tree and their like, which no bridge forwards (IEEE 802.1D table 7-10). */
function isReserved(bytes: Uint8Array): boolean {
	return (
		bytes[0] === 0x01 &&
		bytes[1] === 0x80 &&
		bytes[2] === 0xc2 &&
		bytes[3] === 0x00 &&
		bytes[4] === 0x00 &&
		(bytes[5] & 0xf0) === 0
	);
}
