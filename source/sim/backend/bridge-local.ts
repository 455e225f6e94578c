/**
A bridge's own interface (`xenbr0` itself): the network device by which workloads of the bridge's domain reach it. It hands over whole what the
bridge's other ports must cut, as Linux's bridge device does (its features are those of software).
*/
import {
	frameBytesAtMtu1500,
	maximumPacketBytes,
	type NetDevice,
	type NetLimits,
	type NetPacket,
	sent,
} from '../kernel/net-device.js';

export class BridgeLocal implements NetDevice {
	readonly limits: NetLimits = {
		frame: frameBytesAtMtu1500,
		segments: 18,
		checksumOffload: true,
		segmentation: maximumPacketBytes,
	};
	readonly carrier = true;
	receiver: (packet: NetPacket) => void = (packet) => packet.done(packet, sent);
	onCarrier: (up: boolean) => void = () => {};

	/** @param enter takes a packet into the bridge. */
	constructor(
		readonly name: string,
		readonly mac: Uint8Array,
		private readonly enter: (packet: NetPacket) => void,
	) {}

	/** Never full: what a port cannot take waits in the port's own queue. */
	transmit(packet: NetPacket): boolean {
		this.enter(packet);
		return true;
	}

	whenRoom(wake: () => void): void {
		wake();
	}
}
