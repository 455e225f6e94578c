/**
Jobs that use a network, in a domain or on a host of the LAN: which of the four kinds each is, whom it speaks to, and whether its words
go together. Defaults are ping's and iperf3's, except that a job goes on until the end.
*/
import {FileError, readCapture} from '../../net/pcap.js';
import {quoted} from './problems.js';
import {didYouMean, type ReportAt} from './report.js';
import type {RawNetJob} from './schema-network.js';
import type {Stations} from './stations.js';
import type {NetJob, PeerWords} from './types-network.js';
import {durationText, second} from './units.js';

/** The word that says what a job does, and the words that go with it. */
const kinds = {
	ping: ['ping', 'count', 'interval', 'size'],
	iperf: ['iperf', 'udp', 'time', 'bitrate', 'length', 'parallel', 'reverse', 'bidir', 'window'],
	serve: ['serve', 'peer', 'request', 'response', 'rate', 'rate_process', 'concurrency', 'connection'],
	pcap: ['pcap', 'loop'],
} as const satisfies Record<NetJob['kind'], readonly (keyof RawNetJob)[]>;

const kindNames = Object.keys(kinds) as NetJob['kind'][]; // The keys of the table above.
const common = ['on', 'startdelay', 'runtime', 'ioengine'];
/** iperf3's rate of UDP when none is said, bits per second. */
const udpBitrate = 1_048_576;
/** What iperf3 writes at a time, and its datagrams, which fit a frame at an MTU of 1500 with room for TCP's options. */
const tcpLength = 128 * 1024;
const udpLength = 1448;
/** What fits into one frame at an MTU of 1500 behind IPv4 and ICMP (or UDP) headers. */
const largestPing = 1472;
/** Frames without FCS: a header alone, and what an MTU of 1500 admits. */
const shortestFrame = 14;
const longestFrame = 1514;

/** Reads a file named by the value at a path, beside the scenario file in which it stands; reports why not. */
export type ReadCapture = (path: readonly PropertyKey[], name: string) => Uint8Array | undefined;

/** Where jobs run. */
export interface NetJobPlace {
	/** Domain or LAN host. */
	readonly owner: string;
	/** What they may be on, the first by default. */
	readonly interfaces: readonly {
		readonly name: string;
		readonly station: string;
		readonly ip: string | undefined;
	}[];
	readonly stations: Stations;
	readonly readCapture: ReadCapture;
}

/** The words of a job that make it use a network; none for a job on a disk or a CPU. */
export function netKindsOf(raw: RawNetJob): readonly NetJob['kind'][] {
	return kindNames.filter((kind) => raw[kind] !== undefined);
}

/** A word of network jobs only, and the word it goes with; undefined for words that others know, too. */
export function netWordOf(raw: RawNetJob): {readonly key: string; readonly kind: NetJob['kind']} | undefined {
	for (const kind of kindNames) {
		const key = kinds[kind].find((each) => raw[each] !== undefined && each !== 'size' && each !== 'rate_process');
		if (key !== undefined) {
			return {key, kind};
		}
	}

	return undefined;
}

/** The jobs of a LAN host, or those of a domain's that use a network. */
export function buildNetJobs(
	raw: Readonly<Record<string, RawNetJob>>,
	path: readonly PropertyKey[],
	place: NetJobPlace,
	report: ReportAt,
): NetJob[] {
	return Object.entries(raw).flatMap(([name, job]) => buildNetJob(name, job, [...path, name], place, report) ?? []);
}

function buildNetJob(
	name: string,
	raw: RawNetJob & {readonly on?: string},
	path: readonly PropertyKey[],
	place: NetJobPlace,
	report: ReportAt,
): NetJob | undefined {
	const [kind, other] = netKindsOf(raw);
	if (kind === undefined) {
		return report(path, `a job of a host on the LAN has one of ${kindNames.join(', ')}`);
	}

	if (other !== undefined) {
		return report([...path, other], `a job does one thing, and this one has ${kind} and ${other}`, 'key');
	}

	const known: readonly string[] = [...kinds[kind], ...common];
	for (const [key, value] of Object.entries(raw)) {
		if (value !== undefined && !known.includes(key)) {
			const belongs = kindNames.find((each) => (kinds[each] as readonly string[]).includes(key));
			return report(
				[...path, key],
				belongs === undefined
					? `${quoted(key)} is about disks, and this job is about a network (${kind})`
					: `${quoted(key)} goes with ${belongs}, and this job has ${kind}`,
				'key',
			);
		}
	}

	const on = raw.on ?? place.interfaces[0]?.name;
	const found = place.interfaces.find((each) => each.name === on);
	if (found === undefined) {
		const names = place.interfaces.map((each) => each.name);
		const wanted = place.owner === 'Domain-0' ? 'a bridge with an ip' : `a vif: list, such as vif: [{ ip: 10.0.0.1 }]`;
		return on === undefined
			? report(path, `${place.owner} has no interface for this job; add ${wanted}`)
			: report([...path, 'on'], `${place.owner} has no interface ${didYouMean(on, names)}`);
	}

	if (found.ip === undefined && kind !== 'pcap') {
		return report(path, `${found.station} has no address to ${kind} with; give it one, such as ip: 10.0.0.1`);
	}

	const shared = {
		name,
		on: found.name,
		ip: found.ip ?? '',
		startdelay: raw.startdelay ?? 0,
		runtime: raw.runtime ?? raw.time ?? 0,
	};
	if (kind === 'pcap') {
		const file = raw.pcap ?? '';
		const capture = place.readCapture([...path, 'pcap'], file);
		const problem = capture === undefined ? '' : problemOf(capture);
		if (problem !== '') {
			return report([...path, 'pcap'], `${quoted(file)}${problem}`);
		}

		return capture && {...shared, kind, file, capture, loop: raw.loop ?? 1};
	}

	const peerKey = kind === 'serve' ? 'peer' : kind;
	if (raw[peerKey] === undefined) {
		return report(path, `say who sends the requests: peer: ${place.stations.names.at(-1) ?? 'client'}`);
	}

	const peer = place.stations.find(raw[peerKey]);
	const silent = place.stations.withoutIp(raw[peerKey]);
	if (peer === undefined && silent !== undefined) {
		return report(
			[...path, peerKey],
			`${silent} has no ip, so nobody can speak to it; give it one, such as ip: 10.0.0.2`,
		);
	}

	if (peer === undefined) {
		return report([...path, peerKey], `nobody has the name ${didYouMean(raw[peerKey], place.stations.names)}`);
	}

	if (peer.station === found.station) {
		return report([...path, peerKey], `${raw[peerKey]} is this job's own; name somebody else`);
	}

	switch (kind) {
		case 'ping': {
			const size = raw.size ?? 56;
			return size > largestPing
				? report([...path, 'size'], `a ping of more than ${largestPing} bytes does not fit into one frame`)
				: {...shared, kind, peer, interval: raw.interval ?? second, count: raw.count ?? 0, size};
		}

		case 'iperf':
			return buildIperf(raw, {...shared, peer}, path, report);
		case 'serve':
			if (raw.rate_process !== undefined && (raw.rate ?? 0) === 0) {
				return report([...path, 'rate_process'], `'rate_process' has no effect without rate`);
			}

			return {
				...shared,
				kind,
				peer,
				request: raw.request ?? 200,
				response: raw.response ?? 20 * 1024,
				rate: raw.rate ?? 0,
				rateProcess: raw.rate_process ?? 'linear',
				concurrency: raw.concurrency ?? 1,
				connection: raw.connection ?? 'keep-alive',
			};
	}
}

function buildIperf(
	raw: RawNetJob,
	shared: {
		readonly name: string;
		readonly on: string;
		readonly ip: string;
		readonly startdelay: number;
		readonly runtime: number;
		readonly peer: PeerWords;
	},
	path: readonly PropertyKey[],
	report: ReportAt,
): NetJob | undefined {
	const udp = raw.udp ?? false;
	if (raw.time !== undefined && raw.runtime !== undefined && raw.time !== raw.runtime) {
		return report(
			[...path, 'time'],
			`'time' is ${durationText(raw.time)} and 'runtime' ${durationText(raw.runtime)}; write one`,
		);
	}

	if (raw.reverse === true && raw.bidir === true) {
		return report([...path, 'reverse'], `'reverse' and 'bidir' exclude each other, as in iperf3`, 'key');
	}

	if (udp && raw.window !== undefined) {
		return report([...path, 'window'], `'window' is about TCP, and this job has udp: on`, 'key');
	}

	if (udp && (raw.length ?? 0) > largestPing) {
		return report([...path, 'length'], `a datagram of more than ${largestPing} bytes does not fit into one frame`);
	}

	return {
		...shared,
		kind: 'iperf',
		udp,
		bitrate: raw.bitrate ?? (udp ? udpBitrate : 0),
		length: raw.length ?? (udp ? udpLength : tcpLength),
		parallel: raw.parallel ?? 1,
		reverse: raw.reverse ?? false,
		bidir: raw.bidir ?? false,
		window: raw.window === undefined ? 0 : powerOfTwo(raw.window),
	};
}

/** Why a capture cannot be sent; '' when it can. */
function problemOf(capture: Uint8Array): string {
	try {
		const frames = readCapture(capture);
		const strange = frames.findIndex(({bytes}) => bytes.length < shortestFrame || bytes.length > longestFrame);
		if (strange >= 0) {
			const {length} = frames[strange].bytes;
			return `: frame ${strange + 1} has ${length} bytes; an interface sends ${shortestFrame} to ${longestFrame}`;
		}

		return frames.length === 0 ? ' holds no frame' : '';
	} catch (error) {
		if (error instanceof FileError) {
			return ` ${error.message}`;
		}

		throw error;
	}
}

/** The least power of two that is not less: what a stack's receive buffer is. */
function powerOfTwo(bytes: number): number {
	let power = 1;
	while (power < bytes) {
		power *= 2;
	}

	return power;
}
