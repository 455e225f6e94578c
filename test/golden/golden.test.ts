/**
The same scenario and seed take the same path to the bit, on every machine and every Node: state hashes of the shipped scenarios after
three simulated seconds, kept in hashes.json. A change that means to change the path writes them anew: UPDATE_GOLDEN=1.
*/
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {Host} from '../../source/sim/host.js';
import {parseScenario} from '../../source/sim/scenario/parse.js';

const scenarios = new URL('../../scenarios/', import.meta.url);
const goldenFile = new URL('hashes.json', import.meta.url);
const seconds = 3;
const golden: Record<string, string> = JSON.parse(readFileSync(goldenFile, 'utf8'));
const measured: Record<string, string> = {};
const update = process.env.UPDATE_GOLDEN === '1';
const names = readdirSync(scenarios)
	.filter((name) => name.endsWith('.yaml'))
	.sort();

/** What an included file says. */
const readInclude = (file: string) => ({file, text: readFileSync(new URL(file, scenarios), 'utf8')});

for (const name of names) {
	test(`${name} reaches its golden state hash`, () => {
		const host = new Host(parseScenario(readInclude(name).text, name, {readInclude}));
		host.advance(seconds * 1_000_000_000, Number.POSITIVE_INFINITY);
		measured[name] = `${host.executed} events, ${host.engine.hash}`;
		if (update) {
			writeFileSync(goldenFile, `${JSON.stringify(measured, null, '\t')}\n`);
		} else {
			expect(measured[name]).toBe(golden[name]);
		}
	});
}

test('every golden hash belongs to a shipped scenario', () => {
	expect(Object.keys(golden).filter((name) => !names.includes(name))).toEqual([]);
});
