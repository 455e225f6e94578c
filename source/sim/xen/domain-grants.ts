/**
What Xen keeps of one domain's grant table beside the entries in memory: which frames hold them, who has pinned what (active entries,
Xen common/grant_table.c), and the domain's own mappings.
*/
import type {FaultPoint} from '../../engine/fault-points.js';
import {Maptrack} from './maptrack.js';

export interface GrantLimits {
	/** max_grant_frames: frames of 512 entries the domain's own table may have. */
	readonly grantFrames: number;
	/** max_maptrack_frames: pages of 256 mapping handles. */
	readonly maptrackFrames: number;
}

export const defaultGrantLimits: GrantLimits = {grantFrames: 64, maptrackFrames: 1024};

/** One domain's grant table as Xen keeps it. */
export class DomainGrants {
	readonly frames: number[] = [];
	readonly words: Int32Array[] = [];
	/** Active entries, by reference. */
	pins = new Int32Array(0);
	pinnedFrames = new Int32Array(0);
	pinnedBy = new Int16Array(0);
	/** Entries now pinned. */
	active = 0;
	/** The domain is being destroyed: nobody maps or copies more of it. */
	dying = false;
	readonly maptrack: Maptrack;
	/** Counters. */
	maps = 0;
	unmaps = 0;
	copies = 0;
	refused = 0;

	constructor(
		readonly domid: number,
		readonly limits: GrantLimits,
		/** Asked for each map and copy of this domain's grants. */
		readonly mapFault: FaultPoint,
		readonly copyFault: FaultPoint,
	) {
		this.maptrack = new Maptrack(limits.maptrackFrames);
	}
}
