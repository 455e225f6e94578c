/**
The toolstack: xl and libxl as work in domain zero, against the store and the hypervisor (tools/xl, tools/libs/light). Domains
are created one after the other, as xl's lock makes it; other commands run beside that. What goes wrong is said in xl's and
libxl's words in domain zero's log.
*/

import {frontendPath, XenbusStateClosed, XenbusStateClosing, XenbusStateInitWait} from '../channel/xenbus.js';
import type {GuestKernel} from '../kernel/kernel.js';
import type {CreatedDomain, DomainConfiguration, HypervisorControl} from './control.js';
import {devicePaths, type VirtualDevice, writeDevice, writeHotplug} from './device-tree.js';
import {diskDevice} from './disk-tree.js';
import {removeDomain, writeBuild, writeDomain} from './domain-tree.js';
import {type AttachedDevice, DriverDomains, waitForScript} from './driver-domains.js';
import {type Script, Scripts, ToolError} from './script.js';
import type {ToolStore} from './tool-store.js';
import {destroyTimeout, domctlCosts, initTimeout, toolstackCosts} from './toolstack-costs.js';
import {vdevNumber} from './vdev.js';
import {vifDevice} from './vif-tree.js';
import type {XlCommand} from './xl.js';

export {domctlCosts, toolstackCosts} from './toolstack-costs.js';

type Created = (error: string, domid: number) => void;

export class Toolstack {
	readonly #kernel: GuestKernel;
	readonly #store: ToolStore;
	readonly #control: HypervisorControl;
	readonly #scripts: Scripts;
	readonly #creations: {readonly configuration: DomainConfiguration; readonly done: Created | undefined}[] = [];
	/** Every device that was attached and not detached. */
	readonly #attached: AttachedDevice[] = [];
	readonly #driverDomains: DriverDomains;
	#creating = false;

	/**
	@param kernel domain zero's.
	@param store its connection to xenstored.
	@param reconnects whether a driver domain that is built anew is given the devices it served.
	*/
	constructor(kernel: GuestKernel, store: ToolStore, control: HypervisorControl, reconnects = true) {
		this.#kernel = kernel;
		this.#store = store;
		this.#control = control;
		this.#scripts = new Scripts(kernel, store, toolstackCosts, domctlCosts);
		this.#driverDomains = new DriverDomains(
			{
				kernel,
				store,
				control,
				scripts: this.#scripts,
				attached: this.#attached,
				create: (configuration) => this.#create(configuration),
			},
			reconnects,
		);
	}

	/** What xen-init-dom0 writes when domain zero has booted. */
	initialise(done?: (error: string) => void): void {
		this.#scripts.run(this.#initialise(), (error) => this.#ended(error, done));
	}

	/** xl create: `done('', domid)` once the domain runs; its frontends connect in their own time. */
	create(configuration: DomainConfiguration, done?: Created): void {
		this.#creations.push({configuration, done});
		this.#createNext();
	}

	/** An xl command. `done` gets '' or what xl printed; it is logged either way. */
	xl(command: XlCommand, done?: (error: string) => void): void {
		this.#scripts.run(this.#command(command), (error) => this.#ended(error, done));
	}

	/** libxl_domain_destroy: its devices first, politely for at most ten seconds, then the domain, then its nodes. */
	destroy(domid: number, done?: (error: string) => void): void {
		this.#scripts.run(this.#destroy(domid), (error) => this.#ended(error, done));
	}

	#ended(error: string, done: ((error: string) => void) | undefined): void {
		if (error !== '') {
			this.#kernel.log('error', error);
		}

		done?.(error);
	}

	*#initialise(): Script<void> {
		yield* this.#scripts.work(toolstackCosts.start);
		yield* this.#scripts.transaction('xen-init-dom0', (transaction) => {
			this.#store.write('/local/domain/0/domid', '0', undefined, transaction);
			this.#store.write('/local/domain/0/name', 'Domain-0', undefined, transaction);
		});
	}

	#createNext(): void {
		const next = this.#creating ? undefined : this.#creations.shift();
		if (next === undefined) {
			return;
		}

		this.#creating = true;
		const {configuration} = next;
		const isDriver = configuration.pci.length > 0;
		const script = isDriver ? this.#driverDomains.start(configuration) : this.#create(configuration);
		this.#scripts.run(script, (error, domid) => {
			this.#creating = false;
			this.#ended(error, (text) => next.done?.(text, domid ?? -1));
			this.#createNext();
		});
	}

	*#create(configuration: DomainConfiguration): Script<number> {
		const {name, disks} = configuration;
		this.#kernel.log('info', `xl create ${name}`);
		yield* this.#scripts.work(toolstackCosts.start);
		if ((yield* this.#find(name)) !== undefined) {
			throw new ToolError(`libxl: error: libxl__domain_rename: Domain with name "${name}" already exists.`);
		}

		for (const disk of disks) {
			if (vdevNumber(disk.vdev) < 0) {
				throw new ToolError(
					`libxl: error: device_disk_add: Invalid or unsupported virtual disk identifier ${disk.vdev}`,
				);
			}
		}

		yield* this.#scripts.work(domctlCosts.create);
		const created = this.#control.createDomain(configuration);
		if (typeof created === 'number') {
			throw new ToolError(`libxl: error: libxl__domain_make: domain creation fail: ${created}`);
		}

		try {
			yield* this.#build(configuration, created);
		} catch (error) {
			if (error instanceof ToolError) {
				this.#kernel.log('error', error.message);
				yield* this.#destroy(created.domid);
				throw new ToolError(`libxl: error: domcreate_complete: Domain ${created.domid}:cannot create ${name}`);
			}

			throw error;
		}

		return created.domid;
	}

	*#build(configuration: DomainConfiguration, created: CreatedDomain): Script<void> {
		const {domid} = created;
		const scripts = this.#scripts;
		yield* scripts.work(toolstackCosts.prepare);
		yield* scripts.transaction(`libxl__domain_make: Domain ${domid}`, (transaction) =>
			writeDomain(this.#store, transaction, domid, configuration.name),
		);
		yield* scripts.work(domctlCosts.simple);
		this.#control.setSchedulerParameters(domid, {weight: configuration.cpuWeight, cap: configuration.cap});
		yield* scripts.work(toolstackCosts.prepare);
		yield* scripts.transaction(`libxl__build_post: Domain ${domid}`, (transaction) =>
			writeBuild(this.#store, transaction, created, configuration, this.#kernel.now()),
		);
		const introduced = yield* scripts.answer<string>((resume) =>
			this.#store.introduce(domid, created.storeFrame, created.storePort, resume),
		);
		if (introduced !== '') {
			throw new ToolError(`libxl: error: libxl__build_post: Domain ${domid}:xenstore introduce failed: ${introduced}`);
		}

		for (const address of configuration.pci) {
			yield* scripts.work(domctlCosts.simple);
			const assigned = this.#control.assignDevice(domid, address);
			if (assigned < 0) {
				throw new ToolError(
					`libxl: error: libxl__device_pci_add: Domain ${domid}:PCI device ${address} cannot be assigned: ${assigned}`,
				);
			}
		}

		for (const disk of configuration.disks) {
			yield* this.#attach(domid, diskDevice(domid, disk));
		}

		for (const vif of configuration.vifs) {
			yield* this.#attach(domid, vifDevice(domid, vif), () => this.#control.plugIn(domid, vif.device, vif.bridge));
		}

		yield* scripts.work(domctlCosts.simple);
		const result = this.#control.unpause(domid);
		if (result < 0) {
			throw new ToolError(`libxl: error: libxl_domain_unpause: Domain ${domid}:unpausing domain: ${result}`);
		}
	}

	/** Both directories, then the backend's InitWait, then the hotplug script, which does `hotplug` beside what it writes. */
	*#attach(domid: number, device: VirtualDevice, hotplug: () => void = () => {}): Script<void> {
		const scripts = this.#scripts;
		const {backend} = devicePaths(domid, device);
		yield* scripts.work(toolstackCosts.prepare);
		yield* scripts.transaction(`${device.adder}: Domain ${domid}`, (transaction) =>
			writeDevice(this.#store, transaction, domid, device),
		);
		const ready = yield* scripts.until(
			`${backend}/state`,
			`xl-${backend}`,
			initTimeout,
			(state) => state === `${XenbusStateInitWait}`,
		);
		if (!ready) {
			throw new ToolError(
				`libxl: error: device_backend_callback: Domain ${domid}:unable to add device with path ${backend}`,
			);
		}

		if (device.backend === this.#kernel.domid) {
			yield* scripts.work(toolstackCosts.hotplug);
			hotplug();
			yield* scripts.answer<void>((resume) => writeHotplug(this.#store, domid, device, () => resume()));
		} else {
			yield* waitForScript(scripts, domid, backend);
		}

		this.#attached.push({domid, device});
	}

	/** As libxl does with force: frontend directory away, backend told to close and waited for, domain destroyed, all nodes away. */
	*#destroy(domid: number): Script<void> {
		const scripts = this.#scripts;
		const store = this.#store;
		const vm = (yield* scripts.read(`/local/domain/${domid}/vm`)) ?? '';
		yield* scripts.work(domctlCosts.simple);
		if (this.#control.pause(domid) < 0) {
			throw new ToolError(`libxl: error: libxl__destroy_domid: Domain ${domid}:Non-existent domain`);
		}

		for (const kind of ['vbd', 'vif'] as const) {
			for (const device of yield* scripts.directory(`/libxl/${domid}/device/${kind}`)) {
				const backend = yield* scripts.read(`/libxl/${domid}/device/${kind}/${device}/backend`);
				if (backend !== undefined) {
					yield* this.#detach(domid, frontendPath(domid, kind, Number(device)), backend);
				}
			}
		}

		const left = this.#attached.filter((each) => each.domid !== domid);
		this.#attached.splice(0, this.#attached.length, ...left);
		yield* scripts.work(domctlCosts.destroy);
		this.#control.destroy(domid);
		yield* scripts.transaction(`libxl__destroy_domid: Domain ${domid}`, (transaction) =>
			removeDomain(store, transaction, domid, vm),
		);
		// ENOENT when it was never introduced, or xenstored has noticed first.
		yield* scripts.answer<string>((resume) => store.release(domid, resume));
	}

	*#detach(domid: number, frontend: string, backend: string): Script<void> {
		const scripts = this.#scripts;
		const store = this.#store;
		yield* scripts.work(toolstackCosts.prepare);
		yield* scripts.transaction(`libxl__initiate_device_generic_remove: Domain ${domid}`, (transaction) => {
			store.remove(frontend, undefined, transaction);
			store.write(`${backend}/online`, '0', undefined, transaction);
			store.write(`${backend}/state`, `${XenbusStateClosing}`, undefined, transaction);
		});
		const closed = yield* scripts.until(
			`${backend}/state`,
			`xl-${backend}`,
			destroyTimeout,
			(state) => state === `${XenbusStateClosed}`,
		);
		if (!closed) {
			this.#kernel.log(
				'error',
				`libxl: error: device_backend_callback: Domain ${domid}:unable to remove device with path ${backend}`,
			);
		}

		yield* scripts.answer<string>((resume) => store.remove(backend, resume));
	}

	*#command(command: XlCommand): Script<void> {
		const scripts = this.#scripts;
		this.#kernel.log('info', `xl ${xlText(command)}`);
		yield* scripts.work(toolstackCosts.start);
		const domid = yield* this.#find(command.domain);
		if (domid === undefined) {
			throw new ToolError(`${command.domain} is an invalid domain identifier (rc=-6)`);
		}

		yield* scripts.work(domctlCosts.simple);
		switch (command.command) {
			case 'pause':
			case 'unpause': {
				const result = this.#control[command.command](domid);
				if (result < 0) {
					const what = `libxl_domain_${command.command}: Domain ${domid}:${command.command.slice(0, -1)}ing domain`;
					throw new ToolError(`libxl: error: ${what}: ${result}`);
				}

				break;
			}

			case 'sched-credit':
				this.#schedule(domid, command);
				break;
			default:
				command satisfies never;
		}
	}

	#schedule(domid: number, command: {readonly weight: number | undefined; readonly cap: number | undefined}): void {
		const now = this.#control.schedulerParameters(domid);
		if (now === undefined) {
			throw new ToolError(`libxl: error: sched_credit_domain_set: Domain ${domid}:Getting domain info list`);
		}

		const weight = command.weight ?? now.weight;
		const cap = command.cap ?? now.cap;
		const most = this.#control.vcpus(domid) * 100;
		if (weight < 1 || weight > 65_535) {
			throw new ToolError(
				`libxl: error: sched_credit_domain_set: Domain ${domid}:Cpu weight out of range, valid values are within range from 1 to 65535`,
			);
		}

		if (cap < 0 || cap > most) {
			throw new ToolError(
				`libxl: error: sched_credit_domain_set: Domain ${domid}:Cpu cap out of range, valid range is from 0 to ${most} for specified number of vcpus`,
			);
		}

		this.#control.setSchedulerParameters(domid, {weight, cap});
	}

	/** The domain called `name`, as libxl_name_to_domid finds it: every domain's name is read. A number is an id. */
	*#find(name: string): Script<number | undefined> {
		const domids = this.#control.domains();
		if (/^\d+$/.test(name)) {
			return domids.find((domid) => domid === Number(name));
		}

		for (const domid of domids) {
			if ((yield* this.#scripts.read(`/local/domain/${domid}/name`)) === name) {
				return domid;
			}
		}

		return undefined;
	}
}

function xlText(command: XlCommand): string {
	if (command.command !== 'sched-credit') {
		return `${command.command} ${command.domain}`;
	}

	const weight = command.weight === undefined ? '' : ` -w ${command.weight}`;
	const cap = command.cap === undefined ? '' : ` -c ${command.cap}`;
	return `sched-credit -d ${command.domain}${weight}${cap}`;
}
