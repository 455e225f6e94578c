/**
 * The ring round trip: request put, copied once, read field by field, answered, taken; beside C with the real macros. The
 * rows with the state hash have no peer in C; they show what the simulation pays on top of the ring proper.
 */
import {compile, inTurns, measure, node, spread} from './support.mjs';

/** A multiple of the slices that ring-trip.mjs runs in. */
const trips = 5_760_000;
const cases = [
	{batch: 1, segments: 1, target: 4},
	{batch: 1, segments: 11, target: 4},
	{batch: 32, segments: 1, target: 7},
	{batch: 32, segments: 11, target: 7},
];

export function benchRing({turns = 9} = {}) {
	const peer = compile('ring-trip.c');
	if (peer === undefined) {
		return [{name: 'ring round trip', skipped: 'no gcc'}];
	}

	return cases.flatMap(({batch, segments, target}) => {
		const runs = inTurns(turns, [
			() => measure(node('ring-trip.mjs'), batch, segments, trips),
			() => measure(peer, batch, segments, trips),
			() => measure(node('ring-trip.mjs'), batch, segments, trips, 'hash'),
		]);
		for (const [ours, theirs, hashed] of runs) {
			if (ours.sum !== theirs.sum || ours.notified !== theirs.notified || hashed.sum !== ours.sum) {
				throw new Error(`the two rings differ after the same requests: ${JSON.stringify([ours, theirs, hashed])}`);
			}
		}

		const name = `ring, batch ${batch}, ${segments} segment${segments === 1 ? '' : 's'}, C : ours`;
		return [
			{
				name,
				atMost: target,
				floor: target,
				...spread(runs.map(([ours, theirs]) => theirs.rate / ours.rate)),
				note: `ours ${millions(runs.map(([ours]) => ours.rate))} round trips/CPU-s`,
			},
			{
				name: `  … index stores in the state hash`,
				...spread(runs.map(([, theirs, hashed]) => theirs.rate / hashed.rate)),
				note: `ours ${millions(runs.map(([, , hashed]) => hashed.rate))} round trips/CPU-s`,
			},
		];
	});
}

function millions(rates) {
	return `${(spread(rates).median / 1e6).toFixed(1)} M`;
}
