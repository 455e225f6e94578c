/** What libxl writes for a virtual disk beside what every device has: device_disk_add (tools/libs/light/libxl_disk.c). */
import {XenbusStateInitialising} from '../channel/xenbus.js';
import type {DiskConfiguration} from './control.js';
import type {VirtualDevice} from './device-tree.js';
import {vdevNumber} from './vdev.js';

export function diskDevice(domid: number, disk: DiskConfiguration): VirtualDevice {
	const number = vdevNumber(disk.vdev);
	return {
		kind: 'vbd',
		number,
		backend: disk.backend,
		adder: 'device_disk_add',
		frontendKeys: [
			['virtual-device', `${number}`],
			['device-type', 'disk'],
			['protocol', 'x86_64-abi'],
		],
		backendKeys: [
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
		],
		scriptKeys: [
			['physical-device', `${disk.major.toString(16)}:${disk.minor.toString(16)}`],
			['physical-device-path', disk.target],
		],
	};
}
