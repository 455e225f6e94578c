/**
 * A copy of the built simulation without its invariants and its oracle, made only to be measured beside the real one: assertions hold
 * nothing, the oracle fills, remembers and compares nothing. The product itself has no such switch.
 */
import {appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {here} from './support.mjs';

const nothing = ['acknowledge', 'fail', 'endRead', 'endFlush', 'fill'];
const zero = ['submitWrite', 'submitRead', 'submitFlush', 'check'];

/** Makes the copy beside dist, where packages are found; returns its folder and how to remove it. */
export function uncheckedCopy() {
	const folder = mkdtempSync(path.join(here, '..', '.cache-unchecked-'));
	cpSync(path.join(here, '..', 'dist'), folder, {recursive: true});
	writeFileSync(
		path.join(folder, 'engine', 'assert.js'),
		'export class AssertionError extends Error {}\nexport function assert() {}\n',
	);
	const stubs = [
		...nothing.map((name) => `DiskOracle.prototype.${name} = () => {};`),
		...zero.map((name) => `DiskOracle.prototype.${name} = () => 0;`),
	];
	appendFileSync(path.join(folder, 'sim', 'guest', 'disk-oracle.js'), `\n${stubs.join('\n')}\n`);
	return {folder, remove: () => rmSync(folder, {recursive: true, force: true})};
}
