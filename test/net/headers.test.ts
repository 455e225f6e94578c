/** Headers: what is written is what is read, at the offsets the standards name; what a frame's transport is; filled-in checksums. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import * as arp from '../../source/net/arp.js';
import {pseudoHeader} from '../../source/net/checksum.js';
import * as ethernet from '../../source/net/ethernet.js';
import * as icmp from '../../source/net/icmp.js';
import * as ipv4 from '../../source/net/ipv4.js';
import {PacketBuffer} from '../../source/net/packet-buffer.js';
import * as tcp from '../../source/net/tcp.js';
import {fillChecksum, Transport} from '../../source/net/transport.js';
import * as udp from '../../source/net/udp.js';

const mac = fc.uint8Array({minLength: 6, maxLength: 6});
const word = fc.integer({min: 0, max: 0xffff});
const offset = fc.nat(7);

describe('Ethernet and ARP', () => {
	test('an Ethernet header is destination, source and type', () => {
		fc.assert(
			fc.property(mac, mac, word, offset, (destination, source, type, at) => {
				const memory = Buffer.alloc(at + 14);
				ethernet.writeEthernet(memory, at, destination, source, type);
				expect([...memory.subarray(at)]).toEqual([...destination, ...source, type >> 8, type & 255]);
				expect(ethernet.etherType(memory, at)).toBe(type);
				expect(ethernet.isMac(memory, at, destination)).toBe(true);
			}),
		);
	});

	test('a MAC address is read as it is written', () => {
		fc.assert(
			fc.property(mac, (bytes) => {
				expect(ethernet.parseMac(ethernet.macText(bytes))).toEqual(bytes);
			}),
		);
		expect(ethernet.parseMac('00:16:3e:00:00')).toBeUndefined();
		expect(ethernet.parseMac('00:16:3e:00:00:0g')).toBeUndefined();
	});

	test('an ARP request is the bytes of RFC 826', () => {
		const memory = Buffer.alloc(28);
		const sender = Uint8Array.from([0, 0x16, 0x3e, 0, 0, 1]);
		arp.writeArp(memory, 0, arp.arpRequest, sender, 0x0a000001, null, 0x0a000002);
		expect(memory.toString('hex')).toBe('0001080006040001' + '00163e000001' + '0a000001' + '000000000000' + '0a000002');
		expect(arp.arpOperation(memory, 0)).toBe(arp.arpRequest);
		memory[0] = 1;
		expect(arp.arpOperation(memory, 0)).toBe(0);
	});
});

describe('IPv4', () => {
	test('a header round-trips and its checksum is right', () => {
		fc.assert(
			fc.property(
				fc.integer(),
				fc.integer(),
				fc.nat(255),
				fc.nat(1480),
				word,
				offset,
				(from, to, protocol, length, id, at) => {
					const memory = Buffer.alloc(at + 20 + length);
					ipv4.writeIpv4(memory, at, protocol, from, to, length, id);
					expect(ipv4.checkIpv4(memory, at, 20 + length, 20 + length)).toBe(ipv4.ipv4Good);
					expect(ipv4.ipv4Protocol(memory, at)).toBe(protocol);
					expect(ipv4.ipv4SourceAddress(memory, at)).toBe(from);
					expect(ipv4.ipv4DestinationAddress(memory, at)).toBe(to);
					expect(ipv4.ipv4TotalLength(memory, at)).toBe(20 + length);
					expect(memory.readUInt16BE(at + 4)).toBe(id);
					expect(memory.readUInt16BE(at + 6)).toBe(0x4000);
				},
			),
		);
	});

	test('any one flipped bit of a header is found', () => {
		fc.assert(
			fc.property(fc.integer(), fc.integer(), fc.nat(159), (from, to, bit) => {
				const memory = Buffer.alloc(100);
				ipv4.writeIpv4(memory, 0, 6, from, to, 80, 7);
				memory[bit >> 3] ^= 1 << (bit & 7);
				expect(ipv4.checkIpv4(memory, 0, 100, 100)).not.toBe(ipv4.ipv4Good);
			}),
		);
	});

	test('a fragment, and a packet longer than its frame, are told apart', () => {
		const memory = Buffer.alloc(60);
		ipv4.writeIpv4(memory, 0, 17, 1, 2, 40, 0);
		expect(ipv4.checkIpv4(memory, 0, 59, 59)).toBe(ipv4.ipv4Malformed);
		memory[6] = 0x20;
		memory.writeUInt16BE(0, 10);
		memory.writeUInt16BE(
			~[...Array(10).keys()].reduce((sum, i) => {
				const next = sum + memory.readUInt16BE(2 * i);
				return next > 0xffff ? next - 0xffff : next;
			}, 0) & 0xffff,
			10,
		);
		expect(ipv4.checkIpv4(memory, 0, 60, 60)).toBe(ipv4.ipv4Fragment);
	});

	test('an address is read as it is written', () => {
		fc.assert(
			fc.property(fc.integer(), (address) => {
				expect(ipv4.parseIp(ipv4.ipText(address))).toBe(address);
			}),
		);
		expect(ipv4.ipText(-1)).toBe('255.255.255.255');
		expect(ipv4.parseIp('10.0.0')).toBeUndefined();
		expect(ipv4.parseIp('10.0.0.256')).toBeUndefined();
	});
});

describe('ICMP, UDP and TCP', () => {
	test('an echo header is type, identifier and sequence', () => {
		const memory = Buffer.alloc(8);
		icmp.writeEcho(memory, 0, icmp.icmpEchoRequest, 0x1234, 0x5678);
		expect(memory.toString('hex')).toBe('0800000012345678');
		expect(icmp.icmpIdentifier(memory, 0)).toBe(0x1234);
		expect(icmp.icmpSequence(memory, 0)).toBe(0x5678);
	});

	test('a TCP header round-trips', () => {
		fc.assert(
			fc.property(
				word,
				word,
				fc.integer(),
				fc.integer(),
				word,
				fc.nat(63),
				(from, to, sequence, acknowledgment, window, flags) => {
					const memory = Buffer.alloc(20);
					tcp.writeTcp(memory, 0, from, to, sequence, acknowledgment, 20, flags, window, 0);
					expect(tcp.tcpSourcePort(memory, 0)).toBe(from);
					expect(tcp.tcpDestinationPort(memory, 0)).toBe(to);
					expect(tcp.tcpSequence(memory, 0)).toBe(sequence);
					expect(tcp.tcpAcknowledgment(memory, 0)).toBe(acknowledgment);
					expect(tcp.tcpHeaderLength(memory, 0)).toBe(20);
					expect(tcp.tcpFlags(memory, 0)).toBe(flags);
					expect(tcp.tcpWindow(memory, 0)).toBe(window);
				},
			),
		);
	});

	test('the options of a SYN round-trip, each there or not', () => {
		const scale = fc.integer({min: -1, max: 14});
		fc.assert(
			fc.property(word, scale, fc.boolean(), fc.integer(), fc.integer(), (mss, shift, stamps, value, echo) => {
				const memory = Buffer.alloc(60);
				const bytes = tcp.writeSynOptions(memory, 20, mss, shift, stamps, value, echo);
				expect(bytes).toBe(tcp.synOptionBytes(shift, stamps));
				expect(bytes % 4).toBe(0);
				const options = new tcp.TcpOptions();
				options.read(memory, 0, 20 + bytes);
				expect(options).toMatchObject({mss, scale: shift, timestamps: stamps});
				if (stamps) expect(options).toMatchObject({value, echo});
			}),
		);
	});

	test('options that make no sense are read without running past their end', () => {
		fc.assert(
			fc.property(fc.uint8Array({minLength: 0, maxLength: 40}), (bytes) => {
				const memory = Buffer.alloc(20 + bytes.length);
				memory.set(bytes, 20);
				const options = new tcp.TcpOptions();
				options.read(memory, 0, memory.length);
				expect(options.scale).toBeLessThanOrEqual(14);
			}),
		);
	});
});

/** A frame of TCP or UDP with a blank checksum, cut into chunks behind its headers, and `padding` bytes after the packet. */
function frame(protocol: number, payload: Uint8Array, padding: number, cut: number): PacketBuffer {
	const header = protocol === ipv4.protocolTcp ? 20 : 8;
	const memory = Buffer.alloc(34 + header + payload.length + padding, 0x5a);
	const blank = pseudoHeader(0x0a000001, 0x0a000002, protocol, header + payload.length);
	ethernet.writeEthernet(memory, 0, ethernet.broadcastMac, ethernet.broadcastMac, ethernet.etherTypeIpv4);
	ipv4.writeIpv4(memory, 14, protocol, 0x0a000001, 0x0a000002, header + payload.length, 9);
	if (protocol === ipv4.protocolTcp) tcp.writeTcp(memory, 34, 1, 2, 3, 4, 20, tcp.flagAck, 5, blank);
	else udp.writeUdp(memory, 34, 1, 2, payload.length, blank);
	memory.set(payload, 34 + header);
	const packet = new PacketBuffer(2);
	const first = Math.min(memory.length, 34 + header + cut);
	packet.add(memory, 0, first);
	packet.add(Buffer.from(memory.subarray(first)), 0, memory.length - first);
	return packet;
}

describe('the transport of a frame', () => {
	const protocol = fc.constantFrom(ipv4.protocolTcp, ipv4.protocolUdp);
	const payload = fc.uint8Array({maxLength: 200});

	test('is found, and a checksum that is filled in is right until a byte changes', () => {
		fc.assert(
			fc.property(protocol, payload, fc.nat(20), fc.nat(200), fc.nat(1000), (which, bytes, padding, cut, where) => {
				const packet = frame(which, bytes, padding, cut);
				expect(fillChecksum(packet)).toBe(true);
				const transport = new Transport();
				expect(transport.find(packet)).toBe(true);
				expect(transport.end - transport.payload).toBe(bytes.length);
				expect(transport.isRight(packet)).toBe(true);
				const covered = packet.lengths[0] - transport.header;
				const at = transport.header + (where % covered);
				// The last header bytes of UDP are its checksum: a change there could say that there is none.
				if (which === ipv4.protocolTcp && at < transport.end) {
					packet.memory[0][at] ^= 1;
					expect(transport.isRight(packet)).toBe(false);
				}
			}),
		);
	});

	test('can be blanked again', () => {
		const packet = frame(ipv4.protocolTcp, Buffer.from('hello'), 0, 100);
		const before = Buffer.from(packet.memory[0]);
		const transport = new Transport();
		transport.find(packet);
		transport.fill(packet);
		expect(packet.memory[0].equals(before)).toBe(false);
		transport.blank(packet);
		expect(packet.memory[0].equals(before)).toBe(true);
	});

	test('is not found in ARP, in other protocols and in what is cut short', () => {
		const transport = new Transport();
		for (const spoil of [
			(memory: Buffer) => memory.writeUInt16BE(0x0806, 12),
			(memory: Buffer) => {
				memory[23] = 1;
			},
			(memory: Buffer) => memory.writeUInt16BE(2000, 16),
			(memory: Buffer) => {
				memory[46] = 0xf0;
			},
		]) {
			const packet = frame(ipv4.protocolTcp, Buffer.alloc(4), 0, 100);
			spoil(packet.memory[0]);
			expect(transport.find(packet)).toBe(false);
			expect(transport.protocol).toBe(0);
		}
	});
});
