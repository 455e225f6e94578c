/**
From a fault's words to a rule: finds what it is aimed at, and arms the fault points of the layer where it really happens; faults that have
no point to wait at (a driver that crashes, a domain that reaches for a device) become work of the kernel in question.
*/
import {assert} from '../../engine/assert.js';
import type {Engine} from '../../engine/engine.js';
import {catalogue, type FaultEntry} from '../faults/catalogue.js';
import type {FaultRules, RuleOptions} from '../faults/rules.js';
import {grabDevice} from '../guest/device-grab.js';
import type {Kernel} from '../kernel/kernel.js';
import type {ChannelName, FaultWords} from '../scenario/timeline.js';
import type {Scenario} from '../scenario/types.js';
import type {DiskChannel, NetChannel} from './channels.js';
import type {HostBoot} from './host-boot.js';
import {hostCosts} from './host-costs.js';
import {stationJobs} from './station-jobs.js';
import type {FaultTrigger} from './timeline-runner.js';

/** What came of an operator's line. */
export interface Answer {
	readonly text: string;
	readonly refused: boolean;
}

/** What arming needs of the host. */
export interface FaultHost {
	readonly engine: Engine;
	readonly boot: HostBoot;
	readonly rules: FaultRules;
	readonly scenario: Scenario;
	channel(name: ChannelName): DiskChannel | NetChannel | undefined;
}

type Words<Fault> = Extract<FaultWords, {fault: Fault}>;
type Common = Pick<RuleOptions, 'id' | 'entry' | 'times' | 'duration' | 'nth' | 'parts'>;

export function armFault(host: FaultHost, words: FaultWords, {nth, parts, until}: FaultTrigger): Answer {
	const duration = words.for > 0 ? words.for : until > 0 ? Math.max(1, until - host.engine.now) : 0;
	const common: Common = {id: words.id, entry: entryOf(words.fault), times: words.times, duration, nth, parts};
	switch (words.fault) {
		case 'evt.lost':
			return loseNotifications(host, words, common);
		case 'drv.crash':
			return crashDriver(host, words, common);
		case 'guest.crash':
		case 'dom0.crash':
			return crashDomain(host, words, common);
		case 'hw.dma.stray':
			return strayDma(host, words, common);
		case 'guest.grab':
			return grab(host, words, common);
		default:
			return words satisfies never;
	}
}

function loseNotifications(host: FaultHost, words: Words<'evt.lost'>, common: Common): Answer {
	const target = `${words.target.domain}.${words.target.vdev}`;
	const channel = host.channel(words.target);
	const points = channel?.notificationPoints(words.direction) ?? [];
	if (points.length === 0) {
		return refusal(`${target} ${channel?.spared(words.direction) ?? 'is not connected yet: nothing to lose'}`);
	}

	return arm(host, {
		...common,
		target,
		points,
		parties: [target],
		text: `${words.direction}, ${timesText(words.times)}`,
	});
}

function crashDriver(host: FaultHost, words: Words<'drv.crash'>, common: Common): Answer {
	const {boot} = host;
	const placed = boot.drivers.find(({device, kernel}) => device.name === words.target && kernel.alive);
	if (placed === undefined) {
		return refusal(`${words.target} has no driver now: nothing to crash`);
	}

	const {kernel, module} = placed;
	// Without an IOMMU the device goes on into frames that were granted to its domain: anybody's.
	const parties = [...everybody(host), kernel.name];
	const text = `the ${module} driver in ${kernel.name}`;
	return panic(host, {...common, target: words.target, points: [], parties, text}, kernel, module);
}

function crashDomain(host: FaultHost, words: Words<'guest.crash' | 'dom0.crash'>, common: Common): Answer {
	const {target} = words;
	const kernel = host.boot.domains.find(({name}) => name === target)?.kernel;
	if (kernel === undefined || !kernel.alive) {
		return refusal(`${target} does not run`);
	}

	const parties = words.fault === 'dom0.crash' ? everybody(host) : [target];
	return panic(host, {...common, target, points: [], parties, text: 'its kernel'}, kernel, '');
}

/** A task of the kernel follows a null pointer. @param module whose fault it is; '' for the kernel's own. */
function panic(host: FaultHost, options: RuleOptions, kernel: Kernel, module: string): Answer {
	const {rules} = host;
	const answer = arm(host, {...options, effect: 'crashed'});
	const rule = rules.find(options.id);
	const crash = kernel.define(`${module === '' ? 'kernel' : module} crash`, hostCosts.fault, () => {
		if (rule?.state !== 'armed') return;
		rules.act(rule);
		if (module !== '') kernel.log('error', `${module}: driver crashed`);
		kernel.panic(`${module === '' ? '' : `${module}: `}unable to handle kernel NULL pointer dereference`);
	});
	kernel.task(crash);
	return answer;
}

function strayDma(host: FaultHost, words: Words<'hw.dma.stray'>, common: Common): Answer {
	const {engine, boot} = host;
	const {target, into} = words;
	const point = engine.faults.get(`dma.write ${target}`);
	const victim = [...boot.control.kernels.values()].find(({name}) => name === into);
	if (point === undefined || (into !== '' && victim === undefined)) {
		return refusal(`${into === '' ? target : into} is not there: nothing to hit`);
	}

	const random = engine.random.stream(`fault/${words.id}/frame`);
	const {frames} = boot.xen;
	const {context} = boot.machine.iommu.device(target);
	/** A frame of the victim's (of any domain's), from a random place on, that the device has no business with. */
	const choose = () => {
		const start = random.below(frames.frames);
		for (let i = 0; i < frames.frames; i++) {
			const frame = (start + i) % frames.frames;
			const owner = frames.ownerOf(frame);
			const wanted = owner >= 0 && (victim === undefined || owner === victim.domid) && frames.isOwn(owner, frame);
			if (wanted && context?.permits(frame, true) !== true) return frame;
		}

		return frames.frames;
	};
	return arm(host, {
		...common,
		target,
		points: [point],
		parties: everybody(host),
		text: `into ${into === '' ? 'any frame' : into}, ${timesText(words.times)}`,
		effect: 'gone astray',
		alter: choose,
		declares: boot.machine.iommu.device(target).guarded ? ['dma'] : ['stray'],
	});
}

function grab(host: FaultHost, words: Words<'guest.grab'>, common: Common): Answer {
	const {boot, rules} = host;
	const {target, device: name} = words;
	const kernel = [...boot.control.kernels.values()].find((each) => each.name === target);
	const device = boot.drivers.find((each) => each.device.name === name)?.device;
	if (kernel === undefined || !kernel.alive || device === undefined) {
		return refusal(`${kernel?.alive === true ? name : target} is not there`);
	}

	const parties = [target, name];
	const answer = arm(host, {...common, target, points: [], parties, text: `for ${name}`, effect: 'refused'});
	const rule = rules.find(words.id);
	grabDevice(boot.xen, kernel, device, (permitted) => {
		if (rule?.state === 'armed' && !permitted) rules.act(rule);
	});
	return answer;
}

function arm(host: FaultHost, options: RuleOptions): Answer {
	host.rules.arm(options);
	return {text: `${options.id}: ${options.entry.title} of ${options.target}, ${options.text}`, refused: false};
}

/** Devices, domains, channels and jobs on the network: whoever a transfer into any frame may concern. */
function everybody({boot, scenario}: FaultHost): string[] {
	return [
		'Xen',
		...boot.drivers.map(({device}) => device.name),
		...boot.domains.flatMap(({name, disks}) => [name, ...disks.keys()]),
		...boot.channels.map(({id}) => id),
		...boot.network.vifs.map(({id}) => id),
		...stationJobs(scenario).map(({id}) => id),
	];
}

function entryOf(fault: FaultWords['fault']): FaultEntry {
	const entry = catalogue.find(({id}) => id === fault);
	assert(entry !== undefined, 'the scenario names a fault of the catalogue');
	return entry;
}

function refusal(text: string): Answer {
	return {text, refused: true};
}

function timesText(times: number): string {
	return times === 0 ? 'until cleared' : `${times} time${times === 1 ? '' : 's'}`;
}
