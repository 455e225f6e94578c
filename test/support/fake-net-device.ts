/** A network device that keeps what it is handed until told to let go, as far as it has room; and packets of bytes for tests. */
import type {Kernel} from '../../source/sim/kernel/kernel.js';
import {
	type ChecksumState,
	checksumPresent,
	type NetDevice,
	type NetLimits,
	NetPacket,
	sent,
} from '../../source/sim/kernel/net-device.js';

export const wireLimits: NetLimits = {frame: 1514, segments: 32, checksumOffload: true, segmentation: 0};

export class FakeNetDevice implements NetDevice {
	readonly mac = new Uint8Array(6);
	carrier = true;
	receiver: (packet: NetPacket) => void = (packet) => packet.done(packet, sent);
	onCarrier: (up: boolean) => void = () => {};
	/** Packets held, oldest first, and the bytes of every packet ever taken. */
	readonly held: NetPacket[] = [];
	readonly taken: Buffer[] = [];
	readonly checksums: ChecksumState[] = [];
	#waiters: (() => void)[] = [];

	/** @param room packets it holds at most. @param keeps false: each packet is done with at once, in the same step. */
	constructor(
		private readonly kernel: Kernel,
		readonly name: string,
		readonly limits: NetLimits = wireLimits,
		public room = Number.POSITIVE_INFINITY,
		private readonly keeps = false,
	) {}

	transmit(packet: NetPacket): boolean {
		if (this.held.length >= this.room) return false;
		this.taken.push(bytesOf(this.kernel, packet));
		this.checksums.push(packet.checksum);
		if (this.keeps) this.held.push(packet);
		else packet.done(packet, sent);
		return true;
	}

	whenRoom(wake: () => void): void {
		this.#waiters.push(wake);
	}

	/** Lets go of the oldest packets and wakes who waits; from within a step. */
	letGo(count = 1, status: number = sent): void {
		for (const packet of this.held.splice(0, count)) packet.done(packet, status);
		const waiters = this.#waiters;
		this.#waiters = [];
		for (const wake of waiters) wake();
	}
}

/** The bytes of a packet, gathered. */
export function bytesOf(kernel: Kernel, packet: NetPacket): Buffer {
	const pieces: Buffer[] = [];
	for (let i = 0; i < packet.segments; i++) {
		const at = packet.offsets[i];
		pieces.push(Buffer.from(kernel.bytes(packet.pages[i]).subarray(at, at + packet.lengths[i])));
	}

	return Buffer.concat(pieces);
}

/** A packet of these pieces, each in a page of its own from `offset` on. */
export function packetOf(
	kernel: Kernel,
	pieces: readonly Buffer[],
	done: (status: number) => void = () => {},
	checksum: ChecksumState = checksumPresent,
	segmentSize = 0,
	offset = 64,
): NetPacket {
	const packet = new NetPacket(pieces.length, 0, (_packet, status) => done(status));
	for (const bytes of pieces) {
		const page = kernel.page();
		bytes.copy(kernel.bytes(page), offset);
		packet.pages[packet.segments] = page;
		packet.offsets[packet.segments] = offset;
		packet.lengths[packet.segments++] = bytes.length;
		packet.bytes += bytes.length;
	}

	packet.checksum = checksum;
	packet.segmentSize = segmentSize;
	return packet;
}
