/** Lines of code: what counts as one, and what an architecture places in the hypervisor. */
import {readFileSync} from 'node:fs';
import {describe, expect, test} from 'vitest';
import {countCode, hypervisorLines} from '../../source/commands/code-lines.js';
import {hypervisorCode} from '../../source/sim/architecture/hypervisor-code.js';
import {sourcesUnder} from '../checks/sources.js';

const world = sourcesUnder('source').filter(({path}) => path.startsWith('source/sim/'));
const lines = Object.fromEntries(world.map(({path, text}) => [path.slice('source/'.length), countCode(text)]));

describe('a line of code', () => {
	test.each([
		['', 0],
		['let a;\n\n\t\nlet b;\n', 2],
		['// no\n\t// no\nlet a; // yes\n', 1],
		['/** no */\nlet a;\n', 1],
		['/*\nno\n\nno */\nlet a;\n/** no\n * no\n */ let b;\n', 2],
		["let a = '/*';\nlet b;\n", 2],
	])('in %j: %i', (text, count) => {
		expect(countCode(text)).toBe(count);
	});
});

describe('what is placed in the hypervisor', () => {
	test('is there, every name of it', () => {
		for (const start of Object.values(hypervisorCode).flat()) {
			expect(
				Object.keys(lines).some((path) => path.startsWith(start)),
				start,
			).toBe(true);
		}
	});

	test('holds no file that only guests run, and native drivers under one architecture alone', () => {
		const holding = (path: string) =>
			Object.entries(hypervisorCode).flatMap(([name, starts]) =>
				starts.some((start) => path.startsWith(start)) ? [name] : [],
			);
		expect(holding('sim/frontend/blkfront.ts')).toEqual([]);
		expect(holding('sim/backend/blkback.ts')).toEqual([]);
		expect(holding('sim/drivers/nvme.ts')).toHaveLength(1);
		expect(holding('sim/xen/hypervisor.ts')).toHaveLength(3);
	});

	test('is the sum of its files', () => {
		const all = Object.entries(lines).filter(([path]) => hypervisorCode.xen2.includes(path));
		expect(hypervisorLines('xen2', lines)).toBe(all.reduce((sum, [, count]) => sum + count, 0));
		expect(hypervisorLines('xen2', {...lines, 'sim/frontend/blkfront.ts': 1e6})).toBe(hypervisorLines('xen2', lines));
	});

	test('was counted when ringtop was built', () => {
		const built = JSON.parse(readFileSync(new URL('../../dist/code-lines.json', import.meta.url), 'utf8'));
		for (const start of Object.values(hypervisorCode).flat()) {
			const counted = Object.keys(built).filter((path) => path.startsWith(start));
			expect(counted, start).not.toEqual([]);
			for (const path of counted) expect(built[path], path).toBeGreaterThan(0);
		}
	});
});
