/** What whoever places a blkback tells it: whose disk, of what, and where it runs. */
import type {FaultPoint} from '../../engine/fault-points.js';
import type {StateHash} from '../../engine/state-hash.js';
import type {RingIdentities} from '../channel/ring-identities.js';
import type {BlockDevice} from '../kernel/block-device.js';

export interface BlkbackOptions {
	/** Domain of the frontend. */
	readonly frontend: number;
	readonly virtualDevice: number;
	/** The channel's name for traces, `web.xvda`. */
	readonly channel: string;
	/** What the disk really is, usually a Volume. */
	readonly device: BlockDevice;
	readonly readonly?: boolean;
	/** vCPU that the event channel and the ring's work are bound to. */
	readonly vcpu?: number;
	readonly identities: RingIdentities;
	/** Requests that may be under way at once; Linux has 32 for a one-page ring. */
	readonly pendingRequests?: number;
	readonly hash?: StateHash;
	/** Asked before every store of a ring index by this end. */
	readonly ringWrites?: FaultPoint;
}
