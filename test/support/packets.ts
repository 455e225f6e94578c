/** Whole frames with right checksums, put together by the protocols' own writers. */
import {arpRequest, writeArp} from '../../source/net/arp.js';
import {finish, sumOf} from '../../source/net/checksum.js';
import {broadcastMac, etherTypeArp, etherTypeIpv4, writeEthernet} from '../../source/net/ethernet.js';
import {icmpChecksum, icmpEchoRequest, writeEcho} from '../../source/net/icmp.js';
import {protocolIcmp, protocolTcp, protocolUdp, writeIpv4} from '../../source/net/ipv4.js';
import {PacketBuffer} from '../../source/net/packet-buffer.js';
import {flagAck, writeTcp} from '../../source/net/tcp.js';
import {Transport} from '../../source/net/transport.js';
import {writeUdp} from '../../source/net/udp.js';

export interface Station {
	readonly mac: Uint8Array;
	/** Signed 32-bit. */
	readonly ip: number;
}

/** 10.0.0.N with a MAC of its own. */
export function station(number: number): Station {
	return {mac: Uint8Array.of(2, 0, 0, 0, 0, number), ip: 0x0a000000 | number};
}

function ipFrame(from: Station, to: Station, protocol: number, length: number): Buffer {
	const bytes = Buffer.alloc(34 + length);
	writeEthernet(bytes, 0, to.mac, from.mac, etherTypeIpv4);
	writeIpv4(bytes, 14, protocol, from.ip, to.ip, length, 7);
	return bytes;
}

export function packetOf(bytes: Buffer): PacketBuffer {
	const packet = new PacketBuffer(1);
	packet.add(bytes, 0, bytes.length);
	return packet;
}

/** @param blank leaves the checksum to whoever sends it. */
function withChecksum(bytes: Buffer, blank: boolean): Buffer {
	const packet = packetOf(bytes);
	const transport = new Transport();
	if (!transport.find(packet)) throw new Error('the frame has a transport');
	transport.blank(packet);
	if (!blank) transport.fill(packet);
	return bytes;
}

export function udpFrame(from: Station, to: Station, payload: Uint8Array, blank = false): Buffer {
	const bytes = ipFrame(from, to, protocolUdp, 8 + payload.length);
	writeUdp(bytes, 34, 40_000, 50_000, payload.length, 0);
	bytes.set(payload, 42);
	return withChecksum(bytes, blank);
}

export function tcpFrame(from: Station, to: Station, payload: Uint8Array, blank = false): Buffer {
	const bytes = ipFrame(from, to, protocolTcp, 20 + payload.length);
	writeTcp(bytes, 34, 40_001, 50_001, 1000, 2000, 20, flagAck, 8192, 0);
	bytes.set(payload, 54);
	return withChecksum(bytes, blank);
}

export function pingFrame(from: Station, to: Station, payload: Uint8Array): Buffer {
	const bytes = ipFrame(from, to, protocolIcmp, 8 + payload.length);
	writeEcho(bytes, 34, icmpEchoRequest, 1, 1);
	bytes.set(payload, 42);
	bytes.writeUInt16BE(finish(sumOf(bytes, 34, 8 + payload.length)), 34 + icmpChecksum);
	return bytes;
}

export function arpFrame(from: Station, target: Station): Buffer {
	const bytes = Buffer.alloc(42);
	writeEthernet(bytes, 0, broadcastMac, from.mac, etherTypeArp);
	writeArp(bytes, 14, arpRequest, from.mac, from.ip, null, target.ip);
	return bytes;
}
