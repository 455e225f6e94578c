/**
The host's check that no channel is asleep: work on a ring whose consumer has no pending event, queued step, timer or armed poll
that will look. Looks every millisecond of virtual time; a channel found asleep is a finding that lasts until somebody looks.
*/
import type {Engine} from '../../engine/engine.js';
import type {Finding} from '../../engine/findings.js';
import {Step} from '../../engine/step.js';
import type {ChannelEnd} from '../channel/channel-end.js';
import {measuredText} from '../scenario/condition.js';

const period = 1_000_000;

/** A ring of a channel, with what is put on it called by name. */
export interface WatchedRing {
	readonly front: ChannelEnd;
	readonly back: ChannelEnd;
	/** `request`, `slot` (a packet may take several): what waits for the back end, and what for the front end. */
	readonly requests: string;
	readonly responses: string;
}

export interface WatchedChannel {
	/** `db.xvda` */
	readonly id: string;
	/** Its rings; all share one event channel. */
	readonly rings: readonly WatchedRing[];
	/** Whether an event is pending for, or on its way to, the end's port. */
	eventPending(end: 'front' | 'back'): boolean;
	/** An end's domain is dead: nobody is to look any more. */
	readonly ended: boolean;
	/** Asleep since, ns; -1 while it is not. Written here. */
	asleepSince: number;
	/** Nanoseconds it was asleep before that. */
	asleepTime: number;
	/** When an end last took something off the ring, ns: sleep began no earlier. */
	readonly lastLooked: number;
}

export class SleepCheck {
	readonly #channels: WatchedChannel[] = [];
	readonly #findings = new Map<WatchedChannel, Finding>();

	constructor(private readonly engine: Engine) {
		const look = new Step('sleep check', engine.world, 0, false, () => {
			engine.after(period, look);
			for (const channel of this.#channels) {
				this.#look(channel);
			}
		});
		engine.after(period, look);
	}

	watch(channel: WatchedChannel): void {
		this.#channels.push(channel);
	}

	#look(channel: WatchedChannel): void {
		const {id} = channel;
		const now = this.engine.now;
		const waiting = channel.ended ? '' : neglected(channel);
		if ((waiting !== '') === channel.asleepSince >= 0) {
			return;
		}

		if (waiting !== '') {
			channel.asleepSince = Math.max(channel.lastLooked, now - period);
			const text = `sleeps with ${waiting} on its ring: nobody will look`;
			this.#findings.set(channel, this.engine.findings.report('asleep', now, [id], `${id} ${text}`));
			this.engine.log.add(now, id, 'error', 'check', text);
			return;
		}

		const since = channel.asleepSince;
		channel.asleepTime += now - since;
		channel.asleepSince = -1;
		const finding = this.#findings.get(channel);
		if (finding !== undefined) {
			finding.ended = now;
			this.#findings.delete(channel);
		}

		this.engine.log.add(now, id, 'notice', 'check', `woke after ${measuredText(now - since, 'time')}`);
	}
}

/** What waits on a ring of the channel while nobody looks and no event is on its way; '' when nothing does. */
function neglected(channel: WatchedChannel): string {
	for (const {front, back, requests, responses} of channel.rings) {
		if (idle(front, back) && !channel.eventPending('back')) {
			return counted(back.waiting, requests);
		}

		if (idle(back, front) && !channel.eventPending('front')) {
			return counted(front.waiting, responses);
		}
	}

	return '';
}

/** Does nobody look at the work that `producer` has put on the ring for `consumer`? Then only an event on its way can help. */
function idle(producer: ChannelEnd, consumer: ChannelEnd): boolean {
	return consumer.waiting > 0 && !consumer.looking && !producer.notifying;
}

function counted(count: number, what: string): string {
	return `${count} ${what}${count === 1 ? '' : 's'}`;
}
