/**
A backend domain's xenbus: watches its backend directory and finds each virtual device it is to serve as the toolstack writes it
(Linux drivers/xen/xenbus/xenbus_probe_backend.c).
*/
import type {DeviceKind} from '../channel/xenbus.js';
import type {GuestKernel} from '../kernel/kernel.js';

/**
Calls `found` once for each device of a kind of each frontend domain, there already or to come, and again for one that is attached anew. The caller is inside a
step of the kernel.
@param isAnew whether a device that was found before has been detached and attached since, and is not served yet.
*/
export function probeBackends(
	kernel: GuestKernel,
	kind: DeviceKind,
	found: (frontend: number, device: number) => void,
	isAnew: (frontend: number, device: number) => boolean,
): void {
	const directory = `/local/domain/${kernel.domid}/backend/${kind}`;
	const known = new Set<string>();
	const look = (frontend: string, device: string) => {
		const key = `${frontend}/${device}`;
		const [domid, number] = [Number(frontend), Number(device)];
		if (!known.has(key)) {
			known.add(key);
			found(domid, number);
		} else if (isAnew(domid, number)) {
			// It may not be in the store yet.
			kernel.store.read(`${directory}/${key}/frontend`, (error) => {
				if (error === '' && isAnew(domid, number)) {
					found(domid, number);
				}
			});
		}
	};
	kernel.store.watch(directory, `backend-bus-${kind}`, (path) => {
		const [frontend, device] = path.slice(directory.length + 1).split('/');
		if (device !== undefined) {
			look(frontend, device);
		} else if (path === directory) {
			// What was written before this kernel watched: xenbus_probe_devices.
			kernel.store.directory(directory, (_error, frontends) => {
				for (const each of frontends) {
					kernel.store.directory(`${directory}/${each}`, (_, devices) => {
						for (const number of devices) look(each, number);
					});
				}
			});
		}
	});
}
