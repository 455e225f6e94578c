/**
Fault rules: arms fault points, counts how often each rule acted, and says which findings it explains. A rule acts where its
layer asks, and nowhere else; here is only the bookkeeping.
*/
import type {Engine} from '../../engine/engine.js';
import {type ArmedFault, alter, drop, type FaultPoint, pass, type Verdict} from '../../engine/fault-points.js';
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
	/** What is altered, in the layer's own numbers, asked for when it acts; undefined: what passes is dropped. */
	readonly alter?: () => number;
	/** A word for what it does, `lost` when not given. */
	readonly effect?: string;
	/** Kinds of finding that come when it has acted; those of its entry when not given. */
	readonly declares?: readonly string[];
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

	/** Kinds of finding that come when it has acted. */
	get declares(): readonly string[] {
		return this.options.declares ?? this.options.entry.declares;
	}
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

	/**
	Arms a rule now. Rules on the same point are asked in the order they were armed; the first that acts decides. A rule with the same
	id that can still act gives way to the new one.
	*/
	arm(options: RuleOptions): FaultRule {
		const before = this.find(options.id);
		if (before !== undefined) {
			this.#end(before, 'spent');
		}

		const rule = new FaultRule(options, this.engine.now);
		const stream = this.engine.random.stream(`fault/${options.id}`);
		this.all.push(rule);
		for (const point of options.points) {
			const armed = point.armed instanceof ArmedRules ? point.armed : new ArmedRules();
			armed.rules.push(new Armed(rule, stream, () => this.act(rule)));
			point.armed = armed;
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

	/** The rule acts now: on what passes one of its points, or, when it has none, because whoever carries it out says so. */
	act(rule: FaultRule): void {
		rule.fired++;
		if (rule.firedAt < 0) {
			rule.firedAt = this.engine.now;
			this.onFired(rule);
		}

		rule.state = 'active';
		const {times, effect = 'lost'} = rule.options;
		const spent = times > 0 && rule.fired >= times;
		this.#log(rule, `${rule.fired}${times > 0 ? ` of ${times}` : ''} ${effect}${spent ? ', rule spent' : ''}`);
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
			if (point.armed instanceof ArmedRules && point.armed.remove(rule)) {
				point.armed = null;
			}
		}

		if (state === 'cleared') {
			this.#log(rule, 'cleared');
		}
	}

	#explain(kind: string, parties: readonly string[]): string {
		const rule = this.all.findLast(
			(each) =>
				each.fired > 0 &&
				(each.declares.includes(kind) || each.options.entry.allows.includes(kind)) &&
				parties.every((party) => each.options.parties.includes(party)),
		);
		return rule === undefined ? '' : rule.options.id;
	}

	#log(rule: FaultRule, text: string): void {
		const {entry, target} = rule.options;
		this.engine.log.add(this.engine.now, entry.id, 'warning', 'fault', `${target}: ${text}`);
	}
}

/** The rules on one point, in the order in which they were armed. */
class ArmedRules implements ArmedFault {
	value = 0;
	rules: Armed[] = [];

	decide(): Verdict {
		for (const armed of this.rules) {
			const verdict = armed.decide();
			if (verdict !== pass) {
				this.value = armed.value;
				return verdict;
			}
		}

		return pass;
	}

	/** True when no rule is left. A new list: this one may be being asked. */
	remove(rule: FaultRule): boolean {
		this.rules = this.rules.filter((armed) => armed.rule !== rule);
		return this.rules.length === 0;
	}
}

class Armed {
	value = 0;

	constructor(
		readonly rule: FaultRule,
		private readonly stream: RandomStream,
		private readonly acted: () => void,
	) {}

	decide(): Verdict {
		const {rule} = this;
		rule.passed++;
		const {nth, parts, alter: value} = rule.options;
		if ((nth > 0 && rule.passed !== nth) || (parts < 1_000_000 && !this.stream.chance(parts))) {
			return pass;
		}

		this.acted();
		if (value === undefined) {
			return drop;
		}

		this.value = value();
		return alter;
	}
}
