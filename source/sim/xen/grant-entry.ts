/**
Version 1 grant entries as they lie in memory (Xen public/grant_table.h, grant_entry_v1): flags u16 at 0, domid u16 at 2, frame u32
at 4; 512 in a frame. References 0 to 7 belong to the tools (0 console, 1 XenStore).
*/

export const grantEntriesPerFrame = 512;
/** GNTTAB_NR_RESERVED_ENTRIES. */
export const reservedGrants = 8;

export const GTF_invalid = 0;
export const GTF_permit_access = 1;
export const GTF_type_mask = 3;
/** The peer may only read. */
export const GTF_readonly = 4;
/** Set by Xen while somebody maps the frame. */
export const GTF_reading = 8;
/** Set by Xen while somebody maps the frame writable. */
export const GTF_writing = 16;
export const GTF_sub_page = 256;

/** Index of an entry's first word (flags and domid) within its grant frame; the next word is the frame. */
export function entryWord(reference: number): number {
	return (reference & (grantEntriesPerFrame - 1)) << 1;
}
