/** What whoever places a netback tells it: whose vif, which, and where it runs. */
import type {FaultPoint} from '../../engine/fault-points.js';
import type {StateHash} from '../../engine/state-hash.js';
import type {FrameTap} from '../../net/frame-tap.js';
import type {RingIdentities} from '../channel/ring-identities.js';
import {netbackHeaderBytes} from '../kernel/network-memory.js';

export interface NetbackOptions {
	/** Domain of the frontend. */
	readonly frontend: number;
	/** Device number, 0 for the first vif. */
	readonly device: number;
	/** The channel's name for traces, `web:0`. */
	readonly channel: string;
	/** vCPU that the event channel and the rings' work are bound to. */
	readonly vcpu?: number;
	/** Of the transmit ring and of the receive ring, 256 slots each; shared with the frontend. */
	readonly transmitIdentities: RingIdentities;
	readonly receiveIdentities: RingIdentities;
	readonly hash?: StateHash;
	/** Asked before every store of a ring index by this end. */
	readonly transmitWrites?: FaultPoint;
	readonly receiveWrites?: FaultPoint;
	/** Sees every packet that passes, with the directions of the guest's interface. */
	readonly tap?: FrameTap;
}

/** XEN_NETBACK_TX_COPY_LEN: what is copied out of the guest, so that it cannot change under whoever decides by the headers. */
export const headerBytes = netbackHeaderBytes;
/** XEN_NETBK_LEGACY_SLOTS_MAX: a packet of more slots behind its first is dropped. */
export const legacySlots = 18;
/** fatal_skb_slots: with more than these the frontend is malicious. */
export const fatalSlots = 20;
/** Segments of a packet handed on: its copied header, the rest of its first slot, and the others. */
export const packetSegments = legacySlots + 2;
/** Pieces of a packet for the guest: they are copied, so that there may be more than slots. */
export const takenSegments = 32;
/** XENVIF_RX_QUEUE_BYTES: packets queue for the guest until they exceed this. */
export const queueBytes = 128 * 4096;
/** rx_drain_timeout and rx_stall_timeout, nanoseconds; and the drain timeout of a guest without feature-rx-notify. */
export const drainTimeout = 10_000_000_000;
export const stallTimeout = 60_000_000_000;
export const pollingDrainTimeout = 30_000_000;
