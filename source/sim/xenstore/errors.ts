/**
Errors of the store travel as the names of errno values, so that they mean the same on every system
(Xen public/io/xs_wire.h, struct xsd_errors). The order is the header's.
*/
export const errorNames = [
	'EINVAL',
	'EACCES',
	'EEXIST',
	'EISDIR',
	'ENOENT',
	'ENOMEM',
	'ENOSPC',
	'EIO',
	'ENOTEMPTY',
	'ENOSYS',
	'EROFS',
	'EBUSY',
	'EAGAIN',
	'EISCONN',
	'E2BIG',
	'EPERM',
] as const;
export type ErrorName = (typeof errorNames)[number];

/** A request is refused. Caught by whoever answers the request, never seen outside the store. */
export class StoreError extends Error {
	override readonly name = 'StoreError';

	constructor(readonly errno: ErrorName) {
		super(errno);
	}
}

/** What the client takes the payload of an ERROR message for: a name it does not know is EINVAL, as libxenstore reads it. */
export function errorNamed(text: string): ErrorName {
	return errorNames.find((name) => name === text) ?? 'EINVAL';
}
