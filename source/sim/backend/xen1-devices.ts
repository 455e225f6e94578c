/**
What the hypervisor of Xen 1.0 holds for devices, beside CPUs and memory: a kernel for native drivers, the backends of virtual disks and
interfaces, and the events by which domains hear of them. Domains come and go by the hypercalls of domain zero's tools.
*/
import type {RingOptions} from '../channel/ring.js';
import type {RingIdentities} from '../channel/ring-identities.js';
import type {DomainKernel} from '../kernel/domain-kernel.js';
import {XenKernel} from '../kernel/xen-kernel.js';
import {Xen1Events} from '../kernel/xen1-events.js';
import {EventBits} from '../xen/event-bits.js';
import type {Hypervisor} from '../xen/hypervisor.js';
import {Xen1NetBackend} from './xen1-net.js';
import {Xen1BlockBackend} from './xen1-vbd.js';
import type {BlockClient} from './xen1-vbd-client.js';

/** What a new domain is given: its shared_info with events, and its block ring. Interfaces are attached one by one. */
export interface Xen1Domain {
	readonly events: Xen1Events;
	readonly block: BlockClient;
}

export class Xen1Devices {
	/** For native drivers, and for whoever forwards packets. */
	readonly kernel: XenKernel;
	readonly bits: EventBits;
	readonly block: Xen1BlockBackend;
	readonly net: Xen1NetBackend;

	constructor(private readonly xen: Hypervisor) {
		this.kernel = new XenKernel(xen);
		this.bits = new EventBits(xen.engine);
		this.block = new Xen1BlockBackend(this.kernel, this.bits);
		this.net = new Xen1NetBackend(this.kernel, this.bits);
	}

	/** A domain has been created; nothing runs in it yet. */
	addDomain(domain: DomainKernel, identities: RingIdentities, ring: RingOptions = {}): Xen1Domain {
		const {domid, name} = domain;
		const events = new Xen1Events(this.xen, domain, this.bits);
		return {events, block: this.block.attach({domid, name, identities, ...ring})};
	}

	/**
	A domain has stopped running for good, and its interfaces have left whoever forwards for them: it hears of nothing any more, and nothing of
	it is taken. Pages that devices still use stay its own until they are done. Afterwards its memory may be freed.
	*/
	removeDomain(domid: number): void {
		this.block.detach(domid);
		this.net.detach(domid);
		this.bits.destroy(domid);
	}
}
