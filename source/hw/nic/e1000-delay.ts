/**
The pair of timers that coalesce a direction's interrupts: the packet timer, restarted by each packet, and the absolute timer, started
by the first. After SDM §3.2.7.1, §13.4.41 and §13.4.44: whichever expires first says so, once, and both stop. A restart moves a deadline; the
event in the queue stays and looks again when it comes, so that a packet costs no queue operation.
*/
import type {Engine} from '../../engine/engine.js';
import {type Handle, noHandle} from '../../engine/event-queue.js';
import {Step} from '../../engine/step.js';

export class E1000Delay {
	private running = false;
	private packetDue = 0;
	private absoluteDue = Number.POSITIVE_INFINITY;
	private event: Handle = noHandle;
	private readonly engine: Engine;
	private readonly step: Step;
	private readonly expired: () => void;

	constructor(engine: Engine, name: string, expired: () => void) {
		this.engine = engine;
		this.expired = expired;
		this.step = new Step(name, engine.world, 0, false, () => this.look());
	}

	/** A packet: its timer runs for `packet` ns from now; the absolute one, unless it runs already, for `absolute` (0: there is none). */
	restart(packet: number, absolute: number): void {
		const {now} = this.engine;
		this.packetDue = now + packet;
		if (!this.running) {
			this.running = true;
			this.absoluteDue = absolute > 0 ? now + absolute : Number.POSITIVE_INFINITY;
		}

		if (this.event === noHandle) {
			this.event = this.engine.at(Math.min(this.packetDue, this.absoluteDue), this.step);
		}
	}

	/** Both stop: the interrupt has been given for another reason. */
	stop(): void {
		this.running = false;
	}

	/** Nothing happens later. */
	reset(): void {
		this.running = false;
		this.engine.cancel(this.event);
		this.event = noHandle;
	}

	private look(): void {
		this.event = noHandle;
		if (!this.running) {
			return;
		}

		const due = Math.min(this.packetDue, this.absoluteDue);
		if (due > this.engine.now) {
			this.event = this.engine.at(due, this.step);
			return;
		}

		this.running = false;
		this.expired();
	}
}
