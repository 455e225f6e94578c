/**
Fault rules: arms fault points, counts how often each rule acted, and says which findings it explains. A rule acts where its
layer asks, and nowhere else; here is only the bookkeeping.
*/
import type {Engine} from '../../engine/engine.js';
import {type ArmedFault, drop, type FaultPoint, pass, type Verdict} from '../../engine/fault-points.js';
import type {RandomStream} from '../../engine/random.js';
import {Step} from '../../engine/step.js';
import type {FaultEntry} from './catalogue.js';

export interface RuleOptions {
	readonly id: string;
	readonly entry: FaultEntry;
	/** As a person names it: `db.xvda`. */
	readonly target: string;
	/** What a person reads: `db.xvda to-backend, 1 time`. */
	readonly text: string;
	readonly points: readonly FaultPoint[];
	/** Who the findings it declares are about. */
	readonly parties: readonly string[];
	/** 0 = no limit. */
	readonly times: number;
	/** Nanoseconds from now until it is disarmed; 0 = no end. */
	readonly duration: number;
	/** Acts on this one of the things that pass, counted from 1; 0 = on each. */
	readonly nth: number;
	/** Acts on each with so many chances in a million. */
	readonly parts: number;
}

export class FaultRule {
	state: 'armed' | 'active' | 'spent' | 'cleared' = 'armed';
	fired = 0;
	/** When it first acted, ns; -1 while it has not. */
	firedAt = -1;
	/** Things that passed its points while armed. */
	passed = 0;

	constructor(
		readonly options: RuleOptions,
		readonly armedAt: number,
	) {}
}

export class FaultRules {
	readonly all: FaultRule[] = [];
	/** Told when a rule acts for the first time, within the step in which it does. For observers; changes nothing. */
	onFired: (rule: FaultRule) => void = () => {};
	readonly #disarmStep: Step;

	constructor(private readonly engine: Engine) {
		this.#disarmStep = new Step('fault ends', engine.world, 0, false, (index) => this.#end(this.all[index], 'spent'));
		engine.findings.explain = (kind, parties) => this.#explain(kind, parties);
	}

	/** Arms a rule now. Rules on the same point are asked in the order they were armed; the first that acts decides. */
	arm(options: RuleOptions): FaultRule {
		const rule = new FaultRule(options, this.engine.now);
		const stream = this.engine.random.stream(`fault/${options.id}`);
		this.all.push(rule);
		for (const point of options.points) {
			point.armed = new Armed(rule, point.armed, stream, (verdict) => this.#acted(rule, verdict));
		}

		this.#log(rule, `armed: ${options.entry.title}, ${options.text}`);
		if (options.duration > 0) {
			this.engine.after(options.duration, this.#disarmStep, this.all.length - 1);
		}

		return rule;
	}

	/** Disarms the rule with this id. False when there is none that is armed or active. */
	clear(id: string): boolean {
		for (let i = this.all.length - 1; i >= 0; i--) {
			const rule = this.all[i];
			if (rule.options.id === id && (rule.state === 'armed' || rule.state === 'active')) {
				this.#end(rule, 'cleared');
				return true;
			}
		}

		return false;
	}

	/** The newest rule that can still act. */
	get newest(): FaultRule | undefined {
		return this.all.findLast((rule) => rule.state === 'armed' || rule.state === 'active');
	}

	find(id: string): FaultRule | undefined {
		return this.all.findLast((rule) => rule.options.id === id);
	}

	#acted(rule: FaultRule, verdict: Verdict): void {
		rule.fired++;
		if (rule.firedAt < 0) {
			rule.firedAt = this.engine.now;
			this.onFired(rule);
		}

		rule.state = 'active';
		const {times} = rule.options;
		const spent = times > 0 && rule.fired >= times;
		const what = verdict === drop ? 'lost' : 'altered';
		this.#log(rule, `${rule.fired}${times > 0 ? ` of ${times}` : ''} ${what}${spent ? ', rule spent' : ''}`);
		if (spent) {
			this.#end(rule, 'spent');
		}
	}

	#end(rule: FaultRule, state: 'spent' | 'cleared'): void {
		if (rule.state !== 'armed' && rule.state !== 'active') {
			return;
		}

		rule.state = state;
		for (const point of rule.options.points) {
			point.armed = without(point.armed, rule);
		}

		if (state === 'cleared') {
			this.#log(rule, 'cleared');
		}
	}

	#explain(kind: string, parties: readonly string[]): string {
		const rule = this.all.findLast(
			({options, fired}) =>
				fired > 0 && options.entry.declares.includes(kind) && parties.every((party) => options.parties.includes(party)),
		);
		return rule === undefined ? '' : rule.options.id;
	}

	#log(rule: FaultRule, text: string): void {
		const {entry, target} = rule.options;
		this.engine.log.add(this.engine.now, entry.id, 'warning', 'fault', `${target}: ${text}`);
	}
}

class Armed implements ArmedFault {
	readonly value = 0;
	constructor(
		readonly rule: FaultRule,
		readonly before: ArmedFault | null,
		private readonly stream: RandomStream,
		private readonly acted: (verdict: Verdict) => void,
	) {}

	/** The same rule behind another one. */
	behind(before: ArmedFault | null): Armed {
		return new Armed(this.rule, before, this.stream, this.acted);
	}

	decide(subject: number): Verdict {
		const earlier = this.before === null ? pass : this.before.decide(subject);
		if (earlier !== pass) {
			return earlier;
		}

		const {rule} = this;
		if (rule.state !== 'armed' && rule.state !== 'active') {
			return pass;
		}

		rule.passed++;
		const {nth, parts} = rule.options;
		if ((nth > 0 && rule.passed !== nth) || (parts < 1_000_000 && !this.stream.chance(parts))) {
			return pass;
		}

		this.acted(drop);
		return drop;
	}
}

/** The chain of rules on a point without one of them; the others are kept in order. */
function without(armed: ArmedFault | null, rule: FaultRule): ArmedFault | null {
	if (!(armed instanceof Armed)) {
		return armed;
	}

	if (armed.rule === rule) {
		return armed.before;
	}

	const before = without(armed.before, rule);
	return before === armed.before ? armed : armed.behind(before);
}
