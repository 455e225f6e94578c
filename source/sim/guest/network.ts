/**
A guest's network: the stack of source/net on one device, as work of the guest's kernel. What arrives is taken in batches, as Linux's
softirq does; what the stack sends is charged before the device has it. Bounded everywhere: packets and pages under way, what may be
sent in one go, what may wait to be received; a full device stops the stack until it has room.

Costs are charged for what was done: so many packets, so many KiB copied between kernel and program, and summed where no device sums.
*/
import {assert} from '../../engine/assert.js';
import type {RandomStream} from '../../engine/random.js';
import type {Step} from '../../engine/step.js';
import type {ChecksumState} from '../../net/checksum-state.js';
import type {StackEnvironment, StackLimits} from '../../net/environment.js';
import {ethernetHeaderBytes} from '../../net/ethernet.js';
import {PacketBuffer} from '../../net/packet-buffer.js';
import {NetworkStack, type StackAddress} from '../../net/stack.js';
import type {TcpSettings} from '../../net/tcp-settings.js';
import type {Kernel} from '../kernel/kernel.js';
import {checksumPresent, frameBytesAtMtu1500, type NetDevice, type NetPacket, sent} from '../kernel/net-device.js';
import {outgoingPages} from '../kernel/network-memory.js';
import {networkCosts} from './network-costs.js';
import {type OutgoingPacket, OutgoingPackets} from './network-packets.js';

/** Packets under way to the device. */
const mostPackets = 512;
/** What one entry of the stack may send before the device gets it: bytes and packets. */
const burstBytes = 65_536;
const burstPackets = 16;
/** NAPI's weight: packets received before other work has its turn. */
const budget = 64;
/** net.core.netdev_max_backlog: packets that may wait to be received. */
const mostBacklog = 1024;
/** knob: from a carrier until the guest's init has configured the interface and starts programs, ns. */
const configuring = 100_000_000;
/** Segments of a packet that arrives: what a backend hands over at most. */
const mostArriving = 24;

export interface GuestNetworkOptions {
	/** What traces call it: `web vif0`. */
	readonly name: string;
	readonly own: StackAddress;
	readonly random: RandomStream;
	readonly settings?: Partial<TcpSettings>;
}

export class GuestNetwork implements StackEnvironment {
	readonly stack: NetworkStack;
	readonly random: RandomStream;
	limits: StackLimits;
	/** Told once, inside a step: the device can be used and the guest has configured it. */
	onReady: () => void = () => {};
	received = 0;
	sent = 0;
	/** Packets that found the backlog full. */
	dropped = 0;
	private ready = false;
	/** Packets that wait to be received: a ring of its own. */
	private readonly backlog: (NetPacket | null)[] = new Array(mostBacklog).fill(null);
	private head = 0;
	private count = 0;
	private polling = false;
	private readonly arriving = new PacketBuffer(mostArriving);
	private readonly packets: OutgoingPackets;
	/** What the stack fills now. */
	private filling: OutgoingPacket | null = null;
	/** Filled, and not with the device yet, oldest first. */
	private readonly outgoing: OutgoingPacket[] = [];
	private outgoingBytes = 0;
	private transmitting = false;
	/** The device has said that it is full. */
	private full = false;
	/** The stack was refused a packet and is to be told when there is room. */
	private owed = false;
	private readonly room: () => void;
	private readonly poll: Step;
	private readonly receive: Step;
	private readonly transmit: Step;
	private readonly again: Step;
	private readonly timerStep: Step;
	private readonly startStep: Step;
	private readonly configured: Step;
	private readonly programs: (() => void)[] = [];
	private readonly perReceived: number;
	private readonly perSent: number;
	private readonly perWake: number;
	private readonly perCopied: number;
	private readonly perSummed: number;
	private readonly atStack: number;
	private readonly atSocket: number;

	constructor(
		readonly kernel: Kernel,
		readonly device: NetDevice,
		{name, own, random, settings}: GuestNetworkOptions,
	) {
		this.random = random;
		this.limits = limitsOf(device);
		this.stack = new NetworkStack(this, own, settings);
		this.packets = new OutgoingPackets(kernel, mostPackets, outgoingPages, (packet) => this.returned(packet));
		const define = (what: string, cost: (typeof networkCosts)[keyof typeof networkCosts], run: (n: number) => void) =>
			kernel.define(`${name} ${what}`, cost, run);
		this.poll = define('poll', networkCosts.poll, () => this.polls());
		this.receive = define('receive', networkCosts.receive, (count) => this.receives(count));
		this.transmit = define('transmit', networkCosts.transmit, (count) => this.transmits(count));
		this.again = define('room', networkCosts.poll, () => this.goOn());
		this.timerStep = define('timer', networkCosts.timer, (argument) => {
			this.stack.timer(argument);
			this.flush();
		});
		this.configured = define('configured', networkCosts.timer, () => this.onReady());
		this.startStep = define('program', networkCosts.start, (index) => {
			this.stack.run(this.programs[index]);
			this.flush();
		});
		this.perReceived = this.receive.cost;
		this.perSent = this.transmit.cost;
		this.perWake = define('wake', networkCosts.wake, () => {}).cost;
		this.perCopied = define('copy', networkCosts.copy, () => {}).cost;
		this.perSummed = define('checksum', networkCosts.checksum, () => {}).cost;
		this.atStack = kernel.trace.point(`${name} stack`);
		this.atSocket = kernel.trace.point(`${name} socket`);
		this.room = () => {
			this.full = false;
			kernel.step(this.again);
		};
		device.receiver = (packet) => this.arrived(packet);
		device.onCarrier = (up) => this.carrier(up);
	}

	/** The device may have been usable before anybody listened. The caller is inside a step. */
	start(): void {
		if (this.device.carrier) {
			this.carrier(true);
		}
	}

	/** A program starts: `body` runs inside an entry of the stack, in a step of its own. */
	program(body: () => void): void {
		this.kernel.task(this.startStep, this.programs.push(body) - 1);
	}

	now(): number {
		return this.kernel.now();
	}

	timer(nanoseconds: number, argument: number): number {
		return this.kernel.timer(nanoseconds, this.timerStep, argument);
	}

	cancelTimer(handle: number): void {
		this.kernel.cancelTimer(handle);
	}

	packet(headerBytes: number, payloadBytes: number): PacketBuffer | null {
		if (this.filling !== null) {
			this.packets.release(this.filling);
			this.filling = null;
		}

		const stops = this.full || this.outgoing.length >= burstPackets || this.outgoingBytes >= burstBytes;
		const packet = stops ? null : this.packets.take(headerBytes + payloadBytes);
		if (packet === null) {
			this.owed = true;
			return null;
		}

		this.filling = packet;
		return packet.buffer;
	}

	send(buffer: PacketBuffer, checksum: ChecksumState, segmentSize: number): void {
		const packet = this.filling;
		assert(packet !== null && packet.buffer === buffer, 'the packet sent is the one asked for last');
		this.filling = null;
		packet.checksum = checksum;
		packet.segmentSize = segmentSize;
		packet.identity = this.kernel.trace.begin();
		this.kernel.trace.hop(this.kernel.now(), packet.identity, this.atStack, packet.bytes);
		this.outgoing.push(packet);
		this.outgoingBytes += packet.bytes;
	}

	/** Hands over a packet that no stack has made: a frame of a capture. False when there is no room; the caller then tries later. */
	sendRaw(bytes: Uint8Array): boolean {
		const buffer = this.packet(bytes.length, 0);
		this.owed = false;
		if (buffer === null) {
			return false;
		}

		for (let chunk = 0, from = 0; chunk < buffer.chunks; from += buffer.lengths[chunk++]) {
			buffer.memory[chunk].set(bytes.subarray(from, from + buffer.lengths[chunk]), buffer.offsets[chunk]);
		}

		this.send(buffer, checksumPresent, 0);
		this.flush();
		return true;
	}

	private carrier(up: boolean): void {
		if (!up) {
			return;
		}

		this.limits = limitsOf(this.device);
		if (!this.ready) {
			this.ready = true;
			this.kernel.timer(configuring, this.configured);
		}

		this.goOn();
	}

	private arrived(packet: NetPacket): void {
		if (this.count === mostBacklog) {
			this.dropped++;
			packet.done(packet, sent);
			return;
		}

		this.backlog[(this.head + this.count++) & (mostBacklog - 1)] = packet;
		if (!this.polling) {
			this.polling = true;
			this.kernel.step(this.poll);
		}
	}

	/** Looks how much there is, and pays for it. */
	private polls(): void {
		const count = Math.min(this.count, budget);
		let copied = 0;
		let summed = 0;
		for (let i = 0; i < count; i++) {
			const packet = this.backlog[(this.head + i) & (mostBacklog - 1)];
			const bytes = packet?.bytes ?? 0;
			copied += bytes;
			summed += packet?.checksum === checksumPresent ? bytes : 0;
		}

		const extra = (count - 1) * this.perReceived + this.perWake + this.bytesTime(copied, summed);
		this.kernel.step(this.receive, count, extra);
	}

	private receives(count: number): void {
		const {kernel, stack} = this;
		const buffer = this.arriving;
		for (let i = 0; i < count; i++) {
			const packet = this.backlog[this.head];
			assert(packet !== null, 'what was counted is there');
			this.backlog[this.head] = null;
			this.head = (this.head + 1) & (mostBacklog - 1);
			this.count--;
			buffer.clear();
			for (let segment = 0; segment < packet.segments; segment++) {
				buffer.add(kernel.bytes(packet.pages[segment]), packet.offsets[segment], packet.lengths[segment]);
			}

			this.received++;
			if (packet.identity !== 0) {
				kernel.trace.hop(kernel.now(), packet.identity, this.atSocket, packet.bytes);
			}

			stack.input(buffer, packet.checksum);
			packet.done(packet, sent);
		}

		this.polling = this.count > 0;
		if (this.polling) {
			kernel.task(this.poll);
		}

		this.flush();
	}

	/** Pays for what the stack has filled since; then the device gets it. */
	private flush(): void {
		const count = this.outgoing.length;
		if (this.transmitting || this.full || count === 0) {
			return;
		}

		this.transmitting = true;
		const summed = this.limits.checksumOffload ? 0 : this.outgoingBytes;
		const extra = (count - 1) * this.perSent + this.bytesTime(this.outgoingBytes, summed);
		this.kernel.step(this.transmit, count, extra);
	}

	private transmits(count: number): void {
		this.transmitting = false;
		for (let i = 0; i < count; i++) {
			const [packet] = this.outgoing;
			if (!this.device.transmit(packet)) {
				this.full = true;
				this.device.whenRoom(this.room);
				break;
			}

			this.outgoing.shift();
			this.outgoingBytes -= packet.bytes;
			this.sent++;
		}

		this.goOn();
	}

	/** There may be room: the stack goes on if it waits. */
	private goOn(): void {
		if (this.owed && !this.full && this.outgoing.length < burstPackets && this.outgoingBytes < burstBytes) {
			this.owed = false;
			this.stack.transmitReady();
		}

		this.flush();
	}

	private returned(packet: OutgoingPacket): void {
		this.packets.release(packet);
		// Who waits for the device is told by the device.
		if (this.owed && !this.full && !this.transmitting && this.outgoing.length === 0) {
			this.owed = false;
			this.stack.transmitReady();
			this.flush();
		}
	}

	private bytesTime(copied: number, summed: number): number {
		return Math.ceil((copied * this.perCopied + summed * this.perSummed) / 1024);
	}
}

function limitsOf({limits}: NetDevice): StackLimits {
	return {
		// A device that cuts for others takes larger packets; frames are what everybody's Ethernet carries.
		mtu: Math.min(limits.frame, frameBytesAtMtu1500) - ethernetHeaderBytes,
		checksumOffload: limits.checksumOffload,
		segmentation: limits.segmentation,
	};
}
