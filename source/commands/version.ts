/** `ringtop version`, `ringtop --version`: the version of the installed package. */
import {readFileSync} from 'node:fs';
import {exitCode} from './user-error.js';

/** The package's version, also written into recordings. */
export function version(): string {
	const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
	const {version: found}: {version: string} = JSON.parse(text);
	return found;
}

export async function run(): Promise<number> {
	process.stdout.write(`${version()}\n`);
	return exitCode.met;
}
