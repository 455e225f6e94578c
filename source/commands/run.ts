/**
 * `ringtop run SCENARIO`: as fast as it can, then a report on stdout. Exit 0 when every expectation was met and nothing
 * unexplained was found, 1 when not, 70 when the simulation stopped on an error of its own, 130 when interrupted. A recording runs the same way, and its state hashes are
 * compared.
 */
import {Capture} from '../doors/capture.js';
import {printableLine} from '../engine/printable.js';
import {makeReport} from '../observe/report.js';
import {reportJson, reportText} from '../observe/report-text.js';
import {Host} from '../sim/host.js';
import type {Scenario} from '../sim/scenario/types.js';
import {durationText, parseDuration} from '../sim/scenario/units.js';
import {CaptureFiles, parseCaptures} from './capture-files.js';
import {loadScenario, parseArchitecture, readOption} from './load.js';
import type {Request} from './options.js';
import {runHost} from './run-host.js';
import {Progress} from './run-progress.js';
import {parseSeed} from './seed.js';
import {Signals} from './signals.js';
import {exitCode, UserError} from './user-error.js';
import {version} from './version.js';

export async function run({words: [word], options}: Request): Promise<number> {
	const until = readOption('until', options.until, parseDuration);
	const arch = readOption('arch', options.arch, parseArchitecture);
	const seed = parseSeed(options.seed);
	const fullHash = options.hash === 'full';
	const {scenario: written} = loadScenario(word, false, arch);
	checkOptions(written, until, [
		['seed', seed],
		['arch', arch],
		['hash', options.hash],
	]);
	const captures = parseCaptures(options.capture, written);
	const scenario = {...written, seed: seed ?? written.seed};
	if (scenario.recording !== undefined && scenario.recording.version !== version()) {
		const {version: made} = scenario.recording;
		process.stderr.write(`recorded by ringtop ${made}, this is ${version()}: state hashes may differ\n`);
	}

	const host = new Host(scenario, {version: version(), fullHash});
	const files = new CaptureFiles(captures);
	const capture = new Capture(host.taps, captures, version(), (file, bytes, at) => files.write(file, bytes, at));
	const progress = new Progress(process.stderr, until ?? scenario.runtime);
	const signals = new Signals();
	const outcome = await runHost(host, {
		until,
		onSlice: () => progress.update(host),
		isInterrupted: () => signals.received,
	});
	signals.release();
	progress.end(host);
	capture.end();
	files.close();
	const report = makeReport(host, {
		...outcome,
		version: version(),
		fullHash,
		reproduce: reproduce(word, scenario, options),
	});
	const colour = process.stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
	process.stdout.write(options.json === undefined ? reportText(report, {colour}) : reportJson(report));
	if (outcome.failure !== undefined)
		process.stderr.write(`ringtop: the simulation stopped: ${printableLine(outcome.failure)}\n`);
	files.report(process.stderr);
	if (outcome.ending === 'failed' || files.lost !== undefined) return exitCode.internal;
	if (outcome.ending === 'interrupted') return exitCode.interrupted;
	return report.verdict.met ? exitCode.met : exitCode.notMet;
}

function checkOptions(
	{recording, runtime}: Scenario,
	until: number | undefined,
	changing: readonly (readonly [name: string, value: unknown])[],
): void {
	if (until !== undefined && (until === 0 || until > runtime)) {
		throw new UserError(`--until: a time from 1ns to ${durationText(runtime)}, where the scenario ends`);
	}

	const other = changing.find(([, value]) => value !== undefined);
	if (recording !== undefined && other !== undefined) {
		throw new UserError(`--${other[0]}: a recording runs as it was made`);
	}
}

/** The command line that runs the same again. */
function reproduce(word: string, {seed, recording}: Scenario, options: Request['options']): string {
	const quoted = /^[\w./@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
	const words = ['ringtop run', quoted];
	if (recording === undefined) words.push(`--seed ${seed}`);
	for (const name of ['arch', 'until', 'hash'] as const) {
		if (options[name] !== undefined) words.push(`--${name} ${options[name]}`);
	}
	return words.join(' ');
}
