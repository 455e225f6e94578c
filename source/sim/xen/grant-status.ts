/**
GNTST_*: what a grant table operation answers, with the words Xen's public grant_table.h gives for each (GNTTABOP_error_msgs).
*/
export const GNTST_okay = 0;
export const GNTST_general_error = -1;
export const GNTST_bad_domain = -2;
export const GNTST_bad_gntref = -3;
export const GNTST_bad_handle = -4;
export const GNTST_bad_virt_addr = -5;
export const GNTST_bad_dev_addr = -6;
export const GNTST_no_device_space = -7;
export const GNTST_permission_denied = -8;
export const GNTST_bad_page = -9;
export const GNTST_bad_copy_arg = -10;
export const GNTST_address_too_big = -11;
export const GNTST_eagain = -12;
export const GNTST_no_space = -13;

const messages: readonly string[] = [
	'okay',
	'undefined error',
	'unrecognised domain id',
	'invalid grant reference',
	'invalid mapping handle',
	'invalid virtual address',
	'invalid device address',
	'no spare translation slot in the I/O MMU',
	'permission denied',
	'bad page',
	'copy arguments cross page boundary',
	'page address size too large',
	'operation not done; try again',
	'out of space',
];

/** The public header's words for a status; a handle (0 or more) is `okay`. */
export function grantStatusMessage(status: number): string {
	return messages[-Math.min(status, 0)] ?? `status ${status}`;
}
