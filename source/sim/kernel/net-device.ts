/**
The only door between what uses a network and what drives it. Native drivers, netfront, netback's side of a vif and a bridge's own port
implement it; workloads, bridges and backends use it. Packets are pooled objects of whoever hands them over: nothing is allocated
for a packet.
*/
import {type ChecksumState, checksumPresent} from '../../net/checksum-state.js';

export {type ChecksumState, checksumBlank, checksumPresent, checksumValidated} from '../../net/checksum-state.js';

/** Ethernet header and payload without FCS, bytes: what one frame on the wire carries at an MTU of 1500. */
export const frameBytesAtMtu1500 = 1514;
/** Largest packet handed over whole when the taker segments (netif.h: the size field of a transmit request), bytes. */
export const maximumPacketBytes = 65_535;

/** Status handed to `done`. */
export const sent = 0;
export const dropped = -2;
export const packetError = -1;

export class NetPacket {
	/** Segments in use, of those the arrays hold. The Ethernet, IP and transport headers lie in the first one, whole. */
	segments = 0;
	readonly pages: Int32Array;
	readonly offsets: Int32Array;
	/** Bytes of each segment; none crosses a page. */
	readonly lengths: Int32Array;
	/** Bytes of the packet, from the destination address on, without FCS. */
	bytes = 0;
	checksum: ChecksumState = checksumPresent;
	/** Payload bytes of each TCP segment this packet is to be cut into; 0 when it is one frame already. */
	segmentSize = 0;
	/**
	Set by an owner who takes any page of its kernel's back: whoever has the packet may, before `done`, put another page in `pages[0]` and
	keep the one that was there, with what arrived in it. A page flip instead of a copy, as in Xen 1.0.
	*/
	exchangeable = false;
	/** Identity for the trace; see engine/trace.ts. */
	identity = 0;
	/** vCPU of the submitter's kernel on which the completion should run. */
	vcpu = 0;
	/** The taker is done with the packet and its pages. Runs in a step of the taker's kernel. */
	readonly done: (packet: NetPacket, status: number) => void;
	/** The submitter's own number for it. */
	readonly tag: number;

	constructor(maximumSegments: number, tag: number, done: (packet: NetPacket, status: number) => void) {
		this.pages = new Int32Array(maximumSegments);
		this.offsets = new Int32Array(maximumSegments);
		this.lengths = new Int32Array(maximumSegments);
		this.tag = tag;
		this.done = done;
	}
}

export interface NetLimits {
	/** Largest frame, bytes from the destination address to the end without FCS: 1514 at an MTU of 1500. */
	readonly frame: number;
	readonly segments: number;
	/** It fills in blank checksums, or passes them on to somebody who need not have them. */
	readonly checksumOffload: boolean;
	/** Largest packet it takes whole and cuts itself (or passes on whole); 0 when it cannot. */
	readonly segmentation: number;
}

export interface NetDevice {
	readonly name: string;
	readonly limits: NetLimits;
	/** Six bytes. */
	readonly mac: Uint8Array;
	/** A link, or a peer that takes packets, is there. */
	readonly carrier: boolean;
	/**
	Asks for the steps that carry the packet. The caller is inside a step of its own kernel. The device owes exactly one `done`.
	@returns false when the device is full; then nothing has happened, and `whenRoom` tells when to try again.
	*/
	transmit(packet: NetPacket): boolean;
	/** `wake` is called once, from a step of the driver's kernel, when there is room again. */
	whenRoom(wake: () => void): void;
	/**
	Takes what arrives; set once by whoever uses the device. Called inside a step of the driver's kernel. The taker owes exactly one
	`packet.done`, at once or later; until then pages and contents are its to read, not to change.
	*/
	receiver: (packet: NetPacket) => void;
	/** Told when `carrier` changes; set once by whoever uses the device. */
	onCarrier: (up: boolean) => void;
}
