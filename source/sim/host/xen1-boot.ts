/**
One boot of a host as Xen 1.0 has it: the hypervisor starts its native drivers, then domain zero, which is given virtual devices like any other
domain, then domain zero's tools create the guests in the scenario's order. From here on everything is the simulated software's own doing.
*/
import {assert} from '../../engine/assert.js';
import type {Engine} from '../../engine/engine.js';
import type {Architecture} from '../architecture/architecture.js';
import {Xen1Devices, type Xen1Domain} from '../backend/xen1-devices.js';
import {RingIdentities} from '../channel/ring-identities.js';
import {ringSlots} from '../channel/vbd1.js';
import {configRead} from '../kernel/cost.js';
import type {DomainKernel} from '../kernel/domain-kernel.js';
import type {DomainWords, Scenario} from '../scenario/types.js';
import {Xen1Tools} from '../toolstack/xen1-tools.js';
import {DOMID_XEN} from '../xen/domid.js';
import {ENOMEM} from '../xen/errno.js';
import {Hypervisor, type Machine} from '../xen/hypervisor.js';
import {vifLimit} from '../xen/shared-info1.js';
import {type BootOptions, takeTime, unguardedOf} from './boot.js';
import {Control} from './control.js';
import {summed, type XenCounts} from './counters.js';
import type {HostDevice, HostNic} from './devices.js';
import type {Hardware} from './hardware.js';
import type {HostBoot} from './host-boot.js';
import {HostDomain} from './host-domain.js';
import type {Past} from './past.js';
import {type PlacedDriver, PlacedDrivers} from './placed-drivers.js';
import {Xen1Disks} from './xen1-disks.js';
import {Xen1Network} from './xen1-network.js';

/** A domain with what Xen holds for it. */
interface Equipped {
	readonly host: HostDomain;
	readonly devices: Xen1Domain;
	readonly identities: RingIdentities;
}

export class Xen1Boot implements HostBoot {
	readonly network: Xen1Network;
	readonly disks: Xen1Disks;
	readonly xen: Hypervisor;
	readonly control: Control;
	readonly xenstored = undefined;
	readonly toolstack: Xen1Tools;
	readonly domains: HostDomain[] = [];
	/** Told when a domain's kernel exists. */
	onDomain: (domain: HostDomain) => void = () => {};
	/** Never told of here: domains neither shut down nor go. */
	onStopping: (name: string) => void = () => {};
	onDestroyed: (name: string) => void = () => {};
	onGone: (name: string) => void = () => {};
	readonly #devices: Xen1Devices;
	readonly #drivers: PlacedDrivers;
	readonly #equipped = new Map<number, Equipped>();
	/** What the boots before this one had counted. */
	readonly #before: XenCounts;

	constructor(
		private readonly engine: Engine,
		private readonly scenario: Scenario,
		architecture: Architecture,
		readonly hardware: Hardware,
		private readonly past: Past,
		private readonly options: BootOptions,
	) {
		const {host, costs, domains, toolstack} = scenario;
		this.#before = past.xen;
		this.xen = new Hypervisor(engine, this.machine, {
			iommu: true,
			unguarded: unguardedOf(scenario, architecture),
			credit: {slice: host.scheduler.tslice, rateLimit: host.scheduler.ratelimit},
			costs: new Map(Object.entries(costs)),
			processors: options.processors,
		});
		this.#devices = new Xen1Devices(this.xen);
		this.network = new Xen1Network(engine, hardware.lan, scenario, past, this.#devices);
		this.#drivers = new PlacedDrivers(this.xen, past, (nic, driver) => this.network.wire(nic, driver));
		this.disks = new Xen1Disks(engine, scenario, past, this.#devices, (device) => this.#drivers.diskOf(device));
		this.control = new Control(this.xen);
		const kernel = this.control.buildKernel(domains[0], false);
		assert(kernel !== undefined, 'the scenario gives domain zero no more memory than there is');
		const zero = this.#equip(domains[0], kernel, 'control');
		this.toolstack = new Xen1Tools(kernel, {
			createDomain: (name) => this.#createDomain(name),
			giveDevices: (domid) => this.#giveDevices(domid),
			pause: (domid) => this.control.pause(domid),
			unpause: (domid) => this.control.unpause(domid),
			find: (name) => this.#find(name),
		});
		const time = options.isFirst ? 0 : toolstack.domainZeroBoot;
		this.#startDrivers(() => {
			this.#giveDevices(0);
			takeTime(kernel, time, () => this.#bootDomainZero(zero));
		});
	}

	/** What the hypervisor has counted, and those before it. */
	get counts(): XenCounts {
		const {xen} = this;
		const {sent, lost} = this.#devices.bits;
		return summed(this.#before, {
			interrupts: xen.interrupts,
			contextSwitches: xen.cpus.scheduler.contextSwitches,
			sends: sent + lost,
			events: sent,
			eventsLost: lost,
			storeRequests: 0,
			grantCopies: 0,
		});
	}

	driverCounts(device: string): Readonly<Record<string, number>> {
		return this.#drivers.counts(device);
	}

	get drivers(): readonly PlacedDriver[] {
		return this.#drivers.all;
	}

	get machine(): Machine {
		return this.hardware.machine;
	}

	get channels(): Xen1Disks['channels'] {
		return this.disks.channels;
	}

	get devices(): readonly HostDevice[] {
		return this.hardware.disks;
	}

	/** Nobody waits to be told: domain zero's tools of the time asked. */
	domainCrashed(): void {}

	halt(): void {
		for (const kernel of this.control.kernels.values()) {
			kernel.die();
		}

		this.#devices.kernel.die();
	}

	retire(): void {
		const {past, network, disks} = this;
		for (const domain of this.domains) {
			past.domains.set(domain.name, domain.counts);
		}

		this.#drivers.retire();
		disks.retire();
		network.retire();
		past.xen = this.counts;
	}

	/** Every device is Xen's own. `ready` when all of them work, in a step of Xen's. */
	#startDrivers(ready: () => void): void {
		const {xen, hardware} = this;
		const {kernel} = this.#devices;
		const {plugged} = hardware;
		let left = plugged.length;
		const start = (device: HostDevice | HostNic) => {
			const assigned = xen.assignment.assign(DOMID_XEN, kernel.name, device.address);
			assert(assigned === 0, `${device.name} is nobody's at boot`);
			this.#drivers.start(kernel, device, () => {
				left--;
				if (left === 0) ready();
			});
		};
		const boot = kernel.define('Xen starts a driver', configRead, (index) => start(plugged[index]));
		for (let index = 0; index < plugged.length; index++) {
			kernel.task(boot, index);
		}

		if (left === 0) ready();
	}

	#bootDomainZero({host}: Equipped): void {
		this.disks.connect(host);
		this.network.connect(host.kernel);
		for (const {name, disks, vifs} of this.scenario.domains.slice(1)) {
			this.toolstack.create(name, disks.length + vifs.length, (error) => this.#created(name, error));
		}
	}

	#created(name: string, error: string): void {
		const {engine} = this;
		if (error !== '') engine.findings.report('create', engine.now, [name], `${name} was not created: ${error}`);
	}

	#createDomain(name: string): number {
		const words = this.scenario.domains.find((each) => each.name === name);
		assert(words !== undefined, 'the tools create the scenario’s domains');
		const kernel = this.control.buildKernel(words, true);
		if (kernel === undefined) return -ENOMEM;
		const equipped = this.#equip(words, kernel, 'guest');
		this.onDomain(equipped.host);
		takeTime(kernel, this.options.isFirst ? 0 : this.scenario.toolstack.guestBoot, () => {
			this.disks.connect(equipped.host);
			this.network.connect(kernel);
		});
		return kernel.domid;
	}

	/** A new domain gets what each has: its shared_info with events, and its block ring. */
	#equip(words: DomainWords, kernel: DomainKernel, role: HostDomain['role']): Equipped {
		const {past, xen, engine} = this;
		const identities = new RingIdentities(ringSlots);
		const devices = this.#devices.addDomain(kernel, identities, {hash: engine.hash});
		const host = new HostDomain(words, kernel, role, xen.cpus, past.domains.get(words.name));
		const equipped = {host, devices, identities};
		this.domains.push(host);
		this.#equipped.set(kernel.domid, equipped);
		return equipped;
	}

	#giveDevices(domid: number): void {
		const equipped = this.#equipped.get(domid);
		assert(equipped !== undefined, 'the domain has been created');
		const {host, devices, identities} = equipped;
		const disks = domid === 0 ? this.disks.ofDomainZero : host.words.disks;
		for (const [index, words] of disks.entries()) {
			this.disks.attach(words, index, host, devices, identities);
		}

		for (const words of domid === 0 ? this.network.ofDomainZero : host.words.vifs) {
			const {kernel} = this.#devices;
			if (words.device >= vifLimit) {
				kernel.log('error', `${host.name}: no interface ${words.device}: a domain has ${vifLimit}`);
				continue;
			}

			if (words.rate !== undefined) {
				kernel.log('warning', `${host.name}: ${words.name}: Xen 1.0 does not limit what an interface sends`);
			}

			this.network.attach(words, host.kernel, devices);
		}
	}

	#find(name: string): number | undefined {
		for (const {domid, name: own} of this.control.kernels.values()) {
			if (own === name || String(domid) === name) return domid;
		}

		return undefined;
	}
}
