/** What whoever places a guest's interface of Xen 1.0 tells it, and the hypercall by which it rings. */
import type {RingOptions} from '../channel/ring.js';
import type {RingIdentities} from '../channel/ring-identities.js';

export interface NetUpdateHypercall {
	/** net_update: there are descriptors on the rings of the domain's interface `vif`. */
	netUpdate(domid: number, vif: number): void;
}

export interface Xen1VifOptions extends RingOptions {
	/** In the guest: `eth0`. */
	readonly name: string;
	/** For traces: `web:0`. */
	readonly channel: string;
	/** Which of the domain's interfaces, 0 to 7. */
	readonly vif: number;
	readonly mac: Uint8Array;
	/** The page that Xen shares for its rings. */
	readonly words: Int32Array;
	readonly transmitIdentities: RingIdentities;
	readonly receiveIdentities: RingIdentities;
}
