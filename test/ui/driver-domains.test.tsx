/** The Host figure of driver domains: who owns what, which ends a channel joins, and how a driver's crash looks until all is well again. */
import {describe, expect, test} from 'vitest';
import type {Snapshot} from '../../source/observe/snapshot.js';
import {parseScenario} from '../../source/sim/scenario/parse.js';
import {initialState} from '../../source/ui/state.js';
import {drawFrame} from '../../source/ui/views/frame.js';
import {fakeClock} from '../support/fake-session.js';
import {scenarioOf, second, WatchedHost} from '../support/hosts.js';
import {checkScreenAddsUp} from '../support/screen-sums.js';
import {renderApp} from './render-app.js';

const sizes = [
	[80, 24],
	[120, 36],
	[200, 50],
] as const;

const text = scenarioOf('web-and-db');
const crash = (target: string) => ({
	verb: 'fault' as const,
	fault: {fault: 'drv.crash' as const, target, id: 'crash', times: 1, for: 0},
});

/** web-and-db under an architecture, its disk's driver crashed at 1.5 s: what is seen before, at once, while it is rebuilt, and after. */
function crashed(arch: 'xen2' | 'driver-domains', times: readonly number[]): Snapshot[] {
	const watched = new WatchedHost(parseScenario(JSON.stringify(text.source), 'web-and-db.yaml', {arch}));
	return times.map((time) => {
		const snapshot = watched.advance(time * second).look();
		if (time === 1.5) watched.host.operate(crash('nvme0'));
		return snapshot;
	});
}

const [before, dead, rebuilding, after] = crashed('driver-domains', [1.5, 1.5005, 1.6, 3]);

function lines(snapshot: Snapshot, columns: number, rows: number): readonly string[] {
	const app = renderApp({columns, rows});
	app.message({type: 'snapshot', snapshot, clock: fakeClock()});
	app.close();
	return app.lines();
}

const rowOf = (screen: readonly string[], words: RegExp) => screen.findIndex((line) => words.test(line));

describe.each(sizes)('at %i×%i', (columns, rows) => {
	test('the frames stand in order, each with its backends and drivers, and the figures add up', () => {
		const screen = lines(before, columns, rows);
		const order = [
			/0 Domain-0/,
			/1 diskdd/,
			/blkback +web xvda/,
			/blkback +db xvda/,
			/nvme0 /,
			/2 netdd/,
			/netback +web/,
		];
		const places = order.map((words) => rowOf(screen, words));
		expect(places.every((row) => row >= 0)).toBe(true);
		expect(places).toEqual(places.toSorted((a, b) => a - b));
		expect(screen.join('\n')).toContain('owned by diskdd and netdd');
		expect(checkScreenAddsUp(screen)).toEqual([]);
	});

	test('a dead one keeps its place and says of what it died; the new one has it with a new id', () => {
		const places = [before, dead, rebuilding, after].map(
			(snapshot) =>
				rowOf(lines(snapshot, columns, rows), /\d diskdd/) < rowOf(lines(snapshot, columns, rows), /\d netdd/),
		);
		expect(places).toEqual([true, true, true, true]);
		expect(lines(dead, columns, rows).join('\n')).toMatch(/1 diskdd .*died[\s\S]*crashed 0:01\.500/);
		expect(lines(rebuilding, columns, rows).join('\n')).toMatch(/5 diskdd .*booting/);
		expect(lines(after, columns, rows).join('\n')).toMatch(/5 diskdd .*run[\s\S]*blkback +web xvda/);
	});
});

/** The cells of a frame, for following lines. */
function cells(snapshot: Snapshot, columns: number, rows: number): string[] {
	const world = {
		snapshot,
		clock: fakeClock(),
		log: [],
		notice: undefined,
		failed: undefined,
		faultKinds: [],
		columns,
		rows,
	};
	return drawFrame(world, {...initialState, selected: 'xen'}).text();
}

describe('a channel', () => {
	test.each(sizes)('can be followed from the line of its backend to that of its frontend at %i×%i', (columns, rows) => {
		const screen = cells(before, columns, rows);
		const guests = [/│ xvda .*/, /│ eth0 .*/].map((words) => screen.findIndex((line) => words.test(line)));
		const db = screen.findIndex((line, row) => row > guests[1] && /│ xvda /.test(line));
		expect(follow(screen, guests[0])).toMatch(/blkback +web xvda/);
		expect(follow(screen, guests[1])).toMatch(/netback +web vif\d+\.0/);
		expect(follow(screen, db)).toMatch(/blkback +db xvda/);
	});

	test('to a domain that is gone says so, in the figure and in words', () => {
		expect(lines(dead, 120, 36).join('\n')).toContain('┄ gone');
		expect(rebuilding.channels.find(({id}) => id === 'web.xvda')).toMatchObject({look: 'closed', backState: 'gone'});
		expect(rebuilding.channels.find(({id}) => id === 'web.vif0')).toMatchObject({backState: 'Connected'});
		expect(after.channels.every(({look}) => look !== 'closed')).toBe(true);
	});
});

/** Follows the line that ends at a guest's frame on `row` back to where it begins; the text of the row there, left of it. */
function follow(screen: readonly string[], row: number): string {
	const at = (x: number, y: number) => [...screen[y]][x];
	let x = screen[row].lastIndexOf('►');
	let y = row;
	for (let step = 0; step < 300; step++) {
		const glyph = at(x, y);
		if (glyph === '◄') return screen[y].slice(0, x);
		if (glyph === '╔' || glyph === '┌') {
			do y++;
			while (!'╝┘'.includes(at(x, y)));
		} else if (glyph === '╚' || glyph === '└') {
			do y--;
			while (!'╗┐'.includes(at(x, y)));
		}
		x--;
	}
	return '';
}

test('in Xen 2.0 the same crash takes the host: it is down, says what comes next, and every frame is empty', () => {
	const [, down] = crashed('xen2', [1.5, 3]);
	expect(down.down).toMatchObject({next: 'machine reset'});
	expect(down.domains.every(({died}) => died !== undefined)).toBe(true);
	for (const [columns, rows] of sizes) {
		const screen = lines(down, columns, rows).join('\n');
		expect(screen).toMatch(/HOST DOWN: machine reset in 3\.\d/);
		expect(screen).toMatch(/0 Domain-0 .*died[\s\S]*crashed 0:01\.500/);
		expect(screen).toContain('went down with the host');
	}
});
