/**
Error numbers as Xen's public errno.h has them (the Linux values). A hypercall answers 0 or more, or the negative number.
*/

/** Operation not permitted. */
export const EPERM = 1;
export const ENOENT = 2;
/** No such domain. */
export const ESRCH = 3;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EBUSY = 16;
export const EEXIST = 17;
export const ENODEV = 19;
export const EINVAL = 22;
export const ENOSPC = 28;

const names: readonly (readonly [number, string])[] = [
	[EPERM, 'EPERM'],
	[ENOENT, 'ENOENT'],
	[ESRCH, 'ESRCH'],
	[EAGAIN, 'EAGAIN'],
	[ENOMEM, 'ENOMEM'],
	[EBUSY, 'EBUSY'],
	[EEXIST, 'EEXIST'],
	[ENODEV, 'ENODEV'],
	[EINVAL, 'EINVAL'],
	[ENOSPC, 'ENOSPC'],
];

/** `EINVAL` for 22 and for -22 alike; the number itself when it has no name here. */
export function errorName(error: number): string {
	const number = Math.abs(error);
	for (const [value, name] of names) {
		if (value === number) return name;
	}

	return String(number);
}
