/**
XEN_DOMCTL as the toolstack uses it: the hypervisor's domains, and the kernels that run in them. Creating a domain makes its
kernel, its xenstore page and the port that xenstored will bind.
*/
import {frameBytes} from '../../hw/memory.js';
import {DomainKernel} from '../kernel/domain-kernel.js';
import type {CreatedDomain, DomainConfiguration, HypervisorControl, SchedulerParameters} from '../toolstack/control.js';
import type {Domain, ShutdownReason} from '../xen/domain.js';
import {EINVAL, ENOMEM, ESRCH} from '../xen/errno.js';
import type {Hypervisor} from '../xen/hypervisor.js';
import {RingStoreClient} from '../xenstore/client.js';

/** What a domain is before it is given anything. */
type Configuration = Omit<DomainConfiguration, 'disks' | 'vifs' | 'pci'>;

export class Control implements HypervisorControl {
	/** Kernels of living domains by domid. */
	readonly kernels = new Map<number, DomainKernel>();
	/** Told to put an interface into a bridge; see HypervisorControl. */
	onPlugIn: (domid: number, vif: number, bridge: string) => void = () => {};
	/** Told that a device is about to be attached to a running domain, or has been detached. */
	onDevice: (domid: number, kind: 'vbd' | 'vif', device: number, present: boolean) => void = () => {};
	/** Told that a domain is being destroyed. */
	onDestroyed: (kernel: DomainKernel) => void = () => {};
	/** Told of each new domain's kernel before anything runs in it. */
	onCreated: (kernel: DomainKernel) => void = () => {};

	/** xenstore pages that xenstored has mapped, by domid. */
	readonly #storePages = new Map<number, number>();

	constructor(private readonly xen: Hypervisor) {}

	/** xenstored maps a domain's page; the frame stays as long as it does. Undefined when it is not the domain's. */
	mapStorePage(domid: number, frame: number): Int32Array | undefined {
		const {frames, machine} = this.xen;
		if (frames.ownerOf(frame) !== domid) {
			return undefined;
		}

		frames.reference(frame, true);
		this.#storePages.set(domid, frame);
		return machine.memory.words(frame);
	}

	unmapStorePage(domid: number): void {
		const frame = this.#storePages.get(domid);
		if (frame !== undefined) {
			this.#storePages.delete(domid);
			this.xen.frames.dereference(frame, true);
			this.xen.reap(domid);
		}
	}

	/** Builds a domain's kernel with its store client; undefined when memory does not suffice. */
	build(
		configuration: Configuration,
		paused: boolean,
	): {kernel: DomainKernel; store: RingStoreClient; frame: number} | undefined {
		const kernel = this.buildKernel(configuration, paused);
		if (kernel === undefined) {
			return undefined;
		}

		const frame = kernel.page();
		const store = new RingStoreClient(kernel, kernel.words(frame));
		kernel.connectStore(store);
		return {kernel, store, frame};
	}

	/** Builds a domain's kernel, which knows of no store; undefined when memory does not suffice. */
	buildKernel(configuration: Configuration, paused: boolean): DomainKernel | undefined {
		const frames = Math.floor(configuration.memory / frameBytes);
		const domain = this.xen.createDomain(configuration.name, {
			frames,
			maximumFrames: Math.floor(configuration.maxmem / frameBytes),
			vcpus: configuration.vcpus,
			weight: configuration.cpuWeight,
			cap: configuration.cap,
			paused,
		});
		if (domain === undefined) {
			return undefined;
		}

		const kernel = new DomainKernel(this.xen, domain, frames);
		this.kernels.set(domain.id, kernel);
		return kernel;
	}

	createDomain(configuration: DomainConfiguration): CreatedDomain | number {
		const built = this.build(configuration, true);
		if (built === undefined) {
			return -ENOMEM;
		}

		const {kernel, store, frame} = built;
		const port = kernel.allocUnbound(0, store.interrupt);
		this.onCreated(kernel);
		store.connect(port);
		return {domid: kernel.domid, storeFrame: frame, storePort: port};
	}

	unpause(domid: number): number {
		const domain = this.#domain(domid);
		if (domain === undefined) {
			return -ESRCH;
		}

		if (domain.pauseCount === 0) {
			return -EINVAL;
		}

		this.xen.cpus.unpause(domain);
		return 0;
	}

	pause(domid: number): number {
		const domain = this.#domain(domid);
		if (domain === undefined) {
			return -ESRCH;
		}

		if (domain.pauseCount > 0) {
			return -EINVAL;
		}

		this.xen.cpus.pause(domain);
		return 0;
	}

	destroy(domid: number): number {
		const kernel = this.kernels.get(domid);
		const domain = this.#domain(domid);
		if (domain === undefined || kernel === undefined) {
			return -ESRCH;
		}

		kernel.die();
		this.kernels.delete(domid);
		this.onDestroyed(kernel);
		this.xen.destroyDomain(domain);
		return 0;
	}

	shutdownReason(domid: number): ShutdownReason | undefined {
		return this.#domain(domid)?.shutdown;
	}

	assignDevice(domid: number, address: string): number {
		const {xen} = this;
		return xen.assignment.assign(domid, xen.domains.get(domid)?.name ?? '', address);
	}

	resetDevice(address: string): void {
		this.xen.assignment.reset(address);
	}

	schedulerParameters(domid: number): SchedulerParameters | undefined {
		const domain = this.#domain(domid);
		return domain === undefined ? undefined : {weight: domain.weight, cap: domain.cap};
	}

	setSchedulerParameters(domid: number, {weight, cap}: SchedulerParameters): number {
		const domain = this.#domain(domid);
		if (domain === undefined) {
			return -ESRCH;
		}

		domain.weight = weight;
		domain.cap = cap;
		return 0;
	}

	vcpus(domid: number): number {
		return this.#domain(domid)?.vcpus.length ?? 0;
	}

	plugIn(domid: number, vif: number, bridge: string): void {
		this.onPlugIn(domid, vif, bridge);
	}

	addDevice(domid: number, kind: 'vbd' | 'vif', device: number): void {
		this.onDevice(domid, kind, device, true);
	}

	removeDevice(domid: number, kind: 'vbd' | 'vif', device: number): void {
		this.onDevice(domid, kind, device, false);
	}

	domains(): readonly number[] {
		return [...this.kernels.keys()].sort((a, b) => a - b);
	}

	#domain(domid: number): Domain | undefined {
		return this.kernels.get(domid)?.domain;
	}
}
