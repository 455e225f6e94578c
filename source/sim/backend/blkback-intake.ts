/**
How blkback takes requests off the ring: an event wakes the ring's work, one request a step is copied to a free pending request,
and before it sleeps it arms the event and looks once more (Xen public/io/ring.h, RING_FINAL_CHECK_FOR_REQUESTS). Impossible
indices stop the ring for good, as in Linux's xen-blkback.
*/
import type {Step} from '../../engine/step.js';
import {copyRequest} from '../channel/blkif.js';
import {type BackRing, requestProducerWord} from '../channel/ring.js';
import type {RingIdentities} from '../channel/ring-identities.js';
import type {Cost} from '../kernel/cost.js';
import type {GuestKernel} from '../kernel/kernel.js';
import type {BackChannel} from './blkback-channel.js';
import {blkbackCosts} from './blkback-costs.js';
import type {PendingRequests} from './blkback-pending.js';

export interface IntakeOptions {
	readonly channel: string;
	readonly virtualDevice: number;
	readonly vcpu?: number;
	readonly identities: RingIdentities;
}

export class Intake {
	/** A step, task or timer is under way that will look at the ring, or something waited for that goes on with it. */
	looking = false;
	/** The frontend's indices were impossible: this ring is not processed again. */
	halted = false;
	/** Takes nothing new. */
	closing = false;
	outOfRequests = 0;
	/** Handler of the event channel. */
	readonly interrupt: Step;
	#starving = false;
	readonly #take: Step;
	readonly #arm: Step;
	readonly #recheck: Step;
	readonly #atTake: number;

	/** @param taken goes on with a pending request whose copy is made. */
	constructor(
		private readonly kernel: GuestKernel,
		private readonly name: string,
		private readonly options: IntakeOptions,
		private readonly channel: BackChannel,
		private readonly pending: PendingRequests,
		private readonly taken: (index: number) => void,
	) {
		const define = (what: string, cost: Cost, run: () => void) => kernel.define(`${name} ${what}`, cost, run);
		this.interrupt = define('interrupt', blkbackCosts.interrupt, () => this.#wakeUp());
		this.#take = define('take', blkbackCosts.take, () => this.#takeRequest());
		this.#arm = define('arm', blkbackCosts.arm, () => this.#armEvent());
		this.#recheck = define('recheck', blkbackCosts.recheck, () => this.#checkAgain());
		this.#atTake = kernel.trace.point(`${options.channel} blkback`);
	}

	/** A new ring to take from. */
	open(): void {
		this.halted = false;
		this.closing = false;
	}

	/** The next request, or to sleep. */
	next(): void {
		const {ring} = this.channel;
		this.kernel.step(ring !== null && ring.unconsumedRequests > 0 ? this.#take : this.#arm);
	}

	/** Goes on after `nanoseconds`. */
	pause(nanoseconds: number): void {
		this.kernel.timer(nanoseconds, this.#take);
	}

	/** A pending request has come free. */
	freed(): void {
		if (this.#starving) {
			this.#starving = false;
			this.kernel.task(this.#take, 0, this.options.vcpu);
		}
	}

	#wakeUp(): void {
		if (!this.looking && this.channel.ring !== null && !this.halted) {
			this.looking = true;
			this.kernel.task(this.#take, 0, this.options.vcpu);
		}
	}

	/** Takes one request: copies its slot once. Without one, arms the event and goes to sleep. */
	#takeRequest(): void {
		const {ring} = this.channel;
		if (ring === null || this.closing || this.halted) {
			this.looking = false;
			return;
		}

		if (ring.requestsOverflow) {
			this.#halt(ring);
			return;
		}

		if (ring.unconsumedRequests === 0 || ring.consumerOverflow) {
			if (ring.requestEventArmed) this.looking = false;
			else this.kernel.step(this.#arm);
			return;
		}

		const {pending, options, kernel} = this;
		if (pending.free === 0) {
			// Stays awake: the next request to be freed goes on from here.
			this.outOfRequests++;
			this.#starving = true;
			return;
		}

		const index = pending.take();
		const slot = ring.slot(ring.requestConsumer);
		copyRequest(ring.words, ring.nextRequest(), pending.copies[index]);
		const identity = options.identities.slots[slot];
		pending.identities[index] = identity;
		kernel.trace.hop(kernel.now(), identity, this.#atTake, slot);
		this.taken(index);
	}

	#armEvent(): void {
		const {ring} = this.channel;
		if (ring === null) {
			this.looking = false;
			return;
		}

		ring.armRequestEvent();
		this.kernel.step(this.#recheck);
	}

	#checkAgain(): void {
		const {ring} = this.channel;
		if (ring !== null && ring.unconsumedRequests > 0) this.kernel.step(this.#take);
		else this.looking = false;
	}

	#halt(ring: BackRing): void {
		const device = this.options.virtualDevice.toString(16).padStart(4, '0');
		const produced = ring.words[requestProducerWord] >>> 0;
		const answered = ring.responseProducer >>> 0;
		this.kernel.log(
			'error',
			`${this.name}: impossible number of ring requests (${produced} - ${answered} = ${(produced - answered) >>> 0}): ` +
				`halting ring processing on dev=${device}`,
		);
		this.halted = true;
		this.looking = false;
		this.kernel.maskPort(this.channel.port);
	}
}
