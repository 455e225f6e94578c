/**
The checksum engines of an 82540EM: insertion into a frame to be sent (legacy descriptors: one sum from CSS to the end, its complement at
CSO; SDM §3.3.3), and the look at a received one (packet checksum from PCSS, IPv4 header, TCP and UDP; SDM §3.2, §13.4.47). Received: Ethernet
II with IPv4 only; SNAP, VLAN and IPv6 are left to software (IXSM), and of fragments only the header is checked.
*/
import {combine, finish, fold, sumOf} from '../../net/checksum.js';
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

/** IC: inserts the complement of the sum from `start` on, at `offset`. Ignored when either is not within the packet. */
export function insertChecksum(bytes: Buffer, length: number, start: number, offset: number): void {
	if (start >= length || offset >= length - 1) {
		return;
	}

	const sum = finish(sumOf(bytes, start, length - start));
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
			const right = sumOf(bytes, ethernetHeader, headerBytes) === 0xffff;
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
			payload = sumOf(bytes, from, segment);
			const right = fold(payload + sumOf(bytes, 26, 8) + protocol + segment) === 0xffff;
			status = (status & ~receivedIgnoreChecksum) | receivedTransportChecked | (right ? 0 : errorTransport);
		}
	}

	// The packet checksum takes the payload's sum over where it can: one pass over the bytes.
	const from = ethernetHeader + headerBytes;
	if (payload >= 0 && start <= from) {
		const before = combine(sumOf(bytes, start, from - start), from - start, payload);
		inspected.checksum = combine(before, end - start, sumOf(bytes, end, length - end));
	} else {
		inspected.checksum = start < length ? sumOf(bytes, start, length - start) : 0;
	}

	inspected.status = status;
}
