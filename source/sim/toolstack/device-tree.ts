/**
What libxl writes into the store for any virtual device: libxl__device_add_async and libxl__device_generic_add (tools/libs/light/
libxl_device.c). Frontend and backend directory come in one transaction; each belongs to the domain that will work in it, and the
other may read. libxl keeps a copy of the backend's keys where no driver domain can write.
*/
import {backendPath, type DeviceKind, frontendPath, XenbusStateInitialising} from '../channel/xenbus.js';
import type {ToolStore} from './tool-store.js';

export type Keys = readonly (readonly [string, string])[];

/** A virtual device as libxl describes it to itself: libxl__device, and the keys that its kind adds. */
export interface VirtualDevice {
	readonly kind: DeviceKind;
	/** Its number among the domain's devices of its kind. */
	readonly number: number;
	/** Domain that runs the backend. */
	readonly backend: number;
	/** libxl's function that adds it, for messages: `device_disk_add`. */
	readonly adder: string;
	readonly frontendKeys: Keys;
	/** In libxl's order, those that every device has among them: `stateKeys`. */
	readonly backendKeys: Keys;
	/** What its hotplug script writes into the backend's directory, before it says that it has succeeded. */
	readonly scriptKeys: Keys;
}

export interface DevicePaths {
	readonly frontend: string;
	readonly backend: string;
	readonly libxl: string;
}

export function devicePaths(domid: number, {kind, number, backend}: VirtualDevice): DevicePaths {
	return {
		frontend: frontendPath(domid, kind, number),
		backend: backendPath(backend, kind, domid, number),
		libxl: `/libxl/${domid}/device/${kind}/${number}`,
	};
}

/** Queues the requests that make a device's directories. */
export function writeDevice(store: ToolStore, transaction: number, domid: number, device: VirtualDevice): void {
	const paths = devicePaths(domid, device);
	const write = (directory: string, values: Keys) => {
		for (const [key, value] of values) {
			store.write(`${directory}/${key}`, value, undefined, transaction);
		}
	};
	const directory = (path: string, permissions: string[]) => {
		store.remove(path, undefined, transaction);
		store.makeDirectory(path, undefined, transaction);
		store.setPermissions(path, permissions, undefined, transaction);
	};
	store.remove(paths.libxl, undefined, transaction);
	write(paths.libxl, [
		['frontend', paths.frontend],
		['backend', paths.backend],
	]);
	directory(paths.frontend, [`n${domid}`, `r${device.backend}`]);
	write(paths.frontend, [
		['backend', paths.backend],
		['backend-id', `${device.backend}`],
		['state', `${XenbusStateInitialising}`],
		...device.frontendKeys,
	]);
	directory(paths.backend, [`n${device.backend}`, `r${domid}`]);
	write(paths.backend, [['frontend', paths.frontend], ...device.backendKeys]);
	write(paths.libxl, device.backendKeys);
}

/** What the device's script writes when it has done its part. */
export function writeHotplug(store: ToolStore, domid: number, device: VirtualDevice, done: () => void): void {
	const {backend} = devicePaths(domid, device);
	for (const [key, value] of device.scriptKeys) {
		store.write(`${backend}/${key}`, value);
	}

	store.write(`${backend}/hotplug-status`, 'connected', done);
}
