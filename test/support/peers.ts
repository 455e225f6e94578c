/**
 * Real peers: programs and headers outside this project that the conformance tests compare us with. A machine
 * without one skips those tests and says so at the end of the run (support/reporter.ts finds the reason in the
 * name of the group); with CI=true a missing peer is an error, so that nothing is skipped unseen.
 */
import {spawnSync} from 'node:child_process';
import {describe} from 'vitest';
import {needsMark} from './peers-mark.js';

/** True where an automatic run asked for every peer. */
export function peersRequired(): boolean {
	return process.env.CI !== undefined && process.env.CI !== '' && process.env.CI !== 'false' && process.env.CI !== '0';
}

/**
 * A `describe` for tests that need a real peer: `needs('gcc + libxen-dev', hasXenHeaders)('our ring', () => …)`.
 * Throws with CI=true when the peer is missing; else the group is skipped with its reason.
 * `hint` says how to get it, for example 'apt-get install gcc libxen-dev'.
 */
export function needs(
	peer: string,
	check: () => boolean,
	hint = '',
): (name: string, body: () => void, timeout?: number) => void {
	if (check()) {
		return (name, body, timeout) => {
			describe(name, timeout === undefined ? {} : {timeout}, body);
		};
	}
	const reason = hint === '' ? peer : `${peer}: ${hint}`;
	if (peersRequired()) {
		throw new Error(`CI is set and a real peer is missing: ${reason}`);
	}
	return (name, body) => {
		describe.skip(`${name} ${needsMark}${reason}`, body);
	};
}

const found = new Map<string, boolean>();

/** Whether `program` can be started (asked once per test process). */
export function hasProgram(program: string, versionOption = '--version'): boolean {
	let present = found.get(program);
	if (present === undefined) {
		const {error} = spawnSync(program, [versionOption], {stdio: 'ignore', timeout: 10_000});
		present = error === undefined;
		found.set(program, present);
	}
	return present;
}

/** Whether a C compiler finds the real Xen headers (package libxen-dev). */
export function hasXenHeaders(): boolean {
	if (!hasProgram('gcc')) return false;
	const {status} = spawnSync('gcc', ['-fsyntax-only', '-x', 'c', '-'], {
		input: '#include <stdint.h>\n#include <string.h>\n#include <xen/io/ring.h>\n#include <xen/io/blkif.h>\n',
		stdio: ['pipe', 'ignore', 'ignore'],
		timeout: 30_000,
	});
	return status === 0;
}

/** `needs` for tests against the real Xen headers. */
export function needsXenHeaders(): ReturnType<typeof needs> {
	return needs('gcc and libxen-dev', hasXenHeaders, 'apt-get install gcc libxen-dev');
}
