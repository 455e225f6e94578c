/**
Where a request is and what it waits for, in words: from the last trace point it passed, and from whether whoever must take the
next step can run at all.
*/
import type {Engine} from '../engine/engine.js';
import {requestEventWord, responseEventWord} from '../sim/channel/ring.js';
import type {VbdChannel} from '../sim/host/vbd-channel.js';
import type {DomainKernel} from '../sim/kernel/domain-kernel.js';
import {runnable} from '../sim/xen/vcpu.js';

/** A request on a ring: its identity (engine/trace.ts), whose turn it is, and its slot or -1. */
export interface RingRequest {
	readonly identity: number;
	readonly state: 'request' | 'taken' | 'response';
	readonly slot: number;
}

/** `nvme0 queue, entry 17`; `Domain-0 to run`. */
export function waitsFor(engine: Engine, channel: VbdChannel, request: RingRequest): string {
	const place = engine.trace.whereIs(request.identity);
	if (place === undefined) {
		return forgotten(channel, request);
	}

	const {frontKernel, backKernel} = channel;
	const own = `${channel.id} `;
	if (!place.point.startsWith(own)) {
		return atDevice(() => toRun(backKernel), place.point, place.detail);
	}

	const front = `blkfront in ${frontKernel.name}`;
	const back = `blkback in ${backKernel.name}`;
	const at = place.point.slice(own.length);
	switch (at) {
		case 'blkfront':
			return toRun(frontKernel) ?? `${front} to fill its slot`;
		case 'slot':
			return toRun(frontKernel) ?? `${front} to push it`;
		case 'ring':
			return beforeBackend(channel, back, place.detail);
		case 'blkback':
			return toRun(backKernel) ?? `${back} to check and map it`;
		case 'mapped':
			return toRun(backKernel) ?? `${back} to hand it on`;
		case 'completed':
			return toRun(backKernel) ?? `${back} to unmap and answer`;
		case 'response':
			return beforeFrontend(channel, front, place.detail);
		case 'answered':
			return 'nothing, it is answered';
		default:
			return toRun(backKernel) ?? `the driver of ${at}`;
	}
}

/** With a device or its driver. @param running says so when whoever runs the driver cannot now. */
export function atDevice(running: () => string | undefined, point: string, detail: number): string {
	const [device, ...rest] = point.split(' ');
	switch (rest.join(' ')) {
		case 'queue':
		case 'doorbell':
			return `${device} queue, entry ${detail}`;
		case 'medium':
			return `${device}, its medium`;
		case 'transfer':
			return `${device}, its data transfer`;
		case 'completion':
			return running() ?? `the interrupt of ${device}`;
		default:
			return running() ?? `the driver of ${device}`;
	}
}

/** The trace keeps the newest requests only: of one that has waited longer, the ring itself says whose turn it is. */
function forgotten(channel: VbdChannel, {state, slot}: RingRequest): string {
	const {frontKernel, backKernel} = channel;
	const back = `blkback in ${backKernel.name}`;
	switch (state) {
		case 'request':
			return beforeBackend(channel, back, slot);
		case 'taken':
			return toRun(backKernel) ?? `${back} to answer`;
		case 'response':
			return beforeFrontend(channel, `blkfront in ${frontKernel.name}`, slot);
		default:
			return state satisfies never;
	}
}

/** On the ring, not taken. */
function beforeBackend(channel: VbdChannel, back: string, slot: number): string {
	const {backKernel, frontKernel} = channel;
	if (channel.back.looking || channel.eventPending('back')) {
		return toRun(backKernel) ?? `${back} to take it`;
	}

	if (channel.front.notifying) {
		return `${frontKernel.name} to notify ${backKernel.name}`;
	}

	return channel.asleepSince >= 0
		? `${backKernel.name} to look: ${unnoticed(channel, requestEventWord, slot)}`
		: `${back} to look`;
}

/** Answered on the ring, not read. */
function beforeFrontend(channel: VbdChannel, front: string, slot: number): string {
	const {backKernel, frontKernel} = channel;
	if (channel.front.looking || channel.eventPending('front')) {
		return toRun(frontKernel) ?? `${front} to read the answer`;
	}

	if (channel.back.notifying) {
		return `${backKernel.name} to notify ${frontKernel.name}`;
	}

	return channel.asleepSince >= 0
		? `${frontKernel.name} to look: ${unnoticed(channel, responseEventWord, slot)}`
		: `${front} to look`;
}

/**
Why nobody looks at a slot of a ring that sleeps. Who slept asked to be told of the entry before its event index (Xen public/io/ring.h,
RING_PUSH_*_AND_CHECK_NOTIFY): for that one a notification went out, and it is neither pending nor handled. For those
after it none was due.
*/
function unnoticed({blkfront}: VbdChannel, eventWord: number, slot: number): string {
	const ring = blkfront?.ring ?? null;
	return ring !== null && ring.slot(ring.words[eventWord] - 1) === slot ? 'its notification was lost' : 'not notified';
}

/** Says so when the domain cannot take the next step now; undefined when it can. */
export function toRun({domain, name}: DomainKernel): string | undefined {
	if (domain.shutdown !== undefined || domain.dying) {
		return `${name}, which is dead`;
	}

	if (domain.pauseCount > 0) {
		return `${name}, paused by xl`;
	}

	return domain.vcpus.some((vcpu) => vcpu.state === runnable && !vcpu.onCpu) ? `${name} to run` : undefined;
}
