/**
The way out of a guest's interface under Xen 1.0: a packet is one piece within one page, named by its machine address. A packet in several
pieces is copied into a page of the interface's first, as drivers of the time had to.
*/
import {assert} from '../../engine/assert.js';
import type {Step} from '../../engine/step.js';
import {frameBytes} from '../../hw/memory.js';
import * as vif1 from '../channel/vif1.js';
import type {Cost} from '../kernel/cost.js';
import type {CallingKernel, Page} from '../kernel/kernel.js';
import {dropped, type NetPacket, packetError, sent} from '../kernel/net-device.js';
import type {SharedInfo1} from '../xen/shared-info1.js';
import {vif1FrontCosts} from './xen1-vif-costs.js';
import type {Xen1VifOptions} from './xen1-vif-options.js';

const rows = vif1.driverOutstanding;
const copyUnit = 256;
const none = -1;

export class Xen1VifTransmit {
	readonly ring: vif1.VifFrontRing;
	/** Packets and bytes answered with okay; those that Xen dropped or refused. */
	packets = 0;
	bytes = 0;
	errors = 0;
	/** Packets that had to be copied into one piece. */
	copied = 0;
	/** A step is under way that will look at the ring. */
	looking = false;
	/** Packets published and not rung for. */
	unannounced = 0;
	free = rows;
	private readonly freeRows = Int32Array.from({length: rows}, (_, row) => rows - 1 - row);
	private readonly held: (NetPacket | null)[] = new Array(rows).fill(null);
	private readonly onRing = new Uint8Array(rows);
	/** By row: a page of the interface's for packets in pieces, made when first needed. */
	private readonly pages = new Int32Array(rows).fill(none);
	private unfilled = 0;
	private readonly waiters: (() => void)[] = [];
	private readonly fill: Step;
	private readonly push: Step;
	private readonly clean: Step;
	private readonly arm: Step;
	private readonly perCopy: number;
	private readonly perResponse: number;
	private readonly atFront: number;
	private readonly atSlot: number;
	private readonly atDone: number;

	/** @param announce asks for the hypercall. */
	constructor(
		private readonly kernel: CallingKernel,
		private readonly options: Xen1VifOptions,
		info: SharedInfo1,
		private readonly announce: () => void,
	) {
		const {channel, words, vif} = options;
		this.ring = new vif1.VifFrontRing(words, info.words, vif, 'transmit', options);
		const define = (what: string, cost: Cost, run: (argument: number) => void) =>
			kernel.define(`${channel} ${what}`, cost, run);
		this.fill = define('fill', vif1FrontCosts.fill, (row) => this.fillSlot(row));
		this.push = define('push', vif1FrontCosts.push, () => this.publish());
		this.clean = define('clean', vif1FrontCosts.clean, (count) => this.take(count));
		this.arm = define('arm transmit', vif1FrontCosts.arm, () => this.armEvent());
		this.perCopy = define('per 256 bytes', vif1FrontCosts.copy, () => {}).cost;
		this.perResponse = define('per response', vif1FrontCosts.cleanSlot, () => {}).cost;
		this.atFront = kernel.trace.point(`${channel} front`);
		this.atSlot = kernel.trace.point(`${channel} slot`);
		this.atDone = kernel.trace.point(`${channel} answered`);
		this.ring.armEvent();
	}

	transmit(packet: NetPacket): boolean {
		if (this.free === 0) return false;
		assert(packet.bytes <= vif1.maximumBytes && packet.segmentSize === 0, 'a packet for a vif is one frame');
		const {kernel} = this;
		const row = this.freeRows[--this.free];
		this.held[row] = packet;
		kernel.trace.hop(kernel.now(), packet.identity, this.atFront, row);
		this.unfilled++;
		const pieces = packet.segments > 1 ? Math.ceil(packet.bytes / copyUnit) : 0;
		kernel.step(this.fill, row, pieces * this.perCopy);
		return true;
	}

	whenRoom(wake: () => void): void {
		this.waiters.push(wake);
	}

	/** An event has come: looks for responses. */
	wakeUp(): void {
		const count = this.ring.unconsumedResponses;
		if (this.looking || count === 0) return;
		this.looking = true;
		this.kernel.step(this.clean, count, count * this.perResponse);
	}

	private fillSlot(row: number): void {
		const {kernel, ring, options} = this;
		const packet = this.held[row];
		assert(packet !== null, 'a row being filled has its packet');
		const slot = ring.requestProducer;
		const entry = ring.nextRequest();
		const address =
			packet.segments > 1 ? this.gather(row, packet) * frameBytes : packet.pages[0] * frameBytes + packet.offsets[0];
		vif1.writeTxRequest(ring.words, entry, row, packet.bytes, address);
		options.hash?.words(ring.words, entry, 2);
		options.transmitIdentities.slots[slot] = packet.identity;
		options.transmitIdentities.since[slot] = kernel.now();
		kernel.trace.hop(kernel.now(), packet.identity, this.atSlot, slot);
		this.onRing[row] = 1;
		this.unannounced++;
		if (--this.unfilled === 0) kernel.step(this.push);
	}

	/** Copies a packet's pieces into the row's page. */
	private gather(row: number, packet: NetPacket): Page {
		const {kernel} = this;
		if (this.pages[row] === none) this.pages[row] = kernel.page();
		const into = kernel.bytes(this.pages[row]);
		let at = 0;
		for (let i = 0; i < packet.segments; i++) {
			const from = packet.offsets[i];
			kernel.bytes(packet.pages[i]).copy(into, at, from, from + packet.lengths[i]);
			at += packet.lengths[i];
		}

		this.copied++;
		return this.pages[row];
	}

	private publish(): void {
		this.ring.publishRequests();
		this.announce();
	}

	private take(count: number): void {
		const {ring, kernel} = this;
		for (let i = 0; i < count && ring.unconsumedResponses > 0; i++) {
			const response = ring.words[ring.nextResponse()];
			const row = vif1.idOf(response);
			const packet = row < rows && this.onRing[row] === 1 ? this.held[row] : null;
			if (packet === null) {
				kernel.log('error', `${this.options.channel}: transmit response of no packet (${row})`);
				continue;
			}

			this.onRing[row] = 0;
			this.held[row] = null;
			this.freeRows[this.free++] = row;
			const status = vif1.txStatusOf(response);
			if (status === vif1.statusOkay) {
				this.packets++;
				this.bytes += packet.bytes;
			} else {
				this.errors++;
			}

			kernel.trace.hop(kernel.now(), packet.identity, this.atDone, row);
			packet.done(packet, status === vif1.statusOkay ? sent : status === vif1.statusDropped ? dropped : packetError);
		}

		for (let left = this.waiters.length; left > 0 && this.free > 0; left--) this.waiters.shift()?.();
		kernel.step(this.arm);
	}

	/** Asks to be told at half of what is out, then looks once more. */
	private armEvent(): void {
		const {ring} = this;
		ring.armEvent((ring.outstanding >> 1) + 1);
		this.looking = false;
		this.wakeUp();
	}
}
