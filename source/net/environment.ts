/**
What a network stack needs of whoever owns it: a guest's kernel, whose CPU pays for every call, or a host on the LAN, whose work is free.
The stack runs only inside the owner's calls (`input`, `transmitReady`, `timer`) and those of its applications.
*/
import type {RandomStream} from '../engine/random.js';
import type {ChecksumState} from './checksum-state.js';
import type {PacketBuffer} from './packet-buffer.js';

export interface StackLimits {
	/** Largest IP packet on the wire, bytes. */
	readonly mtu: number;
	/** Checksums of TCP and UDP may be left blank. */
	readonly checksumOffload: boolean;
	/** Largest packet, Ethernet header included, that the device takes whole and cuts into segments; 0 when it cannot. */
	readonly segmentation: number;
}

export interface StackEnvironment {
	readonly random: RandomStream;
	/** Read at every packet: they may change when the device is connected again. */
	readonly limits: StackLimits;
	/** Nanoseconds. */
	now(): number;
	/** `stack.timer(argument)` is to be called that many nanoseconds from now; returns a handle for `cancelTimer`. */
	timer(nanoseconds: number, argument: number): number;
	cancelTimer(handle: number): void;
	/**
	An outgoing packet of that size to fill, or null when the device is full: then `stack.transmitReady()` is owed when it has room. The
	first chunk holds the headers (and may hold payload behind them), further chunks the rest. It is sent, or dropped by another `packet`.
	*/
	packet(headerBytes: number, payloadBytes: number): PacketBuffer | null;
	/** Hands over the packet last asked for. @param segmentSize payload bytes of each TCP segment it is to be cut into; 0 for one frame. */
	send(packet: PacketBuffer, checksum: ChecksumState, segmentSize: number): void;
}
