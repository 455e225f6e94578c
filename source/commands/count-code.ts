/** The last step of the build: counts the lines of the simulated world's sources, and leaves them beside what was built. */
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {codeLinesFile, countCode} from './code-lines.js';

const source = new URL('../../source/', import.meta.url);
const lines: Record<string, number> = {};
for (const name of readdirSync(new URL('sim/', source), {recursive: true, encoding: 'utf8'}).sort()) {
	if (!name.endsWith('.ts')) continue;
	const path = `sim/${name.replaceAll('\\', '/')}`;
	lines[path] = countCode(readFileSync(new URL(path, source), 'utf8'));
}
writeFileSync(codeLinesFile, `${JSON.stringify(lines, null, '\t')}\n`);
