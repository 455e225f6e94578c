/** What whoever places a blkfront tells it, what state it may be in, and the limits of a disk of one ring page. */
import type {FaultPoint} from '../../engine/fault-points.js';
import type {StateHash} from '../../engine/state-hash.js';
import {maximumRequestBytes, maximumSegments} from '../channel/blkif.js';
import type {RingIdentities} from '../channel/ring-identities.js';
import {type BlockLimits, sectorBytes} from '../kernel/block-device.js';

export interface BlkfrontOptions {
	/** The disk's name in the guest, `xvda`. */
	readonly name: string;
	/** The channel's name for traces, `web.xvda`. */
	readonly channel: string;
	/** Device number, 51712 for xvda. */
	readonly virtualDevice: number;
	/** vCPU that the event channel is bound to. */
	readonly vcpu?: number;
	readonly identities: RingIdentities;
	readonly hash?: StateHash;
	/** Asked before every store of a ring index by this end. */
	readonly ringWrites?: FaultPoint;
}

export type BlkfrontState = 'connecting' | 'connected' | 'closing' | 'closed' | 'error';

/** What the disk takes; a connected backend says the rest. */
export interface MutableLimits extends BlockLimits {
	sectors: number;
	logicalBlock: number;
	volatileCache: boolean;
	readonly: boolean;
}

/** Before the backend is connected. */
export function unconnectedLimits(): MutableLimits {
	return {
		sectors: 0,
		bytes: maximumRequestBytes,
		segments: maximumSegments,
		depth: 32,
		logicalBlock: sectorBytes,
		volatileCache: false,
		forceUnitAccess: false,
		readonly: false,
	};
}
