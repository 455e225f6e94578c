/**
A full-duplex Ethernet link between two stations, modelled after IEEE 802.3 at the level of frames: a rate, a propagation delay, a link
that is up or down, and impairments (impairments.ts). One event a frame: its arrival; when the wire is free again is arithmetic.

A frame of n bytes without FCS that begins at t has arrived whole at t + (8 + n + 4) × 8 / rate + delay, and the next may begin
12 bytes (the gap) after its end. So the round trip of a ping between a NIC and a host on its LAN is, beside queues: four frame times (the
switch stores and forwards), twice the delay of the NIC's link, twice that of the host's (0 unless given), and what CPUs and the
NIC take; the switch and the LAN's hosts take no time.

A link that goes down loses what is on it. FCS bytes are not computed: a frame carries whether its own would fit. Not modelled:
negotiation (a PHY's matter), half duplex, PAUSE frames.
*/
import {assert} from '../../engine/assert.js';
import type {Engine} from '../../engine/engine.js';
import {Step} from '../../engine/step.js';
import type {FrameDirection} from '../../net/frame-tap.js';
import type {FramePool, PooledFrame} from './frame-pool.js';
import {type ImpairmentOptions, Impairments, noImpairments, note} from './impairments.js';
import {frameCheckBytes, gapBytes, preambleBytes, type WireEnd, type WireFrame, type WireStation} from './wire.js';
import {WireTap} from './wire-tap.js';

export interface LinkOptions extends Partial<ImpairmentOptions> {
	/** Bits per second. */
	readonly rate: number;
	/** Propagation, one way, ns. */
	readonly delay: number;
}

const nanosecondsPerSecond = 1_000_000_000;

export class Link {
	/** What the first station, whose name the link bears, sends and hears. */
	readonly tap: WireTap;
	readonly first: LinkEnd;
	readonly second: LinkEnd;
	private connected = true;

	/** @param name of the first station: `eth0`. */
	constructor(
		engine: Engine,
		pool: FramePool,
		readonly name: string,
		readonly options: LinkOptions,
	) {
		this.tap = new WireTap(name);
		this.first = new LinkEnd(engine, pool, this, 'outbound');
		this.second = new LinkEnd(engine, pool, this, 'inbound');
		this.first.peer = this.second;
		this.second.peer = this.first;
	}

	get up(): boolean {
		return this.connected;
	}

	/** The cable is pulled or plugged in: both stations are told, and what was on it is lost. Called from an event. */
	setUp(up: boolean): void {
		if (up !== this.connected) {
			this.connected = up;
			this.first.change(up);
			this.second.change(up);
		}
	}
}

/** One station's end: what it sends leaves here and arrives at the peer. */
export class LinkEnd implements WireEnd {
	/** Set once by the link. */
	peer: LinkEnd = this;
	up = true;
	readonly rate: number;
	/** When the wire away from here is free, ns. */
	freeAt = 0;
	/** Put on the wire from here; bytes from the destination address on, without FCS. */
	frames = 0;
	bytes = 0;
	/** Nanoseconds, up to `freeAt`, in which the wire away from here carried frames and their gaps. */
	busy = 0;
	/** Frames lost because the link was or went down. */
	cut = 0;
	readonly impairments: Impairments;
	private station: WireStation | null = null;
	/** Counts the times the link changed: a frame of another epoch is lost. */
	private epoch = 0;
	private readonly outbound: boolean;
	private readonly tap: WireTap;
	private readonly delay: number;
	private readonly nanosecondsPerByte: number;
	private readonly gap: number;
	private readonly arrives: Step;

	constructor(
		private readonly engine: Engine,
		private readonly pool: FramePool,
		{name, options, tap}: Link,
		direction: FrameDirection,
	) {
		this.rate = options.rate;
		this.outbound = direction === 'outbound';
		this.tap = tap;
		this.delay = options.delay;
		this.nanosecondsPerByte = (8 * nanosecondsPerSecond) / options.rate;
		this.gap = Math.round(gapBytes * this.nanosecondsPerByte);
		this.impairments = new Impairments(engine, name, direction, {...noImpairments, ...options});
		this.arrives = new Step(`wire ${name} ${direction}`, engine.world, 0, false, (number) => this.arrive(number));
	}

	/** Who sends and hears at this end; once. */
	attach(station: WireStation): void {
		assert(this.station === null, 'an end of a link has one station');
		this.station = station;
	}

	frame(bytes: number): PooledFrame {
		return this.pool.take(bytes);
	}

	release(frame: WireFrame): void {
		this.pool.release(frame);
	}

	send(frame: WireFrame): number {
		const {now} = this.engine;
		assert(now >= this.freeAt, 'a station sends one frame at a time');
		this.sendAt(frame, now);
		return this.freeAt - now;
	}

	/** As `send`, for a station that keeps a queue by arithmetic: the frame begins at `start`, when the wire is free and not before now. */
	sendAt(frame: WireFrame, start: number): void {
		const pooled = this.pool.owned(frame);
		const {length} = pooled;
		const onWire = Math.round((preambleBytes + length + frameCheckBytes) * this.nanosecondsPerByte);
		const end = start + onWire;
		this.freeAt = end + this.gap;
		if (!this.up) {
			this.cut++;
			this.pool.release(pooled);
			return;
		}

		this.frames++;
		this.bytes += length;
		this.busy += onWire + this.gap;
		pooled.epoch = this.epoch;
		this.engine.hash.word(length);
		let arrival = end + this.delay;
		const {impairments} = this;
		if (impairments.active) {
			impairments.befall(pooled);
			arrival += impairments.hold;
			if (impairments.duplicate) {
				this.sendCopy(pooled, arrival + onWire + this.gap);
			}
		}

		if (this.outbound) {
			this.tap.show(pooled, 'outbound', start);
		}

		this.engine.at(arrival, this.arrives, pooled.number);
	}

	/** The link came up or went down: what was queued or under way is of the past. */
	change(up: boolean): void {
		this.up = up;
		this.epoch++;
		this.busy -= Math.max(0, this.freeAt - this.engine.now);
		this.freeAt = this.engine.now;
		this.station?.linkChanged(up);
	}

	private sendCopy(frame: PooledFrame, arrival: number): void {
		const copy = this.pool.copy(frame);
		copy.epoch = frame.epoch;
		copy.lost = frame.lost;
		note(copy, 'a duplicate');
		note(frame, 'duplicated');
		this.engine.at(arrival, this.arrives, copy.number);
	}

	private arrive(number: number): void {
		const frame = this.pool.at(number);
		if (frame.epoch !== this.epoch) {
			this.cut++;
			frame.lost = true;
			note(frame, 'lost as the link went down');
		}

		if (!this.outbound) {
			this.tap.show(frame, 'inbound', this.engine.now);
		}

		const station = this.peer.station;
		if (frame.lost || station === null) {
			this.pool.release(frame);
		} else {
			station.receive(frame);
		}
	}
}
