/**
What libxl writes into the store for a virtual disk: device_disk_add (tools/libs/light/libxl_disk.c) and
libxl__device_generic_add (libxl_device.c). Frontend and backend directory come in one transaction; each belongs to the domain
that will work in it, and the other may read. libxl keeps a copy of the backend's keys where no driver domain can write.
*/
import {backendPath, frontendPath, XenbusStateInitialising} from '../channel/xenbus.js';
import type {DiskConfiguration} from './control.js';
import type {ToolStore} from './tool-store.js';
import {vdevNumber} from './vdev.js';

export interface DiskPaths {
	readonly frontend: string;
	readonly backend: string;
	readonly libxl: string;
}

export function diskPaths(domid: number, disk: DiskConfiguration): DiskPaths {
	const device = vdevNumber(disk.vdev);
	return {
		frontend: frontendPath(domid, 'vbd', device),
		backend: backendPath(disk.backend, 'vbd', domid, device),
		libxl: `/libxl/${domid}/device/vbd/${device}`,
	};
}

/** Queues the requests that make a disk's directories. */
export function writeDisk(store: ToolStore, transaction: number, domid: number, disk: DiskConfiguration): void {
	const paths = diskPaths(domid, disk);
	const write = (directory: string, values: readonly (readonly [string, string])[]) => {
		for (const [key, value] of values) {
			store.write(`${directory}/${key}`, value, undefined, transaction);
		}
	};
	const directory = (path: string, permissions: string[]) => {
		store.remove(path, undefined, transaction);
		store.makeDirectory(path, undefined, transaction);
		store.setPermissions(path, permissions, undefined, transaction);
	};
	const keys = backendKeys(domid, disk);
	store.remove(paths.libxl, undefined, transaction);
	write(paths.libxl, [
		['frontend', paths.frontend],
		['backend', paths.backend],
	]);
	directory(paths.frontend, [`n${domid}`, `r${disk.backend}`]);
	write(paths.frontend, [
		['backend', paths.backend],
		['backend-id', `${disk.backend}`],
		['state', `${XenbusStateInitialising}`],
		['virtual-device', `${vdevNumber(disk.vdev)}`],
		['device-type', 'disk'],
		['protocol', 'x86_64-abi'],
	]);
	directory(paths.backend, [`n${disk.backend}`, `r${domid}`]);
	write(paths.backend, [['frontend', paths.frontend], ...keys]);
	write(paths.libxl, keys);
}

/** What /etc/xen/scripts/block writes when it has found the target. */
export function writeHotplug(store: ToolStore, domid: number, disk: DiskConfiguration, done: () => void): void {
	const {backend} = diskPaths(domid, disk);
	store.write(`${backend}/physical-device`, `${disk.major.toString(16)}:${disk.minor.toString(16)}`);
	store.write(`${backend}/physical-device-path`, disk.target);
	store.write(`${backend}/hotplug-status`, 'connected', done);
}

function backendKeys(domid: number, disk: DiskConfiguration): readonly (readonly [string, string])[] {
	return [
		['params', disk.target],
		['script', '/etc/xen/scripts/block'],
		['frontend-id', `${domid}`],
		['online', '1'],
		['removable', '0'],
		['bootable', '1'],
		['state', `${XenbusStateInitialising}`],
		['dev', disk.vdev],
		['type', 'phy'],
		['mode', disk.access === 'rw' ? 'w' : 'r'],
		['device-type', 'disk'],
		['discard-enable', disk.access === 'rw' ? '1' : '0'],
	];
}
