/** Every shipped scenario parses and keeps to the form. */
import {readdirSync, readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {describe, expect, it} from 'vitest';
import {windowsOf} from '../../../source/sim/scenario/expectation.js';
import {parseScenario} from '../../../source/sim/scenario/parse.js';

const folder = fileURLToPath(new URL('../../../scenarios/', import.meta.url));
const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));

/** What an included file says. */
const readInclude = (file: string) => ({file, text: readFileSync(folder + file, 'utf8')});

describe('the shipped scenarios', () => {
	it('are at least five, the default among them', () => {
		expect(files.length).toBeGreaterThanOrEqual(5);
		expect(files).toContain('web-and-db.yaml');
	});

	for (const file of files) {
		it(`${file} parses, says what it is about, asks something and expects something`, () => {
			const scenario = parseScenario(readInclude(file).text, file, {readInclude});
			expect(`${scenario.name}.yaml`).toBe(file);
			expect(scenario.about).not.toBe('');
			expect(scenario.question).toMatch(/\?$/);
			expect(scenario.timeline.some(({verb}) => verb.verb === 'say')).toBe(true);
			expect(scenario.expect.length).toBeGreaterThan(2);
			expect(windowsOf(scenario).length).toBeGreaterThan(0);
		});
	}
});
