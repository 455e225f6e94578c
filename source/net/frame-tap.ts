/**
Where frames can be watched: a NIC's wire, a vif. A tap costs one comparison with null while nobody watches, and watching never changes
what happens.
*/
import type {PacketBuffer} from './packet-buffer.js';

/** Which way, as the interface of that name sees it: pcapng's inbound and outbound. */
export type FrameDirection = 'inbound' | 'outbound';

export interface SeenFrame {
	/** Virtual time, ns. */
	readonly at: number;
	readonly direction: FrameDirection;
	/** From the destination address on, without FCS; valid during the call only. */
	readonly bytes: PacketBuffer;
	/** The transport checksum in it is blank: only the pseudo header's sum. */
	readonly checksumBlank: boolean;
	/** Payload bytes of each segment it will be cut into; 0 when it is one frame. */
	readonly segmentSize: number;
	/** What happened to it on the way: `wire: corrupted`; '' for nothing. */
	readonly note: string;
}

export class FrameTap {
	onFrame: ((frame: SeenFrame) => void) | null = null;

	/** @param name the interface: `eth0`, `web:0`. */
	constructor(readonly name: string) {}
}
