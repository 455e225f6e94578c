/**
How netback takes one packet off the transmit ring: its slots are copied once and judged by the copy, in the order of Linux's xen-netback
(xenvif_tx_build_gops, xenvif_get_extras, xenvif_count_requests, xenvif_set_skb_gso). What is merely wrong is answered with an error; what
no honest frontend does stops the vif.
*/
import * as netif from '../channel/netif.js';
import {type BackRing, requestProducerWord} from '../channel/ring.js';
import {fatalSlots, legacySlots} from './netback-options.js';
import type {PendingPacket} from './netback-pending.js';

const pageBytes = 4096;
/** ETH_HLEN. */
const shortestFrame = 14;

export const packetTaken = 0;
/** To be answered with an error; `problem` says why. */
export const packetBad = 1;
/** The vif is to be disabled. */
export const packetFatal = 2;
/** Multicast filters: answered as asked, nothing handed on. */
export const packetControl = 3;
export type Taken = typeof packetTaken | typeof packetBad | typeof packetFatal | typeof packetControl;

export class PacketIntake {
	/** What was wrong with the packet last taken. */
	problem = '';
	/** Of the packet last taken, good or bad: ids of its slots, extra infos not counted, and how many of either. */
	readonly ids = new Uint16Array(fatalSlots + 1);
	slots = 0;
	extras = 0;
	private readonly copy = new Int32Array(netif.txWords);
	private readonly extra = new Int32Array(netif.txWords);
	private gso = -1;
	private gsoType = 0;
	private multicast = false;

	/** The frontend claims more requests than there is room for. */
	impossible(ring: BackRing): boolean {
		if (!ring.requestsOverflow) return false;
		this.problem =
			`Impossible number of requests. req_prod ${ring.words[requestProducerWord] >>> 0}, ` +
			`req_cons ${ring.requestConsumer >>> 0}, size ${ring.size}`;
		return true;
	}

	/** The whole packet's size as its first slot says, without taking it. That slot is copied now, and only now. */
	peekSize(ring: BackRing): number {
		netif.copyTxSlot(ring.words, ring.entry(ring.requestConsumer), this.copy, 0);
		return netif.txSize(this.copy, 0);
	}

	/** Takes the packet whose first slot `peekSize` copied, into `pending`. */
	take(ring: BackRing, pending: PendingPacket): Taken {
		const copy = this.copy;
		ring.nextRequest();
		this.slots = 1;
		this.extras = 0;
		this.gso = -1;
		this.multicast = false;
		this.ids[0] = netif.txId(copy, 0);
		const flags = netif.txFlagsOf(copy, 0);
		const total = netif.txSize(copy, 0);
		pending.ids[0] = this.ids[0];
		pending.references[0] = netif.txReference(copy, 0);
		pending.offsets[0] = netif.txOffset(copy, 0);
		pending.flags = flags;
		pending.packet.bytes = total;
		if ((flags & netif.txExtraInfo) !== 0 && !this.takeExtras(ring)) return packetFatal;
		pending.extras = this.extras;
		if (this.multicast) return packetControl;
		const rest = (flags & netif.txMoreData) !== 0 ? this.takeFragments(ring, pending, total) : total;
		if (rest === fatal) return packetFatal;
		if (rest === bad) return packetBad;
		pending.slots = this.slots;
		pending.sizes[0] = rest;
		if (rest < shortestFrame) return this.bad(`Bad packet size: ${rest}`);
		if (pending.offsets[0] + rest > pageBytes) {
			return this.fatal(`txreq.offset: ${pending.offsets[0]}, size: ${rest}, end: ${pending.offsets[0] + rest}`);
		}

		pending.packet.segmentSize = 0;
		if (this.gso < 0) return packetTaken;
		if (this.gso === 0) return this.fatal('GSO size must not be zero.');
		if (this.gsoType !== netif.gsoTcp4) return this.fatal(`Bad GSO type ${this.gsoType}.`);
		pending.packet.segmentSize = this.gso;
		return packetTaken;
	}

	private takeExtras(ring: BackRing): boolean {
		const extra = this.extra;
		do {
			if (ring.unconsumedRequests === 0) {
				this.problem = 'Missing extra info';
				return false;
			}

			netif.copyTxSlot(ring.words, ring.nextRequest(), extra, 0);
			this.extras++;
			const type = netif.extraType(extra, 0);
			if (type === 0 || type >= netif.extraTypes) {
				this.problem = `Invalid extra type: ${type}`;
				return false;
			}

			if (type === netif.extraGso) {
				this.gso = netif.gsoSize(extra, 0);
				this.gsoType = netif.gsoType(extra, 0);
			} else if (type === netif.extraMulticastAdd || type === netif.extraMulticastDelete) {
				this.multicast = true;
			}
		} while ((netif.extraFlags(extra, 0) & netif.extraMore) !== 0);

		return true;
	}

	/** The slots behind the first one. Returns the bytes left for the first, `bad` or `fatal`. */
	private takeFragments(ring: BackRing, pending: PendingPacket, total: number): number {
		const copy = this.copy;
		let left = total;
		let behind = 0;
		let problem = '';
		do {
			if (ring.unconsumedRequests === 0) return this.stop(`Asked for ${behind} slots but exceeds this limit`);
			if (behind >= fatalSlots) {
				return this.stop(`Malicious frontend using ${behind} slots, threshold ${fatalSlots}`);
			}

			if (problem === '' && behind >= legacySlots) {
				problem = `Too many slots (${behind}) exceeding limit (${legacySlots}), dropping packet`;
			}

			netif.copyTxSlot(ring.words, ring.nextRequest(), copy, 0);
			const size = netif.txSize(copy, 0);
			const offset = netif.txOffset(copy, 0);
			if (problem === '' && size > left) problem = `Invalid tx request, slot size ${size} > remaining size ${left}`;
			left -= size;
			behind++;
			this.ids[this.slots++] = netif.txId(copy, 0);
			if (offset + size > pageBytes) {
				return this.stop(`Cross page boundary, txp->offset: ${offset}, size: ${size}`);
			}

			if (problem === '') {
				pending.ids[behind] = netif.txId(copy, 0);
				pending.references[behind] = netif.txReference(copy, 0);
				pending.offsets[behind] = offset;
				pending.sizes[behind] = size;
			}
		} while ((netif.txFlagsOf(copy, 0) & netif.txMoreData) !== 0);

		if (problem === '') return left;
		this.problem = problem;
		return bad;
	}

	private stop(problem: string): number {
		this.problem = problem;
		return fatal;
	}

	private bad(problem: string): Taken {
		this.problem = problem;
		return packetBad;
	}

	private fatal(problem: string): Taken {
		this.problem = problem;
		return packetFatal;
	}
}

const bad = -1;
const fatal = -2;
