/**
 * The network's whole path: both directions of 1 GbE saturated between a guest and a host on its LAN, snapshots made as for an open
 * console. Frames per second of CPU time as a fraction of the yardstick's I/Os measured in the same turn, and the target: a
 * simulated second in no more than a second of CPU time. Beside it, without a target, the guest without offloads.
 */
import path from 'node:path';
import {here, inTurns, measure, node, spread} from './support.mjs';

const cases = [
	{name: 'both ways, offloads on', file: 'network.yaml', target: 1, floor: 0.5},
	{name: 'both ways, offloads off', file: 'network-without-offload.yaml'},
];
const seconds = 3;

export function benchNetwork({turns = 5} = {}) {
	return cases.flatMap(({name, file, target, floor}) => {
		const runs = inTurns(turns, [
			() => measure(node('network-run.mjs'), path.join(here, file), seconds),
			() => measure(node('yardstick.mjs'), 4, 32, 1),
		]);
		const wrong = runs.reduce((sum, [ours]) => sum + ours.wrong, 0);
		if (wrong > 0) {
			throw new Error(`${name}: ${wrong} bytes came wrong: a rate of wrong answers means nothing`);
		}

		const median = (value) => spread(runs.map(value)).median;
		const [{megabitsOut, megabitsIn}] = runs[0];
		const frames = Math.round(median(([ours]) => ours.rate) / 1000);
		return [
			{
				name: `network, ${name}, simulated s per CPU-s`,
				atLeast: target,
				floor,
				...spread(runs.map(([ours]) => ours.simulatedPerCpu)),
				note: `of this machine, now: ${frames} k frames per CPU-s; ${megabitsOut.toFixed(0)} Mb/s out, ${megabitsIn.toFixed(0)} Mb/s in; snapshots ${(100 * median(([ours]) => ours.snapshotShare)).toFixed(1)} %`,
			},
			{
				name: "  … frames : yardstick's I/Os, per CPU-s",
				...spread(runs.map(([ours, yardstick]) => ours.rate / yardstick.rate)),
			},
			{name: '  … events per frame', ...spread(runs.map(([ours]) => ours.eventsPerFrame))},
		];
	});
}
