/**
A LAN: a switch, and a link to it for each NIC and each host. It stands outside the simulated machine: a host's reboot does not
touch it.
*/
import type {Engine} from '../../engine/engine.js';
import type {StackAddress} from '../../net/stack.js';
import type {TcpSettings} from '../../net/tcp-settings.js';
import {FramePool} from './frame-pool.js';
import {LanHost} from './host.js';
import {Link, type LinkOptions} from './link.js';
import {Switch} from './switch.js';

export interface LanOptions {
	/** Bits per second of links that do not say otherwise. */
	readonly rate: number;
	/** Bytes of each switch port's output queue. */
	readonly queue: number;
}

export const lanDefaults: LanOptions = {
	rate: 1_000_000_000,
	// knob: small gigabit switches have from 128 KiB to a few MiB for all their ports
	queue: 512 * 1024,
};

export class Lan {
	readonly pool = new FramePool();
	readonly switch: Switch;
	readonly links: Link[] = [];
	readonly hosts: LanHost[] = [];
	readonly options: LanOptions;

	constructor(
		readonly engine: Engine,
		readonly name: string,
		options: Partial<LanOptions> = {},
	) {
		this.options = {...lanDefaults, ...options};
		this.switch = new Switch(engine, this.pool, this.options.queue);
	}

	/** A link from a new port of the switch; the station goes to its `first` end. @param name the station's: `eth0`. */
	plug(name: string, options: Partial<LinkOptions> = {}): Link {
		const link = new Link(this.engine, this.pool, name, {rate: this.options.rate, delay: 0, ...options});
		this.links.push(link);
		this.switch.addPort(name, link.second);
		return link;
	}

	/** A host on a link of its own, without delay or impairments. @param name unique among everything plugged in. */
	addHost(name: string, address: StackAddress, settings: Partial<TcpSettings> = {}): LanHost {
		const host = new LanHost(this.engine, name, this.plug(name).first, address, settings);
		this.hosts.push(host);
		return host;
	}
}
