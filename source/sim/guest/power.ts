/**
How a guest's kernel ends when its toolstack asks (Linux drivers/xen/manage.c): it watches control/shutdown, acknowledges the request by emptying the
node, stops its processes, and tells Xen with SCHEDOP_shutdown why it ends.
*/
import type {Cost} from '../kernel/cost.js';
import type {GuestKernel} from '../kernel/kernel.js';

export const guestPowerCosts = {
	shutdown: {name: 'guest.shutdown', ns: 1000, source: 'knob: SCHEDOP_shutdown'},
} satisfies Record<string, Cost>;

export interface GuestPowerOptions {
	/** Nanoseconds from the request until processes have stopped. */
	readonly stopTime: number;
	/** Processes are to stop: they begin nothing new. */
	stop(): void;
	/** SCHEDOP_shutdown. Called inside a hypercall; nothing of the kernel runs afterwards. */
	end(reason: 'poweroff' | 'reboot'): void;
}

/** Begins to watch. The caller is inside a step of the kernel. */
export function watchPower(kernel: GuestKernel, options: GuestPowerOptions): void {
	const path = `/local/domain/${kernel.domid}/control/shutdown`;
	let asked = false;
	const end = kernel.hypercall('shutdown', guestPowerCosts.shutdown, (reboot) =>
		options.end(reboot === 1 ? 'reboot' : 'poweroff'),
	);
	kernel.store.watch(path, 'shutdown', () =>
		kernel.store.read(path, (error, value) => {
			if (error !== '' || asked || (value !== 'poweroff' && value !== 'reboot')) {
				return;
			}

			asked = true;
			kernel.store.write(path, '');
			kernel.log('info', value === 'reboot' ? 'reboot: Restarting system' : 'reboot: Power down');
			options.stop();
			kernel.timer(options.stopTime, end, value === 'reboot' ? 1 : 0);
		}),
	);
}
