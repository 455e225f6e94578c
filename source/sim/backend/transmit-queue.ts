/**
The queue in front of a device that may be full: Linux's pfifo (net/sched/sch_fifo.c) with the device's tx_queue_len as its limit. First come
first served; what comes to a full queue is dropped and counted.
*/
import {assert} from '../../engine/assert.js';
import {dropped, type NetPacket} from '../kernel/net-device.js';

/** What a queue needs of whoever takes its packets: a NetDevice, or something in front of one. */
export interface PacketTaker {
	/** As NetDevice's. */
	transmit(packet: NetPacket): boolean;
	whenRoom(wake: () => void): void;
}

/** tx_queue_len of an Ethernet device, packets. */
export const defaultQueueLength = 1000;

export class TransmitQueue {
	/** Packets waiting. */
	length = 0;
	/** Packets dropped because the queue was full, or because it was emptied. */
	drops = 0;
	/** Packets that had to wait. */
	queued = 0;
	private readonly packets: (NetPacket | null)[];
	private readonly mask: number;
	private head = 0;
	/** The taker has been asked to tell when it has room. */
	private waiting = false;
	private readonly room: () => void;

	/** @param limit packets that may wait. */
	constructor(
		private readonly taker: PacketTaker,
		readonly limit = defaultQueueLength,
	) {
		assert(limit > 0 && limit <= 65_536, 'a queue holds 1 to 65536 packets');
		let size = 16;
		while (size < limit) size *= 2;
		this.packets = new Array(size).fill(null);
		this.mask = size - 1;
		this.room = () => {
			this.waiting = false;
			this.run();
		};
	}

	/** Sends a packet as soon as the taker has room. The caller is inside a step. @returns false when it was dropped. */
	send(packet: NetPacket): boolean {
		if (this.length === 0 && this.taker.transmit(packet)) return true;
		if (this.length === this.limit) {
			this.drops++;
			packet.done(packet, dropped);
			return false;
		}

		this.queued++;
		this.packets[(this.head + this.length++) & this.mask] = packet;
		this.wait();
		return true;
	}

	/** Drops everything that waits: the device's link is down, or the device is gone. */
	purge(): void {
		for (let left = this.length; left > 0; left--) {
			this.drops++;
			const packet = this.take();
			packet.done(packet, dropped);
		}
	}

	private run(): void {
		while (this.length > 0) {
			const packet = this.packets[this.head];
			assert(packet !== null, 'a queue with packets has a first one');
			if (!this.taker.transmit(packet)) {
				this.wait();
				return;
			}

			this.take();
		}
	}

	private take(): NetPacket {
		const packet = this.packets[this.head];
		assert(packet !== null, 'a packet leaves the queue once');
		this.packets[this.head] = null;
		this.head = (this.head + 1) & this.mask;
		this.length--;
		return packet;
	}

	private wait(): void {
		if (this.waiting) return;
		this.waiting = true;
		this.taker.whenRoom(this.room);
	}
}
