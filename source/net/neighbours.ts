/**
Who is on the link: the ARP cache. An address is asked for three times, a second apart, and is then unreachable for whoever waits. An
entry older than its time is used on while its owner is asked again, as Linux does (reachable, stale, probe).
*/
import * as arp from './arp.js';
import {checksumPresent} from './checksum-state.js';
import type {StackEnvironment} from './environment.js';
import * as ethernet from './ethernet.js';
import type {PacketBuffer} from './packet-buffer.js';
import type {Timer, Timers} from './timers.js';
import type {Transmitter, Turns} from './turns.js';

const retryNanoseconds = 1_000_000_000;
const tries = 3;
/** base_reachable_time of Linux. */
const reachableNanoseconds = 30_000_000_000;
/** Addresses remembered: gc_thresh3 of Linux. */
const mostNeighbours = 1024;

export class Neighbour {
	readonly mac = new Uint8Array(ethernet.macBytes);
	known = false;
	/** Asked three times without an answer, and not asked since. */
	unreachable = false;
	/** Its answer is to be trusted until then. */
	freshUntil = 0;
	/** Requests sent since the last answer. */
	asked = 0;
	/** Who is to have a turn when something is known. Each is in it once. */
	readonly waiting: Transmitter[] = [];
	readonly timer: Timer;

	constructor(
		readonly address: number,
		timers: Timers,
		expired: (neighbour: Neighbour) => void,
	) {
		this.timer = timers.add(() => expired(this));
	}
}

export class Neighbours {
	private readonly entries = new Map<number, Neighbour>();
	requestsSent = 0;
	repliesSent = 0;
	repliesReceived = 0;

	constructor(
		private readonly environment: StackEnvironment,
		private readonly timers: Timers,
		private readonly turns: Turns,
		private readonly mac: Uint8Array,
		private readonly address: number,
	) {}

	/** The entry of an address on the link, new if need be. */
	entry(address: number): Neighbour {
		let entry = this.entries.get(address);
		if (entry === undefined) {
			if (this.entries.size >= mostNeighbours) {
				this.forgetOne();
			}

			entry = new Neighbour(address, this.timers, (neighbour) => this.again(neighbour));
			this.entries.set(address, entry);
		}

		return entry;
	}

	/** Whether packets may be sent to it now. If not, `transmitter` has a turn when its MAC, or that nobody answers, is known. */
	isUsable(neighbour: Neighbour, transmitter: Transmitter): boolean {
		if (neighbour.known) {
			if (this.environment.now() >= neighbour.freshUntil && !neighbour.timer.isSet) {
				this.ask(neighbour);
			}

			return true;
		}

		if (!neighbour.waiting.includes(transmitter)) {
			neighbour.waiting.push(transmitter);
		}

		if (!neighbour.timer.isSet) {
			neighbour.unreachable = false;
			this.ask(neighbour);
		}

		return false;
	}

	/** An ARP packet has arrived, its Ethernet header at `start` of the first chunk. */
	input(packet: PacketBuffer, start: number): void {
		const memory = packet.memory[0];
		const at = start + ethernet.ethernetHeaderBytes;
		if (packet.lengths[0] < ethernet.ethernetHeaderBytes + arp.arpBytes) {
			return;
		}

		const operation = arp.arpOperation(memory, at);
		if (operation === 0) {
			return;
		}

		const sender = arp.arpIp(memory, at + arp.arpSenderIp);
		const isForUs = arp.arpIp(memory, at + arp.arpTargetIp) === this.address;
		// RFC 826: whom we know already we know better now; whoever asks for us will be answered soon.
		const known = isForUs ? this.entry(sender) : this.entries.get(sender);
		if (known !== undefined && sender !== this.address) {
			this.learn(known, memory, at + arp.arpSenderMac);
		}

		if (operation === arp.arpReply) {
			this.repliesReceived++;
		} else if (operation === arp.arpRequest && isForUs && known !== undefined) {
			this.send(arp.arpReply, known.mac, known.mac, sender);
			this.repliesSent++;
		}
	}

	/** Tells the link who we are: a gratuitous request, as an interface that comes up sends. */
	announce(): void {
		this.send(arp.arpRequest, ethernet.broadcastMac, null, this.address);
	}

	private learn(neighbour: Neighbour, memory: Buffer, at: number): void {
		memory.copy(neighbour.mac, 0, at, at + ethernet.macBytes);
		neighbour.known = true;
		neighbour.unreachable = false;
		neighbour.asked = 0;
		neighbour.freshUntil = this.environment.now() + reachableNanoseconds;
		neighbour.timer.clear();
		this.wake(neighbour);
	}

	private ask(neighbour: Neighbour): void {
		neighbour.asked++;
		this.requestsSent++;
		// Whoever was known is asked alone.
		const to = neighbour.known ? neighbour.mac : ethernet.broadcastMac;
		this.send(arp.arpRequest, to, null, neighbour.address);
		neighbour.timer.set(retryNanoseconds);
	}

	private again(neighbour: Neighbour): void {
		if (neighbour.asked < tries) {
			this.ask(neighbour);
			return;
		}

		neighbour.asked = 0;
		neighbour.known = false;
		neighbour.unreachable = true;
		this.wake(neighbour);
	}

	private wake(neighbour: Neighbour): void {
		for (const transmitter of neighbour.waiting) {
			this.turns.want(transmitter);
		}

		neighbour.waiting.length = 0;
	}

	/** On a full device the packet is lost: it is sent again, or asked for again. */
	private send(operation: number, to: Uint8Array, target: Uint8Array | null, address: number): void {
		const packet = this.environment.packet(ethernet.ethernetHeaderBytes + arp.arpBytes, 0);
		if (packet === null) {
			this.turns.full = true;
			return;
		}

		const memory = packet.memory[0];
		const start = packet.offsets[0];
		ethernet.writeEthernet(memory, start, to, this.mac, ethernet.etherTypeArp);
		arp.writeArp(memory, start + ethernet.ethernetHeaderBytes, operation, this.mac, this.address, target, address);
		this.environment.send(packet, checksumPresent, 0);
	}

	/** Makes room: the oldest entry for which nobody waits. */
	private forgetOne(): void {
		for (const [address, neighbour] of this.entries) {
			if (neighbour.waiting.length === 0) {
				neighbour.timer.release();
				this.entries.delete(address);
				return;
			}
		}
	}
}
