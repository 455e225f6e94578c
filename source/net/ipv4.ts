/**
IPv4 headers (RFC 791), without options on the way out. Nothing is fragmented: every packet says Don't Fragment, and fragments that
arrive are refused. Addresses are signed 32-bit integers.
*/
import {read16, read32, write16, write32} from './bytes.js';
import {finish, sumOf} from './checksum.js';

export const ipv4HeaderBytes = 20;
export const protocolIcmp = 1;
export const protocolTcp = 6;
export const protocolUdp = 17;
export const defaultTtl = 64;

const dontFragment = 0x4000;
/** More fragments, or an offset: this is a fragment. */
const fragmentMask = 0x3fff;

/** Offsets within the header. */
export const ipv4Identification = 4;
export const ipv4Checksum = 10;
export const ipv4Source = 12;
export const ipv4Destination = 16;

/** What `checkIpv4` finds, besides a good header. */
export const ipv4Good = 0;
export const ipv4Malformed = 1;
export const ipv4BadChecksum = 2;
export const ipv4Fragment = 3;

export function ipv4HeaderLength(memory: Buffer, offset: number): number {
	return (memory[offset] & 15) << 2;
}

/** Bytes of header and payload together. */
export function ipv4TotalLength(memory: Buffer, offset: number): number {
	return read16(memory, offset + 2);
}

export function ipv4Protocol(memory: Buffer, offset: number): number {
	return memory[offset + 9];
}

export function ipv4SourceAddress(memory: Buffer, offset: number): number {
	return read32(memory, offset + ipv4Source);
}

export function ipv4DestinationAddress(memory: Buffer, offset: number): number {
	return read32(memory, offset + ipv4Destination);
}

/**
Looks at a header before anybody believes it.
@param contiguous bytes from `offset` to the end of its chunk. @param available bytes from `offset` to the end of the packet.
*/
export function checkIpv4(memory: Buffer, offset: number, contiguous: number, available: number): number {
	if (contiguous < ipv4HeaderBytes || memory[offset] >> 4 !== 4) {
		return ipv4Malformed;
	}

	const header = ipv4HeaderLength(memory, offset);
	const total = ipv4TotalLength(memory, offset);
	if (header < ipv4HeaderBytes || header > contiguous || total < header || total > available) {
		return ipv4Malformed;
	}

	if (sumOf(memory, offset, header) !== 0xffff) {
		return ipv4BadChecksum;
	}

	return (read16(memory, offset + 6) & fragmentMask) === 0 ? ipv4Good : ipv4Fragment;
}

/** Writes a header of 20 bytes, its checksum included. @param length bytes of the payload. */
export function writeIpv4(
	memory: Buffer,
	offset: number,
	protocol: number,
	source: number,
	destination: number,
	length: number,
	identification: number,
): void {
	memory[offset] = 0x45;
	memory[offset + 1] = 0;
	write16(memory, offset + 2, ipv4HeaderBytes + length);
	write16(memory, offset + ipv4Identification, identification);
	write16(memory, offset + 6, dontFragment);
	memory[offset + 8] = defaultTtl;
	memory[offset + 9] = protocol;
	write16(memory, offset + ipv4Checksum, 0);
	write32(memory, offset + ipv4Source, source);
	write32(memory, offset + ipv4Destination, destination);
	write16(memory, offset + ipv4Checksum, finish(sumOf(memory, offset, ipv4HeaderBytes)));
}

/** `192.168.1.10` */
export function ipText(address: number): string {
	return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** The address that `192.168.1.10` names; undefined when it is none. */
export function parseIp(text: string): number | undefined {
	if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
		return undefined;
	}

	let address = 0;
	for (const part of text.split('.')) {
		const byte = Number(part);
		if (byte > 255) {
			return undefined;
		}

		address = (address << 8) | byte;
	}

	return address;
}
