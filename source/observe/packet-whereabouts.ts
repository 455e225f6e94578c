/**
Where a packet of a network is and what its slot waits for, in words: from the last trace point it passed, and from whether whoever must
take the next step can run at all.
*/
import type {Engine} from '../engine/engine.js';
import type {VifChannel} from '../sim/host/vif-channel.js';
import type {RingPlace} from './net-ring-view.js';
import {toRun} from './whereabouts.js';

/** Of a slot of the TX ring. */
export function sendingWaitsFor(engine: Engine, channel: VifChannel, {identity, state}: RingPlace): string {
	switch (state) {
		case 'request':
			return beforeBackend(channel);
		case 'response':
			return beforeFrontend(channel, 0);
		case 'taken':
			return inBackend(engine, channel, identity);
		default:
			return '';
	}
}

/** Of a slot of the RX ring. */
export function receivingWaitsFor(channel: VifChannel, {state}: RingPlace): string {
	const {backKernel} = channel;
	switch (state) {
		case 'posted':
			return 'a packet';
		case 'taken':
			return toRun(backKernel) ?? `netback in ${backKernel.name} to fill it`;
		case 'response':
			return beforeFrontend(channel, 1);
		default:
			return '';
	}
}

/** On the TX ring, not taken. */
function beforeBackend(channel: VifChannel): string {
	const {backKernel, frontKernel, netback, rings} = channel;
	const [{front, back}] = rings;
	if (netback?.disabled === true) {
		return 'nobody: netback has disabled the vif';
	}

	if (netback?.credit.refuses === true) {
		return "the vif's rate limit";
	}

	const who = `netback in ${backKernel.name}`;
	if (back.looking || channel.eventPending('back')) {
		return toRun(backKernel) ?? `${who} to take it`;
	}

	if (front.notifying) {
		return `${frontKernel.name} to notify ${backKernel.name}`;
	}

	return channel.asleepSince >= 0 ? `${backKernel.name} to look: its notification was lost` : `${who} to look`;
}

/** Answered on a ring, not read. */
function beforeFrontend(channel: VifChannel, ring: 0 | 1): string {
	const {backKernel, frontKernel, rings} = channel;
	const {front, back} = rings[ring];
	const who = `netfront in ${frontKernel.name}`;
	const what = ring === 0 ? 'to read the answer' : 'to take the packet';
	if (front.looking || channel.eventPending('front')) {
		return toRun(frontKernel) ?? `${who} ${what}`;
	}

	if (back.notifying) {
		return `${backKernel.name} to notify ${frontKernel.name}`;
	}

	return channel.asleepSince >= 0 ? `${frontKernel.name} to look: its notification was lost` : `${who} to look`;
}

/** Taken by netback: with it, or with whomever it handed the packet to. */
function inBackend(engine: Engine, {backKernel, words, netback}: VifChannel, identity: number): string {
	const who = `netback in ${backKernel.name}`;
	const place = engine.trace.whereIs(identity);
	if (place === undefined) {
		return toRun(backKernel) ?? `${who} to answer`;
	}

	const {point, detail} = place;
	if (point.endsWith(' netback')) {
		return toRun(backKernel) ?? `${who} to copy and map it`;
	}

	if (netback !== undefined && point.endsWith(` ${netback.name}`)) {
		return toRun(backKernel) ?? `${words.bridge} to hand it on`;
	}

	if (point.endsWith(' let go') || point.endsWith(' sent')) {
		return toRun(backKernel) ?? `${who} to unmap and answer`;
	}

	if (point.endsWith(' queue')) {
		// A NIC's name is one word; a vif's is of a guest.
		const whose = point.slice(0, -' queue'.length);
		return whose.includes('.') ? `a buffer of ${whose}` : `${whose} queue, entry ${detail}`;
	}

	return point.endsWith(' forward') ? (toRun(backKernel) ?? `whoever is behind ${words.bridge}`) : point;
}
