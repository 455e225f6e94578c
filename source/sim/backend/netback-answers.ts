/** How netback answers what a guest has sent: responses are written one by one, published together, and the frontend is told if it asked. */
import type {StateHash} from '../../engine/state-hash.js';
import type {Step} from '../../engine/step.js';
import * as netif from '../channel/netif.js';
import type {Cost} from '../kernel/cost.js';
import type {GuestKernel} from '../kernel/kernel.js';
import type {VifBackChannel} from './netback-channel.js';
import {netbackCosts} from './netback-costs.js';
import type {PendingPacket} from './netback-pending.js';

export class NetbackAnswers {
	/** The frontend is to be notified and the hypercall is still to come. */
	notifying = false;
	/** Responses written and not published. */
	private unpublished = 0;
	private responding = false;
	private readonly respond: Step;
	private readonly notify: Step;
	private readonly perResponse: number;

	/** @param settled called when nothing is left to be published or told. */
	constructor(
		private readonly kernel: GuestKernel,
		name: string,
		private readonly channel: VifBackChannel,
		private readonly hash: StateHash | undefined,
		private readonly settled: () => void,
	) {
		const define = (what: string, cost: Cost, run: () => void) => kernel.define(`netback ${name} ${what}`, cost, run);
		this.respond = define('respond', netbackCosts.respond, () => this.publish());
		this.notify = kernel.hypercall(`netback ${name} notify transmit`, netbackCosts.notify, () => {
			this.notifying = false;
			if (channel.port >= 0) kernel.notify(channel.port);
			settled();
		});
		this.perResponse = define('per response', netbackCosts.respondSlot, () => {}).cost;
	}

	get busy(): boolean {
		return this.unpublished > 0 || this.responding || this.notifying;
	}

	/** Answers one slot of a packet; the first one's extra infos with it. */
	slot(taken: PendingPacket, slot: number, status: number): void {
		this.put(taken.ids[slot], slot === 0 ? taken.extras : 0, status);
	}

	/** Writes a response, and a NULL for each extra info behind it. Nobody looks at them before they are published. */
	put(id: number, extras: number, status: number): void {
		const {ring} = this.channel.transmit;
		if (ring === null) return;
		for (let i = 0; i <= extras; i++) {
			const entry = ring.nextResponse();
			if (i === 0) netif.writeTxResponse(ring.words, entry, id, status);
			else netif.writeTxNull(ring.words, entry);
			this.hash?.word(ring.words[entry]);
			this.unpublished++;
		}
	}

	/** Asks for the step that publishes what has been written. */
	publishLater(): void {
		if (this.unpublished === 0 || this.responding) return;
		this.responding = true;
		this.kernel.step(this.respond, 0, this.unpublished * this.perResponse);
	}

	private publish(): void {
		const {ring} = this.channel.transmit;
		this.responding = false;
		this.unpublished = 0;
		if (ring?.pushResponses() === true && !this.notifying) {
			this.notifying = true;
			this.kernel.step(this.notify);
		}

		this.settled();
	}
}
