/** UDP headers (RFC 768): source port 0, destination port 2, length 4 (header and payload), checksum 6 (0: none). */
import {read16, write16} from './bytes.js';

export const udpHeaderBytes = 8;
export const udpChecksum = 6;

export function udpSourcePort(memory: Buffer, offset: number): number {
	return read16(memory, offset);
}

export function udpDestinationPort(memory: Buffer, offset: number): number {
	return read16(memory, offset + 2);
}

export function udpLength(memory: Buffer, offset: number): number {
	return read16(memory, offset + 4);
}

/** @param length bytes of the payload. @param checksum what the field holds for now: the pseudo header's sum when blank. */
export function writeUdp(
	memory: Buffer,
	offset: number,
	sourcePort: number,
	destinationPort: number,
	length: number,
	checksum: number,
): void {
	write16(memory, offset, sourcePort);
	write16(memory, offset + 2, destinationPort);
	write16(memory, offset + 4, udpHeaderBytes + length);
	write16(memory, offset + udpChecksum, checksum);
}
