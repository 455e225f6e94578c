/**
 * `ringtop compare SCENARIO`: the same scenario and seed under every architecture, one after the other, and one table of what came of
 * it. Exit codes are those of `run`: 1 when the scenario was not met under an architecture to which it applies.
 */
import {printableLine} from '../engine/printable.js';
import {type ColumnFigures, compared} from '../observe/comparison.js';
import {runFigures} from '../observe/comparison-figures.js';
import {
	below,
	comparisonGrid,
	comparisonJson,
	comparisonMarkdown,
	comparisonText,
	headlines,
} from '../observe/comparison-text.js';
import type {Comparison, Figure} from '../observe/comparison-types.js';
import {CrashWatch} from '../observe/crash-watch.js';
import {makeReport} from '../observe/report.js';
import type {Report} from '../observe/report-types.js';
import {Host} from '../sim/host.js';
import type {Architecture, Scenario} from '../sim/scenario/types.js';
import {durationText, parseDuration} from '../sim/scenario/units.js';
import {architectures} from '../sim/scenario/vocabulary.js';
import {type CodeLines, hypervisorLines, readCodeLines} from './code-lines.js';
import {knobFactors, withKnobs} from './knobs.js';
import {loadScenario, readOption} from './load.js';
import {architectureNotes, type Request} from './options.js';
import {type Outcome, runHost} from './run-host.js';
import {Progress} from './run-progress.js';
import {parseSeed} from './seed.js';
import {Signals} from './signals.js';
import {exitCode, UserError} from './user-error.js';
import {version} from './version.js';

/** A scenario as one architecture has it, or why it cannot. */
type Candidate =
	| {readonly architecture: Architecture; readonly scenario: Scenario}
	| {readonly architecture: Architecture; readonly scenario: undefined; readonly reason: string};

interface Ran {
	readonly figures: readonly Figure[];
	readonly report: Report;
	readonly outcome: Outcome;
}

export async function run({words: [word], options}: Request): Promise<number> {
	const until = readOption('until', options.until, parseDuration);
	const seed = parseSeed(options.seed);
	if (options.json !== undefined && options.markdown !== undefined) {
		throw new UserError('--json and --markdown: one table has one form');
	}
	// Under its own architecture the file must be right; what is wrong with it is told as `run` tells it.
	const {scenario: written} = loadScenario(word);
	if (written.recording !== undefined) throw new UserError('a recording runs as it was made, under one architecture');
	if (until !== undefined && (until === 0 || until > written.runtime)) {
		throw new UserError(`--until: a time from 1ns to ${durationText(written.runtime)}, where the scenario ends`);
	}
	const chosen = seed ?? written.seed;
	const candidates = architectures.map((architecture) => candidate(word, architecture, chosen));
	const lines = readCodeLines();
	const factors = options.sensitivity === undefined ? [] : knobFactors;
	const columns: ColumnFigures[] = [];
	const outcomes: Ran[] = [];
	const signals = new Signals();
	const ask = {until, lines, isInterrupted: () => signals.received};
	for (const each of candidates) {
		const {architecture} = each;
		if (each.scenario === undefined) {
			columns.push({column: {architecture, applicable: false, reason: each.reason}, figures: [], turned: []});
			continue;
		}
		if (signals.received) break;
		const {scenario} = each;
		const reproduce = reproduction(word, chosen, architecture, options.until);
		const ran = await runOne(scenario, architecture, reproduce, ask);
		outcomes.push(ran);
		const turned: (readonly Figure[])[] = [];
		for (const factor of factors) {
			if (signals.received) break;
			const other = await runOne(withKnobs(scenario, factor), `${architecture}, knobs × ${factor}`, reproduce, ask);
			// A failure of the simulation is one whatever the knobs; whether expectations hold then is no verdict.
			if (other.outcome.ending === 'failed') outcomes.push(other);
			turned.push(other.figures);
		}
		const {ending, verdict, stateHash} = ran.report;
		const column = {architecture, applicable: true, ending, met: verdict.met, stateHash, reproduce} as const;
		columns.push({column, figures: ran.figures, turned});
	}
	signals.release();
	const {name, about, runtime} = written;
	const notes = [architectureNotes.join(' ')];
	const facts = {version: version(), scenario: name, about, seed: chosen, runtime: until ?? runtime, factors, notes};
	await show(compared(facts, columns), options);
	for (const {outcome} of outcomes) {
		if (outcome.failure !== undefined) {
			process.stderr.write(`ringtop: the simulation stopped: ${printableLine(outcome.failure)}\n`);
		}
	}
	if (outcomes.some(({outcome}) => outcome.ending === 'failed')) return exitCode.internal;
	if (signals.received) return exitCode.interrupted;
	return outcomes.every(({report}) => report.verdict.met === true) ? exitCode.met : exitCode.notMet;
}

function candidate(word: string, architecture: Architecture, seed: number): Candidate {
	try {
		return {architecture, scenario: {...loadScenario(word, false, architecture).scenario, seed}};
	} catch (error) {
		if (!(error instanceof UserError)) throw error;
		return {architecture, scenario: undefined, reason: error.message.split('\n').join('; ')};
	}
}

async function runOne(
	scenario: Scenario,
	label: string,
	reproduce: string,
	ask: {readonly until: number | undefined; readonly lines: CodeLines; readonly isInterrupted: () => boolean},
): Promise<Ran> {
	const {until, lines, isInterrupted} = ask;
	const host = new Host(scenario, {version: version()});
	const crashes = new CrashWatch(host);
	const progress = new Progress(process.stderr, until ?? scenario.runtime, label);
	const outcome = await runHost(host, {until, onSlice: () => progress.update(host), isInterrupted});
	progress.end(host);
	const report = makeReport(host, {...outcome, version: version(), fullHash: false, reproduce});
	const figures = [...runFigures(host, report, hypervisorLines(scenario.arch, lines)), ...crashes.figures()];
	return {figures, report, outcome};
}

/** The command line that runs one column alone. */
function reproduction(word: string, seed: number, architecture: Architecture, until: string | undefined): string {
	const quoted = /^[\w./@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
	const stop = until === undefined ? '' : ` --until ${until}`;
	return `ringtop run ${quoted} --seed ${seed} --arch ${architecture}${stop}`;
}

async function show(comparison: Comparison, {json, markdown}: Request['options']): Promise<void> {
	const {stdout} = process;
	if (json !== undefined) {
		stdout.write(comparisonJson(comparison));
	} else if (markdown !== undefined) {
		stdout.write(comparisonMarkdown(comparison));
	} else {
		stdout.write((await terminalTable(comparison)) ?? comparisonText(comparison));
	}
}

/** The table as a terminal draws it; undefined where there is none that can, or not in its width. */
async function terminalTable(comparison: Comparison): Promise<string | undefined> {
	const {stdout, env} = process;
	if (stdout.isTTY !== true || env.TERM === 'dumb') return undefined;
	const {localeIsUtf8} = await import('../ui/run-console.js');
	if (!localeIsUtf8(env)) return undefined;
	const {drawTable, tableWidth} = await import('../ui/table.js');
	const grid = comparisonGrid(comparison);
	if (tableWidth(grid) > stdout.columns) return undefined;
	const drawn = drawTable(grid);
	return `${[...headlines(comparison), drawn, ...below(comparison)].join('\n')}\n`;
}
