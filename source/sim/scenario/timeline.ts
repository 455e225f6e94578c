/**
The timeline: what happens to a host, one trigger and one verb a line. The keyboard, recordings and scenario files speak the
same lines; a line that an operator caused carries the count of events executed when it took effect.
*/
import type {z} from 'zod';
import {type Condition, parseCondition} from './condition.js';
import {
	buildFault,
	type ChannelName,
	channel,
	channelText,
	directions,
	type FaultScope,
	type FaultWords,
	faultKeys,
	plainFault,
	type Report,
	unknownWord,
} from './fault-words.js';
import type {Scope} from './metric.js';
import {quoted, Refused} from './problems.js';
import {durationText, millisecond, parseSpeed, speedText} from './units.js';
import {chance, duration, integer, listed, name, oneOf, prose, scalar, strict, word} from './words.js';
import {parseXl, type XlCommand, xlText} from './xl.js';

export {type ChannelName, channelText, directions, type FaultWords, faultNames, type Report} from './fault-words.js';

export type Trigger =
	/** Once. Nanoseconds. */
	| {readonly kind: 'at'; readonly at: number}
	/** At `from`, and every so many nanoseconds after it, not later than `until`. */
	| {readonly kind: 'every'; readonly every: number; readonly from: number; readonly until: number}
	/** Once: the first moment from `from` on at which the condition holds. */
	| {readonly kind: 'when'; readonly condition: Condition; readonly from: number}
	/** Faults only: the nth thing that passes the fault point from `from` on, counted from 1. */
	| {readonly kind: 'nth'; readonly nth: number; readonly from: number}
	/** Faults only: each thing that passes between `from` and `until`, with so many chances in a million. */
	| {readonly kind: 'probability'; readonly parts: number; readonly from: number; readonly until: number};

export type Verb =
	| {readonly verb: 'say'; readonly text: string}
	| {readonly verb: 'fault'; readonly fault: FaultWords}
	/** Disarms the fault with this id. */
	| {readonly verb: 'clear'; readonly id: string}
	/** Notifies both ends of a channel, as if an event had come. */
	| {readonly verb: 'kick'; readonly target: ChannelName}
	/** Simulated nanoseconds per real second, 0 is as fast as possible. Nothing in the simulation sees it. */
	| {readonly verb: 'speed'; readonly speed: number}
	| {readonly verb: 'xl'; readonly xl: XlCommand};

export interface TimelineLine {
	readonly trigger: Trigger;
	readonly verb: Verb;
	/** Lines of an operator: events executed when it took effect. Undefined for lines of the file's author. */
	readonly event: number | undefined;
}

/** A line that an operator caused, with its stamp. */
export interface OperatorLine extends TimelineLine {
	readonly trigger: Extract<Trigger, {kind: 'at'}>;
	readonly event: number;
}

export function isOperatorLine(line: TimelineLine): line is OperatorLine {
	return line.event !== undefined;
}

const triggers = ['at', 'every', 'when', 'nth', 'probability'] as const;
const verbs = ['say', 'fault', 'clear', 'kick', 'speed', 'xl'] as const;
/** What acts on the whole host, or leaves a rule behind, may not do it more often than this. Nanoseconds. */
const leastEvery: Readonly<Partial<Record<(typeof verbs)[number], number>>> = {
	xl: 10 * millisecond,
	fault: 10 * millisecond,
	kick: millisecond,
};
const hardwareFaults = 'faults of devices come later; now there is evt.lost';

/** One line as written. */
export const timelineLineSchema = strict(
	{
		at: duration().optional(),
		every: duration().optional(),
		from: duration().optional(),
		until: duration().optional(),
		when: word('a condition').optional(),
		nth: integer(1, 1_000_000_000).optional(),
		probability: chance(1).optional(),
		event: integer(0, Number.MAX_SAFE_INTEGER).optional(),
		say: prose('a sentence').optional(),
		fault: word('a fault').optional(),
		clear: word('the id of a fault').optional(),
		kick: word('a channel such as db.xvda').optional(),
		speed: scalar(parseSpeed).optional(),
		xl: word('an xl command').optional(),
		id: name('a fault').optional(),
		target: word('what it acts on, such as db.xvda or nvme0').optional(),
		direction: oneOf(directions).optional(),
		into: word('a domain').optional(),
		device: word('a device such as nvme0').optional(),
		times: integer(0, 1_000_000_000).optional(),
		for: duration().optional(),
	},
	{add: hardwareFaults, channel: hardwareFaults},
);

export type RawLine = z.output<typeof timelineLineSchema>;

/** What a line may refer to. */
export interface TimelineScope extends Scope, FaultScope {
	/** Nanoseconds; no trigger may lie after it. */
	readonly runtime: number;
}

/** Turns one written line into data, or reports why not. */
export function buildLine(raw: RawLine, scope: TimelineScope, report: Report): TimelineLine | undefined {
	const written = triggers.filter((key) => raw[key] !== undefined);
	const said = verbs.filter((key) => raw[key] !== undefined);
	if (written.length !== 1) {
		return report(
			written[1] ?? '',
			`a line has one trigger (${listed(triggers)}), this one has ${written.length === 0 ? 'none' : written.join(' and ')}`,
		);
	}

	if (said.length !== 1) {
		return report(
			said[1] ?? '',
			`a line has one verb (${listed(verbs)}), this one has ${said.length === 0 ? 'none' : said.join(' and ')}`,
		);
	}

	const [triggerKey] = written;
	const [verbKey] = said;
	for (const key of faultKeys) {
		if (raw[key] !== undefined && verbKey !== 'fault') {
			return report(key, `${quoted(key)} belongs to a fault, and this line's verb is ${verbKey}`);
		}
	}

	const trigger = buildTrigger(raw, triggerKey, scope, report);
	if (trigger === undefined) {
		return undefined;
	}

	if ((trigger.kind === 'nth' || trigger.kind === 'probability') && verbKey !== 'fault') {
		return report(
			triggerKey,
			`${quoted(triggerKey)} counts what passes a fault point; it goes with a fault, not with ${verbKey}`,
		);
	}

	const least = leastEvery[verbKey] ?? 0;
	if (trigger.kind === 'every' && trigger.every < least) {
		return report('every', `'every' must be at least ${durationText(least)} with ${verbKey}`);
	}

	if (raw.event !== undefined && trigger.kind !== 'at') {
		return report('event', `'event' stamps an operator's line, which has an 'at'`);
	}

	const verb = buildVerb(raw, verbKey, scope, report);
	return verb === undefined ? undefined : {trigger, verb, event: raw.event};
}

function buildTrigger(
	raw: RawLine,
	kind: (typeof triggers)[number],
	scope: TimelineScope,
	report: Report,
): Trigger | undefined {
	for (const [key, kinds] of [
		['from', ['every', 'when', 'nth', 'probability']],
		['until', ['every', 'probability']],
	] as const) {
		if (raw[key] !== undefined && !(kinds as readonly string[]).includes(kind)) {
			return report(key, `${quoted(key)} goes with ${listed(kinds)}, not with ${kind}`);
		}
	}

	const end = durationText(scope.runtime);
	for (const key of ['at', 'from'] as const) {
		if ((raw[key] ?? 0) > scope.runtime) {
			return report(key, `${durationText(raw[key] ?? 0)} is after the end; runtime is ${end}`);
		}
	}

	const from = raw.from ?? 0;
	const until = raw.until ?? scope.runtime;
	if (until < from) {
		return report('until', `'until' lies before 'from'; this would never happen`);
	}

	switch (kind) {
		case 'at':
			return {kind, at: raw.at ?? 0};
		case 'every': {
			const every = raw.every ?? 0;
			return every < 1000 ? report('every', `'every' must be at least 1us`) : {kind, every, from, until};
		}

		case 'when': {
			const condition = attempt(() => parseCondition(raw.when ?? '', scope), 'when', report);
			if (condition !== undefined && condition.wanted.kind === 'share') {
				return report('when', `'before' compares two times and belongs in expect`);
			}

			return condition === undefined ? undefined : {kind, condition, from};
		}

		case 'nth':
			return {kind, nth: raw.nth ?? 1, from};
		case 'probability':
			return {kind, parts: raw.probability ?? 0, from, until};
	}
}

function buildVerb(raw: RawLine, verb: (typeof verbs)[number], scope: TimelineScope, report: Report): Verb | undefined {
	switch (verb) {
		case 'say':
			return {verb, text: raw.say ?? ''};
		case 'fault': {
			const fault = buildFault(raw, scope, report);
			return fault === undefined ? undefined : {verb, fault};
		}

		case 'clear': {
			const id = raw.clear ?? '';
			return scope.faults.includes(id) ? {verb, id} : report('clear', unknownWord('fault', id, scope.faults));
		}

		case 'kick': {
			const target = channel(raw.kick ?? '', 'kick', scope, report);
			return target === undefined ? undefined : {verb, target};
		}

		case 'speed':
			return {verb, speed: raw.speed ?? 0};
		case 'xl': {
			const xl = attempt(() => parseXl(raw.xl ?? '', [...scope.domains.keys()]), 'xl', report);
			return xl === undefined ? undefined : {verb, xl};
		}
	}
}

function attempt<T>(read: () => T, key: string, report: Report): T | undefined {
	try {
		return read();
	} catch (error) {
		if (error instanceof Refused) {
			return report(key, error.message);
		}

		throw error;
	}
}

/** The line as a person would write it: parsing the result gives the line again. */
export function plainLine(line: TimelineLine): Record<string, string | number> {
	const plain = {...plainTrigger(line.trigger), ...(line.event === undefined ? {} : {event: line.event})};
	const {verb} = line;
	switch (verb.verb) {
		case 'say':
			return {...plain, say: verb.text};
		case 'fault':
			return {...plain, ...plainFault(verb.fault)};
		case 'clear':
			return {...plain, clear: verb.id};
		case 'kick':
			return {...plain, kick: channelText(verb.target)};
		case 'speed':
			return {...plain, speed: speedText(verb.speed)};
		case 'xl':
			return {...plain, xl: xlText(verb.xl)};
	}
}

function plainTrigger(trigger: Trigger): Record<string, string | number> {
	switch (trigger.kind) {
		case 'at':
			return {at: durationText(trigger.at)};
		case 'every':
			return {every: durationText(trigger.every), from: durationText(trigger.from), until: durationText(trigger.until)};
		case 'when':
			return {when: trigger.condition.text, from: durationText(trigger.from)};
		case 'nth':
			return {nth: trigger.nth, from: durationText(trigger.from)};
		case 'probability':
			return {
				probability: `${trigger.parts / 10_000}%`,
				from: durationText(trigger.from),
				until: durationText(trigger.until),
			};
	}
}
