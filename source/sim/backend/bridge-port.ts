/** A port of a bridge: a device, the queue and the software offload in front of it, and what passed, counted as `ip -s link` shows a port. */
import type {Kernel} from '../kernel/kernel.js';
import type {NetPacket} from '../kernel/net-device.js';
import {Offload, type OffloadDevice} from './offload.js';
import {TransmitQueue} from './transmit-queue.js';

export class BridgePort {
	/** Packets that came in by the port, and those handed on to its device or queue; their bytes. A packet yet to be cut counts once. */
	rxPackets = 0;
	rxBytes = 0;
	txPackets = 0;
	txBytes = 0;
	/** Link or peer there: the port forwards. */
	up: boolean;
	readonly offload: Offload;
	readonly queue: TransmitQueue;

	constructor(
		kernel: Kernel,
		readonly number: number,
		readonly name: string,
		device: OffloadDevice,
		up: boolean,
		queueLength: number,
	) {
		this.up = up;
		this.offload = new Offload(kernel, name, device);
		this.queue = new TransmitQueue(this.offload, queueLength);
	}

	/** Packets dropped on the way out: the queue was full or emptied, or the packet could not be made to fit the device. */
	get txDropped(): number {
		return this.queue.drops + this.offload.errors;
	}

	send(packet: NetPacket): void {
		const {bytes} = packet;
		if (this.queue.send(packet)) {
			this.txPackets++;
			this.txBytes += bytes;
		}
	}

	/** The port is gone: what waits is dropped. */
	close(): void {
		this.up = false;
		this.queue.purge();
		this.offload.close();
	}
}
