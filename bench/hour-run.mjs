/**
 * Advances a scenario by an hour of simulated time; each simulated minute, after a collection, the memory in use: heap and
 * array buffers, MiB. Argument: scenario file. Needs node --expose-gc.
 */
import {readFileSync} from 'node:fs';
import {Host} from '../dist/sim/host.js';
import {parseScenario} from '../dist/sim/scenario/parse.js';
import {completedIos} from './host-door.mjs';
import {mainThreadTime} from './support.mjs';

const minute = 60e9;
const [, , file] = process.argv;
const parsed = parseScenario(readFileSync(file, 'utf8'), file);
const host = new Host({...parsed, runtime: 60 * minute});
const samples = [];
for (let n = 1; n <= 60; n++) {
	while (!host.advance(n * minute, 100_000)) {
		// The budget ended first.
	}

	globalThis.gc();
	const {heapUsed, arrayBuffers, rss} = process.memoryUsage();
	samples.push({used: (heapUsed + arrayBuffers) / 2 ** 20, rss: rss / 2 ** 20});
}

console.log(JSON.stringify({samples, cpu: mainThreadTime() / 1e9, ios: completedIos(host)}));
