/**
Permissions of a node: a list of letter and domain, `n` none, `r` read, `w` write, `b` both. The first entry names the
owner, who may do everything, and its letter holds for every domain that is not listed. Domain zero may do everything
(docs/misc/xenstore.txt, tools/xenstored/core.c).
*/
import {StoreError} from './errors.js';

export const mayRead = 1;
export const mayWrite = 2;
/** May change the permissions. */
export const mayOwn = 4;

export interface Permission {
	readonly domid: number;
	/** mayRead | mayWrite. */
	readonly access: number;
}

const letters = ['n', 'r', 'w', 'b'];
const entry = /^([nrwb])(\d{1,10})$/;

/** `r5` and the like. */
export function permissionText(permission: Permission): string {
	return `${letters[permission.access]}${permission.domid}`;
}

/** @throws StoreError EINVAL for anything but a letter and a number. */
export function parsePermission(text: string): Permission {
	const found = entry.exec(text);
	if (found === null) {
		throw new StoreError('EINVAL');
	}

	return {access: letters.indexOf(found[1]), domid: Number(found[2])};
}

/** What a domain may do to a node with these permissions: mayRead, mayWrite, mayOwn. */
export function accessOf(permissions: readonly Permission[], domid: number): number {
	if (domid === 0 || permissions[0].domid === domid) {
		return mayRead | mayWrite | mayOwn;
	}

	for (let i = 1; i < permissions.length; i++) {
		if (permissions[i].domid === domid) {
			return permissions[i].access;
		}
	}

	return permissions[0].access;
}
