/**
One stack under a magnifying glass: the test plays its peer by hand, segment by segment, as packetdrill does. Sequence numbers are
relative to each side's initial one, times to the start.
*/
import {Engine} from '../../source/engine/engine.js';
import {RandomStream} from '../../source/engine/random.js';
import {Step} from '../../source/engine/step.js';
import {arpReply, writeArp} from '../../source/net/arp.js';
import {checksumPresent, checksumValidated} from '../../source/net/checksum-state.js';
import type {StackEnvironment} from '../../source/net/environment.js';
import {etherTypeArp, etherTypeIpv4, writeEthernet} from '../../source/net/ethernet.js';
import {protocolTcp, writeIpv4} from '../../source/net/ipv4.js';
import {PacketBuffer} from '../../source/net/packet-buffer.js';
import {NetworkStack} from '../../source/net/stack.js';
import * as tcp from '../../source/net/tcp.js';
import type {TcpSettings} from '../../source/net/tcp-settings.js';
import {segmentOf} from './net-link.js';

const here = 0x0a000001;
const there = 0x0a000002;
const ourMac = Uint8Array.from([0, 0x16, 0x3e, 0, 0, 1]);
const peerMac = Uint8Array.from([0, 0x16, 0x3e, 0, 0, 2]);
const peerInitial = 1000;

/** What the stack sent: flags as letters, numbers relative. */
export type Seen = {
	readonly at: number;
	readonly flags: string;
	readonly sequence: number;
	readonly acknowledgment: number;
	readonly length: number;
	readonly window: number;
};

export type Played = {
	readonly flags?: string;
	readonly sequence?: number;
	readonly acknowledgment?: number;
	readonly length?: number;
	readonly window?: number;
	/** Options of a SYN. */
	readonly mss?: number;
	readonly scale?: number;
};

export class TcpScript implements StackEnvironment {
	readonly engine = new Engine(1);
	readonly random: RandomStream;
	readonly limits = {mtu: 1500, checksumOffload: true, segmentation: 0};
	readonly stack: NetworkStack;
	timers = 0;
	/** The stack's initial sequence number, from its first SYN. */
	initial = 0;
	#seen: Seen[] = [];
	#port = 0;
	readonly #timer: Step;
	/** The peer tells its address. */
	readonly #answer: Step;

	/** @param seed chooses the stack's initial sequence number. */
	constructor(settings: Partial<TcpSettings> = {}, seed = 1) {
		this.random = new RandomStream(seed, 'script');
		this.#timer = new Step('timer', this.engine.world, 0, false, (argument) => {
			this.timers--;
			this.stack.timer(argument);
		});
		const own = {mac: ourMac, address: here, prefix: 24};
		this.stack = new NetworkStack(this, own, {timestamps: false, ...settings});
		this.#answer = new Step('answer', this.engine.world, 0, false, () => {
			const reply = Buffer.alloc(42);
			writeEthernet(reply, 0, ourMac, peerMac, etherTypeArp);
			writeArp(reply, 14, arpReply, peerMac, there, ourMac, here);
			this.#input(reply);
		});
		this.#answer.run(0);
	}

	get peerAddress(): number {
		return there;
	}

	now(): number {
		return this.engine.now;
	}

	timer(nanoseconds: number, argument: number): number {
		this.timers++;
		return this.engine.after(nanoseconds, this.#timer, argument);
	}

	cancelTimer(handle: number): void {
		if (this.engine.cancel(handle)) this.timers--;
	}

	packet(headerBytes: number, payloadBytes: number): PacketBuffer {
		const packet = new PacketBuffer(1);
		packet.add(Buffer.alloc(headerBytes + payloadBytes), 0, headerBytes + payloadBytes);
		return packet;
	}

	send(packet: PacketBuffer): void {
		const bytes = packet.memory[0];
		if (bytes.readUInt16BE(12) !== etherTypeIpv4) {
			this.engine.after(1000, this.#answer);
			return;
		}

		const {sequence, acknowledgment, length, flags, window} = segmentOf(bytes);
		const letters = lettersOf(flags);
		if (letters.includes('S') && this.initial === 0) this.initial = sequence;
		this.#port = tcp.tcpSourcePort(bytes, 34);
		this.#seen.push({
			at: this.engine.now,
			flags: letters,
			sequence: (sequence - this.initial) >>> 0,
			acknowledgment: letters.includes('A') ? (acknowledgment - peerInitial) >>> 0 : 0,
			length,
			window,
		});
	}

	/** What was sent since the last look. */
	seen(): Seen[] {
		const seen = this.#seen;
		this.#seen = [];
		return seen;
	}

	/** The data segments sent since the last look, as `sequence+length`. */
	data(): string[] {
		return this.seen()
			.filter(({length}) => length > 0)
			.map(({sequence, length}) => `${sequence}+${length}`);
	}

	wait(nanoseconds: number): void {
		this.engine.run(this.engine.now + nanoseconds, Number.POSITIVE_INFINITY);
	}

	/** Plays a segment of the peer's: an acknowledgment unless it says otherwise. */
	play({
		flags = 'A',
		sequence = 1,
		acknowledgment = 0,
		length = 0,
		window = 65_535,
		mss = 0,
		scale = -1,
	}: Played): void {
		const options = mss > 0 ? tcp.synOptionBytes(scale, false) : 0;
		const bytes = Buffer.alloc(54 + options + length);
		writeEthernet(bytes, 0, ourMac, peerMac, etherTypeIpv4);
		writeIpv4(bytes, 14, protocolTcp, there, here, 20 + options + length, 0);
		const number = (peerInitial + sequence) | 0;
		const acknowledged = (this.initial + acknowledgment) | 0;
		tcp.writeTcp(bytes, 34, 80, this.#port, number, acknowledged, 20 + options, flagsOf(flags), window, 0);
		if (mss > 0) tcp.writeSynOptions(bytes, 54, mss, scale, false, 0, 0);
		this.#input(bytes);
	}

	#input(bytes: Buffer): void {
		const packet = new PacketBuffer(1);
		packet.add(bytes, 0, bytes.length);
		this.stack.input(packet, bytes.readUInt16BE(12) === etherTypeIpv4 ? checksumValidated : checksumPresent);
	}
}

const letters: ReadonlyArray<readonly [string, number]> = [
	['S', tcp.flagSyn],
	['F', tcp.flagFin],
	['R', tcp.flagRst],
	['P', tcp.flagPsh],
	['A', tcp.flagAck],
];

function lettersOf(flags: number): string {
	return letters.map(([letter, flag]) => ((flags & flag) === 0 ? '' : letter)).join('');
}

function flagsOf(text: string): number {
	return letters.reduce((flags, [letter, flag]) => (text.includes(letter) ? flags | flag : flags), 0);
}
