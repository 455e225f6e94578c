/** The last lines of a run, judged by running vitest on small suites made for it. */
import {spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterEach, expect, test} from 'vitest';
import {root} from '../checks/sources.js';
import {cleanEnvironment} from './terminal.js';

const folders: string[] = [];

afterEach(() => {
	for (const folder of folders.splice(0)) rmSync(folder, {recursive: true, force: true});
});

/** Runs these test files with our reporter; the folder is inside the project so that packages are found. */
function run(files: Record<string, string>, env: Record<string, string> = {}) {
	mkdirSync(`${root}tmp`, {recursive: true});
	const folder = mkdtempSync(`${root}tmp/reporter-`);
	const imports = [
		"import {describe, expect, test} from 'vitest';",
		`import {needs} from '${root}test/support/peers.ts';`,
	].join('\n');
	folders.push(folder);
	// vitest would else find the project's own configuration above.
	writeFileSync(join(folder, 'vitest.config.mjs'), 'export default {};\n');
	for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), `${imports}\n${text}`);
	const words = ['run', '--root', folder, '--reporter', `${root}test/support/reporter.ts`];
	const {status, stdout} = spawnSync(process.execPath, [`${root}node_modules/vitest/vitest.mjs`, ...words], {
		env: cleanEnvironment(env),
		encoding: 'utf8',
		timeout: 50_000,
	});
	return {status, lines: stdout.trimEnd().split('\n')};
}

const passing = "test('passes', () => {});";
const needing =
	"needs('nothing here', () => false, 'apt-get install it')('peer tests', () => { test('a', () => {}); test('b', () => {}); });";

test('the very last line counts what passed, failed and was skipped', () => {
	const {status, lines} = run({
		'a.test.ts': `${passing} test('fails', () => { expect(1).toBe(2); });`,
		'b.test.ts': passing,
	});
	expect(status).toBe(1);
	expect(lines.at(-1)).toBe('2 passed, 1 failed, 0 skipped');
});

test('a missing peer is listed with its reason and every test it cost', () => {
	const {status, lines} = run({'a.test.ts': `${passing} ${needing}`});
	expect(status).toBe(0);
	expect(lines.at(-1)).toBe('1 passed, 0 failed, 2 skipped');
	expect(lines.join('\n')).toContain(
		'skipped, needs nothing here: apt-get install it\n  a.test.ts: a\n  a.test.ts: b\n',
	);
});

test('a missing peer fails where CI is set, and a file that cannot be loaded fails everywhere', () => {
	const ci = run({'a.test.ts': `${passing} ${needing}`}, {CI: 'true'});
	expect(ci.status).toBe(1);
	expect(ci.lines.at(-1)).toBe('0 passed, 1 failed, 0 skipped');
	const broken = run({'a.test.ts': passing, 'b.test.ts': "throw new Error('broken');"});
	expect(broken.status).toBe(1);
	expect(broken.lines.at(-1)).toBe('1 passed, 1 failed, 0 skipped');
});

test('a run that found no tests did not pass', () => {
	const {status, lines} = run({});
	expect(status).toBe(1);
	expect(lines.at(-1)).toBe('0 passed, 1 failed, 0 skipped');
});

test('an error outside any test fails the run, and the line says so', () => {
	const {status, lines} = run({
		'a.test.ts':
			"test('passes', async () => { setTimeout(() => { throw new Error('stray'); }); await new Promise(r => setTimeout(r, 50)); });",
	});
	expect(status).toBe(1);
	expect(lines.at(-1)).toBe('1 passed, 1 failed, 0 skipped');
});
