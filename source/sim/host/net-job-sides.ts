/**
What each kind of job does at its own end and at its peer's, with the applications of source/net: a table with a line for each kind. An
application begins and ends inside an entry of its stack.
*/
import {Histogram} from '../../engine/histogram.js';
import type {RandomStream} from '../../engine/random.js';
import {IperfClient, IperfServer} from '../../net/applications/iperf.js';
import {IperfUdpClient, IperfUdpServer} from '../../net/applications/iperf-udp.js';
import {Ping} from '../../net/applications/ping.js';
import {RequestClient} from '../../net/applications/request-client.js';
import {RequestServer} from '../../net/applications/request-server.js';
import {readCapture} from '../../net/pcap.js';
import type {NetworkStack} from '../../net/stack.js';
import type {IperfJob, NetJob, PcapJob, PingJob, ServeJob} from '../scenario/types.js';
import {sizeText} from '../scenario/units.js';
import type {NetJobSample} from './counters-network.js';
import {type FrameReplay, ipAddress, type StationPlace} from './station.js';

/** One end's part. */
export interface JobSide {
	/** Called once, inside an entry of the place's stack. */
	start(place: StationPlace): void;
	/** Begins nothing more. Inside an entry of the stack. */
	stop(): void;
}

export interface JobSides {
	readonly summary: string;
	readonly own: JobSide;
	readonly peer: JobSide | undefined;
	/** Which end begins things, and so has the start delay and the runtime. */
	readonly acts: 'own' | 'peer';
	/** Its histogram is the one still counted in. */
	counts(): NetJobSample;
}

/** Before a client that failed is begun anew, ns: nobody may be listening yet. */
const retry = 1_000_000_000;
const nothing: NetJobSample = {
	latency: new Histogram(),
	sent: 0,
	lost: 0,
	bytesOut: 0,
	bytesIn: 0,
	retransmits: 0,
	failed: 0,
	wrong: 0,
};

type Make<Job extends NetJob> = (job: Job, port: number, random: RandomStream) => JobSides;

const kinds: {readonly [Kind in NetJob['kind']]: Make<Extract<NetJob, {kind: Kind}>>} = {
	ping: pingSides,
	serve: serveSides,
	iperf: (job, port) => (job.udp ? udpSides(job, port) : tcpSides(job, port)),
	pcap: pcapSides,
};

/** @param port what servers of the job listen on. @param random the job's own stream. */
export function sidesOf(job: NetJob, port: number, random: RandomStream): JobSides {
	// The table has for each kind the maker of that kind.
	return (kinds[job.kind] as Make<NetJob>)(job, port, random);
}

function pingSides({interval, count, size, peer}: PingJob): JobSides {
	let ping: Ping | undefined;
	return {
		summary: `ping ${shortName(peer.station)}`,
		own: {
			start({stack}) {
				ping = new Ping(stack, {to: ipAddress(peer.ip), interval, size, count});
				ping.start();
			},
			stop: () => ping?.stop(),
		},
		peer: undefined,
		acts: 'own',
		counts: () =>
			ping === undefined
				? nothing
				: {...nothing, latency: ping.roundTrips, sent: ping.sent, lost: ping.missing, wrong: ping.wrong},
	};
}

function serveSides(job: ServeJob, port: number, random: RandomStream): JobSides {
	let server: RequestServer | undefined;
	let client: RequestClient | undefined;
	const {ip, request, response, rate, rateProcess, concurrency, connection} = job;
	return {
		summary: `serve tcp ${sizeText(request)}/${sizeText(response)}`,
		own: {
			start({stack}) {
				server = new RequestServer(stack, port);
				server.start();
			},
			stop() {},
		},
		peer: {
			start({stack}) {
				const options = {to: ipAddress(ip), port, request, response, concurrency, rate, count: 0} as const;
				const connects = connection === 'close' ? 'new' : 'keep';
				client = new RequestClient(stack, {...options, rateProcess, connection: connects}, random);
				client.start();
			},
			stop: () => client?.stop(),
		},
		acts: 'peer',
		counts: () => ({
			...nothing,
			latency: client?.latencies ?? nothing.latency,
			sent: client?.begun ?? 0,
			bytesOut: client?.bytesReceived ?? 0,
			failed: client?.failed ?? 0,
			wrong: (client?.wrong ?? 0) + (server?.wrong ?? 0),
		}),
	};
}

function tcpSides(job: IperfJob, port: number): JobSides {
	const stacks: NetworkStack[] = [];
	const clients: IperfClient[] = [];
	let server: IperfServer | undefined;
	let stopped = false;
	const {peer, length, bitrate, parallel, reverse, bidir} = job;
	const options = {to: ipAddress(peer.ip), port, length, bitrate, parallel, reverse, bidir, bytes: 0, time: 0};
	const begin = (stack: NetworkStack) => {
		const client = new IperfClient(stack, options);
		// What ended without being stopped has failed: the server may not be there yet.
		client.onEnd = () => {
			if (!stopped) {
				stack.ip.timers.add(() => begin(stack)).set(retry);
			}
		};
		clients.push(client);
		client.start();
	};
	const ways = `${parallel > 1 ? ` -P ${parallel}` : ''}${reverse ? ' -R' : ''}${bidir ? ' --bidir' : ''}`;
	return {
		summary: `iperf3 -c ${shortName(peer.station)}${ways}`,
		own: {
			start({stack}) {
				stacks.push(stack);
				begin(stack);
			},
			stop() {
				stopped = true;
				for (const client of clients) {
					client.stop();
				}
			},
		},
		peer: {
			start({stack}) {
				stacks.push(stack);
				server = new IperfServer(stack, port);
				server.start();
			},
			stop() {},
		},
		acts: 'own',
		counts: () => ({
			...nothing,
			bytesOut: server?.received ?? 0,
			bytesIn: sum(clients, ({received}) => received),
			retransmits: sum(stacks, ({tcp}) => tcp.counters.retransmitted),
			wrong: sum(clients, ({wrong}) => wrong) + (server?.wrong ?? 0),
		}),
	};
}

/** Datagrams from here to there, the other way, or both; a server wherever they arrive. */
function udpSides(job: IperfJob, port: number): JobSides {
	const {ip, peer, length, bitrate, parallel, reverse, bidir} = job;
	const senders: IperfUdpClient[] = [];
	let there: IperfUdpServer | undefined;
	let here: IperfUdpServer | undefined;
	const send = (stack: NetworkStack, to: string) => {
		for (let i = 0; i < parallel; i++) {
			const sender = new IperfUdpClient(stack, {to: ipAddress(to), port, length, bitrate, bytes: 0, time: 0, reverse});
			senders.push(sender);
			sender.start();
		}
	};
	const stop = () => {
		for (const sender of senders) {
			sender.stop();
		}
	};
	const flows = () => [...(there?.flows.values() ?? []), ...(here?.flows.values() ?? [])];
	const ways = `${parallel > 1 ? ` -P ${parallel}` : ''}${reverse ? ' -R' : ''}${bidir ? ' --bidir' : ''}`;
	return {
		summary: `iperf3 -u -c ${shortName(peer.station)}${ways}`,
		own: {
			start({stack}) {
				here = new IperfUdpServer(stack, port);
				here.start();
				if (!reverse) {
					send(stack, peer.ip);
				}
			},
			stop,
		},
		peer: {
			start({stack}) {
				there = new IperfUdpServer(stack, port);
				there.start();
				if (reverse || bidir) {
					send(stack, ip);
				}
			},
			stop,
		},
		acts: reverse ? 'peer' : 'own',
		counts: () => ({
			...nothing,
			sent: sum(senders, ({sent}) => sent),
			lost: sum(flows(), ({lost}) => lost),
			bytesOut: sum([...(there?.flows.values() ?? [])], ({bytes}) => bytes),
			bytesIn: sum([...(here?.flows.values() ?? [])], ({bytes}) => bytes),
			wrong: sum(flows(), ({wrong}) => wrong),
		}),
	};
}

function pcapSides({name, file, capture, loop}: PcapJob): JobSides {
	let replay: FrameReplay | undefined;
	return {
		summary: `pcap ${file}`,
		own: {
			start(place) {
				replay = place.replay(name, readCapture(capture), loop);
				replay.start();
			},
			stop: () => replay?.stop(),
		},
		peer: undefined,
		acts: 'own',
		counts: () => ({...nothing, sent: replay?.frames ?? 0}),
	};
}

/** `client` of `lan.client`, `db` of `db.vif0`. */
function shortName(station: string): string {
	return station.replace(/^lan\./, '').replace(/\.vif0$/, '');
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
	return all.reduce((total, one) => total + of(one), 0);
}
