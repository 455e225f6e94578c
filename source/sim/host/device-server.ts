/**
A domain that drives devices, domain zero or another, once its kernel has started: it places their native drivers, makes the bridges on them,
and serves what the toolstack attaches. Backends wait until the devices behind them work. A driver domain also runs xl's device daemon
(xl devd): what hotplug scripts do in domain zero it does there, and it says when it watches.
*/
import {probeBackends} from '../backend/backend-bus.js';
import type {DeviceKind} from '../channel/xenbus.js';
import {backendPath} from '../channel/xenbus.js';
import type {DomainKernel} from '../kernel/domain-kernel.js';
import {devdPath} from '../toolstack/driver-domains.js';
import {toolstackCosts} from '../toolstack/toolstack-costs.js';
import type {HostDevice, HostNic} from './devices.js';

/** What a server asks of the host it is part of. Each call happens inside a step of the server's kernel. */
export interface ServerSide {
	/** Makes the kernel's bridges. */
	addBridges(kernel: DomainKernel): void;
	/** Places a device's driver; `up` when the device works. */
	startDriver(kernel: DomainKernel, device: HostDevice | HostNic, up: () => void): void;
	/** Whether a device was attached anew and nobody serves it yet. */
	isAnew(kind: DeviceKind, frontend: number, device: number): boolean;
	serveDisk(kernel: DomainKernel, frontend: number, device: number): void;
	serveVif(kernel: DomainKernel, frontend: number, device: number): void;
	/** What vif-bridge does: the interface becomes a port of the bridge. */
	plugIn(frontend: number, device: number, bridge: string): void;
}

export class DeviceServer {
	#left: number;
	/** Backends found before every driver was ready. */
	#waiting: (() => void)[] = [];

	/** @param ready told once, in a step of the kernel, when every device works. */
	constructor(
		private readonly kernel: DomainKernel,
		private readonly devices: readonly (HostDevice | HostNic)[],
		private readonly side: ServerSide,
		private readonly ready: () => void,
	) {
		this.#left = devices.length;
	}

	/** The kernel has started. Inside a step of it. */
	start(): void {
		const {kernel, side} = this;
		side.addBridges(kernel);
		this.#probe('vbd', (frontend, device) => side.serveDisk(kernel, frontend, device));
		this.#probe('vif', (frontend, device) => side.serveVif(kernel, frontend, device));
		for (const device of this.devices) {
			side.startDriver(kernel, device, () => {
				this.#left--;
				if (this.#left === 0) this.#working();
			});
		}

		if (this.#left === 0) this.#working();
	}

	get #isDriverDomain(): boolean {
		return this.kernel.domid !== 0;
	}

	#probe(kind: DeviceKind, serve: (frontend: number, device: number) => void): void {
		probeBackends(
			this.kernel,
			kind,
			(frontend, device) => {
				const found = () => {
					serve(frontend, device);
					if (this.#isDriverDomain) this.#runScript(kind, frontend, device);
				};
				if (this.#left === 0) found();
				else this.#waiting.push(found);
			},
			(frontend, device) => this.side.isAnew(kind, frontend, device),
		);
	}

	#working(): void {
		for (const found of this.#waiting) {
			found();
		}

		this.#waiting = [];
		const {kernel} = this;
		if (this.#isDriverDomain) kernel.store.write(devdPath(kernel.domid), 'running');
		this.ready();
	}

	/** The device daemon runs the device's script, and says in the backend's directory that it has. */
	#runScript(kind: DeviceKind, frontend: number, device: number): void {
		const {kernel, side} = this;
		const {store} = kernel;
		const directory = backendPath(kernel.domid, kind, frontend, device);
		const script = kernel.define(`devd ${kind} ${frontend}.${device}`, toolstackCosts.hotplug, () => {
			const key = kind === 'vif' ? 'bridge' : 'params';
			store.read(`${directory}/${key}`, (error, value) => {
				if (error !== '') return;
				if (kind === 'vif') side.plugIn(frontend, device, value);
				else store.write(`${directory}/physical-device-path`, value);
				store.write(`${directory}/hotplug-status`, 'connected');
			});
		});
		kernel.task(script);
	}
}
