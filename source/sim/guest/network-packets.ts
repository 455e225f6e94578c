/**
The packets a guest's stack sends: pooled, each in pages of the guest's own, page after page, so that the headers lie in the first. Pages
come back when whoever took the packet is done with it.
*/
import {assert} from '../../engine/assert.js';
import {PacketBuffer} from '../../net/packet-buffer.js';
import type {Kernel, Page} from '../kernel/kernel.js';
import {NetPacket} from '../kernel/net-device.js';

const pageBytes = 4096;
/** The largest packet, 65535 bytes, in pages. */
const mostSegments = 16;

/** A packet of the pool, and its bytes as the stack fills them. */
export class OutgoingPacket extends NetPacket {
	readonly buffer = new PacketBuffer(mostSegments);
}

export class OutgoingPackets {
	private readonly packets: OutgoingPacket[] = [];
	private readonly free: OutgoingPacket[] = [];
	private readonly pages: Page[] = [];
	private pagesMade = 0;

	/**
	@param mostPackets and @param mostPages bound what is under way.
	@param done told of each packet that has come back, in a step of the taker's kernel.
	*/
	constructor(
		private readonly kernel: Kernel,
		private readonly mostPackets: number,
		private readonly mostPages: number,
		private readonly done: (packet: OutgoingPacket, status: number) => void,
	) {}

	/** Packets somebody holds. */
	get inUse(): number {
		return this.packets.length - this.free.length;
	}

	/** A packet of `bytes` to fill; null when the pool is out of packets or pages. */
	take(bytes: number): OutgoingPacket | null {
		const count = Math.ceil(bytes / pageBytes);
		assert(count >= 1 && count <= mostSegments, 'a packet has 1 to 65535 bytes');
		if (this.pages.length + this.mostPages - this.pagesMade < count) {
			return null;
		}

		const packet = this.free.pop() ?? this.make();
		if (packet === null) {
			return null;
		}

		const {buffer, pages, lengths} = packet;
		buffer.clear();
		packet.segments = count;
		packet.bytes = bytes;
		for (let i = 0; i < count; i++) {
			const page = this.page();
			const length = Math.min(pageBytes, bytes - i * pageBytes);
			pages[i] = page;
			lengths[i] = length;
			buffer.add(this.kernel.bytes(page), 0, length);
		}

		return packet;
	}

	/** Gives back a packet that was not sent, or has come back. */
	release(packet: OutgoingPacket): void {
		for (let i = 0; i < packet.segments; i++) {
			this.pages.push(packet.pages[i]);
		}

		packet.segments = 0;
		packet.identity = 0;
		this.free.push(packet);
	}

	private page(): Page {
		const page = this.pages.pop();
		if (page !== undefined) {
			return page;
		}

		this.pagesMade++;
		return this.kernel.page();
	}

	private make(): OutgoingPacket | null {
		if (this.packets.length === this.mostPackets) {
			return null;
		}

		// What comes back is what was sent: the pool's own.
		const back = (packet: NetPacket, status: number) => this.done(packet as OutgoingPacket, status);
		const packet = new OutgoingPacket(mostSegments, this.packets.length, back);
		this.packets.push(packet);
		return packet;
	}
}
