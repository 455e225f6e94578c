/**
What xl does with virtual devices: attaches one, asks one to go away, takes those of a dead domain away by force (tools/libs/light/libxl_device.c).
*/
import {frontendPath, XenbusStateClosed, XenbusStateClosing, XenbusStateInitWait} from '../channel/xenbus.js';
import type {HypervisorControl} from './control.js';
import {devicePaths, type VirtualDevice, writeDevice, writeHotplug} from './device-tree.js';
import {type AttachedDevice, waitForScript} from './driver-domains.js';
import {type Script, type Scripts, ToolError} from './script.js';
import {destroyTimeout, initTimeout, toolstackCosts} from './toolstack-costs.js';

export class DeviceScripts {
	constructor(
		private readonly scripts: Scripts,
		private readonly control: HypervisorControl,
		/** Every device that was attached and not detached. */
		private readonly attached: AttachedDevice[],
	) {}

	/** Both directories, then the backend's InitWait, then the hotplug script, which does `hotplug` beside what it writes. */
	*attach(domid: number, device: VirtualDevice, hotplug: () => void = () => {}): Script<void> {
		const scripts = this.scripts;
		const {backend} = devicePaths(domid, device);
		yield* scripts.work(toolstackCosts.prepare);
		yield* scripts.transaction(`${device.adder}: Domain ${domid}`, (transaction) =>
			writeDevice(this.scripts.store, transaction, domid, device),
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

		if (device.backend === scripts.kernel.domid) {
			yield* scripts.work(toolstackCosts.hotplug);
			hotplug();
			yield* scripts.answer<void>((resume) => writeHotplug(scripts.store, domid, device, () => resume()));
		} else {
			yield* waitForScript(scripts, domid, backend);
		}

		this.attached.push({domid, device});
	}

	/** libxl__resolve_domid: a device names a backend domain that there is. @throws ToolError */
	checkBackend(name: string, backend: number): void {
		if (!this.control.domains().includes(backend)) {
			throw new ToolError(`libxl: error: libxl__resolve_domid: ${name}: the backend's domain does not exist`);
		}
	}

	*refuseTwice(domid: number, kind: 'vbd' | 'vif', number: number): Script<void> {
		if ((yield* this.scripts.directory(`/libxl/${domid}/device/${kind}`)).includes(`${number}`)) {
			throw new ToolError(`libxl: error: libxl__device_exists: Domain ${domid}:device ${number} exists already`);
		}
	}

	/** libxl_device_disk_remove, libxl_device_nic_remove: the backend is asked to close, the guest reacts, for at most ten seconds. */
	*remove(domid: number, kind: 'vbd' | 'vif', number: number, name: string): Script<void> {
		const scripts = this.scripts;
		const store = this.scripts.store;
		const libxl = `/libxl/${domid}/device/${kind}/${number}`;
		const backend = yield* scripts.read(`${libxl}/backend`);
		if (backend === undefined) {
			throw new ToolError(`Error: Device ${name} not connected`);
		}

		yield* scripts.work(toolstackCosts.prepare);
		const serves = yield* this.#isThere(backend);
		if (serves) {
			yield* scripts.transaction(`libxl__initiate_device_generic_remove: Domain ${domid}`, (transaction) => {
				store.write(`${backend}/online`, '0', undefined, transaction);
				store.write(`${backend}/state`, `${XenbusStateClosing}`, undefined, transaction);
			});
		}

		if (serves && !(yield* this.#awaitClosed(domid, backend))) {
			throw new ToolError(`libxl: error: device_remove: Domain ${domid}:${name} is still in use`);
		}

		yield* scripts.transaction(`libxl__device_destroy: Domain ${domid}`, (transaction) => {
			for (const path of [frontendPath(domid, kind, number), backend, libxl]) {
				store.remove(path, undefined, transaction);
			}
		});
		yield* this.#cleanUp(backend);
		const at = this.attached.findIndex(
			({domid: of, device}) => of === domid && device.kind === kind && device.number === number,
		);
		this.attached.splice(at, at < 0 ? 0 : 1);
		this.control.removeDevice(domid, kind, number);
	}

	*detach(domid: number, frontend: string, backend: string): Script<void> {
		const scripts = this.scripts;
		const store = this.scripts.store;
		yield* scripts.work(toolstackCosts.prepare);
		if (!(yield* this.#isThere(backend))) {
			yield* scripts.answer<string>((resume) => store.remove(frontend, resume));
			return;
		}

		yield* scripts.transaction(`libxl__initiate_device_generic_remove: Domain ${domid}`, (transaction) => {
			store.remove(frontend, undefined, transaction);
			store.write(`${backend}/online`, '0', undefined, transaction);
			store.write(`${backend}/state`, `${XenbusStateClosing}`, undefined, transaction);
		});
		yield* this.#awaitClosed(domid, backend);
		yield* scripts.answer<string>((resume) => store.remove(backend, resume));
		yield* this.#cleanUp(backend);
	}

	/** Whether anybody can close a backend: with its domain its directory goes. */
	*#isThere(backend: string): Script<boolean> {
		return (yield* this.scripts.read(`${backend}/state`)) !== undefined;
	}

	/** libxl__xs_path_cleanup: the directory of a domain that has no more devices of the kind goes, too. */
	*#cleanUp(backend: string): Script<void> {
		const parent = backend.slice(0, backend.lastIndexOf('/'));
		if ((yield* this.scripts.directory(parent)).length === 0) {
			yield* this.scripts.answer<string>((resume) => this.scripts.store.remove(parent, resume));
		}
	}

	*#awaitClosed(domid: number, backend: string): Script<boolean> {
		const closed = yield* this.scripts.until(
			`${backend}/state`,
			`xl-${backend}`,
			destroyTimeout,
			(state) => state === `${XenbusStateClosed}`,
		);
		if (!closed) {
			this.scripts.kernel.log(
				'error',
				`libxl: error: device_backend_callback: Domain ${domid}:unable to remove device with path ${backend}`,
			);
		}

		return closed;
	}
}
