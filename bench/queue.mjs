/** The event queue, with payload and cancellation, beside C++'s std::priority_queue with the same table of slots. */
import {compile, inTurns, measure, node, spread} from './support.mjs';

const cases = [
	{pending: 100, operations: 6_000_000, target: 3},
	{pending: 10_000, operations: 3_000_000, target: 2},
];

export function benchQueue({turns = 7} = {}) {
	const peer = compile('queue-hold.cpp');
	if (peer === undefined) {
		return [{name: 'event queue', skipped: 'no g++'}];
	}

	return cases.map(({pending, operations, target}) => {
		const runs = inTurns(turns, [
			() => measure(node('queue-hold.mjs'), pending, operations),
			() => measure(peer, pending, operations),
		]);
		for (const [ours, theirs] of runs) {
			if (ours.sum !== theirs.sum) {
				throw new Error(`the two queues took different events: ${ours.sum} and ${theirs.sum}`);
			}
		}

		return {
			name: `event queue, ${pending.toLocaleString('en')} pending, C++ : ours`,
			atMost: target,
			floor: target,
			...spread(runs.map(([ours, theirs]) => theirs.rate / ours.rate)),
			note: `ours ${millions(spread(runs.map(([ours]) => ours.rate)).median)} events/CPU-s`,
		};
	});
}

function millions(rate) {
	return `${(rate / 1e6).toFixed(1)} M`;
}
