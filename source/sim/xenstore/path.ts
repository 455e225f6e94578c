/**
Rules for paths of the store (docs/misc/xenstore.txt): letters, digits and - / _ @, absolute or relative to the caller's
own /local/domain/<domid>, no empty part, no slash at the end. Names with @ first are special and can only be watched.
*/
import {StoreError} from './errors.js';
import {absolutePathMaximum, relativePathMaximum} from './wire.js';

const legal = /^[-A-Za-z0-9/_@]+$/;
const domainPrefix = /^\/local\/domain\/\d{1,5}\//;

/** A domain's home: what its relative paths are relative to. */
export function domainPath(domid: number): string {
	return `/local/domain/${domid}`;
}

export function isRelative(path: string): boolean {
	return !path.startsWith('/') && !path.startsWith('@');
}

/**
The absolute form of a path a caller gave.
@param special whether a name that begins with @ may stand here.
@param limited whether the length quota of domains other than domain zero applies (2048 below the home of a domain).
@throws StoreError EINVAL
*/
export function canonicalPath(path: string, domid: number, special: boolean, limited: boolean): string {
	const relative = isRelative(path);
	if (!legal.test(path) || (path.startsWith('@') && !special)) {
		throw new StoreError('EINVAL');
	}

	const absolute = relative ? `${domainPath(domid)}/${path}` : path;
	const home = domainPrefix.exec(absolute)?.[0].length ?? 0;
	if (
		(absolute.endsWith('/') && absolute !== '/') ||
		absolute.includes('//') ||
		path.length > (relative ? relativePathMaximum : absolutePathMaximum) ||
		(limited && absolute.length - home > relativePathMaximum)
	) {
		throw new StoreError('EINVAL');
	}

	return absolute;
}

/** The path of the directory a node is in; '/' for those at the top. Not to be asked of '/' itself. */
export function parentOf(path: string): string {
	const slash = path.lastIndexOf('/');
	return slash <= 0 ? '/' : path.slice(0, slash);
}

export function baseName(path: string): string {
	return path.slice(path.lastIndexOf('/') + 1);
}

export function childOf(path: string, name: string): string {
	return path === '/' ? `/${name}` : `${path}/${name}`;
}

/** Whether `path` is `above` or below it. */
export function isAtOrBelow(path: string, above: string): boolean {
	return above === '/' || path === above || path.startsWith(`${above}/`);
}
