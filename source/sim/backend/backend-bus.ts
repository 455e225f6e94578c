/**
A backend domain's xenbus: watches its backend directory and finds each virtual device it is to serve as the toolstack writes it
(Linux drivers/xen/xenbus/xenbus_probe_backend.c).
*/
import type {DeviceKind} from '../channel/xenbus.js';
import type {GuestKernel} from '../kernel/kernel.js';

/** Calls `found` once for each device of a kind of each frontend domain. The caller is inside a step of the kernel. */
export function probeBackends(
	kernel: GuestKernel,
	kind: DeviceKind,
	found: (frontend: number, device: number) => void,
): void {
	const directory = `/local/domain/${kernel.domid}/backend/${kind}`;
	const known = new Set<string>();
	kernel.store.watch(directory, `backend-bus-${kind}`, (path) => {
		const [frontend, device] = path.slice(directory.length + 1).split('/');
		if (device !== undefined && !known.has(`${frontend}/${device}`)) {
			known.add(`${frontend}/${device}`);
			found(Number(frontend), Number(device));
		}
	});
}
