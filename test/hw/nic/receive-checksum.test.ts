/** The look an 82540EM takes at checksums of received frames, against sums done plainly. After the SDM §3.2 and §13.4.47. */
import {describe, expect, it} from 'vitest';
import {mac, NicPoker, toUs} from '../../support/nic-poker.js';

describe('receive checksums', () => {
	/** An Ethernet II frame with IPv4 and TCP or UDP, checksums right, with `payload` bytes. */
	function packet(protocol: 6 | 17, payload: number, options = 0): Buffer {
		const headers = 14 + 20 + options;
		const transport = protocol === 6 ? 20 : 8;
		const bytes = Buffer.alloc(Math.max(60, headers + transport + payload));
		bytes.set(mac);
		bytes.writeUInt16BE(0x0800, 12);
		bytes[14] = 0x40 | ((20 + options) / 4);
		bytes.writeUInt16BE(20 + options + transport + payload, 16);
		bytes[22] = 64;
		bytes[23] = protocol;
		bytes.writeUInt32BE(0x0a000001, 26);
		bytes.writeUInt32BE(0x0a000002, 30);
		for (let i = headers; i < headers + transport + payload; i++) bytes[i] = (i * 7) & 0xff;
		const field = headers + (protocol === 6 ? 16 : 6);
		bytes.writeUInt16BE(0, field);
		let sum = protocol + transport + payload;
		for (let i = 26; i < 34; i += 2) sum += bytes.readUInt16BE(i);
		for (let i = headers; i < headers + transport + payload; i += 2) {
			sum += (bytes[i] << 8) | (i + 1 < headers + transport + payload ? bytes[i + 1] : 0);
		}
		bytes.writeUInt16BE(~fold(sum) & 0xffff, field);
		bytes.writeUInt16BE(0, 24);
		sum = 0;
		for (let i = 14; i < headers; i += 2) sum += bytes.readUInt16BE(i);
		bytes.writeUInt16BE(~fold(sum) & 0xffff, 24);
		return bytes;
	}

	function fold(sum: number): number {
		let folded = sum;
		while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 65_536);
		return folded;
	}

	/** Status bits beside DD and EOP: IXSM, TCPCS, IPCS. */
	const ixsm = 4;
	const tcpcs = 0x20;
	const ipcs = 0x40;
	const tcpe = 0x20;
	const ipe = 0x40;
	const flip = (at: number) => (bytes: Buffer) => {
		bytes[at] ^= 1;
	};
	const rows: [string, number, () => Buffer, number, number, ((bytes: Buffer) => void)?][] = [
		['TCP, all right', 0x300, () => packet(6, 1400), ipcs | tcpcs, 0],
		['TCP of an odd length', 0x300, () => packet(6, 1401), ipcs | tcpcs, 0],
		['TCP in a padded frame', 0x300, () => packet(6, 0), ipcs | tcpcs, 0],
		['TCP behind IP options', 0x300, () => packet(6, 500, 12), ipcs | tcpcs, 0],
		['UDP, all right', 0x300, () => packet(17, 1400), ipcs | tcpcs, 0],
		['a flipped payload bit', 0x300, () => packet(6, 1400), ipcs | tcpcs, tcpe, flip(900)],
		['a flipped bit of an address', 0x300, () => packet(6, 1400), ipcs | tcpcs, tcpe | ipe, flip(28)],
		['a flipped TTL bit', 0x300, () => packet(6, 1400), ipcs | tcpcs, ipe, flip(22)],
		['only IP asked for', 0x100, () => packet(6, 1400), ipcs, 0],
		['only TCP asked for', 0x200, () => packet(6, 1400), tcpcs, 0],
		['nothing asked for', 0, () => packet(6, 1400), ixsm, 0, flip(900)],
		[
			'UDP without a checksum',
			0x300,
			() => packet(17, 100),
			ipcs,
			0,
			(bytes) => {
				bytes.writeUInt16BE(0, 40);
			},
		],
		['another protocol', 0x300, () => packet(6, 100), ipcs, ipe, flip(23)],
		[
			'a fragment',
			0x300,
			() => packet(6, 100),
			ipcs,
			ipe,
			(bytes) => {
				bytes[20] |= 0x20;
			},
		],
		['a frame that is not IPv4', 0x300, () => toUs(200), ixsm, 0],
	];
	it.each(rows)('%s', (_what, rxcsum, make, status, errors, damage) => {
		const poker = new NicPoker().receiver();
		poker.write(0x5000, rxcsum);
		const bytes = make();
		damage?.(bytes);
		poker.deliver(bytes);
		expect(poker.received(0)).toMatchObject({status: 3 | status, errors});
	});

	it.each([
		[0x300, 6, 1400, 0],
		[0x300, 6, 1401, 0],
		[0x30e, 6, 1400, 0],
		[0x322, 17, 100, 0],
		[0x3ff, 6, 1400, 0],
		[0x00e, 6, 1400, 0],
		[0x301, 6, 1400, 0],
		[0x300, 6, 1400, 1],
	] as const)('the packet checksum is the plain sum from PCSS on (RXCSUM %i)', (rxcsum, protocol, payload, keepFcs) => {
		const poker = new NicPoker().receiver();
		poker.write(0x5000, rxcsum);
		if (keepFcs === 1) poker.write(0x100, 0x8002);
		poker.deliver(packet(protocol, payload));
		const {length, checksum} = poker.received(0);
		const bytes = poker.bytes(0, length);
		let sum = 0;
		for (let i = rxcsum & 0xff; i < length; i += 2) sum += (bytes[i] << 8) | (i + 1 < length ? bytes[i + 1] : 0);
		expect(checksum).toBe(fold(sum));
	});
});
