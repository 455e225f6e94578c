/**
A host's network stack on one interface: ARP, IPv4, ICMP echo, UDP and TCP, for guests and for hosts on the LAN alike. Its owner calls it
when a packet arrives, when the device has room again, and when a timer is due; see environment.ts.
*/
import type {ChecksumState} from './checksum-state.js';
import type {StackEnvironment} from './environment.js';
import {ethernetHeaderBytes} from './ethernet.js';
import {IcmpLayer} from './icmp-layer.js';
import {IpLayer, type StackAddress} from './ip-layer.js';
import * as ipv4 from './ipv4.js';
import type {PacketBuffer} from './packet-buffer.js';
import {TcpLayer} from './tcp-layer.js';
import {defaultTcpSettings, type TcpSettings} from './tcp-settings.js';
import {UdpLayer} from './udp-layer.js';

export type {StackAddress} from './ip-layer.js';

export class NetworkStack {
	readonly ip: IpLayer;
	readonly icmp: IcmpLayer;
	readonly udp: UdpLayer;
	readonly tcp: TcpLayer;

	constructor(
		readonly environment: StackEnvironment,
		own: StackAddress,
		settings: Partial<TcpSettings> = {},
	) {
		this.ip = new IpLayer(environment, own);
		this.icmp = new IcmpLayer(this.ip);
		this.udp = new UdpLayer(this.ip);
		this.tcp = new TcpLayer(this.ip, {...defaultTcpSettings, ...settings});
	}

	/** A packet has arrived. Its bytes are read during the call only. */
	input(packet: PacketBuffer, checksum: ChecksumState): void {
		const {ip} = this;
		ip.turns.enter();
		const header = ip.accept(packet);
		if (header > 0) this.inputTransport(packet, header, checksum);
		ip.turns.leave();
	}

	/** The device has room again. */
	transmitReady(): void {
		const {turns} = this.ip;
		turns.full = false;
		turns.enter();
		turns.leave();
	}

	/** The timer asked for with this argument is due. */
	timer(argument: number): void {
		const {turns, timers} = this.ip;
		turns.enter();
		timers.fired(argument);
		turns.leave();
	}

	/** Runs `body` as an entry of the stack: what it asks to send is sent when it ends. */
	run(body: () => void): void {
		const {turns} = this.ip;
		turns.enter();
		body();
		turns.leave();
	}

	private inputTransport(packet: PacketBuffer, header: number, checksum: ChecksumState): void {
		const memory = packet.memory[0];
		const at = packet.offsets[0] + ethernetHeaderBytes;
		const end = ethernetHeaderBytes + ipv4.ipv4TotalLength(memory, at);
		const source = ipv4.ipv4SourceAddress(memory, at);
		switch (ipv4.ipv4Protocol(memory, at)) {
			case ipv4.protocolTcp:
				this.tcp.input(packet, source, header, end, checksum);
				break;
			case ipv4.protocolUdp:
				this.udp.input(packet, source, header, end, checksum);
				break;
			case ipv4.protocolIcmp:
				this.icmp.input(packet, source, header, end);
				break;
			default:
		}
	}
}
