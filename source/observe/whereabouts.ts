/**
Where a request is and what it waits for, in words: from the last trace point it passed, and from whether whoever must take the
next step can run at all.
*/
import type {Engine} from '../engine/engine.js';
import type {VbdChannel} from '../sim/host/vbd-channel.js';
import type {DomainKernel} from '../sim/kernel/domain-kernel.js';
import {runnable} from '../sim/xen/vcpu.js';

/** `nvme0 queue, entry 17`; `Domain-0 to run`. @param identity as in engine/trace.ts. */
export function waitsFor(engine: Engine, channel: VbdChannel, identity: number): string {
	const place = engine.trace.whereIs(identity);
	if (place === undefined) {
		return '';
	}

	const {frontKernel, backKernel} = channel;
	const own = `${channel.id} `;
	if (!place.point.startsWith(own)) {
		return atDevice(backKernel, place.point, place.detail);
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
			return beforeBackend(channel, back);
		case 'blkback':
			return toRun(backKernel) ?? `${back} to check and map it`;
		case 'mapped':
			return toRun(backKernel) ?? `${back} to hand it on`;
		case 'completed':
			return toRun(backKernel) ?? `${back} to unmap and answer`;
		case 'response':
			return beforeFrontend(channel, front);
		case 'answered':
			return 'nothing, it is answered';
		default:
			return toRun(backKernel) ?? `the driver of ${at}`;
	}
}

function atDevice(driver: DomainKernel, point: string, detail: number): string {
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
			return toRun(driver) ?? `the interrupt of ${device}`;
		default:
			return toRun(driver) ?? `the driver of ${device}`;
	}
}

/** On the ring, not taken. */
function beforeBackend(channel: VbdChannel, back: string): string {
	const {backKernel, frontKernel} = channel;
	if (channel.asleepSince >= 0) {
		return `an event for ${backKernel.name} that was lost`;
	}

	if (channel.back.looking || channel.eventPending('back')) {
		return toRun(backKernel) ?? `${back} to take it`;
	}

	return channel.front.notifying ? `${frontKernel.name} to notify ${backKernel.name}` : `${back} to look`;
}

/** Answered on the ring, not read. */
function beforeFrontend(channel: VbdChannel, front: string): string {
	const {backKernel, frontKernel} = channel;
	if (channel.asleepSince >= 0) {
		return `an event for ${frontKernel.name} that was lost`;
	}

	if (channel.front.looking || channel.eventPending('front')) {
		return toRun(frontKernel) ?? `${front} to read the answer`;
	}

	return channel.back.notifying ? `${backKernel.name} to notify ${frontKernel.name}` : `${front} to look`;
}

/** Says so when the domain cannot take the next step now; undefined when it can. */
function toRun({domain, name}: DomainKernel): string | undefined {
	if (domain.shutdown !== undefined || domain.dying) {
		return `${name}, which is dead`;
	}

	if (domain.pauseCount > 0) {
		return `${name}, paused by xl`;
	}

	return domain.vcpus.some((vcpu) => vcpu.state === runnable && !vcpu.onCpu) ? `${name} to run` : undefined;
}
