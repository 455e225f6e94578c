/**
A host on the LAN: a network stack (net/stack.ts) on a link of its own. Its CPU and its device cost no time: what it receives is dealt with
at the instant its last bit arrives, and what it sends waits for nothing but the link, which takes frames one behind the other.
It answers ARP and ping by itself; what else it does is done by the applications that use its stack.
*/
import {assert} from '../../engine/assert.js';
import type {Engine} from '../../engine/engine.js';
import type {RandomStream} from '../../engine/random.js';
import {Step} from '../../engine/step.js';
import {type ChecksumState, checksumPresent} from '../../net/checksum-state.js';
import type {StackEnvironment, StackLimits} from '../../net/environment.js';
import {isGroup, isMac} from '../../net/ethernet.js';
import {PacketBuffer} from '../../net/packet-buffer.js';
import type {CapturedFrame} from '../../net/pcap.js';
import {NetworkStack, type StackAddress} from '../../net/stack.js';
import type {TcpSettings} from '../../net/tcp-settings.js';
import type {LinkEnd} from './link.js';
import {OutputQueue} from './output-queue.js';
import {Replay, type ReplayOptions} from './replay.js';
import type {WireFrame, WireStation} from './wire.js';

export class LanHost implements WireStation, StackEnvironment {
	readonly stack: NetworkStack;
	readonly queue: OutputQueue;
	readonly random: RandomStream;
	/** It checks and fills in every checksum itself, and sends frames of 1500 bytes of IP at most. */
	readonly limits: StackLimits = {mtu: 1500, checksumOffload: false, segmentation: 0};
	/** Frames and bytes that were for it. */
	frames = 0;
	bytes = 0;
	/** Frames dropped: the FCS did not fit, or the switch did not know better than to send them here. */
	damaged = 0;
	notForUs = 0;
	private readonly arrived = new PacketBuffer(1);
	/** The packet that is being filled, and the frame it lies in. */
	private readonly filling = new PacketBuffer(1);
	private frame: WireFrame | null = null;
	private readonly timerStep: Step;

	/** @param name unique on its LAN; @param end of its link. */
	constructor(
		private readonly engine: Engine,
		readonly name: string,
		readonly end: LinkEnd,
		readonly address: StackAddress,
		settings: Partial<TcpSettings> = {},
	) {
		this.random = engine.random.stream(`lan/${name}`);
		this.queue = new OutputQueue(engine, end, name);
		this.stack = new NetworkStack(this, address, settings);
		this.queue.onRoom = () => this.stack.transmitReady();
		this.timerStep = new Step(`${name} timer`, engine.world, 0, false, (argument) => this.stack.timer(argument));
		end.attach(this);
	}

	receive(frame: WireFrame): void {
		const {bytes, length} = frame;
		if (frame.damaged) {
			this.damaged++;
		} else if (!isMac(bytes, 0, this.address.mac) && !isGroup(bytes, 0)) {
			this.notForUs++;
		} else {
			this.frames++;
			this.bytes += length;
			const packet = this.arrived;
			packet.clear();
			packet.add(bytes, 0, length);
			this.stack.input(packet, checksumPresent);
		}

		this.end.release(frame);
	}

	/** The stack finds out by itself: what was lost is sent again. */
	linkChanged(): void {}

	now(): number {
		return this.engine.now;
	}

	timer(nanoseconds: number, argument: number): number {
		return this.engine.after(nanoseconds, this.timerStep, argument);
	}

	cancelTimer(handle: number): void {
		this.engine.cancel(handle);
	}

	packet(headerBytes: number, payloadBytes: number): PacketBuffer | null {
		if (this.queue.full()) {
			return null;
		}

		const length = headerBytes + payloadBytes;
		if (this.frame !== null) {
			this.end.release(this.frame);
		}

		const frame = this.end.frame(length);
		this.frame = frame;
		const packet = this.filling;
		packet.clear();
		packet.add(frame.bytes, 0, length);
		return packet;
	}

	send(packet: PacketBuffer, checksum: ChecksumState, segmentSize: number): void {
		const frame = this.frame;
		assert(frame !== null && packet === this.filling, 'the packet sent is the one last asked for');
		assert(checksum === checksumPresent && segmentSize === 0, 'its device does nothing for the stack');
		this.frame = null;
		frame.length = packet.length;
		this.queue.put(frame);
	}

	/**
	A replay of these frames from this host; `start` begins it.
	@param name the job's, unique on the host.
	*/
	replay(name: string, frames: readonly CapturedFrame[], options: Partial<ReplayOptions> = {}): Replay {
		return new Replay(this.engine, `${this.name}/${name}`, this.end, this.queue, frames, options);
	}
}
