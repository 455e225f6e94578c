/**
What is around the machine and plugged into it from outside: the LAN with its hosts, the NICs with their links, and the places where frames can be
watched. All of it is there from the start and goes on whatever becomes of the host.
*/
import {assert} from '../../engine/assert.js';
import type {Engine} from '../../engine/engine.js';
import {FramePool} from '../../hw/lan/frame-pool.js';
import {Lan} from '../../hw/lan/lan.js';
import {Link} from '../../hw/lan/link.js';
import {FrameTap} from '../../net/frame-tap.js';
import type {TcpSettings} from '../../net/tcp-settings.js';
import type {LanWords, NicDevice, Scenario} from '../scenario/types.js';
import type {Machine} from '../xen/hypervisor.js';
import {type HostNic, macBytes, makeNic} from './devices.js';
import {ipAddress, lanPlace, type Station} from './station.js';
import {type StationJob, stationJobs} from './station-jobs.js';

/** Of a NIC that is plugged in nowhere, bits per second. */
const standardRate = 1_000_000_000;
/** Everybody's netmask is 255.255.0.0. */
export const prefix = 16;

export class HostLan {
	/** Undefined when the scenario has none. */
	readonly lan: Lan | undefined;
	readonly nics: readonly HostNic[];
	/** Each NIC's wire (`eth0`), each guest's interface (`web:0`). */
	readonly taps: readonly FrameTap[];
	readonly #jobs: readonly StationJob[];

	constructor(
		private readonly engine: Engine,
		machine: Machine,
		private readonly scenario: Scenario,
	) {
		const {host, lan, domains} = scenario;
		this.#jobs = stationJobs(scenario);
		this.lan = lan && new Lan(engine, 'lan', {rate: lan.rate});
		this.nics = host.nics.map((words) => makeNic(engine, machine, words, this.#link(words, lan)));
		this.taps = [
			...this.nics.map(({link}) => link.tap.tap),
			...domains.flatMap(({name, vifs}) => vifs.map(({device}) => new FrameTap(`${name}:${device}`))),
		];
	}

	/** The hosts of the LAN are there, whoever else is. Called once; `ready` is told of each. */
	start(ready: (station: Station) => void): void {
		for (const {name, ip, mac, timestamps} of this.scenario.lan?.hosts ?? []) {
			const own = {mac: macBytes(mac), address: ipAddress(ip), prefix};
			const host = this.lan?.addHost(name, own, {...this.settings(`lan.${name}`), timestamps});
			assert(host !== undefined, 'hosts are on a LAN');
			ready({id: `lan.${name}`, place: lanPlace(this.engine, host)});
		}
	}

	/** Where a guest's interface can be watched. @param name `web:0` */
	tap(name: string): FrameTap {
		const found = this.taps.find((each) => each.name === name);
		assert(found !== undefined, 'there is a tap for each interface');
		return found;
	}

	/** A stack's receive buffer is the largest window that a job at either end asks for. @param station `web.vif0` */
	settings(station: string): Partial<TcpSettings> {
		const window = Math.max(0, ...this.#jobs.map((job) => windowOf(job, station)));
		return window === 0 ? {} : {receiveBuffer: window};
	}

	/** A NIC's link into the LAN, with the LAN's delay and impairments; one that is down when it is plugged in nowhere. */
	#link({name, wired}: NicDevice, words: LanWords | undefined): Link {
		if (wired && this.lan !== undefined && words !== undefined) {
			const {delay, loss, corrupt, duplicate, reorder} = words;
			return this.lan.plug(name, {
				delay,
				loss,
				corruption: corrupt,
				duplication: duplicate,
				reordering: reorder,
			});
		}

		const link = new Link(this.engine, new FramePool(), name, {rate: standardRate, delay: 0});
		link.setUp(false);
		return link;
	}
}

function windowOf({words, station}: StationJob, at: string): number {
	const concerns = station === at || ('peer' in words && words.peer.station === at);
	return concerns && words.kind === 'iperf' ? words.window : 0;
}
