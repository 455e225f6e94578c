/** What whoever places a netfront tells it, what state it may be in, and what it can do with its backend. */
import type {FaultPoint} from '../../engine/fault-points.js';
import type {StateHash} from '../../engine/state-hash.js';
import type {VifFeatures} from '../channel/netif.js';
import type {RingIdentities} from '../channel/ring-identities.js';
import {frameBytesAtMtu1500, maximumPacketBytes, type NetLimits} from '../kernel/net-device.js';

export const allFeatures: VifFeatures = {sg: true, gso: true, csum: true};

export interface NetfrontOptions {
	/** The interface's name in the guest, `eth0`. */
	readonly name: string;
	/** The channel's name for traces, `web:0`. */
	readonly channel: string;
	/** Device number, 0 for the first vif. */
	readonly device: number;
	/** vCPU that the event channel is bound to. */
	readonly vcpu?: number;
	/** Of the transmit ring and of the receive ring, 256 slots each; shared with the backend. */
	readonly transmitIdentities: RingIdentities;
	readonly receiveIdentities: RingIdentities;
	/** What this guest uses; everything unless said otherwise. */
	readonly features?: Partial<VifFeatures>;
	/** Whether it gives the backend buffers to receive into: false for a guest that does not. May be changed later. */
	readonly postReceive?: boolean;
	readonly hash?: StateHash;
	/** Asked before every store of a ring index by this end. */
	readonly transmitWrites?: FaultPoint;
	readonly receiveWrites?: FaultPoint;
}

export type NetfrontState = 'connecting' | 'connected' | 'closed' | 'error';

/** Limits of a guest's interface with what both ends can do. */
export function limitsOf({sg, gso, csum}: VifFeatures, slots: number): NetLimits {
	return {
		frame: frameBytesAtMtu1500,
		segments: sg ? slots : 1,
		checksumOffload: csum,
		segmentation: sg && gso && csum ? maximumPacketBytes : 0,
	};
}
