/**
Faults as a timeline's lines name them: what each is aimed at and which words it takes. The catalogue (sim/faults) says what they do.
*/
import {closest} from '../../engine/closest.js';
import {quoted} from './problems.js';
import {durationText} from './units.js';

/** A device channel: the rings and event channels between a guest's frontend and its backend. */
export interface ChannelName {
	readonly domain: string;
	/** `xvda`, `vif0`. */
	readonly vdev: string;
}

export const directions = ['to-backend', 'to-frontend', 'both'] as const;

interface CommonWords {
	/** Given, or `fault-N` for the Nth fault line. */
	readonly id: string;
	/** How often it acts before it is spent; 0 is no limit. */
	readonly times: number;
	/** Nanoseconds it stays armed; 0 is no end. */
	readonly for: number;
}

/** evt.lost: notifications of a channel are dropped on their way. */
export interface LostNotifications extends CommonWords {
	readonly fault: 'evt.lost';
	readonly target: ChannelName;
	readonly direction: (typeof directions)[number];
}

/** drv.crash: the native driver of a device fails where it runs. */
export interface DriverCrash extends CommonWords {
	readonly fault: 'drv.crash';
	/** The device: `nvme0`. */
	readonly target: string;
}

/** guest.crash, dom0.crash: the kernel of a domain panics. */
export interface DomainCrash extends CommonWords {
	readonly fault: 'guest.crash' | 'dom0.crash';
	/** The domain. */
	readonly target: string;
}

/** hw.dma.stray: what a device writes lands in a frame that is not for it. */
export interface StrayDma extends CommonWords {
	readonly fault: 'hw.dma.stray';
	readonly target: string;
	/** The domain whose frame; '' is any. */
	readonly into: string;
}

/** guest.grab: a domain tries to use a device that it was not given. */
export interface Grab extends CommonWords {
	readonly fault: 'guest.grab';
	/** The domain. */
	readonly target: string;
	readonly device: string;
}

export type FaultWords = LostNotifications | DriverCrash | DomainCrash | StrayDma | Grab;

export const faultNames: readonly FaultWords['fault'][] = [
	'evt.lost',
	'drv.crash',
	'guest.crash',
	'dom0.crash',
	'hw.dma.stray',
	'guest.grab',
];

const zero = 'Domain-0';

/** Keys that belong to some faults only. */
const ownKeys: Readonly<Partial<Record<FaultKey, readonly FaultWords['fault'][]>>> = {
	direction: ['evt.lost'],
	into: ['hw.dma.stray'],
	device: ['guest.grab'],
	for: ['evt.lost', 'hw.dma.stray'],
	times: ['evt.lost', 'hw.dma.stray'],
};
export const faultKeys = ['target', 'direction', 'into', 'device', 'times', 'for', 'id'] as const;
type FaultKey = (typeof faultKeys)[number];

/** A fault line as written. */
export interface RawFault {
	readonly fault?: string | undefined;
	readonly target?: string | undefined;
	readonly direction?: (typeof directions)[number] | undefined;
	readonly into?: string | undefined;
	readonly device?: string | undefined;
	readonly times?: number | undefined;
	readonly for?: number | undefined;
	readonly id?: string | undefined;
	readonly nth?: number | undefined;
	readonly probability?: number | undefined;
}

/** What a fault line may refer to. */
export interface FaultScope {
	/** `db.xvda`, `web.vif0` for every device channel there is. */
	readonly channels: readonly string[];
	/** `nvme0`, `eth0`. */
	readonly devices: readonly string[];
	/** Every domain, those that drive devices included. */
	readonly owners: readonly string[];
	/** The id this line's fault gets when it has none. */
	readonly fallbackId: string;
}

/** Says what is wrong with a key of the line; the line is then not used. */
export type Report = (key: string, message: string) => undefined;

export function buildFault(raw: RawFault, scope: FaultScope, report: Report): FaultWords | undefined {
	const fault = faultNames.find((known) => known === raw.fault);
	if (fault === undefined) {
		return report('fault', unknownFault(raw.fault ?? ''));
	}

	for (const key of faultKeys) {
		const owners = ownKeys[key];
		if (raw[key] !== undefined && owners !== undefined && !owners.includes(fault)) {
			return report(key, `${quoted(key)} belongs to ${owners.join(' and ')}, not to ${fault}`);
		}
	}

	const written = raw.target ?? (fault === 'dom0.crash' ? zero : undefined);
	if (written === undefined) {
		const example = {
			'evt.lost': `a channel such as ${scope.channels[0] ?? 'db.xvda'}`,
			'drv.crash': `a device such as ${scope.devices[0]}`,
			'guest.crash': `a domain such as ${scope.owners[1] ?? 'web'}`,
			'dom0.crash': '',
			'hw.dma.stray': `a device such as ${scope.devices[0]}`,
			'guest.grab': `a domain such as ${scope.owners[1] ?? 'web'}`,
		}[fault];
		return report('fault', `${fault} needs a target, ${example}`);
	}

	const counted = raw.nth ?? raw.probability;
	if (counted !== undefined && fault !== 'evt.lost' && fault !== 'hw.dma.stray') {
		return report(raw.nth === undefined ? 'probability' : 'nth', `${fault} acts at once; write at, every or when`);
	}

	// Once, unless the line bounds it otherwise, by time or by chance.
	const bounded = raw.for !== undefined || raw.probability !== undefined;
	const common = {id: raw.id ?? scope.fallbackId, times: raw.times ?? (bounded ? 0 : 1), for: raw.for ?? 0};
	switch (fault) {
		case 'evt.lost': {
			const target = channel(written, 'target', scope, report);
			return target && {fault, ...common, target, direction: raw.direction ?? 'to-backend'};
		}

		case 'guest.crash':
		case 'dom0.crash': {
			const known = scope.owners.filter((name) => (name === zero) === (fault === 'dom0.crash'));
			const target = oneNamed('domain', written, 'target', known, report);
			return target === undefined ? undefined : {fault, ...common, target};
		}

		case 'drv.crash': {
			const target = oneNamed('device', written, 'target', scope.devices, report);
			return target === undefined ? undefined : {fault, ...common, target};
		}

		case 'hw.dma.stray': {
			const target = oneNamed('device', written, 'target', scope.devices, report);
			const into = raw.into === undefined ? '' : oneNamed('domain', raw.into, 'into', scope.owners, report);
			return target === undefined || into === undefined ? undefined : {fault, ...common, target, into};
		}

		case 'guest.grab': {
			const target = oneNamed('domain', written, 'target', scope.owners, report);
			const wanted = raw.device ?? scope.devices[0];
			const device = oneNamed('device', wanted, 'device', scope.devices, report);
			return target === undefined || device === undefined ? undefined : {fault, ...common, target, device};
		}

		default:
			return fault satisfies never;
	}
}

/** A fault's words as a person would write them. */
export function plainFault(words: FaultWords): Record<string, string | number> {
	const {fault, id, times} = words;
	const bounds = {times, ...(words.for === 0 ? {} : {for: durationText(words.for)})};
	switch (fault) {
		case 'evt.lost':
			return {fault, target: channelText(words.target), direction: words.direction, ...bounds, id};
		case 'drv.crash':
		case 'guest.crash':
		case 'dom0.crash':
			return {fault, target: words.target, id};
		case 'hw.dma.stray':
			return {fault, target: words.target, ...(words.into === '' ? {} : {into: words.into}), ...bounds, id};
		case 'guest.grab':
			return {fault, target: words.target, device: words.device, id};
	}
}

export function channelText(target: ChannelName): string {
	return `${target.domain}.${target.vdev}`;
}

export function channel(
	text: string,
	key: string,
	scope: Pick<FaultScope, 'channels'>,
	report: Report,
): ChannelName | undefined {
	const found = oneNamed('channel', text, key, scope.channels, report);
	const [domain, vdev] = text.split('.');
	return found === undefined ? undefined : {domain, vdev};
}

export function unknownWord(what: string, word: string, candidates: readonly string[]): string {
	const near = closest(word, candidates);
	const known = candidates.length === 0 ? 'there is none' : `there is ${candidates.slice(0, 8).join(', ')}`;
	return `unknown ${what} ${quoted(word)}${near === undefined ? `; ${known}` : `, did you mean ${quoted(near)}?`}`;
}

function oneNamed(
	what: string,
	text: string,
	key: string,
	known: readonly string[],
	report: Report,
): string | undefined {
	return known.includes(text) ? text : report(key, unknownWord(what, text, known));
}

function unknownFault(text: string): string {
	const family = /^(hw|drv|back|ring|gnt|evt|front|guest|hv|dom0|xs|ts)\.\w+/.test(text);
	if (closest(text, faultNames) === undefined && family) {
		return `fault ${quoted(text)} is not built yet; there is ${faultNames.join(', ')}`;
	}

	return unknownWord('fault', text, faultNames);
}
