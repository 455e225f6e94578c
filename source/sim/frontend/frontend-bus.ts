/**
A guest kernel's xenbus for frontends: looks once for the devices the toolstack has put into the domain's directory, and again
whenever that directory changes (Linux drivers/xen/xenbus/xenbus_probe_frontend.c).
*/
import type {DeviceKind} from '../channel/xenbus.js';
import type {GuestKernel} from '../kernel/kernel.js';

/** Calls `found` once for each virtual device of a kind, with its number, in order; again when one comes back. The caller is inside a step of the kernel. */
export function probeDevices(kernel: GuestKernel, kind: DeviceKind, found: (device: number) => void): void {
	const directory = `/local/domain/${kernel.domid}/device/${kind}`;
	const known = new Set<string>();
	kernel.store.watch(directory, `frontend-bus-${kind}`, (path) => {
		const name = path.slice(directory.length + 1).split('/')[0];
		if (known.has(name) && path !== `${directory}/${name}`) {
			return;
		}

		kernel.store.directory(directory, (error, names) => {
			for (const each of known) {
				if (!names.includes(each)) {
					known.delete(each);
				}
			}

			for (const each of error === '' ? names : []) {
				if (!known.has(each)) {
					known.add(each);
					found(Number(each));
				}
			}
		});
	});
}
