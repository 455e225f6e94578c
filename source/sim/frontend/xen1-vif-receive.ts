/**
The way in: pages of the guest's are posted by page table entries, and come back as other pages, with a packet in each: what was posted is
Xen's then, and what the entry names is the guest's. The pool of pages follows: after a packet its new page is posted in turn.
*/
import {assert} from '../../engine/assert.js';
import type {Step} from '../../engine/step.js';
import {frameBytes} from '../../hw/memory.js';
import * as vif1 from '../channel/vif1.js';
import type {Cost} from '../kernel/cost.js';
import type {CallingKernel, Page} from '../kernel/kernel.js';
import {checksumPresent, NetPacket, sent} from '../kernel/net-device.js';
import type {SharedInfo1} from '../xen/shared-info1.js';
import {vif1FrontCosts} from './xen1-vif-costs.js';
import type {Xen1VifOptions} from './xen1-vif-options.js';

/** Pages one interface may hold: those posted, and as many with whoever reads what came. */
const mostPages = 2 * vif1.ringSlots;
/** Pages lacking on the ring before more are posted, unless hardly any are left there. */
const postBatch = 16;
/** Responses of one look. */
const budget = 64;
const frameShift = 12;
const frameLimit = 1 << 20;
const usable = vif1.ptePresent | vif1.pteWritable;

export class Xen1VifReceive {
	readonly ring: vif1.VifFrontRing;
	/** Packets and bytes handed up; responses that were no packet. */
	packets = 0;
	bytes = 0;
	errors = 0;
	looking = false;
	/** Pages are posted again as they are used. */
	posting = true;
	/** Pages published and not rung for. */
	unannounced = 0;
	receiver: (packet: NetPacket) => void = (packet) => packet.done(packet, sent);
	/** The page with the entries by which pages are posted: entry i for id i. */
	private readonly table: Page;
	private readonly entries: Int32Array;
	private readonly ids = Int32Array.from({length: vif1.ringSlots}, (_, id) => vif1.ringSlots - 1 - id);
	private idCount: number = vif1.ringSlots;
	/** By id: the page posted, -1 for none. */
	private readonly pageOf = new Int32Array(vif1.ringSlots).fill(-1);
	private readonly pages = new Int32Array(mostPages);
	private pageCount = 0;
	private held = 0;
	private asked = false;
	private readonly pool: NetPacket[] = [];
	private readonly poll: Step;
	private readonly post: Step;
	private readonly arm: Step;
	private readonly perSlot: number;
	private readonly perPost: number;
	private readonly atReceived: number;
	private readonly done = (packet: NetPacket) => this.giveBack(packet);

	constructor(
		private readonly kernel: CallingKernel,
		private readonly options: Xen1VifOptions,
		info: SharedInfo1,
		private readonly announce: () => void,
	) {
		const {channel, words, vif} = options;
		this.ring = new vif1.VifFrontRing(words, info.words, vif, 'receive', options);
		this.table = kernel.page();
		this.entries = kernel.words(this.table);
		const define = (what: string, cost: Cost, run: (argument: number) => void) =>
			kernel.define(`${channel} ${what}`, cost, run);
		this.poll = define('poll', vif1FrontCosts.poll, (count) => this.take(count));
		this.post = define('post', vif1FrontCosts.post, (count) => this.postPages(count));
		this.arm = define('arm receive', vif1FrontCosts.arm, () => this.armEvent());
		this.perSlot = define('per packet', vif1FrontCosts.pollSlot, () => {}).cost;
		this.perPost = define('per page', vif1FrontCosts.postSlot, () => {}).cost;
		this.atReceived = kernel.trace.point(`${channel} received`);
		this.ring.armEvent();
	}

	/** Pages on the ring. */
	get posted(): number {
		return this.ring.outstanding;
	}

	/** Posts as many pages as the ring lacks and there are. */
	refill(): void {
		if (this.asked || !this.posting) return;
		const lacking = vif1.driverOutstanding - this.ring.outstanding;
		const count = Math.min(lacking, this.pageCount + mostPages - this.held);
		if (count <= 0 || (count < postBatch && this.posted > postBatch)) return;
		this.asked = true;
		this.kernel.step(this.post, count, count * this.perPost);
	}

	/** An event has come: looks for packets. */
	wakeUp(): void {
		const count = Math.min(this.ring.unconsumedResponses, budget);
		if (this.looking || count === 0) return;
		this.looking = true;
		this.kernel.step(this.poll, count, count * this.perSlot);
	}

	private postPages(count: number): void {
		const {ring, options} = this;
		this.asked = false;
		for (let i = 0; i < count; i++) {
			const page = this.pageCount > 0 ? this.pages[--this.pageCount] : this.newPage();
			const id = this.ids[--this.idCount];
			this.pageOf[id] = page;
			this.entries[id] = (page << frameShift) | usable;
			const entry = ring.nextRequest();
			vif1.writeRxRequest(ring.words, entry, id, this.table * frameBytes + id * 4);
			options.hash?.words(ring.words, entry, 2);
			this.unannounced++;
		}

		ring.publishRequests();
		this.announce();
	}

	/** One that a page table entry can name. */
	private newPage(): Page {
		this.held++;
		const page = this.kernel.page();
		assert(page < frameLimit, 'Xen 1.0 knows machine addresses of 32 bits');
		return page;
	}

	private take(count: number): void {
		const {ring, kernel} = this;
		for (let i = 0; i < count && ring.unconsumedResponses > 0; i++) {
			const slot = ring.responseConsumer;
			const entry = ring.nextResponse();
			const first = ring.words[entry];
			const second = ring.words[entry + 1];
			const id = vif1.idOf(first);
			if (id >= vif1.ringSlots || this.pageOf[id] < 0) {
				kernel.log('error', `${this.options.channel}: receive response of no page (${id})`);
				continue;
			}

			const identity = this.options.receiveIdentities.slots[slot];
			this.takePacket(id, vif1.sizeOf(first), second, identity);
		}

		this.refill();
		kernel.step(this.arm);
	}

	/** The entry says which page is the guest's now. */
	private takePacket(id: number, size: number, second: number, identity: number): void {
		const {kernel} = this;
		const page = this.entries[id] >>> frameShift;
		this.pageOf[id] = -1;
		this.entries[id] = 0;
		this.ids[this.idCount++] = id;
		const offset = vif1.rxOffsetOf(second);
		if (vif1.rxStatusOf(second) !== vif1.statusOkay || size === 0 || offset + size > frameBytes) {
			this.errors++;
			this.pages[this.pageCount++] = page;
			return;
		}

		const packet = this.pool.pop() ?? new NetPacket(1, 0, this.done);
		packet.segments = 1;
		packet.pages[0] = page;
		packet.offsets[0] = offset;
		packet.lengths[0] = size;
		packet.bytes = size;
		packet.checksum = checksumPresent;
		packet.identity = identity;
		this.packets++;
		this.bytes += size;
		kernel.trace.hop(kernel.now(), identity, this.atReceived, id);
		this.receiver(packet);
	}

	/** Whoever read the packet is done with its page. */
	private giveBack(packet: NetPacket): void {
		this.pages[this.pageCount++] = packet.pages[0];
		this.pool.push(packet);
		this.refill();
	}

	/** Asks to be told of the next packet, then looks once more. */
	private armEvent(): void {
		this.ring.armEvent();
		this.looking = false;
		this.wakeUp();
	}
}
