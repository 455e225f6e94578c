/**
The hypervisor's side of grant tables, version 1 (Xen common/grant_table.c, public/grant_table.h). The entries lie in real frames
that the hypervisor shares with the granting domain; Xen keeps beside them who has pinned what, sets GTF_reading and GTF_writing
while a frame is mapped, and answers with GNTST_* statuses. Pure mechanism: time and CPU cost are the caller's business.
*/

import {assert} from '../../engine/assert.js';
import {copyBytes} from '../../engine/bytes.js';
import type {FaultPoints} from '../../engine/fault-points.js';
import {pass} from '../../engine/fault-points.js';
import type {StateHash} from '../../engine/state-hash.js';
import {frameBytes, type Memory} from '../../hw/memory.js';
import {DomainGrants, defaultGrantLimits, type GrantLimits} from './domain-grants.js';
import {ENOMEM, ENOSPC} from './errno.js';
import type {FrameTable} from './frame-table.js';
import {
	entryWord,
	GTF_permit_access,
	GTF_reading,
	GTF_readonly,
	GTF_sub_page,
	GTF_type_mask,
	GTF_writing,
	grantEntriesPerFrame,
} from './grant-entry.js';
import {
	GNTST_bad_copy_arg,
	GNTST_bad_domain,
	GNTST_bad_gntref,
	GNTST_bad_handle,
	GNTST_bad_page,
	GNTST_general_error,
	GNTST_no_space,
	GNTST_okay,
} from './grant-status.js';

/** Map flags (GNTMAP_*). */
export const GNTMAP_device_map = 1;
export const GNTMAP_host_map = 2;
export const GNTMAP_readonly = 4;
const mapKinds = GNTMAP_device_map | GNTMAP_host_map;

/** Four counts of 8 bits in one word, as Xen packs them: mappings of an entry for host and device, writing and reading. */
const pinHostWrite = 1;
const pinHostRead = 1 << 8;
const pinDeviceWrite = 1 << 16;
const pinDeviceRead = 1 << 24;
const pinnedForWriting = 0x00ff_00ff;
/** Top bit of each count: one more might overflow. */
const pinLimit = 0x8080_8080 | 0;

export interface GrantCounters {
	/** Frames of the table and references that fit. */
	readonly frames: number;
	readonly entries: number;
	/** Entries of this domain that somebody has mapped now. */
	readonly active: number;
	/** Mappings this domain holds now, and operations it asked for. */
	readonly mappings: number;
	readonly maps: number;
	readonly unmaps: number;
	readonly copies: number;
	/** Operations of this domain that Xen answered with an error. */
	readonly refused: number;
}

export class GrantTables {
	/** A frame was mapped for device use, or such a mapping ended: the IOMMU of the mapper's devices follows. Once per mapping. */
	onDeviceMap: (mapper: number, frame: number, writable: boolean) => void = () => {};
	onDeviceUnmap: (mapper: number, frame: number, writable: boolean) => void = () => {};
	/** The last mapping of a domain's frames has ended. */
	onUnmapped: (granter: number) => void = () => {};
	/** A refused operation, for `xl dmesg`: Xen's own message. */
	onRefusal: (domid: number, text: string) => void = () => {};

	/** Copies between domains, by whoever asked for them, those of domains that are gone included. */
	copies = 0;

	private readonly memory: Memory;
	private readonly frames: FrameTable;
	private readonly faults: FaultPoints;
	private readonly tables: (DomainGrants | undefined)[] = [];

	constructor(memory: Memory, frames: FrameTable, faults: FaultPoints) {
		this.memory = memory;
		this.frames = frames;
		this.faults = faults;
	}

	/** A domain's table with its first frame. `name` is for fault points. The domain is in the frame table already. */
	create(domid: number, name: string, limits: GrantLimits = defaultGrantLimits): void {
		assert(this.tables[domid] === undefined, 'a domain has one grant table');
		const mapFault = this.faults.point(`grant.map ${name}#${domid}`, [name]);
		const copyFault = this.faults.point(`grant.copy ${name}#${domid}`, [name]);
		this.tables[domid] = new DomainGrants(domid, limits, mapFault, copyFault);
		this.grow(domid);
	}

	/** Adds a frame to a domain's table (GNTTABOP_setup_table). Returns the machine frame, -ENOSPC at the limit, -ENOMEM. */
	grow(domid: number): number {
		const table = this.table(domid);
		if (table.frames.length >= table.limits.grantFrames) return -ENOSPC;
		const frame = this.frames.allocateShared(domid);
		if (frame < 0) return -ENOMEM;
		table.frames.push(frame);
		table.words.push(this.memory.words(frame));
		const entries = table.frames.length * grantEntriesPerFrame;
		table.pins = grown(table.pins, new Int32Array(entries));
		table.pinnedFrames = grown(table.pinnedFrames, new Int32Array(entries));
		table.pinnedBy = grown(table.pinnedBy, new Int16Array(entries));
		return frame;
	}

	/** Machine frames that hold a domain's entries, in order. */
	grantFrames(domid: number): readonly number[] {
		return this.table(domid).frames;
	}

	/** GNTTABOP_map_grant_ref. Returns a handle of `mapper`'s, or a negative GNTST_*. */
	map(mapper: number, granter: number, reference: number, flags: number): number {
		const local = this.table(mapper);
		if ((flags & mapKinds) === 0) return this.refuse(local, GNTST_bad_gntref, 'Bad flags in grant map op', flags);
		const remote = this.tables[granter];
		if (remote === undefined) return this.refuse(local, GNTST_bad_domain, 'Could not find domain', granter);
		if (remote.dying) return this.refuseDying(local);
		const armed = remote.mapFault.armed;
		if (armed !== null && armed.decide(reference) !== pass) {
			return this.refuse(local, GNTST_general_error, 'Map refused by an injected fault, reference', reference);
		}

		const handle = local.maptrack.take();
		if (handle < 0)
			return this.refuse(local, GNTST_no_space, 'Failed to obtain maptrack handle for reference', reference);
		const status = this.pin(local, remote, reference, flags);
		if (status !== GNTST_okay) {
			local.maptrack.give(handle);
			return status;
		}

		const frame = remote.pinnedFrames[reference];
		const maptrack = local.maptrack;
		maptrack.domids[handle] = granter;
		maptrack.references[handle] = reference;
		maptrack.frames[handle] = frame;
		maptrack.flags[handle] = flags & (mapKinds | GNTMAP_readonly);
		maptrack.remember(handle);
		const writable = (flags & GNTMAP_readonly) === 0;
		this.frames.reference(frame, writable);
		local.maps++;
		if ((flags & GNTMAP_device_map) !== 0) this.onDeviceMap(mapper, frame, writable);
		return handle;
	}

	/** GNTTABOP_unmap_grant_ref: host and device mapping of a handle end. GNTST_bad_handle for a stale one. */
	unmap(mapper: number, handle: number): number {
		const local = this.table(mapper);
		const maptrack = local.maptrack;
		if (handle < 0 || handle >= maptrack.size || maptrack.flags[handle] === 0) {
			return this.refuse(local, GNTST_bad_handle, 'Bad handle', handle);
		}

		const flags = maptrack.flags[handle];
		const frame = maptrack.frames[handle];
		const granter = maptrack.domids[handle];
		const remote = this.table(granter);
		const writable = (flags & GNTMAP_readonly) === 0;
		maptrack.give(handle);
		local.unmaps++;
		// The device loses the frame before it may be free for anybody else.
		if ((flags & GNTMAP_device_map) !== 0) this.onDeviceUnmap(mapper, frame, writable);
		this.unpin(remote, maptrack.references[handle], flags);
		this.frames.dereference(frame, writable);
		if (remote.dying && remote.active === 0) this.onUnmapped(granter);
		return GNTST_okay;
	}

	/** The frame a mapping handle stands for. The handle must be live. */
	mappedFrame(mapper: number, handle: number): number {
		const maptrack = this.table(mapper).maptrack;
		assert(maptrack.flags[handle] !== 0, 'the handle is mapped');
		return maptrack.frames[handle];
	}

	/** Whether `mapper` has `frame` mapped (for writing, if `write`). */
	isMapped(mapper: number, frame: number, write: boolean): boolean {
		return this.table(mapper).maptrack.find(frame, GNTMAP_readonly, write) >= 0;
	}

	/** Visits the mappings for device use that `mapper` holds: what a new IOMMU context of its devices starts with. Cold. */
	forEachDeviceMapping(mapper: number, visit: (frame: number, writable: boolean) => void): void {
		const maptrack = this.tables[mapper]?.maptrack;
		for (let handle = 0; maptrack !== undefined && handle < maptrack.size; handle++) {
			const flags = maptrack.flags[handle];
			if ((flags & GNTMAP_device_map) !== 0) visit(maptrack.frames[handle], (flags & GNTMAP_readonly) === 0);
		}
	}

	/**
	One operation of GNTTABOP_copy, between a frame of the caller's own, or one that it has mapped, and one granted to it. `into` true
	copies own → granted. (Linux names a mapped frame by its grant reference, GNTCOPY_source_gref; the rights asked for are the same.)
	@returns GNTST_*
	*/
	copy(
		caller: number,
		granter: number,
		reference: number,
		offset: number,
		frame: number,
		frameOffset: number,
		bytes: number,
		into: boolean,
	): number {
		const local = this.table(caller);
		const remote = this.tables[granter];
		if (remote === undefined) return this.refuse(local, GNTST_bad_domain, 'Could not find domain', granter);
		if (remote.dying) return this.refuseDying(local);
		if (offset < 0 || frameOffset < 0 || bytes < 0 || offset + bytes > frameBytes || frameOffset + bytes > frameBytes) {
			return this.refuse(local, GNTST_bad_copy_arg, 'Copy beyond page area, bytes', bytes);
		}

		const armed = remote.copyFault.armed;
		if (armed !== null && armed.decide(reference) !== pass) {
			return this.refuse(local, GNTST_general_error, 'Copy refused by an injected fault, reference', reference);
		}

		if (this.frames.ownerOf(frame) !== caller && local.maptrack.find(frame, GNTMAP_readonly, !into) < 0) {
			return this.refuse(local, GNTST_bad_page, 'Bad own frame', frame);
		}

		// Pinned for the copy alone, and let go at once: nothing can look between.
		const flags = GNTMAP_host_map | (into ? 0 : GNTMAP_readonly);
		const status = this.pin(local, remote, reference, flags);
		if (status !== GNTST_okay) return status;
		const own = this.memory.bytes(frame);
		const granted = this.memory.bytes(remote.pinnedFrames[reference]);
		if (into) copyBytes(own, frameOffset, granted, offset, bytes);
		else copyBytes(granted, offset, own, frameOffset, bytes);
		this.unpin(remote, reference, flags);
		local.copies++;
		this.copies++;
		return GNTST_okay;
	}

	/** Ends every mapping that a dying domain holds (gnttab_release_mappings). Returns how many there were. */
	releaseMappings(domid: number): number {
		const maptrack = this.table(domid).maptrack;
		let released = 0;
		for (let handle = 0; handle < maptrack.size && maptrack.used > 0; handle++) {
			if (maptrack.flags[handle] !== 0) {
				this.unmap(domid, handle);
				released++;
			}
		}

		return released;
	}

	/** The domain is being destroyed: from now on nobody maps or copies more of its frames, which is nobody's fault. */
	setDying(domid: number): void {
		this.table(domid).dying = true;
	}

	/** Whether others still map frames that this domain granted: a dying domain stays until they do not. */
	isMappedByOthers(domid: number): boolean {
		return this.table(domid).active > 0;
	}

	/** Removes the table of a domain whose grants nobody maps any more, with its frames. Its own mappings must be released. */
	destroy(domid: number): void {
		const table = this.table(domid);
		assert(table.active === 0, 'a table with active grants stays');
		assert(table.maptrack.used === 0, "a dead domain's mappings are released first");
		for (const frame of table.frames) this.frames.free(frame);
		this.faults.remove(table.mapFault);
		this.faults.remove(table.copyFault);
		this.tables[domid] = undefined;
	}

	counters(domid: number): GrantCounters {
		const table = this.table(domid);
		return {
			frames: table.frames.length,
			entries: table.pins.length,
			active: table.active,
			mappings: table.maptrack.used,
			maps: table.maps,
			unmaps: table.unmaps,
			copies: table.copies,
			refused: table.refused,
		};
	}

	/** Mixes a domain's entries and pins into the state hash. */
	mix(domid: number, hash: StateHash): void {
		const table = this.table(domid);
		for (const words of table.words) hash.words(words, 0, words.length);
		hash.words(table.pins, 0, table.pins.length);
	}

	private table(domid: number): DomainGrants {
		const table = this.tables[domid];
		assert(table !== undefined, 'the domain has a grant table');
		return table;
	}

	/** Checks an entry and counts one more use of it. On success the frame is in `pinnedFrames`. */
	private pin(local: DomainGrants, remote: DomainGrants, reference: number, flags: number): number {
		if (reference < 0 || reference >= remote.pins.length) {
			return this.refuse(local, GNTST_bad_gntref, `Bad ref for d${remote.domid}:`, reference);
		}

		const readonly = (flags & GNTMAP_readonly) !== 0;
		const pins = remote.pins[reference];
		if (pins !== 0 && (remote.pinnedBy[reference] !== local.domid || (pins & pinLimit) !== 0)) {
			return this.refuse(local, GNTST_general_error, 'Bad domain or risk of counter overflow, reference', reference);
		}

		if (pins === 0 || (!readonly && (pins & pinnedForWriting) === 0)) {
			const words = remote.words[Math.floor(reference / grantEntriesPerFrame)];
			const at = entryWord(reference);
			const entry = words[at];
			if (
				pins === 0 &&
				((entry & (GTF_type_mask | GTF_sub_page)) !== GTF_permit_access || entry >>> 16 !== local.domid)
			) {
				const seen = `Bad flags (${(entry & 0xffff).toString(16)}) or dom (${entry >>> 16}); expected d${local.domid}; reference`;
				return this.refuse(local, GNTST_general_error, seen, reference);
			}

			if (!readonly && (entry & GTF_readonly) !== 0) {
				return this.refuse(local, GNTST_general_error, 'Attempt to write-pin a r/o grant entry', reference);
			}

			if (pins === 0) {
				const frame = words[at + 1];
				if (this.frames.ownerOf(frame) !== remote.domid) {
					return this.refuse(local, GNTST_bad_page, 'Could not pin grant frame', frame);
				}

				remote.pinnedFrames[reference] = frame;
				remote.pinnedBy[reference] = local.domid;
				remote.active++;
			}

			words[at] = entry | GTF_reading | (readonly ? 0 : GTF_writing);
		}

		let added = 0;
		if ((flags & GNTMAP_host_map) !== 0) added += readonly ? pinHostRead : pinHostWrite;
		if ((flags & GNTMAP_device_map) !== 0) added += readonly ? pinDeviceRead : pinDeviceWrite;
		remote.pins[reference] = pins + added;
		return GNTST_okay;
	}

	private unpin(remote: DomainGrants, reference: number, flags: number): void {
		const readonly = (flags & GNTMAP_readonly) !== 0;
		let removed = 0;
		if ((flags & GNTMAP_host_map) !== 0) removed += readonly ? pinHostRead : pinHostWrite;
		if ((flags & GNTMAP_device_map) !== 0) removed += readonly ? pinDeviceRead : pinDeviceWrite;
		const pins = remote.pins[reference] - removed;
		remote.pins[reference] = pins;
		let cleared = 0;
		if ((pins & pinnedForWriting) === 0 && !readonly) cleared = GTF_writing;
		if (pins === 0) {
			cleared |= GTF_reading;
			remote.active--;
			assert(remote.active >= 0, 'an entry is unpinned as often as it was pinned');
		}

		if (cleared !== 0) remote.words[Math.floor(reference / grantEntriesPerFrame)][entryWord(reference)] &= ~cleared;
	}

	private refuseDying(local: DomainGrants): number {
		local.refused++;
		return GNTST_bad_domain;
	}

	private refuse(local: DomainGrants, status: number, text: string, value: number): number {
		local.refused++;
		this.onRefusal(local.domid, `${text} ${value}`);
		return status;
	}
}

function grown<T extends Int32Array | Int16Array>(from: T, to: T): T {
	to.set(from);
	return to;
}
