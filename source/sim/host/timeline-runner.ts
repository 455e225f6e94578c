/**
Runs a scenario's timeline: each line's trigger becomes an event of the engine, a condition looked at after every event, or an
argument of a fault rule; then its verb is carried out. Lines that an operator caused carry their own stamp and are
carried out by whoever advances the host, before the event they preceded.
*/
import type {Engine} from '../../engine/engine.js';
import {Step} from '../../engine/step.js';
import type {Condition} from '../scenario/condition.js';
import type {TimelineLine, Verb} from '../scenario/timeline.js';

/** How a fault line's trigger narrows what the fault acts on. */
export interface FaultTrigger {
	/** Acts on this one of the things that pass, counted from 1; 0 = on each. */
	readonly nth: number;
	/** Chances in a million. */
	readonly parts: number;
	/** Virtual time at which it ends, ns; 0 = none. */
	readonly until: number;
}

export const plainTrigger: FaultTrigger = {nth: 0, parts: 1_000_000, until: 0};

export interface TimelineActions {
	carryOut(verb: Verb, trigger: FaultTrigger): void;
	/** Whether a condition over the time since `from` holds now. */
	holds(condition: Condition, from: number): boolean;
}

export class TimelineRunner {
	/** Conditions not met yet, in the file's order. */
	readonly #waiting: {condition: Condition; from: number; verb: Verb}[] = [];

	constructor(
		private readonly engine: Engine,
		lines: readonly TimelineLine[],
		private readonly actions: TimelineActions,
	) {
		for (const [index, {trigger, verb}] of lines.entries()) {
			const due = (run: () => void): Step => new Step(`timeline line ${index + 1}`, engine.world, 0, false, run);
			switch (trigger.kind) {
				case 'at': {
					engine.at(
						trigger.at,
						due(() => actions.carryOut(verb, plainTrigger)),
					);
					break;
				}

				case 'every': {
					const step = due(() => {
						actions.carryOut(verb, plainTrigger);
						if (engine.now + trigger.every <= trigger.until) {
							engine.after(trigger.every, step);
						}
					});
					engine.at(trigger.from, step);
					break;
				}

				case 'when': {
					engine.at(
						trigger.from,
						due(() => this.#wait(trigger.condition, verb)),
					);
					break;
				}

				case 'nth': {
					const narrowed = {nth: trigger.nth, parts: 1_000_000, until: 0};
					engine.at(
						trigger.from,
						due(() => actions.carryOut(verb, narrowed)),
					);
					break;
				}

				case 'probability': {
					const narrowed = {nth: 0, parts: trigger.parts, until: trigger.until};
					engine.at(
						trigger.from,
						due(() => actions.carryOut(verb, narrowed)),
					);
					break;
				}
			}
		}
	}

	#wait(condition: Condition, verb: Verb): void {
		this.#waiting.push({condition, from: this.engine.now, verb});
		this.engine.afterEvent = this.#look;
	}

	readonly #look = (): void => {
		for (let i = 0; i < this.#waiting.length; i++) {
			const {condition, from, verb} = this.#waiting[i];
			if (this.actions.holds(condition, from)) {
				this.#waiting.splice(i, 1);
				i--;
				this.actions.carryOut(verb, plainTrigger);
			}
		}

		if (this.#waiting.length === 0) {
			this.engine.afterEvent = null;
		}
	};
}
