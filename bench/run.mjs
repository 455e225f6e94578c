/**
 * `npm run bench [-- queue|ring|path|network|hour …]`: ringtop beside its yardsticks, as ratios: medians of turns, with the least and the
 * greatest. Exits 1 when a floor is missed. Without words all but `hour`, which takes some minutes.
 */
import {benchHour} from './hour.mjs';
import {benchNetwork} from './network.mjs';
import {benchPath} from './path.mjs';
import {benchQueue} from './queue.mjs';
import {benchRing} from './ring.mjs';

const benches = {queue: benchQueue, ring: benchRing, path: benchPath, network: benchNetwork, hour: benchHour};
const words = process.argv.slice(2);
const unknown = words.find((word) => !Object.hasOwn(benches, word));
if (unknown !== undefined) {
	console.error(`'${unknown}' is no benchmark; there are ${Object.keys(benches).join(', ')}`);
	process.exit(2);
}

let missed = false;
print('', 'target', 'measured', 'min - max', '');
for (const word of words.length > 0 ? words : ['queue', 'ring', 'path', 'network']) {
	for (const row of benches[word]()) {
		if (row.skipped !== undefined) {
			print(row.name, '', '', '', `skipped: ${row.skipped}`);
			continue;
		}

		const verdict = judge(row);
		missed ||= verdict === 'MISSED';
		print(row.name, targetOf(row), number(row.median), `${number(row.least)} - ${number(row.greatest)}`, verdict);
		if (row.note !== undefined) {
			print(`    ${row.note}`, '', '', '', '');
		}
	}
}

process.exitCode = missed ? 1 : 0;

/** Against the target `met`; between target and floor `below target`; beyond the floor `MISSED`. Without a target nothing. */
function judge({atMost, atLeast, floor, median}) {
	if (atMost !== undefined) {
		return median <= atMost ? 'met' : floor === undefined || median <= floor ? 'below target' : 'MISSED';
	}

	if (atLeast !== undefined) {
		return median >= atLeast ? 'met' : median >= floor ? 'below target' : 'MISSED';
	}

	return '';
}

function targetOf({atMost, atLeast, floor}) {
	if (atMost !== undefined) {
		return `<= ${number(atMost)}`;
	}

	return atLeast === undefined ? '' : `>= ${number(atLeast)}, floor ${number(floor)}`;
}

function number(value) {
	return value >= 10 ? value.toFixed(1) : value >= 1 ? value.toFixed(2) : value.toFixed(3);
}

function print(name, target, measured, range, verdict) {
	console.log(
		`${name.padEnd(52)} ${target.padEnd(22)} ${measured.padStart(8)}  ${range.padEnd(16)} ${verdict}`.trimEnd(),
	);
}
