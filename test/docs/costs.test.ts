/** The list of named costs: every cost the code pays, no other; a slip in an override is noticed. Its table is in docs/fidelity.md. */
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {loadScenario} from '../../source/commands/load.js';
import {costGroups, costNames} from '../../source/sim/host/cost-names.js';
import {folderWith} from '../support/cli.js';
import {pathOf} from './page.js';

/** Every `{name: 'a.b', ns: 1, source: …` written anywhere under source/. */
function costsWritten(): Map<string, number> {
	const written = new Map<string, number>();
	for (const file of readdirSync(pathOf('source'), {recursive: true, encoding: 'utf8'})) {
		if (/\.tsx?$/.test(file)) {
			const text = readFileSync(join(pathOf('source'), file), 'utf8');
			for (const [, name, ns] of text.matchAll(/\{\s*name: '([\w.]+)',\s*ns: ([\d_]+),/g)) {
				expect(written.has(name), `${name} is written once`).toBe(false);
				written.set(name, Number(ns.replaceAll('_', '')));
			}
		}
	}

	return written;
}

describe('the list of named costs', () => {
	it('has every cost that is written in the code, with its nanoseconds, and no other', () => {
		const listed = new Map(costGroups.flatMap(({costs}) => costs.map(({name, ns}) => [name, ns])));
		expect([...listed].sort()).toEqual([...costsWritten()].sort());
		expect(new Set(costNames).size).toBe(costNames.length);
	});

	it('has everything that is exported as a record of costs', async () => {
		for (const file of readdirSync(pathOf('source/sim'), {recursive: true, encoding: 'utf8'})) {
			const path = join(pathOf('source/sim'), file);
			if (!file.endsWith('.ts') || !/export const \w+Costs\b/.test(readFileSync(path, 'utf8'))) {
				continue;
			}

			const module: Record<string, unknown> = await import(path);
			for (const [name, value] of Object.entries(module)) {
				if (name.endsWith('Costs') && typeof value === 'object' && value !== null) {
					for (const cost of Object.values(value)) {
						expect(costNames, `${file} ${name}`).toContain(cost.name);
					}
				}
			}
		}
	});
});

describe('an override of a cost', () => {
	const scenario = (costs: string) => `name: t
host: {devices: {nvme0: {model: nvme, pci: "00:04.0"}}}
domains: {web: {}}
costs: {${costs}}
`;

	it('is taken when there is such a cost', () => {
		const folder = folderWith({'t.yaml': scenario('xen.switch: 3us')});
		try {
			expect(loadScenario(join(folder.path, 't.yaml')).scenario.costs).toEqual({'xen.switch': 3000});
		} finally {
			folder.remove();
		}
	});

	it('is refused with a suggestion when there is none', () => {
		const folder = folderWith({'t.yaml': scenario('xen.swich: 3us')});
		try {
			expect(() => loadScenario(join(folder.path, 't.yaml'))).toThrow(
				"t.yaml:4:9: unknown cost 'xen.swich', did you mean 'xen.switch'?",
			);
		} finally {
			folder.remove();
		}
	});
});
