/**
The network of a host and around it: the LAN outside the machine, the NICs plugged into it, and what is wired between a NIC, its
driver and its link.
*/
import type {Engine} from '../../engine/engine.js';
import {FramePool} from '../../hw/lan/frame-pool.js';
import {Lan} from '../../hw/lan/lan.js';
import {Link} from '../../hw/lan/link.js';
import type {FrameTap} from '../../net/frame-tap.js';
import type {NetDriver} from '../drivers/driver.js';
import type {LanWords, NicDevice, Scenario} from '../scenario/types.js';
import type {Machine} from '../xen/hypervisor.js';
import {type HostNic, makeNic} from './devices.js';

/** Of a NIC that is plugged in nowhere, bits per second. */
const standardRate = 1_000_000_000;

export class HostNetwork {
	/** Undefined when the scenario has none. */
	readonly lan: Lan | undefined;
	readonly nics: readonly HostNic[];
	/** Where frames can be watched; all of them are there from the start. */
	readonly taps: FrameTap[] = [];

	constructor(
		private readonly engine: Engine,
		machine: Machine,
		{host, lan}: Scenario,
	) {
		this.lan = lan && new Lan(engine, 'lan', {rate: lan.rate});
		this.nics = host.nics.map((words) => makeNic(engine, machine, words, this.#link(words, lan)));
		for (const {link} of this.nics) {
			this.taps.push(link.tap.tap);
		}
	}

	/** A NIC's driver has been placed: the traces of packets go through both. */
	wire(nic: HostNic, driver: NetDriver): void {
		nic.packetIdentity = (descriptor) => driver.packetIdentity(descriptor);
		driver.receivedIdentity = (descriptor) => nic.receivedIdentity(descriptor);
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
