/** ARP for Ethernet and IPv4 (RFC 826): 28 bytes after the Ethernet header. Sender and target are each a MAC and an IPv4 address. */
import {read16, read32, write16, write32} from './bytes.js';
import {etherTypeIpv4, macBytes} from './ethernet.js';

export const arpBytes = 28;
export const arpRequest = 1;
export const arpReply = 2;
const hardwareEthernet = 1;

/** Offsets of the four addresses. */
export const arpSenderMac = 8;
export const arpSenderIp = 14;
export const arpTargetMac = 18;
export const arpTargetIp = 24;

/** The operation, or 0 when the packet is not ARP between Ethernet and IPv4. */
export function arpOperation(memory: Buffer, offset: number): number {
	const fits =
		read16(memory, offset) === hardwareEthernet &&
		read16(memory, offset + 2) === etherTypeIpv4 &&
		memory[offset + 4] === macBytes &&
		memory[offset + 5] === 4;
	return fits ? read16(memory, offset + 6) : 0;
}

/** @param targetMac null in a request: nobody knows it yet. */
export function writeArp(
	memory: Buffer,
	offset: number,
	operation: number,
	senderMac: Uint8Array,
	senderIp: number,
	targetMac: Uint8Array | null,
	targetIp: number,
): void {
	write16(memory, offset, hardwareEthernet);
	write16(memory, offset + 2, etherTypeIpv4);
	memory[offset + 4] = macBytes;
	memory[offset + 5] = 4;
	write16(memory, offset + 6, operation);
	for (let i = 0; i < macBytes; i++) {
		memory[offset + arpSenderMac + i] = senderMac[i];
		memory[offset + arpTargetMac + i] = targetMac === null ? 0 : targetMac[i];
	}

	write32(memory, offset + arpSenderIp, senderIp);
	write32(memory, offset + arpTargetIp, targetIp);
}

export function arpIp(memory: Buffer, at: number): number {
	return read32(memory, at);
}
