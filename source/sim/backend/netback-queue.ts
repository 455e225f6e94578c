/** The packets that wait for a guest, oldest first, each with the time at which it is dropped; and the bytes of all of them. */
import {assert} from '../../engine/assert.js';
import type {Occupancy} from '../../engine/occupancy.js';
import type {NetPacket} from '../kernel/net-device.js';

export class PacketQueue {
	length = 0;
	bytes = 0;
	/** Told how many bytes there are whenever that changes. */
	occupancy: Occupancy | null = null;
	private packets: (NetPacket | null)[] = new Array(64).fill(null);
	private expires = new Float64Array(64);
	private at = 0;

	get head(): NetPacket {
		const packet = this.packets[this.at];
		assert(packet !== null && this.length > 0, 'a packet waits');
		return packet;
	}

	/** When the oldest packet is dropped, virtual nanoseconds. */
	get headExpires(): number {
		return this.expires[this.at];
	}

	push(packet: NetPacket, expires: number, now: number): void {
		if (this.length === this.packets.length) this.grow();
		const at = (this.at + this.length++) & (this.packets.length - 1);
		this.packets[at] = packet;
		this.expires[at] = expires;
		this.bytes += packet.bytes;
		if (this.occupancy !== null) this.occupancy.set(now, this.bytes);
	}

	shift(now: number): NetPacket {
		const packet = this.head;
		this.packets[this.at] = null;
		this.at = (this.at + 1) & (this.packets.length - 1);
		this.length--;
		this.bytes -= packet.bytes;
		if (this.occupancy !== null) this.occupancy.set(now, this.bytes);
		return packet;
	}

	private grow(): void {
		const size = this.packets.length;
		const packets: (NetPacket | null)[] = new Array(size * 2).fill(null);
		const expires = new Float64Array(size * 2);
		for (let i = 0; i < size; i++) {
			packets[i] = this.packets[(this.at + i) & (size - 1)];
			expires[i] = this.expires[(this.at + i) & (size - 1)];
		}

		this.packets = packets;
		this.expires = expires;
		this.at = 0;
	}
}
