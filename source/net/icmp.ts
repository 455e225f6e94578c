/** ICMP echo (RFC 792): type 0, code 1, checksum 2 (over header and payload, no pseudo header), identifier 4, sequence 6. */
import {read16, write16} from './bytes.js';

export const icmpHeaderBytes = 8;
export const icmpEchoReply = 0;
export const icmpEchoRequest = 8;
export const icmpChecksum = 2;

export function icmpType(memory: Buffer, offset: number): number {
	return memory[offset];
}

export function icmpIdentifier(memory: Buffer, offset: number): number {
	return read16(memory, offset + 4);
}

export function icmpSequence(memory: Buffer, offset: number): number {
	return read16(memory, offset + 6);
}

/** Writes an echo header whose checksum is 0: it covers the payload and is filled in last. */
export function writeEcho(memory: Buffer, offset: number, type: number, identifier: number, sequence: number): void {
	memory[offset] = type;
	memory[offset + 1] = 0;
	write16(memory, offset + icmpChecksum, 0);
	write16(memory, offset + 4, identifier);
	write16(memory, offset + 6, sequence);
}
