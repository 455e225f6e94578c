/**
 * Runs a scenario for some CPU time on ringtop's own host, everything on: scheduler, tracing, invariants, state hash, oracle.
 * Arguments: scenario file, seconds, `without-checks` to have invariants and oracle off where the host can.
 * Prints I/Os per second of CPU time and events per I/O.
 */
import {readFileSync} from 'node:fs';
import {Host} from '../dist/sim/host.js';
import {parseScenario} from '../dist/sim/scenario/parse.js';
import {checksAreOff, completedIos, hostOptions} from './host-door.mjs';
import {mainThreadTime} from './support.mjs';

const [, , file, seconds, without] = process.argv;
const sliceEvents = 5000;
const warmUp = 2e9;

const scenario = parseScenario(readFileSync(file, 'utf8'), file);
const host = new Host(scenario, hostOptions({checks: without !== 'without-checks'}));

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
		checksOff: checksAreOff(host),
	}),
);
