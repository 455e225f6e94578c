/**
 * Runs a scenario for some CPU time on ringtop's own host, everything on: scheduler, tracing, invariants, state hash, oracle.
 * Arguments: scenario file, seconds, and the folder of a build (dist when there is none).
 * Prints I/Os per second of CPU time and events per I/O.
 */
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {completedIos} from './host-door.mjs';
import {here, mainThreadTime} from './support.mjs';

const [, , file, seconds, folder = path.join(here, '..', 'dist')] = process.argv;
const built = (name) => import(pathToFileURL(path.join(folder, name)).href);
// As the launcher does.
(await built('commands/compiler-limits.js')).raiseCompilerLimits();
const {Host} = await built('sim/host.js');
const {parseScenario} = await built('sim/scenario/parse.js');
const sliceEvents = 5000;
const warmUp = 2e9;

const scenario = parseScenario(readFileSync(file, 'utf8'), file);
const host = new Host(scenario);

/** Advances for some CPU time of this thread, nanoseconds. */
function runFor(nanoseconds) {
	const end = mainThreadTime() + nanoseconds;
	while (mainThreadTime() < end) {
		for (let slice = 0; slice < 4; slice++) {
			host.advance(scenario.runtime, sliceEvents);
		}
	}
}

runFor(warmUp);
const before = {cpu: mainThreadTime(), ios: completedIos(host), events: host.executed, now: host.now};
runFor(Number(seconds) * 1e9);
const cpu = (mainThreadTime() - before.cpu) / 1e9;
const ios = completedIos(host) - before.ios;
console.log(
	JSON.stringify({
		rate: ios / cpu,
		eventsPerIo: (host.executed - before.events) / ios,
		simulatedIops: (ios * 1e9) / (host.now - before.now),
		cpuPerSimulatedSecond: (cpu * 1e9) / (host.now - before.now),
		violations: host.oracle.violations,
		hash: host.engine.hash.toString(),
	}),
);
