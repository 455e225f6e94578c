/**
What each kind of job does at its own end and at its peer's, with the applications of source/net: a table with a line for each kind. An
application begins and ends inside an entry of its stack.
*/
import type {Histogram} from '../../engine/histogram.js';
import type {RandomStream} from '../../engine/random.js';
import {IperfClient, IperfServer} from '../../net/applications/iperf.js';
import type {IperfStream} from '../../net/applications/iperf-stream.js';
import {IperfUdpClient, IperfUdpServer} from '../../net/applications/iperf-udp.js';
import {Ping} from '../../net/applications/ping.js';
import {RequestClient} from '../../net/applications/request-client.js';
import {RequestServer} from '../../net/applications/request-server.js';
import {readCapture} from '../../net/pcap.js';
import type {TcpSender} from '../../net/tcp-sender.js';
import type {IperfJob, NetJob, PcapJob, PingJob, ServeJob} from '../scenario/types.js';
import {sizeText} from '../scenario/units.js';
import {summed} from './counters.js';
import {type NetJobSample, noNetJob} from './counters-network.js';
import {type FrameReplay, ipAddress, type StationPlace} from './station.js';

/** One end's part: an application of each life of the end. */
export interface JobSide {
	/** Called once in each life of the end, inside an entry of the place's stack. */
	start(place: StationPlace): void;
	/** Begins nothing more. Inside an entry of the stack. */
	stop(): void;
	/** What stops the application of the present life, whatever comes after. Inside an entry of its stack. */
	stopper(): () => void;
	/** Of the first of its TCP connections that sends: what paces it. Undefined while there is none. */
	sender(): TcpSender | undefined;
	/** Of all its lives. Its histogram is the one still counted in, in the first of them. */
	counts(): NetJobSample;
}

export interface JobSides {
	readonly summary: string;
	readonly own: JobSide;
	readonly peer: JobSide | undefined;
	/** Which end begins things, and so has the start delay and the runtime. */
	readonly acts: 'own' | 'peer';
}

/** What runs at one end in one life of it. */
interface Running {
	stop?(): void;
	sender?(): TcpSender | undefined;
	counts(): Partial<NetJobSample>;
}

/** Before a client that failed is begun anew, ns: nobody may be listening yet. */
const retry = 1_000_000_000;
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

/** Both ends of a job together. */
export function countsOf({own, peer}: JobSides): NetJobSample {
	return peer === undefined ? own.counts() : added(own.counts(), peer.counts());
}

function pingSides({interval, count, size, peer}: PingJob): JobSides {
	return {
		summary: `ping ${shortName(peer.station)}`,
		own: side(({stack}) => {
			const ping = new Ping(stack, {to: ipAddress(peer.ip), interval, size, count});
			ping.start();
			return {
				stop: () => ping.stop(),
				counts: () => ({
					latency: ping.roundTrips,
					sent: ping.sent,
					lost: ping.missing,
					wrong: ping.wrong,
					errors: ping.wrong,
				}),
			};
		}),
		peer: undefined,
		acts: 'own',
	};
}

function serveSides(job: ServeJob, port: number, random: RandomStream): JobSides {
	const {ip, request, response, rate, rateProcess, concurrency, connection} = job;
	return {
		summary: `serve tcp ${sizeText(request)}/${sizeText(response)}`,
		own: side(({stack}) => {
			const server = new RequestServer(stack, port);
			server.start();
			return {counts: () => ({wrong: server.wrong})};
		}),
		peer: side(({stack}) => {
			const options = {to: ipAddress(ip), port, request, response, concurrency, rate, count: 0} as const;
			const connects = connection === 'close' ? 'new' : 'keep';
			const client = new RequestClient(stack, {...options, rateProcess, connection: connects}, random);
			client.start();
			return {
				stop: () => client.stop(),
				counts: () => ({
					latency: client.latencies,
					sent: client.begun,
					bytesOut: client.bytesReceived,
					failed: client.failed,
					wrong: client.wrong,
					errors: client.errors,
				}),
			};
		}),
		acts: 'peer',
	};
}

function tcpSides(job: IperfJob, port: number): JobSides {
	const {peer, length, bitrate, parallel, reverse, bidir} = job;
	const options = {to: ipAddress(peer.ip), port, length, bitrate, parallel, reverse, bidir, bytes: 0, time: 0};
	const ways = `${parallel > 1 ? ` -P ${parallel}` : ''}${reverse ? ' -R' : ''}${bidir ? ' --bidir' : ''}`;
	return {
		summary: `iperf3 -c ${shortName(peer.station)}${ways}`,
		own: side(({stack}) => {
			const clients: IperfClient[] = [];
			let stopped = false;
			const begin = () => {
				const client = new IperfClient(stack, options);
				// What ended without being stopped has failed: the server may not be there yet.
				client.onEnd = () => {
					if (!stopped) {
						stack.ip.timers.add(begin).set(retry);
					}
				};
				clients.push(client);
				client.start();
			};
			begin();
			return {
				stop() {
					stopped = true;
					for (const client of clients) {
						client.stop();
					}
				},
				sender: () => senderOf(clients.at(-1)?.streams ?? []),
				counts() {
					const wrong = sum(clients, (client) => client.wrong);
					return {
						bytesIn: sum(clients, ({received}) => received),
						retransmits: stack.tcp.counters.retransmitted,
						wrong,
						errors: wrong,
					};
				},
			};
		}),
		peer: side(({stack}) => {
			const server = new IperfServer(stack, port);
			server.start();
			return {
				sender: () => senderOf(server.streams),
				counts: () => ({
					bytesOut: server.received,
					retransmits: stack.tcp.counters.retransmitted,
					wrong: server.wrong,
					errors: server.wrong,
				}),
			};
		}),
		acts: 'own',
	};
}

/** Datagrams from here to there, the other way, or both; a server wherever they arrive. */
function udpSides(job: IperfJob, port: number): JobSides {
	const {ip, peer, length, bitrate, parallel, reverse, bidir} = job;
	const ways = `${parallel > 1 ? ` -P ${parallel}` : ''}${reverse ? ' -R' : ''}${bidir ? ' --bidir' : ''}`;
	/** @param arriving what is counted as having arrived there. */
	const end = (sends: boolean, to: string, arriving: 'bytesIn' | 'bytesOut') =>
		side(({stack}) => {
			const server = new IperfUdpServer(stack, port);
			server.start();
			const senders: IperfUdpClient[] = [];
			for (let i = 0; sends && i < parallel; i++) {
				const sender = new IperfUdpClient(stack, {
					to: ipAddress(to),
					port,
					length,
					bitrate,
					bytes: 0,
					time: 0,
					reverse,
				});
				senders.push(sender);
				sender.start();
			}

			return {
				stop() {
					for (const sender of senders) {
						sender.stop();
					}
				},
				counts() {
					const flows = [...server.flows.values()];
					const wrong = sum(flows, (flow) => flow.wrong);
					return {
						sent: sum(senders, ({sent}) => sent),
						lost: sum(flows, ({lost}) => lost),
						[arriving]: sum(flows, ({bytes}) => bytes),
						wrong,
						errors: wrong,
					};
				},
			};
		});
	return {
		summary: `iperf3 -u -c ${shortName(peer.station)}${ways}`,
		own: end(!reverse, peer.ip, 'bytesIn'),
		peer: end(reverse || bidir, ip, 'bytesOut'),
		acts: reverse ? 'peer' : 'own',
	};
}

function pcapSides({name, file, capture, loop}: PcapJob): JobSides {
	return {
		summary: `pcap ${file}`,
		own: side((place) => {
			const replay: FrameReplay = place.replay(name, readCapture(capture), loop);
			replay.start();
			return {stop: () => replay.stop(), counts: () => ({sent: replay.frames})};
		}),
		peer: undefined,
		acts: 'own',
	};
}

function senderOf(streams: Iterable<IperfStream>): TcpSender | undefined {
	for (const {sent, socket} of streams) {
		if (sent > 0 && socket !== null) {
			return socket.sender;
		}
	}

	return undefined;
}

/** An end that may come back: what runs there is begun anew, and goes on counting. */
function side(begin: (place: StationPlace) => Running): JobSide {
	let before = noNetJob;
	let running: Running | undefined;
	const counts = () => (running === undefined ? before : added(before, {...noNetJob, ...running.counts()}));
	return {
		start(place) {
			const {latency, ...rest} = counts();
			before = {...rest, latency: latency.snapshot()};
			running = begin(place);
		},
		stop: () => running?.stop?.(),
		stopper() {
			const present = running;
			return () => present?.stop?.();
		},
		sender: () => running?.sender?.(),
		counts,
	};
}

function added(one: NetJobSample, other: NetJobSample): NetJobSample {
	const {latency, ...rest} = one;
	const {latency: otherLatency, ...otherRest} = other;
	return {...summed(rest, otherRest), latency: merged(latency, otherLatency)};
}

/** The one that counts, when only one does. */
function merged(one: Histogram, other: Histogram): Histogram {
	if (one.count === 0 || other.count === 0) {
		return one.count === 0 ? other : one;
	}

	const both = one.snapshot();
	both.add(other);
	return both;
}

/** `client` of `lan.client`, `db` of `db.vif0`. */
function shortName(station: string): string {
	return station.replace(/^lan\./, '').replace(/\.vif0$/, '');
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
	return all.reduce((total, one) => total + of(one), 0);
}
