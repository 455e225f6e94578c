/** What libxl writes for a virtual interface beside what every device has: libxl__set_xenstore_nic (tools/libs/light/libxl_nic.c). */
import {XenbusStateInitialising} from '../channel/xenbus.js';
import type {VifConfiguration} from './control.js';
import type {VirtualDevice} from './device-tree.js';

export function vifDevice(domid: number, vif: VifConfiguration): VirtualDevice {
	const {rate, ip} = vif;
	return {
		kind: 'vif',
		number: vif.device,
		backend: vif.backend,
		adder: 'device_nic_add',
		frontendKeys: [
			['handle', `${vif.device}`],
			['mac', vif.mac],
		],
		backendKeys: [
			['frontend-id', `${domid}`],
			['online', '1'],
			['state', `${XenbusStateInitialising}`],
			['script', '/etc/xen/scripts/vif-bridge'],
			['mac', vif.mac],
			...(ip === undefined ? [] : [['ip', ip] as const]),
			...(rate === undefined ? [] : [['rate', `${rate.bytes},${rate.microseconds}`] as const]),
			['bridge', vif.bridge],
			['handle', `${vif.device}`],
			['type', 'vif'],
		],
		// vif-bridge puts the interface into the bridge and says only that it has.
		scriptKeys: [],
	};
}
