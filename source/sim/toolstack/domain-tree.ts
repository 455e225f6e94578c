/**
What libxl writes into the store for a domain: libxl__domain_make (tools/libs/light/libxl_create.c) and libxl__build_post
(libxl_dom.c) for a paravirtual guest. Without the nodes of the console, which is not modelled.
*/
import {tagOf} from '../../engine/tag.js';
import type {CreatedDomain, DomainConfiguration} from './control.js';
import type {ToolStore} from './tool-store.js';

/** A uuid that belongs to the name, so that a run can be repeated; xl draws a random one. */
export function uuidOf(name: string): string {
	const word = (n: number) => (tagOf(`${name}/uuid/${n}`) >>> 0).toString(16).padStart(8, '0');
	const digits = word(0) + word(1) + word(2) + word(3);
	const variant = '89ab'[(tagOf(`${name}/uuid`) >>> 0) & 3];
	return [
		digits.slice(0, 8),
		digits.slice(8, 12),
		`4${digits.slice(13, 16)}`,
		`${variant}${digits.slice(17, 20)}`,
		digits.slice(20),
	].join('-');
}

/** Nodes the guest may only read, and those that are its own. */
const readonlyNodes = ['cpu', 'memory', 'device', 'control'];
const ownNodes = [
	'device/suspend/event-channel',
	'control/shutdown',
	'control/feature-poweroff',
	'control/feature-reboot',
	'control/feature-suspend',
	'control/sysrq',
	'data',
	'drivers',
	'feature',
	'attr',
	'error',
];

/** Queues the requests that make a new domain's nodes. */
export function writeDomain(store: ToolStore, transaction: number, domid: number, name: string): void {
	const home = `/local/domain/${domid}`;
	const uuid = uuidOf(name);
	const node = (path: string, permissions: string[]) => {
		store.makeDirectory(path, undefined, transaction);
		store.setPermissions(path, permissions, undefined, transaction);
	};
	const write = (path: string, value: string) => store.write(path, value, undefined, transaction);
	const mayRead = ['n0', `r${domid}`];
	for (const path of [home, `/vm/${uuid}`]) {
		store.remove(path, undefined, transaction);
		node(path, mayRead);
	}

	store.remove(`/libxl/${domid}`, undefined, transaction);
	node(`/libxl/${domid}`, ['n0']);
	node(`/libxl/${domid}/device`, ['n0']);
	write(`${home}/vm`, `/vm/${uuid}`);
	write(`${home}/name`, name);
	for (const path of readonlyNodes) {
		node(`${home}/${path}`, mayRead);
	}

	for (const path of ownNodes) {
		node(`${home}/${path}`, [`n${domid}`]);
	}

	write(`/vm/${uuid}/uuid`, uuid);
	write(`/vm/${uuid}/name`, name);
	write(`${home}/control/platform-feature-multiprocessor-suspend`, '1');
	write(`${home}/control/platform-feature-xs_reset_watches`, '1');
	write(`/libxl/${domid}/type`, 'pv');
}

/** Queues the requests that say how the domain was built. @param start virtual time, nanoseconds. */
export function writeBuild(
	store: ToolStore,
	transaction: number,
	created: CreatedDomain,
	configuration: DomainConfiguration,
	start: number,
): void {
	const home = `/local/domain/${created.domid}`;
	const vm = `/vm/${uuidOf(configuration.name)}`;
	const write = (path: string, value: string | number) => store.write(path, `${value}`, undefined, transaction);
	write(`${home}/memory/static-max`, Math.floor(configuration.maxmem / 1024));
	write(`${home}/memory/target`, Math.floor(configuration.memory / 1024));
	write(`${home}/domid`, created.domid);
	write(`${home}/store/port`, created.storePort);
	write(`${home}/store/ring-ref`, created.storeFrame);
	for (let vcpu = 0; vcpu < configuration.vcpus; vcpu++) {
		write(`${home}/cpu/${vcpu}/availability`, 'online');
	}

	const hundredths = Math.floor(start / 10_000_000);
	write(`${vm}/image/ostype`, 'linux');
	write(`${vm}/start_time`, `${Math.floor(hundredths / 100)}.${`${hundredths % 100}`.padStart(2, '0')}`);
}

/** Queues the requests that take away everything of a domain's. */
export function removeDomain(store: ToolStore, transaction: number, domid: number, vm: string): void {
	for (const path of [`/local/domain/${domid}`, vm, `/libxl/${domid}`]) {
		if (path !== '') {
			store.remove(path, undefined, transaction);
		}
	}
}
