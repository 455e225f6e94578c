/**
The checksum engines of an 82540EM: insertion into a frame to be sent (legacy descriptors: one sum from CSS to the end, its complement at
CSO; SDM §3.3.3), and the look at a received one (packet checksum from PCSS, IPv4 header, TCP and UDP; SDM §3.2.9). Received: Ethernet
II with IPv4 only; SNAP, VLAN and IPv6 are left to software (IXSM), and of fragments only the header is checked.
*/
import {
	errorIp,
	errorTransport,
	receivedIgnoreChecksum,
	receivedIpChecked,
	receivedTransportChecked,
	rxcsumIp,
	rxcsumStart,
	rxcsumTransport,
} from './e1000-registers.js';

const ethernetHeader = 14;
const tcp = 6;
const udp = 17;
/** Bytes are summed where they are aligned: the largest frame and a little. */
const aligned = new Int32Array(4120);
const alignedBytes = Buffer.from(aligned.buffer);

/** Ones' complement sum of 16-bit words, high byte first, folded; an odd byte at the end counts as a high one. */
export function onesComplement(bytes: Buffer, from: number, to: number): number {
	const length = to - from;
	bytes.copy(alignedBytes, 0, from, to);
	const whole = length >> 2;
	let even = 0;
	let odd = 0;
	for (let i = 0; i < whole; i++) {
		const word = aligned[i];
		even += word & 0xffff;
		odd += word >>> 16;
	}

	let sum = even + odd;
	for (let i = whole * 4; i < length; i++) {
		sum += (i & 1) === 0 ? alignedBytes[i] : alignedBytes[i] << 8;
	}

	// The sum of little-endian words is the big-endian one with its bytes swapped (RFC 1071 §2).
	const folded = fold(sum);
	return ((folded & 0xff) << 8) | (folded >>> 8);
}

/** IC: inserts the complement of the sum from `start` on, at `offset`. Ignored when either is not within the packet. */
export function insertChecksum(bytes: Buffer, length: number, start: number, offset: number): void {
	if (start >= length || offset >= length - 1) {
		return;
	}

	const sum = ~onesComplement(bytes, start, length);
	bytes[offset] = sum >>> 8;
	bytes[offset + 1] = sum;
}

/** What the last `inspect` found: the packet checksum, and status and error bits of the descriptor. */
export const inspected = {checksum: 0, status: 0};

/** Looks at a received frame of `length` bytes, FCS included when it is not stripped (then it is in `bytes`), as RXCSUM says. */
export function inspect(bytes: Buffer, length: number, rxcsum: number): void {
	const start = rxcsumStart(rxcsum);
	let status = receivedIgnoreChecksum;
	let payload = -1;
	let segment = 0;
	let end = 0;
	const headerBytes = (bytes[ethernetHeader] & 15) * 4;
	const total = (bytes[16] << 8) | bytes[17];
	const isIp =
		length >= ethernetHeader + 20 &&
		bytes[12] === 0x08 &&
		bytes[13] === 0 &&
		bytes[ethernetHeader] >>> 4 === 4 &&
		headerBytes >= 20 &&
		total >= headerBytes &&
		ethernetHeader + total <= length;
	if (isIp) {
		if ((rxcsum & rxcsumIp) !== 0) {
			const right = onesComplement(bytes, ethernetHeader, ethernetHeader + headerBytes) === 0xffff;
			status = receivedIpChecked | (right ? 0 : errorIp);
		}

		const protocol = bytes[23];
		const fragment = (bytes[20] & 0x3f) !== 0 || bytes[21] !== 0;
		const from = ethernetHeader + headerBytes;
		segment = total - headerBytes;
		const hasChecksum =
			protocol === tcp ? segment >= 20 : protocol === udp && segment >= 8 && (bytes[from + 6] | bytes[from + 7]) !== 0;
		if ((rxcsum & rxcsumTransport) !== 0 && !fragment && hasChecksum) {
			end = from + segment;
			payload = onesComplement(bytes, from, end);
			const pseudo = onesComplement(bytes, 26, 34) + protocol + segment;
			const right = fold(payload + pseudo) === 0xffff;
			status = (status & ~receivedIgnoreChecksum) | receivedTransportChecked | (right ? 0 : errorTransport);
		}
	}

	// The packet checksum takes the payload's sum over where it can: one pass over the bytes.
	const from = ethernetHeader + headerBytes;
	if (payload >= 0 && start <= from && ((from - start) & 1) === 0 && (segment & 1) === 0) {
		inspected.checksum = fold(onesComplement(bytes, start, from) + payload + onesComplement(bytes, end, length));
	} else {
		inspected.checksum = start < length ? onesComplement(bytes, start, length) : 0;
	}

	inspected.status = status;
}

function fold(sum: number): number {
	let folded = (sum % 65_536) + Math.floor(sum / 65_536);
	folded = (folded & 0xffff) + (folded >>> 16);
	return (folded & 0xffff) + (folded >>> 16);
}
