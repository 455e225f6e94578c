/**
What each injected crash cost: watched from its first instant on, because no counter read later can tell. The trajectory does not know
of it. A disk is out from the crash on for as long as requests waited without an answer; a network from the last packet
in before the crash to the first after it.
*/
import type {FrameTap} from '../net/frame-tap.js';
import type {FaultRule} from '../sim/faults/rules.js';
import type {Counters} from '../sim/host/counters.js';
import {takeSample} from '../sim/host/sample.js';
import type {Host} from '../sim/host.js';
import type {Figure} from './comparison-types.js';

interface Crash {
	/** `crash: drv.crash nvme0` */
	readonly name: string;
	/** ns. */
	readonly at: number;
	readonly before: Counters;
	/** By interface of a guest: when a packet came in last before it, and first after it, ns; -1 for never. */
	readonly packets: ReadonlyMap<string, {readonly last: number; first: number}>;
}

interface Outage {
	readonly who: string;
	/** ns. */
	readonly time: number;
	readonly open: boolean;
}

export class CrashWatch {
	readonly #crashes: Crash[] = [];
	/** By interface of a guest, when a packet came in last, ns. */
	readonly #lastPacket = new Map<string, number>();

	/** Watches from now on; made before the host is advanced. */
	constructor(private readonly host: Host) {
		const {rules} = host;
		const told = rules.onFired;
		rules.onFired = (rule) => {
			told(rule);
			if (rule.options.entry.declares.includes('crash')) {
				this.#begins(rule);
			}
		};
		for (const tap of host.taps) {
			// Guests' interfaces are called by domain and number; a NIC's wire is nobody's outage.
			if (tap.name.includes(':')) {
				this.#watch(tap);
			}
		}
	}

	/** What each crash cost, up to the next one or now. */
	figures(): Figure[] {
		return this.#crashes.flatMap((crash, index) => this.#figures(crash, this.#crashes[index + 1]));
	}

	#begins({options: {id, entry, target}}: FaultRule): void {
		const {host} = this;
		const at = host.now;
		const title = `${id}: ${entry.id} ${target}`;
		const times = this.#crashes.filter(({name}) => name === title || name.startsWith(`${title} (`)).length;
		for (const id of disksOf(host)) {
			host.past.knownMeter(id)?.mark(at);
		}

		this.#crashes.push({
			name: times === 0 ? title : `${title} (${times + 1})`,
			at,
			before: takeSample(host),
			packets: new Map([...this.#lastPacket].map(([name, last]) => [name, {last, first: -1}])),
		});
	}

	#watch(tap: FrameTap): void {
		const told = tap.onFrame;
		tap.onFrame = (frame) => {
			told?.(frame);
			if (frame.direction === 'inbound') {
				this.#lastPacket.set(tap.name, frame.at);
				const seen = this.#crashes.at(-1)?.packets.get(tap.name);
				if (seen !== undefined && seen.first < 0) {
					seen.first = frame.at;
				}
			}
		};
	}

	#figures(crash: Crash, next: Crash | undefined): Figure[] {
		const {name, at, before, packets} = crash;
		const end = next?.at ?? this.host.now;
		const after = next?.before ?? takeSample(this.host);
		const outages = [...this.#disks(at, end), ...networks(packets, end)];
		const longest = outages.reduce((most, {time}) => Math.max(most, time), 0);
		const open = outages.some((each) => each.open) ? {open: true as const} : {};
		const section = `Crash ${name}`;
		const count = (what: string, value: number): Figure => ({section, name: what, unit: 'count', knob: false, value});
		const time = (what: string, value: number): Figure => ({section, name: what, unit: 'time', knob: true, value});
		return [
			time('acted at', at),
			count('domains lost', after.host.domainsLost - before.host.domainsLost),
			time('host down', after.host.outage - before.host.outage),
			...outages.map((outage) => ({
				...time(`outage ${outage.who}`, outage.time),
				...(outage.open ? {open: true as const} : {}),
			})),
			{...time('time to recover', longest), ...open},
			count('acknowledged writes lost', after.host.sectorsLost - before.host.sectorsLost),
		];
	}

	/** The guests' disks that had answered before. */
	#disks(at: number, end: number): Outage[] {
		const {host} = this;
		return disksOf(host).flatMap((who) => {
			const meter = host.past.knownMeter(who);
			if (meter === undefined || meter.answered === 0) {
				return [];
			}

			const time = meter.between(at, end, host.now).silence;
			return [{who, time, open: time > 0 && time === end - at}];
		});
	}
}

function networks(packets: Crash['packets'], end: number): Outage[] {
	return [...packets].map(([who, {last, first}]) => ({
		who,
		time: (first < 0 ? end : first) - last,
		open: first < 0,
	}));
}

function disksOf({scenario}: Host): string[] {
	return scenario.domains.flatMap(({name, disks}) => disks.map(({vdev}) => `${name}.${vdev}`));
}
