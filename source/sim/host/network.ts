/**
The network inside a host, from one boot to the next: the bridges and the guests' interfaces, and who of them has a network stack, ready for
jobs. What is outside goes on; see host-lan.ts.
*/
import {assert} from '../../engine/assert.js';
import type {Engine} from '../../engine/engine.js';
import type {NetworkStack} from '../../net/stack.js';
import {Bridge} from '../backend/bridge.js';
import {Netback} from '../backend/netback.js';
import type {NetDriver} from '../drivers/driver.js';
import {Netfront} from '../frontend/netfront.js';
import {GuestNetwork} from '../guest/network.js';
import type {DomainKernel} from '../kernel/domain-kernel.js';
import type {NetDevice} from '../kernel/net-device.js';
import type {XenKernel} from '../kernel/xen-kernel.js';
import type {BridgeWords, DomainWords, Scenario, VifWords} from '../scenario/types.js';
import type {Hypervisor} from '../xen/hypervisor.js';
import type {NetChannel} from './channels.js';
import {summed} from './counters.js';
import type {BridgeSample} from './counters-network.js';
import {whenRemoved} from './device-removal.js';
import {type HostNic, macBytes} from './devices.js';
import {hostCosts} from './host-costs.js';
import {type HostLan, prefix} from './host-lan.js';
import type {Past} from './past.js';
import {guestPlace, ipAddress, type Station} from './station.js';
import {VifChannel} from './vif-channel.js';

/** A bridge where the architecture has placed it. */
export interface HostBridge {
	readonly words: BridgeWords;
	readonly bridge: Bridge;
	readonly kernel: DomainKernel | XenKernel;
	/** What bridges of this name had counted when this one came to be. */
	readonly before: BridgeSample;
}

/** What a bridge has counted, and those of its name before it. */
export function bridgeCounts({bridge, before}: HostBridge): BridgeSample {
	const {forwarded, flooded, dropped, ports} = bridge;
	const full = ports.reduce((sum, port) => sum + (port?.txDropped ?? 0), 0);
	return summed(before, {forwarded, flooded, dropped: dropped + full});
}

export class HostNetwork {
	readonly bridges: HostBridge[] = [];
	/** The newest of each name. */
	readonly vifs: VifChannel[] = [];
	/** Of the guests' interfaces and the bridges' own ports, in the order in which they came. */
	readonly stacks: NetworkStack[] = [];
	/** Told when a guest's interface exists, and when somebody with a network stack can be reached for the first time. */
	onVif: (channel: NetChannel) => void = () => {};
	onStation: (station: Station) => void = () => {};

	constructor(
		private readonly engine: Engine,
		private readonly outside: HostLan,
		private readonly scenario: Scenario,
		private readonly past: Past,
	) {}

	/** Undefined when the scenario has none. */
	get lan(): HostLan['lan'] {
		return this.outside.lan;
	}

	get nics(): readonly HostNic[] {
		return this.outside.nics;
	}

	/** Makes a domain's bridges; each takes the place of one of its name. The caller is inside a step of its kernel. */
	addBridges(kernel: DomainKernel, isHere: (bridge: string) => boolean): void {
		const {bridges, past} = this;
		for (const words of this.scenario.host.bridges.filter(({name}) => isHere(name))) {
			const bridge = new Bridge(kernel, words.name, {mac: macBytes(words.mac)});
			const at = bridges.findIndex((each) => each.words === words);
			if (at >= 0) past.bridges.set(words.name, bridgeCounts(bridges[at]));
			bridges[at < 0 ? bridges.length : at] = {words, bridge, kernel, before: past.bridges.get(words.name)};
			if (words.ip !== undefined) {
				const network = this.#stack(kernel, bridge.local, words.name, words.mac, words.ip);
				network.onReady = () => this.#ready(kernel.name, words.name, network);
				network.start();
			}
		}
	}

	/** A NIC's driver has been placed: the traces of packets go through both, and a bridge uses it. */
	wire(nic: HostNic, driver: NetDriver): void {
		nic.packetIdentity = (descriptor) => driver.packetIdentity(descriptor);
		driver.receivedIdentity = (descriptor) => nic.receivedIdentity(descriptor);
		this.bridges.find(({words}) => words.nics.includes(nic.name))?.bridge.addPort(driver.device);
	}

	/** A guest with its interfaces is being created. */
	addGuest(
		{vifs}: DomainWords,
		kernel: DomainKernel,
		backendOf: (bridge: string) => DomainKernel,
		xen: Hypervisor,
	): void {
		for (const words of vifs) {
			this.attach(words, kernel, backendOf(words.bridge), xen);
		}
	}

	/** A guest gets an interface. The new channel takes the place of one of its name. */
	attach(words: VifWords, kernel: DomainKernel, backend: DomainKernel, xen: Hypervisor): void {
		const tap = this.outside.tap(`${kernel.name}:${words.device}`);
		const id = `${kernel.name}.${words.name}`;
		const at = this.vifs.findIndex((vif) => vif.id === id);
		if (at >= 0) {
			this.past.vifs.set(id, this.vifs[at].counts);
		}

		const channel = new VifChannel(words, kernel, backend, tap, xen, this.past.vifs.get(id));
		this.vifs[at < 0 ? this.vifs.length : at] = channel;
		this.onVif(channel);
	}

	/** This boot is over: what its parts have counted is remembered. */
	retire(): void {
		for (const vif of this.vifs) {
			this.past.vifs.set(vif.id, vif.counts);
		}

		for (const bridge of this.bridges) {
			this.past.bridges.set(bridge.words.name, bridgeCounts(bridge));
		}
	}

	/** What vif-bridge does for an interface. */
	plugIn(domid: number, device: number, bridge: string): void {
		const channel = this.channelOf(domid, device);
		const {netback} = channel;
		assert(netback !== undefined, 'xl has waited for the backend');
		channel.port = this.bridges.find(({words}) => words.name === bridge)?.bridge.addPort(netback);
	}

	/** A domain is destroyed, or loses one device: its interfaces leave their bridges. */
	unplug(domid: number, device = -1): void {
		for (const {frontKernel, backKernel, netback, port, words} of this.vifs) {
			const concerns = frontKernel.domid === domid && (device < 0 || words.device === device);
			if (concerns && backKernel.alive && netback !== undefined && port !== undefined) {
				this.bridges.find((each) => each.words.name === words.bridge)?.bridge.removePort(port, netback);
			}
		}
	}

	/** The backend's domain has found an interface to serve. The caller is inside a step of its kernel. */
	serve(kernel: DomainKernel, frontend: number, device: number): void {
		const channel = this.channelOf(frontend, device);
		const {id, transmitIdentities, receiveIdentities, tap} = channel;
		channel.serveFrom(kernel);
		const netback = new Netback(kernel, {
			frontend,
			device,
			channel: id,
			vcpu: this.vifs.indexOf(channel) % kernel.domain.vcpus.length,
			transmitIdentities,
			receiveIdentities,
			hash: this.engine.hash,
			tap,
		});
		channel.netback = netback;
		netback.start();
	}

	/** Whether a device was attached anew and nobody serves it yet. */
	isAnew(frontend: number, device: number): boolean {
		const channel = this.#find(frontend, device);
		return channel !== undefined && channel.netback === undefined;
	}

	/** xl has detached an interface: it leaves its bridge, and both ends stop listening to the store. */
	detached(domid: number, device: number): void {
		const {frontKernel, backKernel, netfront, netback} = this.channelOf(domid, device);
		this.unplug(domid, device);
		whenRemoved(frontKernel, () => netfront?.remove());
		whenRemoved(backKernel, () => netback?.xenbus.stop());
	}

	/** A guest has found an interface of its own. The caller is inside a step of its kernel. */
	connect(kernel: DomainKernel, device: number): void {
		const channel = this.channelOf(kernel.domid, device);
		const {id, words, transmitIdentities, receiveIdentities} = channel;
		const {checksum: csum, sg, tso: gso, postsUntil, mac, ip} = words;
		const netfront = new Netfront(kernel, {
			name: `eth${device}`,
			channel: id,
			device,
			vcpu: 0,
			transmitIdentities,
			receiveIdentities,
			features: {csum, sg, gso},
			postReceive: postsUntil > kernel.now(),
			hash: this.engine.hash,
		});
		channel.netfront = netfront;
		if (postsUntil > kernel.now() && postsUntil !== Number.POSITIVE_INFINITY) {
			const stop = kernel.define(`eth${device} posts no more`, hostCosts.stopPosting, () =>
				netfront.postReceive(false),
			);
			kernel.timer(postsUntil - kernel.now(), stop);
		}

		const network = this.#stack(kernel, netfront, words.name, mac, ip ?? '0.0.0.0');
		network.onReady = () => this.#ready(kernel.name, words.name, network);
		netfront.start();
	}

	channelOf(frontend: number, device: number): VifChannel {
		const channel = this.#find(frontend, device);
		assert(channel !== undefined, 'a device in the store is one the toolstack attached');
		return channel;
	}

	#find(frontend: number, device: number): VifChannel | undefined {
		return this.vifs.find(({frontKernel, words}) => frontKernel.domid === frontend && words.device === device);
	}

	#stack(kernel: DomainKernel, device: NetDevice, on: string, mac: string, ip: string): GuestNetwork {
		const network = new GuestNetwork(kernel, device, {
			name: `${kernel.name} ${on}`,
			own: {mac: macBytes(mac), address: ipAddress(ip), prefix},
			random: this.engine.random.stream(`${kernel.name}/${on}/stack`),
			settings: this.outside.settings(`${kernel.name}.${on}`),
		});
		this.stacks.push(network.stack);
		return network;
	}

	#ready(owner: string, on: string, network: GuestNetwork): void {
		this.onStation({id: `${owner}.${on}`, place: guestPlace(network)});
	}
}
