/**
 * The whole path: 4 KiB I/Os per second of CPU time on ringtop's host, as a fraction of the yardstick measured in the same turn.
 * Beside it, without a target: the same load on a slow device where completions come one by one, and 1 x 1, where predictable
 * branches and warm caches flatter both sides.
 */
import path from 'node:path';
import {here, inTurns, measure, node, spread} from './support.mjs';
import {uncheckedCopy} from './unchecked.mjs';

const cases = [
	{name: '4 guests x 32', file: 'path-4x32.yaml', guests: 4, depth: 32, target: 0.24, floor: 0.16},
	{name: '4 guests x 32, nothing coalesces', file: 'path-4x32-slow.yaml', guests: 4, depth: 32},
	{name: '1 guest x 1', file: 'path-1x1.yaml', guests: 1, depth: 1},
];
const seconds = 2;

export function benchPath({turns = 5} = {}) {
	const unchecked = uncheckedCopy();
	try {
		return rowsBeside(unchecked.folder, turns);
	} finally {
		unchecked.remove();
	}
}

function rowsBeside(unchecked, turns) {
	return cases.flatMap(({name, file, guests, depth, target, floor}) => {
		const scenario = path.join(here, file);
		const runs = inTurns(turns, [
			() => measure(node('path-run.mjs'), scenario, seconds),
			() => measure(node('yardstick.mjs'), guests, depth, seconds),
			() => measure(node('path-run.mjs'), scenario, seconds, unchecked),
		]);
		const violations = runs.reduce((sum, [ours]) => sum + ours.violations, 0);
		if (violations > 0) {
			throw new Error(`${name}: the oracle found ${violations} violations: a rate of wrong answers means nothing`);
		}

		const rates = (side) => spread(runs.map((run) => run[side].rate)).median;
		const rows = [
			{
				name: `path, ${name}, ours : yardstick`,
				atLeast: target,
				floor,
				...spread(runs.map(([ours, yardstick]) => ours.rate / yardstick.rate)),
				note: `ours ${thousands(rates(0))}, yardstick ${thousands(rates(1))} I/Os per CPU-s`,
			},
			{
				name: '  … events per I/O',
				...spread(runs.map(([ours]) => ours.eventsPerIo)),
				note: `yardstick ${runs[0][1].eventsPerIo.toFixed(1)}`,
			},
			{name: '  … CPU-s per simulated s', ...spread(runs.map(([ours]) => ours.cpuPerSimulatedSecond))},
		];
		if (target !== undefined) {
			const shares = runs.map(([ours, , bare]) => 1 - ours.rate / bare.rate);
			rows.push({name: '  … share of invariants and oracle', atMost: 0.35, ...spread(shares)});
		}

		return rows;
	});
}

function thousands(rate) {
	return `${Math.round(rate / 1000)} k`;
}
