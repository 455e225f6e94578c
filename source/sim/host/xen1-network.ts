/**
The network of a host as Xen 1.0 has it: bridges in the hypervisor, between its drivers' NICs and the virtual interfaces of all domains. An address
on a bridge is domain zero's, on an interface like any other's.
*/
import {assert} from '../../engine/assert.js';
import type {Engine} from '../../engine/engine.js';
import type {NetworkStack} from '../../net/stack.js';
import {Bridge} from '../backend/bridge.js';
import type {Xen1Devices, Xen1Domain} from '../backend/xen1-devices.js';
import {RingIdentities} from '../channel/ring-identities.js';
import {ringSlots} from '../channel/vif1.js';
import type {NetDriver} from '../drivers/driver.js';
import {Xen1Vif} from '../frontend/xen1-vif.js';
import {GuestNetwork} from '../guest/network.js';
import type {DomainKernel} from '../kernel/domain-kernel.js';
import type {BridgeWords, Scenario, VifWords} from '../scenario/types.js';
import type {NetChannel} from './channels.js';
import {type HostNic, macBytes} from './devices.js';
import {hostCosts} from './host-costs.js';
import {type HostLan, prefix} from './host-lan.js';
import {bridgeCounts, type HostBridge} from './network.js';
import type {Past} from './past.js';
import {guestPlace, ipAddress, type Station} from './station.js';
import {Xen1VifChannel} from './xen1-vif-channel.js';

/** Packets that may wait for a NIC, for each interface there is: all that its ring can hold. */
const queueOfVif = 255;

export class Xen1Network {
	readonly bridges: HostBridge[] = [];
	/** The newest of each name. */
	readonly vifs: Xen1VifChannel[] = [];
	/** Of the domains' interfaces, in the order in which they came. */
	readonly stacks: NetworkStack[] = [];
	/** Told when a domain's interface exists, and when somebody with a network stack can be reached for the first time. */
	onVif: (channel: NetChannel) => void = () => {};
	onStation: (station: Station) => void = () => {};

	constructor(
		private readonly engine: Engine,
		private readonly outside: HostLan,
		private readonly scenario: Scenario,
		private readonly past: Past,
		private readonly devices: Xen1Devices,
	) {
		for (const [index, words] of scenario.host.bridges.entries()) {
			// The address that the scenario gives a bridge is that of domain zero's interface: the bridge in Xen has one that nobody speaks to.
			const mac = Uint8Array.from([0xfe, 0xff, 0xff, 0xff, 0xff, index]);
			const bridge = new Bridge(devices.kernel, words.name, {mac});
			this.bridges.push({words, bridge, kernel: devices.kernel, before: past.bridges.get(words.name)});
		}
	}

	/** Undefined when the scenario has none. */
	get lan(): HostLan['lan'] {
		return this.outside.lan;
	}

	get nics(): readonly HostNic[] {
		return this.outside.nics;
	}

	/** A NIC's driver has been placed: the traces of packets go through both, and a bridge uses it. */
	wire(nic: HostNic, driver: NetDriver): void {
		nic.packetIdentity = (descriptor) => driver.packetIdentity(descriptor);
		driver.receivedIdentity = (descriptor) => nic.receivedIdentity(descriptor);
		const {domains} = this.scenario;
		const interfaces = domains.reduce((sum, {vifs}) => sum + vifs.length, 1);
		const on = this.bridges.find(({words}) => words.nics.includes(nic.name));
		on?.bridge.addPort(driver.device, interfaces * queueOfVif);
	}

	/** Bridges on which domain zero has an address: each is an interface of its own, called as the bridge. */
	get ofDomainZero(): VifWords[] {
		return this.scenario.host.bridges.filter(({ip}) => ip !== undefined).map(asInterface);
	}

	/** A domain gets an interface, and its bridge a port. Inside a step or outside any. */
	attach(words: VifWords, kernel: DomainKernel, domain: Xen1Domain): void {
		const {devices, engine, outside, past} = this;
		const id = `${kernel.name}.${words.name}`;
		const at = this.vifs.findIndex((vif) => vif.id === id);
		if (at >= 0) past.vifs.set(id, this.vifs[at].counts);
		const on = this.bridges.find((each) => each.words.name === words.bridge);
		assert(on !== undefined, 'an interface is on a bridge of the host');
		const identities = {
			transmitIdentities: new RingIdentities(ringSlots),
			receiveIdentities: new RingIdentities(ringSlots),
		};
		const back = devices.net.attach({
			domid: kernel.domid,
			channel: id,
			vif: words.device,
			mac: macBytes(words.mac),
			info: domain.events.info.words,
			tap: kernel.domid === 0 ? undefined : outside.tap(`${kernel.name}:${words.device}`),
			hash: engine.hash,
			...identities,
		});
		const port = on.bridge.addPort(back);
		const {transmitIdentities, receiveIdentities} = identities;
		const before = past.vifs.get(id);
		const channel = new Xen1VifChannel(
			words,
			kernel,
			domain,
			back,
			port,
			transmitIdentities,
			receiveIdentities,
			devices,
			before,
		);
		this.vifs[at < 0 ? this.vifs.length : at] = channel;
		this.onVif(channel);
	}

	/** A domain's kernel finds its interfaces. Inside a step of it. */
	connect(kernel: DomainKernel): void {
		for (const channel of this.vifs) {
			if (channel.frontKernel === kernel) this.#start(channel);
		}
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

	#start(channel: Xen1VifChannel): void {
		const {engine, devices} = this;
		const {frontKernel: kernel, words, back, domain, id, transmitIdentities, receiveIdentities} = channel;
		const {device, name, mac, ip, postsUntil} = words;
		const front = new Xen1Vif(kernel, domain.events, devices.net, {
			name: `eth${device}`,
			channel: id,
			vif: device,
			mac: macBytes(mac),
			words: back.page.words,
			transmitIdentities,
			receiveIdentities,
			hash: engine.hash,
		});
		channel.front = front;
		const network = new GuestNetwork(kernel, front, {
			name: `${kernel.name} ${name}`,
			own: {mac: macBytes(mac), address: ipAddress(ip ?? '0.0.0.0'), prefix},
			random: engine.random.stream(`${kernel.name}/${name}/stack`),
			settings: this.outside.settings(`${kernel.name}.${name}`),
		});
		this.stacks.push(network.stack);
		network.onReady = () => this.onStation({id: `${kernel.name}.${name}`, place: guestPlace(network)});
		front.start();
		network.start();
		if (postsUntil <= kernel.now()) {
			front.postReceive(false);
		} else if (postsUntil !== Number.POSITIVE_INFINITY) {
			const stop = kernel.define(`eth${device} posts no more`, hostCosts.stopPosting, () => front.postReceive(false));
			kernel.timer(postsUntil - kernel.now(), stop);
		}
	}
}

/** Domain zero's interface on a bridge. */
function asInterface({name, mac, ip}: BridgeWords, device: number): VifWords {
	const words = {rate: undefined, checksum: false, sg: false, tso: false, postsUntil: Number.POSITIVE_INFINITY};
	return {name, device, mac, ip, bridge: name, ...words};
}
