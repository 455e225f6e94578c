/**
What the parts of a host that are gone had counted, by name: a part that comes back under the name of one before it goes on counting from
there, so that counters never run backwards, whatever died and was built anew.
*/
import {type DomainSample, type EndCounts, noDomain, noEndCounts, noXenCounts, type XenCounts} from './counters.js';
import {type BridgeSample, noBridge, noVif, type VifSample} from './counters-network.js';
import {ChannelMeter} from './meters.js';

/** A guest's ring of one page has so many slots. */
const slotsOfOnePage = 32;

export class Past {
	readonly domains = new Kept<DomainSample>(noDomain);
	/** Ends of disk channels, by `db.xvda`. */
	readonly channels = new Kept<EndCounts>(noEndCounts);
	readonly vifs = new Kept<VifSample>(noVif);
	/** What drivers counted, by their device's name. */
	readonly drivers = new Kept<Readonly<Record<string, number>>>({});
	readonly bridges = new Kept<BridgeSample>(noBridge);
	/** How often a domain of a name was built again, or domain zero came back with its host. */
	readonly restarts = new Kept<number>(0);
	xen: XenCounts = noXenCounts;
	/** Domains that died of a crash: their own, or that of the host under them. */
	lost = 0;
	/** ns in which no domain ran: from the end of one boot to the start of domain zero in the next. */
	outage = 0;
	/** Since when the host is down, ns; -1 while it is up. */
	downSince = -1;
	readonly #meters = new Map<string, ChannelMeter>();

	/** ns in which no domain ran, up to `now`. */
	outageAt(now: number): number {
		return this.outage + (this.downSince < 0 ? 0 : now - this.downSince);
	}

	/** The meter of a disk channel that is or was there. */
	knownMeter(id: string): ChannelMeter | undefined {
		return this.#meters.get(id);
	}

	/** A disk channel's meter, which outlives the channel: the next one of the name is measured by it, too. @param now ns. @param slots of its ring. */
	meter(id: string, now: number, slots = slotsOfOnePage): ChannelMeter {
		let meter = this.#meters.get(id);
		if (meter === undefined) {
			meter = new ChannelMeter(slots, now);
			this.#meters.set(id, meter);
		}

		return meter;
	}
}

class Kept<T> {
	readonly #counts = new Map<string, T>();

	constructor(private readonly nothing: T) {}

	get names(): IterableIterator<string> {
		return this.#counts.keys();
	}

	get(name: string): T {
		return this.#counts.get(name) ?? this.nothing;
	}

	/** What parts of this name have counted up to now, all of them together. */
	set(name: string, counts: T): void {
		this.#counts.set(name, counts);
	}
}
