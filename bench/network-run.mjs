/**
 * Runs a scenario with a NIC for some CPU time on ringtop's own host, as the console's worker does at 1x: figures sampled when they
 * are due, and for every 100 ms a snapshot made and serialized for the other thread. Arguments: scenario file, seconds. Prints
 * frames at the NIC per second of CPU time, simulated seconds per second of CPU time, what of it snapshots take, events per
 * frame, and the payload each way in Mb/s.
 */
import {readFileSync} from 'node:fs';
import {serialize} from 'node:v8';
import {raiseCompilerLimits} from '../dist/commands/compiler-limits.js';
import {mainThreadTime} from './support.mjs';

// As the launcher does.
raiseCompilerLimits();
const {Host} = await import('../dist/sim/host.js');
const {Observer} = await import('../dist/observe/observer.js');
const {parseScenario} = await import('../dist/sim/scenario/parse.js');
const {netCounts} = await import('./host-door.mjs');
const [, , file, seconds] = process.argv;
const sliceEvents = 5000;
const snapshotEvery = 100e6;
const warmUp = 4e9;

const scenario = parseScenario(readFileSync(file, 'utf8'), file);
const host = new Host(scenario);
const observer = new Observer(host);
let snapshots = 0;
let snapshotTime = 0;

function look() {
	const before = mainThreadTime();
	observer.sample();
	observer.refresh();
	serialize(observer.snapshot());
	snapshotTime += mainThreadTime() - before;
	snapshots++;
}

/** Advances for some CPU time of this thread, nanoseconds, to the end of a snapshot's interval. */
function runFor(nanoseconds) {
	const end = mainThreadTime() + nanoseconds;
	while (mainThreadTime() < end) {
		const next = host.now + snapshotEvery;
		while (!host.advance(next, sliceEvents)) {
			// The budget ended first.
		}

		look();
	}
}

runFor(warmUp);
snapshotTime = 0;
const before = {cpu: mainThreadTime(), events: host.executed, now: host.now, ...netCounts(host)};
runFor(Number(seconds) * 1e9);
const after = {cpu: mainThreadTime(), events: host.executed, now: host.now, ...netCounts(host)};
const change = (what) => after[what] - before[what];
console.log(
	JSON.stringify({
		rate: (change('frames') * 1e9) / change('cpu'),
		simulatedPerCpu: change('now') / change('cpu'),
		snapshotShare: snapshotTime / change('cpu'),
		eventsPerFrame: change('events') / change('frames'),
		megabitsOut: (change('bytesOut') * 8e3) / change('now'),
		megabitsIn: (change('bytesIn') * 8e3) / change('now'),
		wrong: after.wrong,
		snapshots,
		hash: host.engine.hash.toString(),
	}),
);
