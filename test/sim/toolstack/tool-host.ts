/** The toolstack on the small real Xen, with the least a host must do for it, and backends and frontends that only shake hands. */
import {
	type DeviceKind,
	frontendPath,
	XenbusStateClosed,
	XenbusStateConnected,
	XenbusStateInitialised,
	XenbusStateInitWait,
} from '../../../source/sim/channel/xenbus.js';
import type {DomainConfiguration, HypervisorControl} from '../../../source/sim/toolstack/control.js';
import {Toolstack} from '../../../source/sim/toolstack/toolstack.js';
import {storeHost} from '../xenstore/store-host.js';

export const web: DomainConfiguration = {
	name: 'web',
	memory: 4 << 20,
	maxmem: 8 << 20,
	vcpus: 2,
	cpuWeight: 512,
	cap: 50,
	disks: [{vdev: 'xvda', access: 'rw', target: '/dev/nvme0n1p1', backend: 0, major: 259, minor: 17}],
	vifs: [],
	pci: [],
	onPoweroff: 'destroy',
	onReboot: 'restart',
	onCrash: 'destroy',
};

export function toolHost() {
	const host = storeHost();
	const {store, engine, domainZero, build} = host;
	const built = new Map<number, ReturnType<typeof build>>();
	const calls: string[] = [];
	/** Domains that have shut down, and why. */
	const ended = new Map<number, 'poweroff' | 'reboot' | 'crash'>();
	const scheduling = new Map<number, {weight: number; cap: number}>([[0, {weight: 256, cap: 0}]]);
	const vcpus = new Map<number, number>([[0, 1]]);
	const call = (what: string, domid: number, ...more: number[]): number => {
		calls.push([what, domid, ...more].join(' '));
		return scheduling.has(domid) ? 0 : -3;
	};
	const control: HypervisorControl = {
		createDomain(configuration) {
			if (configuration.memory > 1 << 30) return -12;
			const guest = build(configuration.name);
			const {domid} = guest.kernel;
			built.set(domid, guest);
			scheduling.set(domid, {weight: 256, cap: 0});
			vcpus.set(domid, configuration.vcpus);
			calls.push(`create ${domid}`);
			return {domid, storeFrame: guest.frame, storePort: guest.port};
		},
		pause: (domid) => call('pause', domid),
		unpause: (domid) => call('unpause', domid),
		destroy(domid) {
			const result = call('destroy', domid);
			scheduling.delete(domid);
			return result;
		},
		schedulerParameters: (domid) => scheduling.get(domid),
		setSchedulerParameters(domid, parameters) {
			scheduling.set(domid, parameters);
			return call('schedule', domid, parameters.weight, parameters.cap);
		},
		plugIn: (domid, vif, bridge) => calls.push(`vif${domid}.${vif} into ${bridge}`),
		vcpus: (domid) => vcpus.get(domid) ?? 0,
		shutdownReason: (domid) => ended.get(domid),
		assignDevice: () => 0,
		resetDevice: () => {},
		addDevice: (domid, kind, device) => calls.push(`add ${kind} ${domid}.${device}`),
		removeDevice: (domid, kind, device) => calls.push(`remove ${kind} ${domid}.${device}`),
		domains: () => [...scheduling.keys()],
	};
	const toolstack = new Toolstack(domainZero, store, control, (name) => (name === 'web' ? web : undefined));

	/** A backend that answers every state of the frontend as blkback does, without a disk; or netback, without a network. */
	const serveDisks = () => serve('vbd');
	const serve = (kind: DeviceKind) => {
		const directory = `/local/domain/0/backend/${kind}`;
		const known = new Set<string>();
		store.watch(directory, `backend-${kind}`, (path) => {
			const [frontend, device] = path.slice(directory.length + 1).split('/');
			const own = `${directory}/${frontend}/${device}`;
			if (device === undefined || known.has(own)) return;
			known.add(own);
			store.write(`${own}/state`, `${XenbusStateInitWait}`);
			store.watch(`${frontendPath(Number(frontend), kind, Number(device))}/state`, own, (state) =>
				store.read(state, (error, value) => {
					if (value === `${XenbusStateInitialised}`) {
						store.write(`${own}/sectors`, '2048');
						store.write(`${own}/state`, `${XenbusStateConnected}`);
					} else if (error === 'ENOENT') {
						store.write(`${own}/state`, `${XenbusStateClosed}`);
					}
				}),
			);
		});
	};

	/** Kernel messages of domain zero, without times. */
	const log = () =>
		engine.log
			.since(0)
			.filter(({source}) => source === 'Domain-0')
			.map(({text}) => text);
	return {...host, control, toolstack, calls, ended, built, scheduling, serveDisks, serve, log};
}
