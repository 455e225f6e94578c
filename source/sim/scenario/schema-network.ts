/**
The shape of the network's part of a scenario file: interfaces, bridges, the LAN and its hosts, jobs that use them. Keys follow
xl-network-configuration(5), ethtool(8), ping(8) and iperf3(1).
*/
import {z} from 'zod';
import {mostMessageBytes, requestHeaderBytes} from '../../net/applications/request-server.js';
import {parseIp, parseMac} from './addresses.js';
import {Refused} from './problems.js';
import {parseBitRate, parseVifRate} from './rates.js';
import {kibibyte, microsecond, millisecond, parseDuration, second} from './units.js';
import {asWord, chance, duration, flag, integer, named, oneOf, scalar, size, strict, word} from './words.js';

export const mac = scalar(parseMac);
const ip = scalar(parseIp);
const interfaceName = (what: string) =>
	scalar((value) => {
		const text = asWord(value, `the name of ${what}`);
		if (!/^[a-z][a-z0-9-]{0,14}$/.test(text) || /^(lan|lo|eth\d+|vif\d.*|nvme\d.*|xvd.*)$/.test(text)) {
			throw new Refused(`'${text}' cannot name ${what}; write such as xenbr0`);
		}

		return text;
	});

/** Until when the guest posts buffers, ns: `on` is for ever, `off` never. */
function parsePosting(value: unknown): number {
	const always = value === true || value === 'on' || value === 'yes' || value === 1;
	const never = value === false || value === 'off' || value === 'no' || value === 0;
	return always ? Number.POSITIVE_INFINITY : never ? 0 : parseDuration(value);
}

export const vif = strict({
	mac: mac.optional(),
	ip: ip.optional(),
	bridge: word('the name of a bridge').optional(),
	backend: word('the domain that serves it, such as netdd').optional(),
	rate: scalar(parseVifRate).optional(),
	checksum: flag().default(true),
	sg: flag().default(true),
	tso: flag().default(true),
	receive_buffers: scalar(parsePosting).default(Number.POSITIVE_INFINITY),
});

/** `[eth0]`, or with an address for domain zero: `{nics: [eth0], ip: 10.0.0.254}`. */
const bridge = z.preprocess(
	(value) => (Array.isArray(value) ? {nics: value} : value),
	strict({
		nics: z.array(word('the name of a NIC')).max(8).default([]),
		ip: ip.optional(),
	}),
);
export const bridges = z.record(interfaceName('a bridge'), bridge);

/** The keys of jobs that use a network, in a domain and on a LAN host. */
export const netJobShape = {
	ping: word('whom to ping').optional(),
	count: integer(1, 1_000_000_000).optional(),
	interval: duration(second)
		.refine((ns) => ns >= 10 * microsecond, {message: 'an interval of ping is at least 10us'})
		.optional(),
	iperf: word('whom to measure to').optional(),
	udp: flag().optional(),
	time: duration(second).optional(),
	bitrate: scalar(parseBitRate).optional(),
	length: size(1, 16, 1024 * kibibyte, 'a length has 16 bytes to 1m').optional(),
	parallel: integer(1, 128).optional(),
	reverse: flag().optional(),
	bidir: flag().optional(),
	window: size(1, 4 * kibibyte, 256 * 1024 * kibibyte, 'a window has 4k to 256m').optional(),
	serve: oneOf(['tcp']).optional(),
	peer: word('who sends the requests').optional(),
	request: size(1, requestHeaderBytes, mostMessageBytes, 'a request has 8 bytes (its header) to 1G').optional(),
	response: size(1, 1, mostMessageBytes, 'a response has 1 byte to 1G').optional(),
	rate: integer(0, 10_000_000).optional(),
	rate_process: oneOf(['linear', 'poisson']).optional(),
	concurrency: integer(1, 1024).optional(),
	connection: oneOf(['keep-alive', 'close']).optional(),
	pcap: word('a capture file').optional(),
	loop: integer(0, 1_000_000).optional(),
	size: size().optional(),
	startdelay: duration(second).optional(),
	runtime: duration(second).optional(),
};

/** Words of iperf3 that nothing implements yet. */
export const laterNetWords = {set_mss: 'segments are as large as the interface allows'};

const lanHost = strict({
	ip,
	mac: mac.optional(),
	timestamps: flag().default(true),
	jobs: named('a job', strict(netJobShape, laterNetWords)).default({}),
});

export const lan = strict({
	rate: scalar(parseBitRate).default(1_000_000_000),
	delay: duration().default(0),
	loss: chance(0).default(0),
	corrupt: chance(0).default(0),
	duplicate: chance(0).default(0),
	reorder: chance(0).default(0),
	hosts: named('a host', lanHost).default({}),
});

/** What a delay of a link may be at most. */
export const longestDelay = 10_000 * millisecond;

export type RawVif = z.output<typeof vif>;
export type RawLan = z.output<typeof lan>;
export type RawNetJob = z.output<ReturnType<typeof strict<typeof netJobShape>>>;
