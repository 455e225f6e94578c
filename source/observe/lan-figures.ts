/** The LAN for whoever looks: its rate, and each host on it with what it sends and hears. */
import type {Lan} from '../hw/lan/lan.js';
import type {Link, LinkEnd} from '../hw/lan/link.js';
import type {Scenario} from '../sim/scenario/types.js';
import type {LanHostWords, NetJob} from '../sim/scenario/types-network.js';
import type {Counter, Samples} from './samples.js';
import type {JobView, LanHostView, LanView, TrafficRate} from './snapshot.js';

export class LanFigures {
	readonly #hosts: readonly LanHostFigures[];

	constructor(
		private readonly lan: Lan,
		words: readonly LanHostWords[],
		scenario: Scenario,
		samples: Samples,
	) {
		this.#hosts = words.flatMap((host) => {
			const link = lan.links.find(({name}) => name === host.name);
			return link === undefined
				? []
				: [new LanHostFigures(host, doingOf(host, scenario), link.first, link.second, samples)];
		});
	}

	/** @param jobsOf the jobs that a host runs. */
	view(jobsOf: (host: string) => readonly JobView[]): LanView {
		const {links, options} = this.lan;
		const lost = links.reduce((sum, link) => sum + lostOn(link), 0);
		return {rate: options.rate, lost, hosts: this.#hosts.map((host) => host.view(jobsOf(host.name)))};
	}
}

/** Frames lost on a link, both ways: taken by an impairment or a fault, or by a link that went down. */
export function lostOn({first, second}: Link): number {
	return first.impairments.lost + first.cut + second.impairments.lost + second.cut;
}

/** A host at the first end of its link: what leaves there it sends, what leaves the other end it hears. */
class LanHostFigures {
	readonly #sent: Way;
	readonly #received: Way;
	readonly #bits: Counter;

	constructor(
		private readonly words: LanHostWords,
		private readonly doing: string,
		own: LinkEnd,
		other: LinkEnd,
		samples: Samples,
	) {
		this.#sent = way(own, samples);
		this.#received = way(other, samples);
		this.#bits = samples.counter(() => 8 * (own.bytes + other.bytes));
	}

	get name(): string {
		return this.words.name;
	}

	view(jobs: readonly JobView[]): LanHostView {
		const {name, ip} = this.words;
		return {
			name,
			ip,
			doing: this.doing,
			jobs,
			sent: rates(this.#sent),
			received: rates(this.#received),
			history: this.#bits.history,
		};
	}
}

interface Way {
	readonly bytes: Counter;
	readonly frames: Counter;
}

function way(end: LinkEnd, samples: Samples): Way {
	return {bytes: samples.counter(() => end.bytes), frames: samples.counter(() => end.frames)};
}

function rates({bytes, frames}: Way): TrafficRate {
	return {bitsPerSecond: 8 * bytes.perSecond, packetsPerSecond: frames.perSecond};
}

/** What a host does for others: `asks web, is pinged by db`. */
function doingOf({name}: LanHostWords, {domains}: Scenario): string {
	const parts = domains.flatMap((domain) =>
		domain.netJobs.flatMap((job) =>
			job.kind !== 'pcap' && job.peer.station === `lan.${name}` ? [`${roles[job.kind]} ${domain.name}`] : [],
		),
	);
	return [...new Set(parts)].join(', ');
}

const roles: Readonly<Record<Exclude<NetJob['kind'], 'pcap'>, string>> = {
	ping: 'is pinged by',
	iperf: 'serves iperf3 to',
	serve: 'asks',
};
