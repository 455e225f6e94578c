/**
The toolstack's part in driver domains: each is created before any guest and watched; when it dies it is destroyed, its functions are reset,
it is built anew, and when its device daemon (xl devd) is there each device that it served is given to it: one transaction for each writes
the new backend's directory and, in the frontend's, `backend`, `backend-id` and state 1. Stock xl stops before the last step, and people
detach and attach by hand (facts of Qubes OS); whether ours goes on is a setting. One that xl destroys by hand loses its functions in the same way,
and stays away until xl creates it again.
*/
import type {GuestKernel} from '../kernel/kernel.js';
import type {DomainConfiguration, HypervisorControl} from './control.js';
import {type VirtualDevice, writeDevice} from './device-tree.js';
import {removeDomain, uuidOf} from './domain-tree.js';
import {type Script, type Scripts, ToolError} from './script.js';
import type {ToolStore} from './tool-store.js';
import {domctlCosts, initTimeout, toolstackCosts} from './toolstack-costs.js';

/** A device as libxl has attached it. */
export interface AttachedDevice {
	/** The domain that has the frontend. */
	readonly domid: number;
	device: VirtualDevice;
}

export interface DriverDomainSide {
	readonly kernel: GuestKernel;
	readonly store: ToolStore;
	readonly control: HypervisorControl;
	readonly scripts: Scripts;
	/** Every device there is. */
	readonly attached: readonly AttachedDevice[];
	/** libxl_domain_create_new. */
	create(configuration: DomainConfiguration): Script<number>;
}

/** What xl devd writes when it watches, in the domain's own part of the store. */
export function devdPath(domid: number): string {
	return `/local/domain/${domid}/data/devd`;
}

interface DriverDomain {
	configuration: DomainConfiguration;
	/** -1 while there is none. */
	domid: number;
	/** Those it was before. */
	readonly former: Set<number>;
	busy: boolean;
	/** Told when the domain that is being waited for dies. */
	died: () => void;
}

export class DriverDomains {
	readonly #side: DriverDomainSide;
	readonly #domains: DriverDomain[] = [];

	/** @param reconnects whether a new domain is given the devices of the old one. */
	constructor(
		side: DriverDomainSide,
		private readonly reconnects: boolean,
	) {
		this.#side = side;
	}

	/**
	xl create of a driver domain: over when its devices can be used. From then on it is watched. One of a name that was there before is
	given what that one served.
	@throws ToolError
	*/
	*start(configuration: DomainConfiguration): Script<number> {
		const domain = this.#named(configuration);
		if (domain.busy || domain.domid >= 0) {
			throw new ToolError(
				`libxl: error: libxl__domain_rename: Domain with name "${configuration.name}" already exists.`,
			);
		}

		domain.busy = true;
		domain.configuration = configuration;
		try {
			yield* this.#build(domain);
			yield* this.#giveDevices(domain);
			yield* this.#restartWhileDead(domain);
		} finally {
			domain.busy = false;
		}

		return domain.domid;
	}

	/** Whether a domain is one of these. */
	drives(domid: number): boolean {
		return this.#domains.some((domain) => domain.domid === domid);
	}

	/** xl destroy of a driver domain, whatever it is doing: as the toolstack destroys a dead one, but no other takes its place. @throws ToolError */
	*destroy(domid: number): Script<void> {
		const domain = this.#domains.find((each) => each.domid === domid);
		if (domain === undefined) {
			throw new ToolError(`libxl: error: libxl__destroy_domid: Domain ${domid}:Non-existent domain`);
		}

		const {busy} = domain;
		domain.busy = true;
		domain.domid = -1;
		domain.died();
		yield* this.#destroy(domain, domid);
		// Whoever was building it has noticed, and is through with it.
		if (!busy) domain.busy = false;
	}

	#named(configuration: DomainConfiguration): DriverDomain {
		const known = this.#domains.find((each) => each.configuration.name === configuration.name);
		if (known !== undefined) return known;
		const domain: DriverDomain = {configuration, domid: -1, former: new Set(), busy: false, died: () => {}};
		if (this.#domains.push(domain) === 1) {
			this.#side.store.watch('@releaseDomain', 'xl-driver-domains', () => this.#look());
		}

		return domain;
	}

	#runs(domid: number): boolean {
		const {control} = this.#side;
		return control.domains().includes(domid) && control.shutdownReason(domid) === undefined;
	}

	#look(): void {
		const {control, scripts, kernel} = this.#side;
		for (const domain of this.#domains) {
			if (domain.domid < 0 || control.shutdownReason(domain.domid) === undefined) continue;
			domain.died();
			if (domain.busy) continue;
			domain.busy = true;
			scripts.run(this.#restartWhileDead(domain), (error) => {
				domain.busy = false;
				if (error !== '') kernel.log('error', error);
			});
		}
	}

	*#restartWhileDead(domain: DriverDomain): Script<void> {
		while (this.#side.control.shutdownReason(domain.domid) !== undefined) {
			const dead = domain.domid;
			domain.domid = -1;
			yield* this.#destroy(domain, dead);
			yield* this.#build(domain);
			yield* this.#giveDevices(domain);
		}
	}

	/** libxl_domain_destroy without the courtesies, then the reset of its functions. */
	*#destroy({configuration, former}: DriverDomain, domid: number): Script<void> {
		const {control, kernel, scripts, store} = this.#side;
		const {name, pci} = configuration;
		const reason = control.shutdownReason(domid) ?? 'destroyed';
		former.add(domid);
		yield* scripts.work(domctlCosts.destroy);
		control.destroy(domid);
		for (const address of pci) {
			yield* scripts.work(toolstackCosts.reset);
			control.resetDevice(address);
		}

		yield* scripts.transaction(`libxl__destroy_domid: Domain ${domid}`, (transaction) =>
			removeDomain(store, transaction, domid, `/vm/${uuidOf(name)}`),
		);
		yield* scripts.answer<string>((resume) => store.release(domid, resume));
		kernel.log('notice', `${name}: destroyed (${reason})`);
	}

	/** Over when the domain's device daemon is there, or the domain dead. */
	*#build(domain: DriverDomain): Script<void> {
		const {kernel, scripts, store} = this.#side;
		const {name} = domain.configuration;
		domain.domid = yield* this.#side.create(domain.configuration);
		const path = devdPath(domain.domid);
		const token = `devd-${domain.domid}`;
		const alive = yield* scripts.answer<boolean>((resume) => {
			let over = false;
			const finish = (result: boolean) => {
				if (over) return;
				over = true;
				store.unwatch(path, token);
				domain.died = () => {};
				resume(result);
			};
			domain.died = () => finish(false);
			store.watch(path, token, () =>
				store.read(path, (error, value) => {
					if (error === '' && value === 'running') finish(true);
				}),
			);
			if (!this.#runs(domain.domid)) finish(false);
		});
		if (alive) kernel.log('notice', `${name}: started`);
	}

	*#giveDevices(domain: DriverDomain): Script<void> {
		const {attached, control, scripts, store} = this.#side;
		const {domid, former} = domain;
		if (!this.reconnects) return;
		for (const each of attached) {
			const lives = () => control.domains().includes(each.domid);
			if (!former.has(each.device.backend) || !lives() || domain.domid !== domid || !this.#runs(domid)) continue;
			yield* scripts.work(toolstackCosts.prepare);
			each.device = {...each.device, backend: domid};
			yield* scripts.transaction(`${each.device.adder}: Domain ${each.domid}`, (transaction) =>
				writeDevice(store, transaction, each.domid, each.device),
			);
		}
	}
}

/** Waits for what a driver domain's device daemon does after the backend: its script. @throws ToolError */
export function* waitForScript(scripts: Scripts, domid: number, backend: string): Script<void> {
	const done = yield* scripts.until(
		`${backend}/hotplug-status`,
		`xl-script-${backend}`,
		initTimeout,
		(status) => status === 'connected',
	);
	if (!done) {
		throw new ToolError(`libxl: error: device_hotplug_done: Domain ${domid}:no answer from the script of ${backend}`);
	}
}
