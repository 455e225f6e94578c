/** The e1000 driver on a bench: a kernel of its own, a fake of the device's registers, and hands to send, to let arrive and to break things. */
import {E1000Driver, type E1000DriverOptions} from '../../source/sim/drivers/e1000.js';
import {type ChecksumState, checksumPresent, NetPacket} from '../../source/sim/kernel/net-device.js';
import {FakeE1000} from './fake-e1000.js';
import {FakeKernel} from './fake-kernel.js';

export const address = '00:05.0';
export const second = 1_000_000_000;

export class E1000Bench {
	readonly kernel = new FakeKernel();
	readonly nic: FakeE1000;
	readonly driver: E1000Driver;
	ready = false;
	failed = false;
	/** Bytes of the frames handed up, and the packets themselves. */
	readonly received: Buffer[] = [];
	readonly packets: NetPacket[] = [];
	readonly carrier: boolean[] = [];
	/** Whether frames handed up are given back at once. */
	givesBack = true;

	constructor(options: Partial<E1000DriverOptions> = {}) {
		const {memory, interrupts, bus, iommu} = this.kernel;
		this.nic = new FakeE1000(memory, interrupts, address, 'eth0');
		bus.plug(this.nic);
		iommu.device('eth0').passThrough();
		this.driver = new E1000Driver(this.kernel, this.kernel.device(address), options);
		this.driver.device.onCarrier = (up) => this.carrier.push(up);
		this.driver.device.receiver = (packet) => {
			const at = packet.offsets[0];
			this.received.push(Buffer.from(this.kernel.bytes(packet.pages[0]).subarray(at, at + packet.lengths[0])));
			this.packets.push(packet);
			if (this.givesBack) packet.done(packet, 0);
		};
	}

	/** Probes and waits for it. */
	start(): this {
		this.driver.start(
			() => {
				this.ready = true;
			},
			() => {
				this.failed = true;
			},
		);
		this.kernel.run(second / 10);
		return this;
	}

	/** A packet of these pieces, each in a page of its own from `offset` on. */
	packet(
		pieces: readonly Buffer[],
		done: (status: number) => void = () => {},
		checksum: ChecksumState = checksumPresent,
		offset = 64,
	): NetPacket {
		const packet = new NetPacket(Math.max(1, pieces.length), 0, (_packet, status) => done(status));
		for (const bytes of pieces) {
			const page = this.kernel.page();
			bytes.copy(this.kernel.bytes(page), offset);
			packet.pages[packet.segments] = page;
			packet.offsets[packet.segments] = offset;
			packet.lengths[packet.segments++] = bytes.length;
			packet.bytes += bytes.length;
		}

		packet.checksum = checksum;
		return packet;
	}

	/** Hands a packet over in a task of its own; whether it was taken. */
	send(packet: NetPacket): boolean {
		let taken = false;
		this.kernel.inTask(() => {
			taken = this.driver.device.transmit(packet);
		});
		this.kernel.run(10_000);
		return taken;
	}

	run(nanoseconds: number): void {
		this.kernel.run(nanoseconds);
	}
}

/** `bytes` bytes of a pattern of its own. */
export function pattern(bytes: number, seed: number): Buffer {
	const made = Buffer.alloc(bytes);
	for (let i = 0; i < bytes; i++) made[i] = (i * 7 + seed * 31 + (i >> 8)) & 0xff;
	return made;
}
