/**
What a panic means. A domain whose kernel panicked is dead (shutdown reason crash) and nothing of it runs any more; xl does with it what its
configuration says. When it was domain zero, the hardware domain, or Xen itself, every CPU stops, and the machine is rebooted after a few
seconds (Xen common/shutdown.c, drivers/char/console.c).
*/
import type {Engine} from '../../engine/engine.js';
import {HostPanic, Panic} from '../kernel/kernel.js';
import type {HostBoot} from './host-boot.js';

/**
@param name the domain whose step panicked; undefined for Xen.
@returns true when the host is down.
@throws errors that are no panic: they are ours.
*/
export function crash(
	engine: Engine,
	boot: HostBoot,
	name: string | undefined,
	error: unknown,
	seconds: string,
): boolean {
	if (!(error instanceof Panic)) {
		throw error;
	}

	const log = (source: string, text: string) => engine.log.add(engine.now, source, 'error', 'kernel', text);
	if (name === undefined || error instanceof HostPanic) {
		log('Xen', `Panic on CPU 0: ${error.message}`);
		engine.findings.report('crash', engine.now, ['Xen'], `Xen crashed: ${error.message}`);
		log('Xen', `Reboot in ${seconds}...`);
		boot.halt();
		return true;
	}

	const kernel = [...boot.control.kernels.values()].find((each) => each.name === name);
	if (kernel === undefined) {
		throw error;
	}

	log(name, `Kernel panic - not syncing: ${error.message}`);
	kernel.die();
	engine.findings.report('crash', engine.now, [name], `${name} crashed: ${error.message}`);
	boot.xen.shutdown(kernel.domain, 'crash');
	if (kernel.domid === 0) {
		log('Xen', `Hardware Dom0 crashed: rebooting machine in ${seconds}.`);
		boot.halt();
		return true;
	}

	engine.log.add(engine.now, 'Xen', 'warning', 'kernel', `Domain ${kernel.domid} (${name}) crashed`);
	boot.domainCrashed();
	return false;
}
