/**
Interrupt causes of an 82540EM: ICR that forgets when read, the mask, throttling, the line. After SDM §13.4.17 to 13.4.21. The line is
up while a cause is set whose mask bit is; after a rise the next one waits for ITR's interval, counted from that rise. A new interval
applies to the rise before it as well.
*/
import type {Engine} from '../../engine/engine.js';
import {type Handle, noHandle} from '../../engine/event-queue.js';
import {Step} from '../../engine/step.js';
import type {InterruptController, InterruptLine} from '../interrupts.js';
import {type ConfigSpace, interruptLineOffset} from '../pci-config.js';
import {allCauses, throttlingUnit} from './e1000-registers.js';

export class E1000Interrupts {
	/** Rises of the line so far. */
	asserted = 0;
	mask = 0;
	private cause = 0;
	private interval = 0;
	private up = false;
	/** When the line rose last; far in the past before the first time. */
	private rose = Number.NEGATIVE_INFINITY;
	/** The end of the interval a rise waits for. */
	private waiting: Handle = noHandle;
	/** The function's share of its pin: made when firmware has said which. */
	private line: InterruptLine | null = null;
	private readonly engine: Engine;
	private readonly controller: InterruptController;
	private readonly config: ConfigSpace;
	private readonly name: string;
	private readonly intervalStep: Step;

	constructor(engine: Engine, controller: InterruptController, config: ConfigSpace, name: string) {
		this.engine = engine;
		this.controller = controller;
		this.config = config;
		this.name = name;
		this.intervalStep = new Step(`${name} interrupt interval`, engine.world, 0, false, () => {
			this.waiting = noHandle;
			this.update();
		});
	}

	reset(): void {
		this.engine.cancel(this.waiting);
		this.waiting = noHandle;
		this.cause = 0;
		this.mask = 0;
		this.interval = 0;
		this.rose = Number.NEGATIVE_INFINITY;
		this.update();
	}

	/** These things have happened (or software says so, by ICS). */
	raise(causes: number): void {
		this.cause |= causes & allCauses;
		this.update();
	}

	/** ICR as read: all causes, which are forgotten. */
	take(): number {
		const cause = this.cause;
		this.cause = 0;
		this.update();
		return cause;
	}

	/** ICR written: ones clear. */
	forget(causes: number): void {
		this.cause &= ~causes;
		this.update();
	}

	setMask(mask: number): void {
		this.mask = mask & allCauses;
		this.update();
	}

	/** ITR, in units of 256 ns; 0 is no throttling. */
	throttle(value: number): void {
		this.interval = (value & 0xffff) * throttlingUnit;
		this.engine.cancel(this.waiting);
		this.waiting = noHandle;
		this.update();
	}

	get throttling(): number {
		return this.interval / throttlingUnit;
	}

	/** Makes the line what causes, mask and interval say; also after a write to configuration space. */
	update(): void {
		const wanted = (this.cause & this.mask) !== 0;
		if (wanted && !this.up) {
			const due = this.rose + this.interval;
			if (this.engine.now < due) {
				if (this.waiting === noHandle) {
					this.waiting = this.engine.at(due, this.intervalStep);
				}

				return;
			}

			this.rose = this.engine.now;
			this.asserted++;
		}

		this.up = wanted;
		if (this.line === null) {
			const pin = this.config.read(interruptLineOffset, 1);
			if (pin === 0) {
				return;
			}

			this.line = this.controller.line(this.name, pin);
		}

		this.config.setInterruptStatus(wanted);
		this.line.set(wanted && !this.config.intxDisabled);
	}
}
