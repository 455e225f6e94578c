/** Runs the built program as a child without a terminal, the way a shell script would. */
import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {cleanEnvironment, cli} from './terminal.js';

export type CliResult = {readonly code: number | null; readonly stdout: string; readonly stderr: string};

export type CliOptions = {
	readonly cwd?: string;
	readonly env?: Record<string, string | undefined>;
	readonly input?: string;
	readonly timeout?: number;
};

/** Runs `ringtop` with these words and waits until it has left. */
export function ringtop(
	words: readonly string[],
	{cwd, env, input = '', timeout = 60_000}: CliOptions = {},
): CliResult {
	const {status, stdout, stderr, error} = spawnSync(process.execPath, [cli, ...words], {
		cwd,
		env: cleanEnvironment(env),
		input,
		encoding: 'utf8',
		timeout,
		maxBuffer: 64 * 1024 * 1024,
	});
	if (error !== undefined) throw error;
	return {code: status, stdout, stderr};
}

/** A folder with these files, for one test; `remove` it afterwards. */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>>): {path: string; remove: () => void} {
	const path = mkdtempSync(join(tmpdir(), 'ringtop-test-'));
	for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
	return {path, remove: () => rmSync(path, {recursive: true, force: true})};
}
