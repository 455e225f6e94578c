/**
One boot of a host, from Xen's start to its end: the hypervisor, domain zero with xenstored, the native drivers where the
architecture places them, then the toolstack creating the guests in the scenario's order. From here on everything is
the simulated software's own doing.
*/
import {assert} from '../../engine/assert.js';
import type {Engine} from '../../engine/engine.js';
import type {Architecture} from '../architecture/architecture.js';
import {probeDevices} from '../frontend/frontend-bus.js';
import {watchPower} from '../guest/power.js';
import {configRead} from '../kernel/cost.js';
import type {DomainKernel} from '../kernel/domain-kernel.js';
import type {DomainWords, Scenario} from '../scenario/types.js';
import type {DomainConfiguration} from '../toolstack/control.js';
import {Toolstack} from '../toolstack/toolstack.js';
import {vdevNumber} from '../toolstack/vdev.js';
import {Hypervisor, type Machine} from '../xen/hypervisor.js';
import type {PhysicalCpu} from '../xen/physical-cpu.js';
import {Xenstored} from '../xenstore/xenstored.js';
import {Control} from './control.js';
import {summed, type XenCounts} from './counters.js';
import {DeviceServer} from './device-server.js';
import type {HostDevice, HostNic} from './devices.js';
import {HostDisks} from './disks.js';
import {asDomain, domainConfiguration} from './domain-configuration.js';
import type {Hardware} from './hardware.js';
import type {HostBoot} from './host-boot.js';
import {HostDomain} from './host-domain.js';
import {HostNetwork} from './network.js';
import type {Past} from './past.js';
import {type PlacedDriver, PlacedDrivers} from './placed-drivers.js';
import type {VbdChannel} from './vbd-channel.js';

export interface BootOptions {
	/** What runs when the simulation begins has booted before; all that comes later takes the time that booting takes. */
	readonly isFirst: boolean;
	/** The CPUs that the boot before this one has left halted. */
	readonly processors?: readonly PhysicalCpu[];
}

export class Boot implements HostBoot {
	readonly network: HostNetwork;
	readonly disks: HostDisks;
	readonly xen: Hypervisor;
	readonly control: Control;
	readonly xenstored: Xenstored;
	readonly toolstack: Toolstack;
	/** Those that are there, dead ones that are not gone among them; the newest of each name, in the scenario's order. */
	readonly domains: HostDomain[] = [];
	/** Told that a domain's processes are to stop. */
	onStopping: (name: string) => void = () => {};
	/** Told that a domain has ended or is being destroyed, and that it is gone: none of its requests is under way anywhere any more. */
	onDestroyed: (name: string) => void = () => {};
	onGone: (name: string) => void = () => {};
	/** Told when a domain's kernel exists. */
	onDomain: (domain: HostDomain) => void = () => {};
	readonly #drivers: PlacedDrivers;
	readonly #configurations = new Map<string, DomainWords>();
	/** Names of the guests that xl has created in this boot. */
	readonly #created = new Set<string>();
	/** The newest of each name, dead ones among them. */
	readonly #kernels = new Map<string, DomainKernel>();
	/** What the boots before this one had counted. */
	readonly #before: XenCounts;

	constructor(
		engine: Engine,
		private readonly scenario: Scenario,
		private readonly architecture: Architecture,
		readonly hardware: Hardware,
		private readonly past: Past,
		private readonly options: BootOptions,
	) {
		const {host, costs} = scenario;
		this.network = new HostNetwork(engine, hardware.lan, scenario, past);
		this.#before = past.xen;
		this.xen = new Hypervisor(engine, this.machine, {
			iommu: true,
			unguarded: unguardedOf(scenario, architecture),
			credit: {slice: host.scheduler.tslice, rateLimit: host.scheduler.ratelimit},
			costs: new Map(Object.entries(costs)),
			processors: options.processors,
		});
		this.#drivers = new PlacedDrivers(this.xen, past, (nic, driver) => this.network.wire(nic, driver));
		this.disks = new HostDisks(engine, this.xen, scenario, past, (device) => this.#drivers.diskOf(device));
		this.control = new Control(this.xen);
		for (const words of [
			scenario.domains[0],
			...architecture.driverDomains.map(asDomain),
			...scenario.domains.slice(1),
		]) {
			this.#configurations.set(words.name, words);
		}

		const [zero] = scenario.domains;
		const built = this.control.build(this.#configuration(zero), false);
		assert(built !== undefined, 'the scenario gives domain zero no more memory than there is');
		const {kernel, store} = built;
		this.#kernels.set(kernel.name, kernel);
		this.xenstored = new Xenstored(kernel, {
			faults: engine.faults,
			mapPage: (domid, frame) => this.control.mapStorePage(domid, frame),
			unmapPage: (domid) => this.control.unmapStorePage(domid),
		});
		const configured = (name: string) => {
			const words = this.#configurations.get(name);
			return words === undefined ? undefined : this.#configuration(words);
		};
		this.toolstack = new Toolstack(kernel, store, this.control, configured, scenario.toolstack.driverDomainReconnect);
		this.toolstack.onCreated = (name, error) => {
			if (error !== '') {
				engine.findings.report('create', engine.now, [name], `${name} was not created: ${error}`);
			}
		};
		this.control.onDevice = (domid, kind, device, present) => this.#deviceChanged(domid, kind, device, present);
		this.domains.push(new HostDomain(zero, kernel, 'control', this.xen.cpus, past.domains.get(zero.name)));
		this.control.onCreated = (created) => this.#guestCreated(created);
		this.control.onPlugIn = (domid, vif, bridge) => this.network.plugIn(domid, vif, bridge);
		this.control.onDestroyed = (destroyed) => {
			this.network.unplug(destroyed.domid);
			this.onDestroyed(destroyed.name);
		};
		this.xen.onGone = ({id, name}) => this.#gone(id, name);
		this.xenstored.start(store);
		takeTime(kernel, options.isFirst ? 0 : scenario.toolstack.domainZeroBoot, () => this.#bootDomainZero(kernel));
	}

	/** What the hypervisor and xenstored have counted, and those before them. */
	get counts(): XenCounts {
		const {xen, xenstored} = this;
		const {cpus, events, interrupts} = xen;
		return summed(this.#before, {
			interrupts,
			contextSwitches: cpus.scheduler.contextSwitches,
			sends: events.sends,
			events: events.sent,
			eventsLost: events.lost,
			storeRequests: xenstored.store.requests,
			grantCopies: xen.grants.copies,
		});
	}

	/** What a device's driver has counted, and those of the device before it. */
	driverCounts(device: string): Readonly<Record<string, number>> {
		return this.#drivers.counts(device);
	}

	/** It is over: nothing of it runs any more, in whatever domain. */
	halt(): void {
		for (const kernel of this.control.kernels.values()) {
			kernel.die();
		}

		this.xen.halt();
	}

	/** This boot is over and another one comes: what its parts have counted is remembered under their names. */
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

	get drivers(): readonly PlacedDriver[] {
		return this.#drivers.all;
	}

	domainCrashed(): void {
		this.xenstored.domainShutdown();
	}

	get machine(): Machine {
		return this.hardware.machine;
	}

	/** The disk channels, the newest of each name. */
	get channels(): readonly VbdChannel[] {
		return this.disks.channels;
	}

	/** Its disks. */
	get devices(): readonly HostDevice[] {
		return this.hardware.disks;
	}

	/** Domain zero's kernel has started: it serves the devices it has; then the toolstack creates the driver domains, then the guests. */
	#bootDomainZero(kernel: DomainKernel): void {
		this.toolstack.initialise();
		this.#serveDevices(kernel, () => this.#createDriverDomains());
	}

	/** A domain with devices places their drivers, and serves what is on them. Inside a step of its kernel. */
	#serveDevices(kernel: DomainKernel, ready: () => void): void {
		const {architecture, network, hardware} = this;
		const mine = hardware.plugged.filter(({name}) => architecture.driverDomain(name) === kernel.name);
		const server = new DeviceServer(
			kernel,
			mine,
			{
				addBridges: () => network.addBridges(kernel, (bridge) => architecture.bridgeDomain(bridge) === kernel.name),
				startDriver: (_, device, up) => this.#startDriver(kernel, device, up),
				isAnew: (kind, frontend, device) =>
					kind === 'vbd' ? this.disks.isAnew(frontend, device) : network.isAnew(frontend, device),
				serveDisk: (_, frontend, device) => this.disks.serve(kernel, frontend, device),
				serveVif: (_, frontend, device) => network.serve(kernel, frontend, device),
				plugIn: (frontend, device, bridge) => network.plugIn(frontend, device, bridge),
			},
			ready,
		);
		server.start();
	}

	/** A driver takes the place of one of its device. */
	#startDriver(kernel: DomainKernel, device: HostDevice | HostNic, up: () => void): void {
		if (kernel.domid === 0) {
			const assigned = this.xen.assignment.assign(kernel.domid, kernel.name, device.address);
			assert(assigned === 0, `${device.name} is nobody's at boot`);
		}

		this.#drivers.start(kernel, device, up);
	}

	/** Every disk and every NIC of domain zero works: its own jobs may use them, and others' domains come. */
	#createDriverDomains(): void {
		const [zero] = this.scenario.domains;
		for (const job of zero.jobs) {
			if (job.kind === 'disk' && !this.domains[0].disks.has(job.on)) {
				this.disks.openPartition(this.domains[0], job.on);
			}
		}

		const {driverDomains} = this.architecture;
		let left = driverDomains.length;
		for (const words of driverDomains) {
			this.#create(asDomain(words), () => {
				left--;
				if (left === 0) this.#createGuests();
			});
		}

		if (left === 0) this.#createGuests();
	}

	#createGuests(): void {
		for (const words of this.scenario.domains.slice(1)) {
			this.#create(words, () => {});
		}
	}

	#create(words: DomainWords, created: () => void): void {
		this.toolstack.create(this.#configuration(words), created);
	}

	#guestCreated(kernel: DomainKernel): void {
		const words = this.#configurations.get(kernel.name);
		assert(words !== undefined, 'the toolstack creates the scenario’s domains');
		this.#kernels.set(kernel.name, kernel);
		const {domains, past} = this;
		const place = domains.findIndex(({name}) => name === words.name);
		if (place >= 0) {
			past.domains.set(words.name, domains[place].counts);
		}

		const drives = this.architecture.driverDomains.some(({name}) => name === words.name);
		const role = drives ? 'driver' : 'guest';
		const domain = new HostDomain(words, kernel, role, this.xen.cpus, past.domains.get(words.name));
		domains[place < 0 ? domains.length : place] = domain;
		const order = [...this.#configurations.keys()];
		domains.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
		for (const disk of words.disks) {
			this.disks.attach(disk, kernel, this.#kernelNamed(this.architecture.backendDomain(disk.device)));
		}

		const backendOf = (bridge: string) => this.#kernelNamed(this.architecture.bridgeDomain(bridge));
		this.network.addGuest(words, kernel, backendOf, this.xen);
		this.onDomain(domain);
		// What is there when the simulation begins has booted before.
		const again = this.#created.has(words.name) || !this.options.isFirst;
		this.#created.add(words.name);
		if (again) past.restarts.set(words.name, past.restarts.get(words.name) + 1);
		const {guestBoot, driverDomainRestart} = this.scenario.toolstack;
		if (drives) {
			takeTime(kernel, again ? driverDomainRestart : 0, () => this.#serveDevices(kernel, () => {}));
		} else {
			takeTime(kernel, again ? guestBoot : 0, () => this.#bootGuest(domain));
		}
	}

	/** A destroyed domain is gone; unless another has taken its place, nothing is left of it but what it has counted. */
	#gone(domid: number, name: string): void {
		const {domains, past} = this;
		const place = domains.findIndex(({kernel}) => kernel.domid === domid);
		if (place >= 0) {
			past.domains.set(name, domains[place].counts);
			domains.splice(place, 1);
		}

		this.onGone(name);
	}

	/** xl attaches a device to a running guest, or has detached it. */
	#deviceChanged(domid: number, kind: 'vbd' | 'vif', device: number, present: boolean): void {
		const domain = this.domains.find(({kernel}) => kernel.domid === domid);
		assert(domain !== undefined, 'xl has found the domain');
		const {words, kernel} = domain;
		const disk = words.disks.find(({vdev}) => vdevNumber(vdev) === device);
		const vif = words.vifs.find((each) => each.device === device);
		if (kind === 'vbd' && present && disk !== undefined) {
			this.disks.attach(disk, kernel, this.#kernelNamed(this.architecture.backendDomain(disk.device)));
		} else if (kind === 'vif' && present && vif !== undefined) {
			this.network.attach(vif, kernel, this.#kernelNamed(this.architecture.bridgeDomain(vif.bridge)), this.xen);
		} else if (!present) {
			(kind === 'vbd' ? this.disks : this.network).detached(domid, device);
		}
	}

	#bootGuest(domain: HostDomain): void {
		const {kernel} = domain;
		probeDevices(kernel, 'vbd', (virtualDevice) => this.disks.connect(domain, virtualDevice));
		probeDevices(kernel, 'vif', (device) => this.network.connect(kernel, device));
		watchPower(kernel, {
			stopTime: this.scenario.toolstack.guestShutdown,
			stop: () => this.onStopping(domain.name),
			end: (reason) => {
				kernel.die();
				this.onDestroyed(domain.name);
				this.xen.shutdown(kernel.domain, reason);
				this.xenstored.domainShutdown();
			},
		});
	}

	#configuration(words: DomainWords): DomainConfiguration {
		const domidOf = (name: string) =>
			[...this.control.kernels.values()].find((each) => each.name === name)?.domid ?? -1;
		return domainConfiguration(words, this.architecture, this.hardware, domidOf);
	}

	/** The newest kernel of a domain, alive or dead. */
	#kernelNamed(name: string): DomainKernel {
		const kernel = this.#kernels.get(name);
		assert(kernel !== undefined, `${name} was a domain of this host`);
		return kernel;
	}
}

/** Devices whose transfers pass no IOMMU. */
export function unguardedOf({host}: Scenario, {iommu: usual}: Architecture): ReadonlySet<string> {
	return new Set([...host.devices, ...host.nics].flatMap(({name, iommu}) => ((iommu ?? usual) ? [] : [name])));
}

/** A kernel boots: `run` happens in a step of it, so many nanoseconds after its first. */
export function takeTime(kernel: DomainKernel, nanoseconds: number, run: () => void): void {
	const up = kernel.define('boot', configRead, run);
	if (nanoseconds === 0) {
		kernel.task(up);
	} else {
		kernel.task(kernel.define('start', configRead, () => void kernel.timer(nanoseconds, up)));
	}
}
