/**
 * The last lines of a test run: which tests were skipped and why, then one plain line `N passed, N failed,
 * N skipped` that a person or a script can judge the run by. A test file that could not be loaded and an error
 * outside any test count as failures, so the line and the exit code never disagree.
 */
import type {Reporter, SerializedError, TestCase, TestModule, TestRunEndReason, TestSuite} from 'vitest/node';
import {needsMark} from './peers-mark.js';

/** What one run came to. */
export type Tally = {passed: number; failed: number; skipped: number; reasons: Map<string, string[]>};

export default class ClosingLines implements Reporter {
	onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[], reason: TestRunEndReason): void {
		const tally = count(modules, errors.length);
		// Whatever else vitest calls a failure: no tests found, a run that was interrupted.
		if (tally.failed === 0 && (reason !== 'passed' || modules.length === 0)) tally.failed = 1;
		const lines = closingLines(tally);
		// On exit, because vitest's own summary is still to be written.
		process.once('exit', () => {
			process.stdout.write(lines);
		});
	}
}

function count(modules: readonly TestModule[], strayErrors: number): Tally {
	const tally: Tally = {passed: 0, failed: strayErrors, skipped: 0, reasons: new Map()};
	for (const module of modules) {
		if (module.errors().length > 0) tally.failed++;
		for (const suite of module.children.allSuites()) if (suite.errors().length > 0) tally.failed++;
		for (const test of module.children.allTests()) {
			const {state} = test.result();
			if (state === 'passed') tally.passed++;
			else if (state === 'failed') tally.failed++;
			else {
				tally.skipped++;
				const reason = reasonOf(test);
				tally.reasons.set(reason, [...(tally.reasons.get(reason) ?? []), `${module.relativeModuleId}: ${test.name}`]);
			}
		}
	}
	return tally;
}

/** Why a test did not run: its own note, else the peer its group needs. */
function reasonOf(test: TestCase): string {
	const result = test.result();
	if (result.state === 'skipped' && result.note !== undefined) return result.note;
	let parent: TestSuite | TestModule = test.parent;
	while (parent.type === 'suite') {
		const at = parent.name.indexOf(needsMark);
		if (at >= 0) return `needs ${parent.name.slice(at + needsMark.length)}`;
		parent = parent.parent;
	}
	return 'no reason given';
}

/** The closing text of a run. */
export function closingLines({passed, failed, skipped, reasons}: Tally): string {
	let text = '';
	for (const [reason, tests] of reasons) {
		text += `\nskipped, ${reason}\n${tests.map((name) => `  ${name}\n`).join('')}`;
	}
	return `${text}\n${passed} passed, ${failed} failed, ${skipped} skipped\n`;
}
