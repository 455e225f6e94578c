/**
What happens next, in words, and when: `nvme0 completes`, `Domain-0: blkback web.xvda take`. The host's checks of itself are left out:
nothing in the simulated world moves by them.
*/
import type {Engine} from '../engine/engine.js';
import type {Cpus} from '../sim/xen/cpus.js';
import type {Snapshot} from './snapshot.js';

/** Steps by which the host looks at itself. */
const checks: ReadonlySet<string> = new Set(['sleep check', 'state hash', 'sample']);
/** What a device's step is called in the code, and what a person sees happen. */
const happenings: ReadonlyArray<readonly [ending: RegExp, words: string]> = [
	[/ complete$/, ' completes'],
	[/ fetch$/, ' fetches from its queue'],
	[/ begin$/, ' begins'],
	[/ die$/, ': a flash die is done'],
	[/ channel$/, ': a flash channel is done'],
	[/ arm$/, ': the arm and platter are done'],
	[/ medium done$/, ': its medium is done'],
	[/ data arrived$/, ' has the data'],
	[/ data delivered$/, ' has delivered the data'],
	[/^wire (\S+) outbound$/, 'a frame of $1 arrives'],
	[/^wire (\S+) inbound$/, 'a frame reaches $1'],
	[/ wire free$/, ': its wire is free'],
	[/ negotiated$/, ': its link is negotiated'],
	[/ mdi done$/, ': its PHY answers'],
	[/ buffers$/, ' hands on what it received'],
	[/ interrupt interval$/, ' may interrupt again'],
	[/ has room$/, ': its link has room'],
];

export function nextEvent(engine: Engine, cpus: Cpus): Snapshot['next'] {
	let time = Number.POSITIVE_INFINITY;
	let what = '';
	engine.queue.forEach((at, step) => {
		if (at < time && step.owner.alive && !(step.owner === engine.world && checks.has(step.name))) {
			time = at;
			what = step.owner === engine.world ? happeningOf(step.name) : `${step.owner.name}: ${step.name}`;
		}
	});
	for (const cpu of cpus.all) {
		if (cpu.stepEnds < time) {
			time = cpu.stepEnds;
			what = `${cpu.runningName}: ${cpu.stepName}`;
		}
	}

	return time === Number.POSITIVE_INFINITY ? undefined : {what, inNanoseconds: time - engine.now};
}

/** Steps of the way back after a crash of the host, as they are called in the code. */
const wayBack: ReadonlySet<string> = new Set(['machine reset', 'Xen starts']);

/** While the host is down: what comes next of the way back, ns from now. */
export function nextOfReboot(engine: Engine, since: number): Snapshot['down'] {
	let down: Snapshot['down'];
	engine.queue.forEach((at, {owner, name}) => {
		if (since >= 0 && owner === engine.world && wayBack.has(name)) {
			down = {since, next: name, inNanoseconds: at - engine.now};
		}
	});
	return down;
}

function happeningOf(name: string): string {
	for (const [ending, words] of happenings) {
		if (ending.test(name)) {
			return name.replace(ending, words);
		}
	}

	return name;
}
