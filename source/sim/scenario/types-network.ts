/**
The network of a scenario as plain data: NICs, bridges, guests' interfaces, the LAN and its hosts, and the jobs that use them. Words
are those of xl-network-configuration(5), ping(8) and iperf3(1), in camel case.
*/
import type {VifRate} from './rates.js';

export type {VifRate} from './rates.js';

export interface NicDevice {
	/** `eth0`. */
	readonly name: string;
	readonly model: '82540EM';
	/** `00:05.0`. */
	readonly pci: string;
	/** Whether its DMA passes the IOMMU; undefined is as the architecture has it. */
	readonly iommu: boolean | undefined;
	/** Plugged into the LAN; without a wire its link stays down. */
	readonly wired: boolean;
	/** What its EEPROM says: `00:1b:21:00:00:01`. */
	readonly mac: string;
}

/** A learning bridge in the domain that drives its NICs. */
export interface BridgeWords {
	/** `xenbr0`. */
	readonly name: string;
	/** Names of its NICs. */
	readonly nics: readonly string[];
	/** Of its own port; undefined when domain zero has no address on it. */
	readonly ip: string | undefined;
	readonly mac: string;
}

export interface VifWords {
	/** `vif0`: the name in the scenario; its number is the device's. */
	readonly name: string;
	readonly device: number;
	readonly mac: string;
	/** Undefined when the guest gives the interface no address. */
	readonly ip: string | undefined;
	readonly bridge: string;
	/** Credit of what the guest sends; undefined is no limit. */
	readonly rate: VifRate | undefined;
	/** What the frontend asks for, in ethtool -K's words: `feature-no-csum-offload`, `feature-sg`, `feature-gso-tcpv4`. */
	readonly checksum: boolean;
	readonly sg: boolean;
	readonly tso: boolean;
	/** Until when the guest posts buffers for what arrives, ns; Infinity is for ever, 0 never. */
	readonly postsUntil: number;
}

/** What a link does to frames, each direction and station for itself. Chances in a million. */
export interface LinkWords {
	/** Bits per second. */
	readonly rate: number;
	/** Nanoseconds one way. */
	readonly delay: number;
	readonly loss: number;
	readonly corrupt: number;
	readonly duplicate: number;
	readonly reorder: number;
}

export interface LanWords extends LinkWords {
	readonly hosts: readonly LanHostWords[];
}

export interface LanHostWords {
	/** `client`. */
	readonly name: string;
	readonly ip: string;
	readonly mac: string;
	/** Whether its TCP offers timestamps (net.ipv4.tcp_timestamps): without one end's no segment carries any. */
	readonly timestamps: boolean;
	readonly jobs: readonly NetJob[];
}

/** Somebody with an address, whom a job speaks to. */
export interface PeerWords {
	/** `web.vif0`, `Domain-0.xenbr0`, `lan.client`. */
	readonly station: string;
	readonly ip: string;
}

interface NetJobCommon {
	readonly name: string;
	/** The interface of its domain: `vif0`; `xenbr0` in Domain-0; '' on a LAN host, which has one. */
	readonly on: string;
	/** The interface's own address; '' when it has none. */
	readonly ip: string;
	/** Nanoseconds, counted from when both ends' interfaces first work. */
	readonly startdelay: number;
	/** Nanoseconds after its start; 0 is until the end. */
	readonly runtime: number;
}

/** ping(8): echo requests. */
export interface PingJob extends NetJobCommon {
	readonly kind: 'ping';
	readonly peer: PeerWords;
	/** Nanoseconds between two requests. */
	readonly interval: number;
	/** 0 is no limit. */
	readonly count: number;
	/** Bytes of data in each. */
	readonly size: number;
}

/** iperf3(1): a client here, its server at the peer. */
export interface IperfJob extends NetJobCommon {
	readonly kind: 'iperf';
	readonly peer: PeerWords;
	readonly udp: boolean;
	/** Bits per second of each stream; 0 is as fast as it goes. */
	readonly bitrate: number;
	/** Bytes written at a time; of a UDP datagram. */
	readonly length: number;
	readonly parallel: number;
	/** The server sends. */
	readonly reverse: boolean;
	/** Both send. */
	readonly bidir: boolean;
	/** Receive buffer of both ends' stacks, bytes, a power of two; 0 leaves them their own. */
	readonly window: number;
}

/** A server here; the peer sends requests and takes responses over TCP. */
export interface ServeJob extends NetJobCommon {
	readonly kind: 'serve';
	readonly peer: PeerWords;
	/** Bytes. */
	readonly request: number;
	readonly response: number;
	/** Requests per second that arrive whether answers come or not; 0 is as fast as answers come. */
	readonly rate: number;
	readonly rateProcess: 'linear' | 'poisson';
	/** Requests under way at most, each on a connection of its own. */
	readonly concurrency: number;
	/** A connection for all requests, one after the other, or for each its own. */
	readonly connection: 'keep-alive' | 'close';
}

/** The frames of a capture file, sent as they are. */
export interface PcapJob extends NetJobCommon {
	readonly kind: 'pcap';
	/** As the scenario names it. */
	readonly file: string;
	/** The file's bytes. */
	readonly capture: Uint8Array;
	/** Times it is sent; 0 is until the end. */
	readonly loop: number;
}

export type NetJob = PingJob | IperfJob | ServeJob | PcapJob;
