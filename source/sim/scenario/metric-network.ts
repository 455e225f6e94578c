/**
Metrics of the network: web.vif0.tx.rate, eth0.rx.missed, xenbr0.flooded, lan.client.rx.rate, web.http.p99, web.echo.rtt.p50. Directions
are the interface's own: what a guest's vif sends is its tx.
*/
import type {Leaf, MetricUnit} from './metric-leaf.js';
import type {NetJob} from './types-network.js';

type Leaves = Readonly<Record<string, Leaf>>;
type JobKinds = ReadonlyMap<string, NetJob['kind']>;

/** The names a scenario's network gives. */
export interface NetworkScope {
	/** By domain. */
	readonly vifs: ReadonlyMap<string, readonly string[]>;
	/** Jobs that use a network, by domain. */
	readonly jobs: ReadonlyMap<string, JobKinds>;
	readonly nics: readonly string[];
	readonly bridges: readonly string[];
	/** Hosts of the LAN, with their jobs. */
	readonly hosts: ReadonlyMap<string, JobKinds>;
}

const leaf = (unit: MetricUnit, means: string): Leaf => ({unit, means});
const count = (means: string) => leaf('count', means);

function traffic(whom: string): Leaves {
	const both = (way: string, does: string): Leaves => ({
		[`${way}.rate`]: leaf('bits', `bits per second that ${whom} ${does}, from the Ethernet header on`),
		[`${way}.bytes`]: count(`bytes that ${whom} ${does}`),
		[`${way}.packets`]: count(`packets that ${whom} ${does}`),
	});
	return {...both('tx', 'sent'), ...both('rx', 'received')};
}

function latency(prefix: string, of: string): Leaves {
	const time = (means: string) => leaf('time', means);
	return {
		[`${prefix}mean`]: time(`mean ${of}`),
		[`${prefix}p50`]: time(`median ${of}`),
		[`${prefix}p90`]: time(`${of} nine in ten stay below`),
		[`${prefix}p99`]: time(`${of} 99 in a hundred stay below`),
		[`${prefix}p99.9`]: time(`${of} 999 in a thousand stay below`),
		[`${prefix}max`]: time(`largest ${of}`),
	};
}

/** Metrics of a guest's interface: `web.vif0.tx.rate`. */
export const vifMetrics: Leaves = {
	...traffic('the guest'),
	'tx.errors': count('packets of the guest that its backend refused'),
	'tx.drops': count('packets of the guest that its backend dropped'),
	'rx.errors': count('packets for the guest whose copy failed'),
	'rx.drops': count('packets for the guest that found no room: no buffer posted, or a full queue'),
	drops: count('packets dropped in both directions'),
	limited: count('times that the rate limit held packets back'),
	stalled: leaf('time', 'time in which the channel slept with work on a ring'),
};

/** Metrics of a NIC: `eth0.rx.missed`. */
export const nicMetrics: Leaves = {
	...traffic('the NIC'),
	'rx.errors': count('frames with a bad checksum or length'),
	'rx.missed': count('frames for which neither FIFO nor descriptor was free'),
	interrupts: count('interrupts it raised'),
};

/** Metrics of a bridge: `xenbr0.flooded`. */
export const bridgeMetrics: Leaves = {
	forwarded: count('packets sent on to the one port behind which their destination was learnt'),
	flooded: count('packets sent on to all ports: broadcast, or a destination not learnt'),
	drops: count('packets dropped: no port to send on to, or a port without room'),
};

/** Metrics of a host on the LAN: `lan.client.rx.rate`. */
export const lanHostMetrics: Leaves = traffic('the host');

/** Metrics of the LAN's links: `lan.lost`. */
export const lanMetrics: Leaves = {
	lost: count('frames lost by an impairment'),
	corrupted: count('frames damaged by an impairment'),
	duplicated: count('frames sent twice by an impairment'),
	reordered: count('frames held back by an impairment'),
};

/** Metrics of jobs that use a network, by what they do. */
export const netJobMetrics: Readonly<Record<NetJob['kind'], Leaves>> = {
	serve: {
		rate: leaf('rate', 'responses received whole per second'),
		count: count('responses received whole'),
		errors: count('requests that failed, or whose response was not as sent'),
		...latency('', 'time from a request (its arrival, at a rate) to the last byte of its response'),
	},
	ping: {
		sent: count('echo requests sent'),
		received: count('answers received'),
		lost: count('echo requests without an answer, those under way included'),
		...latency('rtt.', 'round trip'),
	},
	iperf: {
		rate: leaf('bits', 'bits of data per second that arrived, at both ends together'),
		'out.rate': leaf('bits', 'bits of data per second that arrived at the server'),
		'in.rate': leaf('bits', 'bits of data per second that arrived at the client'),
		bytes: count('bytes of data that arrived, at both ends together'),
		retransmits: count('segments that the stacks of both ends sent again over TCP'),
		lost: count('datagrams that did not arrive, by their numbers'),
		errors: count('pieces of data that were not as sent, and connections that failed'),
	},
	pcap: {
		sent: count('frames sent'),
	},
};

/** Path, leaf and leaves of a metric that begins with the network's names; undefined when it begins with others. */
export function networkMetric(
	parts: readonly string[],
	scope: NetworkScope | undefined,
): {readonly path: readonly string[]; readonly leaf: string; readonly leaves: Leaves} | undefined {
	if (scope === undefined || parts.length < 2) {
		return undefined;
	}

	const [first, second] = parts;
	const one = (leaves: Leaves) => ({path: [first], leaf: parts.slice(1).join('.'), leaves});
	const two = (leaves: Leaves) => ({path: [first, second], leaf: parts.slice(2).join('.'), leaves});
	if (scope.nics.includes(first)) {
		return one(nicMetrics);
	}

	if (scope.bridges.includes(first)) {
		return one(bridgeMetrics);
	}

	if (first === 'lan' && scope.hosts.size > 0) {
		const jobs = scope.hosts.get(second);
		if (jobs === undefined) {
			return one(lanMetrics);
		}

		const kind = jobs.get(parts[2]);
		return kind === undefined
			? two(lanHostMetrics)
			: {path: parts.slice(0, 3), leaf: parts.slice(3).join('.'), leaves: netJobMetrics[kind]};
	}

	if (scope.vifs.get(first)?.includes(second) === true) {
		return two(vifMetrics);
	}

	const kind = scope.jobs.get(first)?.get(second);
	return kind === undefined ? undefined : two(netJobMetrics[kind]);
}

/** What of a domain the network's metrics speak of: its interfaces and jobs. */
export function networkNames(domain: string, scope: NetworkScope | undefined): readonly string[] {
	return [...(scope?.vifs.get(domain) ?? []), ...(scope?.jobs.get(domain)?.keys() ?? [])];
}
