/**
 * What every comparison needs: child processes run one after the other in turns, so that a noisy moment of the machine
 * meets both sides, each pinned to one CPU where taskset is present; and the ratio of each turn. Rates are per second of
 * CPU time, never of the wall clock, and mean something only beside each other in the same turn.
 */
import {execFileSync, spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

export const here = path.dirname(fileURLToPath(import.meta.url));

/** CPU time of this process's main thread so far, nanoseconds: JIT compilation on other threads is not counted. */
export function mainThreadTime() {
	try {
		return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[0]);
	} catch {
		const {user, system} = process.cpuUsage();
		return (user + system) * 1000;
	}
}

/** A command that runs a script of this directory under node: collections on the main thread, where they are counted. */
export function node(script, ...args) {
	return [process.execPath, '--single-threaded-gc', path.join(here, script), ...args];
}

/** Compiles a C or C++ file of this directory with -O2. Returns the program's path, or undefined without a compiler. */
export function compile(file) {
	// A directory of this run's own: another run, of another version, may be under way beside it.
	const directory = mkdtempSync(path.join(tmpdir(), 'ringtop-bench-'));
	process.on('exit', () => rmSync(directory, {recursive: true, force: true}));
	const program = path.join(directory, path.parse(file).name);
	const compiler = file.endsWith('.cpp') ? 'g++' : 'gcc';
	const {status, error, stderr} = spawnSync(compiler, ['-O2', '-o', program, path.join(here, file)], {
		encoding: 'utf8',
	});
	if (error) {
		return undefined;
	}

	if (status !== 0) {
		throw new Error(`${compiler} does not take ${file}:\n${stderr}`);
	}

	return program;
}

/** Runs a command to its end, pinned; what it prints is one JSON object. */
export function measure(command, ...args) {
	const words = [...pin(), ...(Array.isArray(command) ? command : [command]), ...args.map(String)];
	return JSON.parse(execFileSync(words[0], words.slice(1), {encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit']}));
}

/** Runs the sides in turns: an array of what they measured, one entry a turn, each an array in the sides' order. */
export function inTurns(turns, sides) {
	return Array.from({length: turns}, () => sides.map((side) => side()));
}

/** Median, least and greatest. */
export function spread(values) {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = sorted.length >> 1;
	const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
	return {median, least: sorted[0], greatest: sorted.at(-1)};
}

let pinned;

/** The last CPU this process may use: the first serves most interrupts. */
function pin() {
	if (pinned === undefined) {
		const cpu = /Cpus_allowed_list:.*?(\d+)\n/.exec(statusOfThisProcess())?.[1];
		const present = cpu !== undefined && spawnSync('taskset', ['--version'], {stdio: 'ignore'}).status === 0;
		pinned = present ? ['taskset', '-c', cpu] : [];
	}

	return pinned;
}

function statusOfThisProcess() {
	try {
		return readFileSync('/proc/self/status', 'utf8');
	} catch {
		return '';
	}
}
