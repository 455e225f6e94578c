/**
The network backend of Xen 1.0, in the hypervisor: the virtual interfaces of all domains, and a tasklet that sends one packet of each in turn.
Where a packet goes is decided by whoever uses the interfaces as network devices; Xen 1.0's firewall-router matched addresses, ports and
protocols, here a bridge forwards by hardware address.
*/
import {assert} from '../../engine/assert.js';
import type {Step} from '../../engine/step.js';
import type {XenKernel} from '../kernel/xen-kernel.js';
import type {EventBits} from '../xen/event-bits.js';
import {eventNet, vifLimit} from '../xen/shared-info1.js';
import {Xen1VifBackend, type Xen1VifBackendOptions} from './xen1-vif.js';
import {vif1BackCosts} from './xen1-vif-costs.js';

export class Xen1NetBackend {
	/** Packets the tasklet has sent. */
	rounds = 0;
	/** By `keyOf`. */
	private readonly vifs = new Map<number, Xen1VifBackend>();
	/** Interfaces whose turn is to come. */
	private readonly list: Xen1VifBackend[] = [];
	private scheduled = false;
	private readonly round: Step;
	private readonly event: Step;

	constructor(
		private readonly kernel: XenKernel,
		private readonly bits: EventBits,
	) {
		this.round = kernel.define('net round', vif1BackCosts.round, () => this.next());
		this.event = kernel.define('net event', vif1BackCosts.event, (key) => {
			const vif = this.vifs.get(key);
			if (vif === undefined) return;
			vif.notifying = false;
			vif.events++;
			this.bits.send(Math.floor(key / vifLimit), eventNet);
		});
	}

	/** A domain gets an interface, its rings in a page that Xen shares with it (start_info.net_rings; network_op). */
	attach(options: Xen1VifBackendOptions): Xen1VifBackend {
		const key = keyOf(options.domid, options.vif);
		assert(!this.vifs.has(key), 'a domain has one interface of a number');
		const made = new Xen1VifBackend(this.kernel, this.kernel.sharedPage(options.domid), options, () => {
			if (made.notifying) return;
			made.notifying = true;
			this.kernel.task(this.event, key);
		});
		this.vifs.set(key, made);
		return made;
	}

	/** A domain is gone: its interfaces are nobody's. */
	detach(domid: number): void {
		for (let vif = 0; vif < vifLimit; vif++) {
			this.vifs.get(keyOf(domid, vif))?.detach();
			this.vifs.delete(keyOf(domid, vif));
		}
	}

	/** net_update, in the hypercall of a domain that has put descriptors on the rings of its interface `vif`. */
	netUpdate(domid: number, vif: number): void {
		const made = this.vifs.get(keyOf(domid, vif));
		if (made !== undefined) this.update(made);
	}

	private update(vif: Xen1VifBackend): void {
		vif.update();
		if (vif.waiting === 0 || vif.queued) return;
		vif.queued = true;
		this.list.push(vif);
		if (this.scheduled) return;
		this.scheduled = true;
		this.kernel.task(this.round);
	}

	/** One packet of the interface whose turn it is. */
	private next(): void {
		const vif = this.list.shift();
		if (vif === undefined) {
			this.scheduled = false;
			return;
		}

		vif.queued = false;
		if (vif.waiting > 0) {
			this.rounds++;
			vif.sendNext();
		}

		if (vif.waiting > 0) {
			vif.queued = true;
			this.list.push(vif);
		}

		this.kernel.step(this.round);
	}
}

function keyOf(domid: number, vif: number): number {
	return domid * vifLimit + vif;
}
