/**
The part of xl create that stays behind and waits for its domain to end (tools/xl/xl_vmcontrol.c, create_domain; libxl's domain death event): told by the
store's @releaseDomain, it asks Xen who has shut down, and does what the domain's configuration says.
*/
import type {GuestKernel} from '../kernel/kernel.js';
import type {DomainConfiguration, HypervisorControl, ShutdownAction} from './control.js';
import type {ToolStore} from './tool-store.js';

/** SHUTDOWN_* of Xen's public/sched.h. */
const reasons = {poweroff: 0, reboot: 1, suspend: 2, crash: 3} as const;

export class DomainDeath {
	/** What is known of the domains that xl has created, by domid. */
	readonly #configurations = new Map<number, DomainConfiguration>();

	/**
	@param act carries out an action on a domain that has ended: destroy it, and create it anew when it is `restart`.
	*/
	constructor(
		private readonly kernel: GuestKernel,
		private readonly store: ToolStore,
		private readonly control: HypervisorControl,
		private readonly act: (domid: number, action: 'destroy' | 'restart', configuration: DomainConfiguration) => void,
	) {}

	/** Begins to wait. The caller is inside a step of domain zero's kernel. */
	start(): void {
		this.store.watch('@releaseDomain', 'xl-domain-death', () => this.#look());
	}

	/** xl create has made a domain, and waits for its end from now on. */
	follow(domid: number, configuration: DomainConfiguration): void {
		this.#configurations.set(domid, configuration);
		this.#look();
	}

	/** Somebody destroys a domain: its end is no news. */
	forget(domid: number): void {
		this.#configurations.delete(domid);
	}

	#look(): void {
		for (const [domid, configuration] of this.#configurations) {
			const reason = this.control.shutdownReason(domid);
			if (reason !== undefined) {
				this.forget(domid);
				this.#ended(domid, reason, configuration);
			}
		}
	}

	#ended(domid: number, reason: keyof typeof reasons, configuration: DomainConfiguration): void {
		const code = reasons[reason];
		const action = actionOf(reason, configuration);
		this.kernel.log('info', `xl: Domain ${domid} has shut down, reason code ${code} 0x${code.toString(16)}`);
		this.kernel.log('info', `xl: Action for shutdown reason code ${code} is ${action}`);
		if (action !== 'preserve') {
			this.kernel.log('info', `xl: Domain ${domid} needs to be cleaned up: destroying the domain`);
			this.act(domid, action, configuration);
		}
	}
}

function actionOf(reason: keyof typeof reasons, configuration: DomainConfiguration): ShutdownAction {
	switch (reason) {
		case 'crash':
			return configuration.onCrash;
		case 'reboot':
			return configuration.onReboot;
		default:
			return configuration.onPoweroff;
	}
}
