/**
Two network stacks on a link of their own, in an engine's time: rate, delay, loss, reordering, duplication and corruption, a device that
holds only so many packets, payload in chunks or not, and everything that was sent kept for a look.
*/
import {Engine} from '../../source/engine/engine.js';
import type {RandomStream} from '../../source/engine/random.js';
import {Step} from '../../source/engine/step.js';
import {type ChecksumState, checksumValidated} from '../../source/net/checksum-state.js';
import type {StackEnvironment} from '../../source/net/environment.js';
import {parseIp} from '../../source/net/ipv4.js';
import {PacketBuffer} from '../../source/net/packet-buffer.js';
import {NetworkStack} from '../../source/net/stack.js';
import * as tcp from '../../source/net/tcp.js';
import type {TcpSettings} from '../../source/net/tcp-settings.js';

export const millisecond = 1_000_000;
export const second = 1_000_000_000;

export type LinkOptions = {
	/** Bits per second. */
	readonly rate: number;
	/** One way, ns. */
	readonly delay: number;
	/** Parts in a million of the packets, each. */
	readonly loss: number;
	readonly reorder: number;
	readonly duplicate: number;
	readonly corrupt: number;
	/** Packets the device holds until it says that it is full. */
	readonly queue: number;
	readonly mtu: number;
	readonly checksumOffload: boolean;
	readonly segmentation: number;
	/** Payload bytes of a chunk; 0: packets are one chunk. */
	readonly chunk: number;
};

export const plainLink: LinkOptions = {
	rate: 1_000_000_000,
	delay: 50_000,
	loss: 0,
	reorder: 0,
	duplicate: 0,
	corrupt: 0,
	queue: 256,
	mtu: 1500,
	checksumOffload: false,
	segmentation: 0,
	chunk: 0,
};

/** A frame as it was sent. */
export type SentFrame = {
	readonly at: number;
	readonly from: string;
	readonly bytes: Buffer;
};

/** A TCP segment as it was sent, in numbers relative to nothing. */
export type Segment = {
	readonly at: number;
	readonly from: string;
	readonly sequence: number;
	readonly acknowledgment: number;
	readonly length: number;
	readonly flags: number;
	readonly window: number;
	readonly options: tcp.TcpOptions;
};

export class TestHost implements StackEnvironment {
	readonly random: RandomStream;
	readonly stack: NetworkStack;
	readonly limits: {mtu: number; checksumOffload: boolean; segmentation: number};
	peer: TestHost | null = null;
	/** Asked for each packet sent; true loses it. */
	lose: (bytes: Buffer) => boolean = () => false;
	/** Timers under way. */
	timers = 0;
	#wasFull = false;
	#onDevice = 0;
	#freeAt = 0;
	readonly #timer: Step;
	readonly #sent: Step;
	readonly #arrive: Step;
	readonly #underWay: ({bytes: Buffer; checksum: ChecksumState} | undefined)[] = [];
	readonly #links: RandomStream;

	constructor(
		readonly net: TestNet,
		readonly name: string,
		address: string,
		readonly link: LinkOptions,
		settings: Partial<TcpSettings>,
	) {
		const {engine} = net;
		this.random = engine.random.stream(name);
		this.#links = engine.random.stream(`${name}/link`);
		this.limits = {mtu: link.mtu, checksumOffload: link.checksumOffload, segmentation: link.segmentation};
		const owner = engine.world;
		this.#timer = new Step(`${name} timer`, owner, 0, false, (argument) => {
			this.timers--;
			this.stack.timer(argument);
		});
		this.#sent = new Step(`${name} sent`, owner, 0, false, () => {
			this.#onDevice--;
			if (this.#wasFull) {
				this.#wasFull = false;
				this.stack.transmitReady();
			}
		});
		this.#arrive = new Step(`${name} arrive`, owner, 0, false, (index) => this.#receive(index));
		const mac = Uint8Array.from([0, 0x16, 0x3e, 0, 0, name.charCodeAt(0)]);
		this.stack = new NetworkStack(this, {mac, address: parseIp(address) ?? 0, prefix: 24}, settings);
	}

	now(): number {
		return this.net.engine.now;
	}

	timer(nanoseconds: number, argument: number): number {
		this.timers++;
		return this.net.engine.after(nanoseconds, this.#timer, argument);
	}

	cancelTimer(handle: number): void {
		if (this.net.engine.cancel(handle)) this.timers--;
	}

	packet(headerBytes: number, payloadBytes: number): PacketBuffer | null {
		if (this.#onDevice >= this.link.queue) {
			this.#wasFull = true;
			return null;
		}

		return scatter(Buffer.alloc(headerBytes + payloadBytes), headerBytes, this.link.chunk);
	}

	send(packet: PacketBuffer, checksum: ChecksumState, segmentSize: number): void {
		const {engine} = this.net;
		const bytes = gather(packet);
		const frames = segmentSize === 0 ? 1 : Math.ceil(bytes.length / segmentSize);
		const time = Math.ceil(((bytes.length + 24 * frames) * 8 * second) / this.link.rate);
		this.#onDevice++;
		this.#freeAt = Math.max(this.#freeAt, engine.now) + time;
		engine.at(this.#freeAt, this.#sent);
		this.net.sent.push({at: engine.now, from: this.name, bytes});
		// ARP has no checksum and three tries only: what the link does is done to IP.
		const chance = (parts: number) => bytes.readUInt16BE(12) === 0x0800 && this.#links.chance(parts);
		if (this.lose(bytes) || chance(this.link.loss)) {
			return;
		}

		const copies = chance(this.link.duplicate) ? 2 : 1;
		for (let copy = 0; copy < copies; copy++) {
			const late = chance(this.link.reorder) ? this.#links.below(4 * millisecond) : 0;
			const index = this.peer?.expect(bytes, checksum, chance(this.link.corrupt)) ?? 0;
			engine.at(this.#freeAt + this.link.delay + late, this.peer?.arrival ?? this.#arrive, index);
		}
	}

	get arrival(): Step {
		return this.#arrive;
	}

	/** A packet is on its way to here. */
	expect(bytes: Buffer, checksum: ChecksumState, corrupt: boolean): number {
		const copy = Buffer.from(bytes);
		// Ethernet's own check finds what is broken outside what IP and TCP sum.
		if (corrupt) copy[14 + this.#links.below(copy.length - 14)] ^= 1 << this.#links.below(8);
		return this.#underWay.push({bytes: copy, checksum}) - 1;
	}

	/** Hands bytes to the stack as if they had arrived. */
	inject(bytes: Buffer, checksum: ChecksumState = checksumValidated): void {
		const packet = scatter(bytes, Math.min(bytes.length, 14 + 20 + 60), this.link.chunk);
		this.stack.input(packet, checksum);
	}

	#receive(index: number): void {
		const packet = this.#underWay[index];
		this.#underWay[index] = undefined;
		if (packet !== undefined) this.inject(packet.bytes, packet.checksum);
	}
}

export class TestNet {
	readonly engine: Engine;
	readonly sent: SentFrame[] = [];
	readonly a: TestHost;
	readonly b: TestHost;

	constructor(
		seed: number,
		link: Partial<LinkOptions> = {},
		settings: Partial<TcpSettings> = {},
		settingsOfB = settings,
	) {
		this.engine = new Engine(seed);
		const options = {...plainLink, ...link};
		this.a = new TestHost(this, 'a', '10.0.0.1', options, settings);
		this.b = new TestHost(this, 'b', '10.0.0.2', options, settingsOfB);
		this.a.peer = this.b;
		this.b.peer = this.a;
	}

	get addressOfB(): number {
		return parseIp('10.0.0.2') ?? 0;
	}

	run(nanoseconds: number): void {
		this.engine.run(this.engine.now + nanoseconds, Number.POSITIVE_INFINITY);
	}

	/** Runs until nothing more will happen. */
	drain(): void {
		while (this.engine.nextTime !== Number.POSITIVE_INFINITY) {
			this.engine.run(this.engine.nextTime, Number.POSITIVE_INFINITY);
		}
	}

	/** The TCP segments sent so far, by one host or both. */
	segments(from?: string): Segment[] {
		const found: Segment[] = [];
		for (const {at, from: name, bytes} of this.sent) {
			if ((from === undefined || from === name) && bytes.readUInt16BE(12) === 0x0800 && bytes[23] === 6) {
				found.push({at, from: name, ...segmentOf(bytes)});
			}
		}

		return found;
	}
}

export function segmentOf(bytes: Buffer): Omit<Segment, 'at' | 'from'> {
	const options = new tcp.TcpOptions();
	const headerBytes = tcp.tcpHeaderLength(bytes, 34);
	options.read(bytes, 34, headerBytes);
	return {
		sequence: tcp.tcpSequence(bytes, 34),
		acknowledgment: tcp.tcpAcknowledgment(bytes, 34),
		length: bytes.readUInt16BE(16) - 20 - headerBytes,
		flags: tcp.tcpFlags(bytes, 34),
		window: tcp.tcpWindow(bytes, 34),
		options,
	};
}

function scatter(bytes: Buffer, headerBytes: number, chunk: number): PacketBuffer {
	const packet = new PacketBuffer(1024);
	if (chunk === 0) {
		packet.add(bytes, 0, bytes.length);
		return packet;
	}

	packet.add(bytes, 0, headerBytes);
	for (let at = headerBytes; at < bytes.length; at += chunk) {
		packet.add(bytes, at, Math.min(chunk, bytes.length - at));
	}

	return packet;
}

function gather(packet: PacketBuffer): Buffer {
	const parts = [];
	for (let i = 0; i < packet.chunks; i++) {
		parts.push(packet.memory[i].subarray(packet.offsets[i], packet.offsets[i] + packet.lengths[i]));
	}

	return Buffer.concat(parts);
}
