/**
The toolstack: xl and libxl as work in domain zero, against the store and the hypervisor (tools/xl, tools/libs/light). Domains
are created one after the other, as xl's lock makes it; other commands run beside that. What goes wrong is said in xl's and
libxl's words in domain zero's log.
*/

import {frontendPath} from '../channel/xenbus.js';
import type {GuestKernel} from '../kernel/kernel.js';
import type {CreatedDomain, DomainConfiguration, HypervisorControl, VifConfiguration} from './control.js';
import {DeviceScripts} from './device-scripts.js';
import {diskDevice} from './disk-tree.js';
import {DomainDeath} from './domain-death.js';
import {removeDomain, writeBuild, writeDomain} from './domain-tree.js';
import {type AttachedDevice, DriverDomains} from './driver-domains.js';
import {setCredit} from './scheduling.js';
import {type Script, Scripts, ToolError} from './script.js';
import type {ToolStore} from './tool-store.js';
import {domctlCosts, toolstackCosts} from './toolstack-costs.js';
import {vdevNumber} from './vdev.js';
import {vifDevice} from './vif-tree.js';
import {type XlCommand, xlText} from './xl.js';

export {domctlCosts, toolstackCosts} from './toolstack-costs.js';

/** -ESRCH. */
const noSuchDomain = -3;

type Created = (error: string, domid: number) => void;

export class Toolstack {
	readonly #kernel: GuestKernel;
	readonly #store: ToolStore;
	readonly #control: HypervisorControl;
	readonly #scripts: Scripts;
	readonly #devices: DeviceScripts;
	readonly #death: DomainDeath;
	readonly #creations: {readonly configuration: DomainConfiguration; readonly done: Created | undefined}[] = [];
	/** Every device that was attached and not detached. */
	readonly #attached: AttachedDevice[] = [];
	readonly #driverDomains: DriverDomains;
	#creating = false;

	/**
	@param kernel domain zero's.
	@param store its connection to xenstored.
	@param configured the configuration file of a domain, as it reads now; undefined when there is none.
	@param reconnects whether a driver domain that is built anew is given the devices it served.
	*/
	constructor(
		kernel: GuestKernel,
		store: ToolStore,
		control: HypervisorControl,
		private readonly configured: (name: string) => DomainConfiguration | undefined = () => undefined,
		reconnects = true,
	) {
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
		this.#devices = new DeviceScripts(this.#scripts, control, this.#attached);
		this.#death = new DomainDeath(kernel, store, control, (domid, action, configuration) =>
			this.destroy(domid, () => {
				if (action === 'restart') {
					kernel.log('info', 'xl: Done. Rebooting now');
					this.create(this.configured(configuration.name) ?? configuration);
				}
			}),
		);
	}

	/** What xen-init-dom0 writes when domain zero has booted. */
	initialise(done?: (error: string) => void): void {
		this.#death.start();
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

	/** What has become of a domain that xl was told to create, or to create again. */
	onCreated: (name: string, error: string) => void = () => {};

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
			// Driver domains are watched by who built them.
			if (domid !== undefined && !isDriver) {
				this.#death.follow(domid, configuration);
			}

			this.#ended(error, (text) => next.done?.(text, domid ?? -1));
			this.onCreated(next.configuration.name, error);
			this.#createNext();
		});
	}

	*#create(configuration: DomainConfiguration): Script<number> {
		const {name, disks, vifs} = configuration;
		this.#kernel.log('info', `xl create ${name}`);
		yield* this.#scripts.work(toolstackCosts.start);
		if ((yield* this.#find(name)) !== undefined) {
			throw new ToolError(`libxl: error: libxl__domain_rename: Domain with name "${name}" already exists.`);
		}

		for (const {backend} of [...disks, ...vifs]) {
			this.#devices.checkBackend(name, backend);
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
			yield* this.#devices.attach(domid, diskDevice(domid, disk));
		}

		for (const vif of configuration.vifs) {
			yield* this.#devices.attach(domid, vifDevice(domid, vif), () =>
				this.#control.plugIn(domid, vif.device, vif.bridge),
			);
		}

		yield* scripts.work(domctlCosts.simple);
		const result = this.#control.unpause(domid);
		if (result < 0) {
			throw new ToolError(`libxl: error: libxl_domain_unpause: Domain ${domid}:unpausing domain: ${result}`);
		}
	}

	/** As libxl does with force: frontend directory away, backend told to close and waited for, domain destroyed, all nodes away. */
	*#destroy(domid: number): Script<void> {
		if (this.#driverDomains.drives(domid)) {
			yield* this.#driverDomains.destroy(domid);
			return;
		}

		const scripts = this.#scripts;
		const store = this.#store;
		this.#death.forget(domid);
		const vm = (yield* scripts.read(`/local/domain/${domid}/vm`)) ?? '';
		yield* scripts.work(domctlCosts.simple);
		if (this.#control.pause(domid) === noSuchDomain) {
			throw new ToolError(`libxl: error: libxl__destroy_domid: Domain ${domid}:Non-existent domain`);
		}

		for (const kind of ['vbd', 'vif'] as const) {
			for (const device of yield* scripts.directory(`/libxl/${domid}/device/${kind}`)) {
				const backend = yield* scripts.read(`/libxl/${domid}/device/${kind}/${device}/backend`);
				if (backend !== undefined) {
					yield* this.#devices.detach(domid, frontendPath(domid, kind, Number(device)), backend);
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

	*#command(command: XlCommand): Script<void> {
		const scripts = this.#scripts;
		if (command.command !== 'create') {
			this.#kernel.log('info', `xl ${xlText(command)}`);
		}

		yield* scripts.work(toolstackCosts.start);
		if (command.command === 'create') {
			const configuration = this.configured(command.domain);
			if (configuration === undefined) {
				throw new ToolError(`Failed to read config file: ${command.domain}.cfg: No such file or directory`);
			}

			this.create(configuration);
			return;
		}

		const domid = yield* this.#find(command.domain);
		if (domid === undefined) {
			throw new ToolError(`${command.domain} is an invalid domain identifier (rc=-6)`);
		}

		if (domid === 0 && command.command !== 'sched-credit') {
			throw new ToolError(`xl ${command.command} Domain-0: domain zero runs xl itself`);
		}

		switch (command.command) {
			case 'pause':
			case 'unpause': {
				yield* scripts.work(domctlCosts.simple);
				const result = this.#control[command.command](domid);
				if (result < 0) {
					const what = `libxl_domain_${command.command}: Domain ${domid}:${command.command.slice(0, -1)}ing domain`;
					throw new ToolError(`libxl: error: ${what}: ${result}`);
				}

				break;
			}

			case 'shutdown':
			case 'reboot': {
				// libxl__domain_pvcontrol: the guest is asked; what it does is its own affair.
				const wanted = command.command === 'shutdown' ? 'poweroff' : 'reboot';
				const path = `/local/domain/${domid}/control/shutdown`;
				yield* scripts.answer<void>((resume) => this.#store.write(path, wanted, () => resume()));
				break;
			}

			case 'destroy':
				yield* this.#destroy(domid);
				break;
			case 'block-attach': {
				const disk = this.configured(command.domain)?.disks.find(({vdev}) => vdev === command.vdev);
				if (disk === undefined) {
					throw new ToolError(`libxl: error: device_disk_add: Domain ${domid}:no such disk ${command.vdev}`);
				}

				this.#devices.checkBackend(command.domain, disk.backend);
				yield* this.#devices.refuseTwice(domid, 'vbd', vdevNumber(disk.vdev));
				this.#control.addDevice(domid, 'vbd', vdevNumber(disk.vdev));
				yield* this.#devices.attach(domid, diskDevice(domid, disk));
				break;
			}

			case 'network-attach': {
				const vif = this.#vifOf(command.domain, command.vif);
				if (vif === undefined) {
					throw new ToolError(`libxl: error: device_nic_add: Domain ${domid}:no such interface ${command.vif}`);
				}

				this.#devices.checkBackend(command.domain, vif.backend);
				yield* this.#devices.refuseTwice(domid, 'vif', vif.device);
				this.#control.addDevice(domid, 'vif', vif.device);
				yield* this.#devices.attach(domid, vifDevice(domid, vif), () =>
					this.#control.plugIn(domid, vif.device, vif.bridge),
				);
				break;
			}

			case 'block-detach':
				yield* this.#devices.remove(domid, 'vbd', vdevNumber(command.vdev), command.vdev);
				break;
			case 'network-detach':
				yield* this.#devices.remove(domid, 'vif', this.#vifOf(command.domain, command.vif)?.device ?? -1, command.vif);
				break;
			case 'sched-credit':
				yield* scripts.work(domctlCosts.simple);
				setCredit(this.#control, domid, command);
				break;
			default:
				command satisfies never;
		}
	}

	#vifOf(domain: string, vif: string): VifConfiguration | undefined {
		return this.configured(domain)?.vifs.find(({device, mac}) => `${device}` === vif || mac === vif.toLowerCase());
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
