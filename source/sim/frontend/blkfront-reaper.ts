/**
How blkfront takes responses: woken by the event, one response a step, then arms the event and looks once more before it sleeps
(Xen public/io/ring.h, RING_FINAL_CHECK_FOR_RESPONSES). Every response is copied once and checked as Linux's xen-blkfront checks
it; one that cannot be true disables the device.
*/
import type {Step} from '../../engine/step.js';
import * as blkif from '../channel/blkif.js';
import type {FrontRing} from '../channel/ring.js';
import {ioError, okay} from '../kernel/block-device.js';
import type {Cost} from '../kernel/cost.js';
import type {GuestKernel} from '../kernel/kernel.js';
import type {FrontChannel} from './blkfront-channel.js';
import {blkfrontCosts} from './blkfront-costs.js';
import {rowOnRing, type Shadow} from './blkfront-shadow.js';

/** What the reaper asks of the device. */
export interface ReapSide {
	/** A request is answered; its grants are ended. */
	finish(row: number, status: number): void;
	/** A response that cannot be true. */
	disable(text: string): void;
	/** The backend cannot flush: do not ask again. */
	flushUnsupported(): void;
	/** A response has been taken; so many requests are still on the ring. */
	taken(outstanding: number): void;
}

export class Reaper {
	/** A step is under way that will look at the ring. */
	looking = false;
	/** Looks no more until it is given a new ring. */
	stopped = false;
	/** Handler of the event channel. */
	readonly interrupt: Step;
	readonly #response = new Int32Array(4);
	readonly #reap: Step;
	readonly #arm: Step;
	readonly #recheck: Step;

	constructor(
		private readonly kernel: GuestKernel,
		private readonly name: string,
		private readonly channel: FrontChannel,
		private readonly shadow: Shadow,
		private readonly side: ReapSide,
	) {
		const define = (what: string, cost: Cost, run: () => void) => kernel.define(`blkfront ${name} ${what}`, cost, run);
		this.interrupt = define('interrupt', blkfrontCosts.reap, () => {
			if (!this.looking) {
				this.looking = true;
				this.#look();
			}
		});
		this.#reap = define('reap', blkfrontCosts.reap, () => this.#look());
		this.#arm = define('arm', blkfrontCosts.arm, () => this.#armEvent());
		this.#recheck = define('recheck', blkfrontCosts.recheck, () => this.#checkAgain());
	}

	stop(): void {
		this.looking = false;
		this.stopped = true;
	}

	/** One look at the ring: takes a response if there is one; then the next, or to sleep. */
	#look(): void {
		const {ring} = this.channel;
		if (ring === null || this.stopped) {
			this.looking = false;
			return;
		}

		if (ring.unconsumedResponses === 0) {
			if (ring.responseEventArmed) this.looking = false;
			else this.kernel.step(this.#arm);
			return;
		}

		if (ring.responsesOverflow) {
			this.side.disable(`illegal number of responses ${ring.unconsumedResponses}`);
			return;
		}

		this.#takeResponse(ring);
		// What completes may have ended the channel.
		if (this.channel.ring !== ring || this.stopped) {
			this.looking = false;
			return;
		}

		this.kernel.step(ring.unconsumedResponses > 0 ? this.#reap : this.#arm);
	}

	#armEvent(): void {
		const {ring} = this.channel;
		if (ring === null) {
			this.looking = false;
			return;
		}

		ring.armResponseEvent();
		// With no request out no response can come meanwhile; otherwise the final check closes the race.
		if (ring.outstanding === 0) this.looking = false;
		else this.kernel.step(this.#recheck);
	}

	#checkAgain(): void {
		const {ring} = this.channel;
		if (ring !== null && ring.unconsumedResponses > 0) this.kernel.step(this.#reap);
		else this.looking = false;
	}

	#takeResponse(ring: FrontRing): void {
		const {shadow, side} = this;
		const response = this.#response;
		blkif.copyResponse(ring.words, ring.nextResponse(), response);
		side.taken(ring.outstanding);
		const row = response[0];
		if (response[1] !== 0 || row < 0 || row >= shadow.size) {
			side.disable(`response has incorrect id (${row >>> 0})`);
			return;
		}

		if (shadow.states[row] !== rowOnRing) {
			side.disable('response references no pending request');
			return;
		}

		const operation = blkif.responseOperation(response);
		if (operation !== shadow.operations[row]) {
			side.disable(`response has wrong operation (${operation} instead of ${shadow.operations[row]})`);
			return;
		}

		const mapped = this.channel.endGrants(shadow, row);
		if (mapped >= 0) {
			side.disable(`backend has not unmapped grant: ${mapped}`);
			return;
		}

		let status = okay;
		const answer = blkif.responseStatusOf(response);
		if (answer === blkif.responseNotSupported && operation === blkif.operationFlushDiskcache) {
			side.flushUnsupported();
			this.kernel.log('warning', `${this.name}: flush disk cache: not supported by the backend, no longer asked for`);
		} else if (answer !== blkif.responseOkay) {
			status = ioError;
		}

		side.finish(row, status);
	}
}
