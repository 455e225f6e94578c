/** Shows a packet that passes a vif to whoever watches it. Only while somebody does; changes nothing. */
import type {FrameDirection, SeenFrame} from '../../net/frame-tap.js';
import {PacketBuffer} from '../../net/packet-buffer.js';
import type {Kernel} from '../kernel/kernel.js';
import {checksumBlank, type NetPacket} from '../kernel/net-device.js';

export function showPacket(
	onFrame: (frame: SeenFrame) => void,
	kernel: Kernel,
	packet: NetPacket,
	direction: FrameDirection,
): void {
	const bytes = new PacketBuffer(packet.segments);
	for (let i = 0; i < packet.segments; i++) {
		bytes.add(kernel.bytes(packet.pages[i]), packet.offsets[i], packet.lengths[i]);
	}

	onFrame({
		at: kernel.now(),
		direction,
		bytes,
		checksumBlank: packet.checksum === checksumBlank,
		segmentSize: packet.segmentSize,
		note: '',
	});
}
