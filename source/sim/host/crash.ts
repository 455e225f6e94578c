/**
What a panic means: the domain whose kernel panicked is dead (shutdown reason crash) and nothing of it runs any more. When it was
domain zero, the hardware domain, Xen would reboot the machine after five seconds; here the host stays down, and says so.
*/
import type {Engine} from '../../engine/engine.js';
import {Panic} from '../kernel/kernel.js';
import type {Boot} from './boot.js';

/** @param name the domain whose step panicked; undefined for Xen. @throws errors that are no panic: they are ours. */
export function crash(engine: Engine, boot: Boot, name: string | undefined, error: unknown): void {
	if (!(error instanceof Panic) || name === undefined) {
		throw error;
	}

	const kernel = [...boot.control.kernels.values()].find((each) => each.name === name);
	if (kernel === undefined) {
		throw error;
	}

	engine.log.add(engine.now, name, 'error', 'kernel', `Kernel panic - not syncing: ${error.message}`);
	kernel.die();
	kernel.domain.shutdown = 'crash';
	boot.xen.cpus.stop(kernel.domain);
	engine.findings.report('crash', engine.now, [name], `${name} crashed: ${error.message}`);
	if (kernel.domid === 0) {
		engine.log.add(
			engine.now,
			'Xen',
			'error',
			'kernel',
			'Hardware Dom0 crashed: this host does not come back by itself',
		);
		return;
	}

	engine.log.add(engine.now, 'Xen', 'warning', 'kernel', `Domain ${kernel.domid} (${name}) crashed`);
	boot.xenstored.domainShutdown();
}
