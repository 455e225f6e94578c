/** Ethernet II headers (IEEE 802.3): destination 0, source 6, type 12. Addresses are six bytes. */
import {read16, write16} from './bytes.js';

export const ethernetHeaderBytes = 14;
export const macBytes = 6;
/** Shortest frame without its FCS; a MAC pads to it, so bytes beyond what the IP header says are padding. */
export const shortestFrame = 60;
export const etherTypeIpv4 = 0x0800;
export const etherTypeArp = 0x0806;
export const broadcastMac: Uint8Array = new Uint8Array(macBytes).fill(0xff);

export function etherType(memory: Buffer, offset: number): number {
	return read16(memory, offset + 12);
}

export function writeEthernet(
	memory: Buffer,
	offset: number,
	destination: Uint8Array,
	source: Uint8Array,
	type: number,
): void {
	for (let i = 0; i < macBytes; i++) {
		memory[offset + i] = destination[i];
		memory[offset + macBytes + i] = source[i];
	}

	write16(memory, offset + 12, type);
}

/** Whether the six bytes at `offset` are this address. */
export function isMac(memory: Buffer, offset: number, mac: Uint8Array): boolean {
	return (
		memory[offset] === mac[0] &&
		memory[offset + 1] === mac[1] &&
		memory[offset + 2] === mac[2] &&
		memory[offset + 3] === mac[3] &&
		memory[offset + 4] === mac[4] &&
		memory[offset + 5] === mac[5]
	);
}

/** The group bit of the address at `offset`: a multicast or the broadcast address. */
export function isGroup(memory: Buffer, offset: number): boolean {
	return (memory[offset] & 1) === 1;
}

/** `00:16:3e:00:00:01` */
export function macText(mac: Uint8Array): string {
	return Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** Six bytes of `00:16:3e:00:00:01`; undefined when it is not an address. */
export function parseMac(text: string): Uint8Array | undefined {
	if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) {
		return undefined;
	}

	return Uint8Array.from(text.split(':'), (byte) => Number.parseInt(byte, 16));
}
