/**
 * `npm run test:nodes`: the golden hashes (test/golden) under every Node line the package admits. The versions come
 * from the npm package `node`, kept in .cache/; one that cannot be installed is skipped with its reason, or, where
 * CI is set, fails. Arguments are other versions to try, for example `npm run test:nodes -- 22`.
 */
import {spawnSync} from 'node:child_process';
import {existsSync, mkdirSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const majors = process.argv.length > 2 ? process.argv.slice(2) : ['20', '22', '24', '26'];
const required = !['', '0', 'false', undefined].includes(process.env.CI);
const outcome = {passed: 0, failed: 0, skipped: 0};
const closing = [];

for (const major of majors) {
	const {node, reason} = find(major);
	if (node === undefined) {
		outcome[required ? 'failed' : 'skipped']++;
		closing.push(`Node ${major}: ${required ? 'missing' : 'skipped'}, ${reason}`);
		continue;
	}
	const version = versionOf(node);
	console.log(`\nNode ${version}`);
	const {status} = spawnSync(node, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', 'test/golden'], {
		cwd: root,
		stdio: 'inherit',
	});
	outcome[status === 0 ? 'passed' : 'failed']++;
	closing.push(`Node ${version}: ${status === 0 ? 'passed' : 'failed'}`);
}

console.log(
	`\n${closing.join('\n')}\n\n${outcome.passed} passed, ${outcome.failed} failed, ${outcome.skipped} skipped`,
);
process.exitCode = outcome.failed > 0 ? 1 : 0;

/** A Node of this line: the one that runs us, one in the cache, or one installed there now. */
function find(major) {
	if (process.versions.node.split('.')[0] === major) return {node: process.execPath};
	const home = join(root, '.cache', `node-${major}`);
	const node = join(home, 'node_modules', 'node', 'bin', 'node');
	if (works(node)) return {node};
	mkdirSync(home, {recursive: true});
	console.log(`installing node@${major} into .cache/node-${major} …`);
	// The package's preinstall script fetches the build for this machine, so scripts must be allowed to run.
	const install = spawnSync(
		'npm',
		['install', '--prefix', home, '--no-save', '--no-package-lock', '--ignore-scripts=false', `node@${major}`],
		{cwd: home, encoding: 'utf8', timeout: 300_000},
	);
	if (works(node)) return {node};
	const lines = `${install.error?.message ?? ''}\n${install.stderr ?? ''}`
		.split('\n')
		.filter((line) => /error|ERR/.test(line));
	return {
		reason: `npm could not install node@${major} (${lines[0]?.trim() ?? 'no working node binary in the package'})`,
	};
}

function works(node) {
	return existsSync(node) && versionOf(node) !== '';
}

function versionOf(node) {
	return spawnSync(node, ['--version'], {encoding: 'utf8'}).stdout?.trim().replace(/^v/, '') ?? '';
}
