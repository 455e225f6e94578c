/**
 * One command line, run to its end: finds the command, loads only what that command needs (the console's libraries
 * cost half a second that `run` and `list` do not pay), and turns errors into an exit code.
 */
import {parseArguments} from './arguments.js';
import type {CommandName, Request} from './options.js';
import {exitCode, UserError} from './user-error.js';

type Command = {run: (request: Request) => Promise<number>};

const load: Record<CommandName, () => Promise<Command>> = {
	watch: () => import('./watch.js'),
	run: () => import('./run.js'),
	compare: () => import('./compare.js'),
	replay: () => import('./replay.js'),
	list: () => import('./list.js'),
	help: () => import('./help.js'),
	version: () => import('./version.js'),
};

/** Runs `argv` (without node and the script) and resolves to the exit code of the process. */
export async function main(argv: readonly string[]): Promise<number> {
	watchOutputs();
	try {
		const request = parseArguments(argv);
		const {run} = await load[request.command]();
		return await run(request);
	} catch (error) {
		if (error instanceof UserError) {
			process.stderr.write(`${error.complete ? '' : 'ringtop: '}${error.message}\n`);
			return error.exit;
		}
		const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
		process.stderr.write(`ringtop: internal error, please report it\n${text}\n`);
		return exitCode.internal;
	}
}

/**
 * `ringtop list | head -1` closes our stdout early; that is no error, and the command ends with the exit code it has.
 * Any other output that cannot be written (a full disk) is lost, which the exit code must say.
 */
function watchOutputs(): void {
	process.stdout.on('error', (error: NodeJS.ErrnoException) => {
		if (error.code === 'EPIPE') return;
		const why = error.code === 'ENOSPC' ? 'no space left on device' : error.message;
		process.stderr.write(`ringtop: cannot write to stdout: ${why}\n`);
		process.exit(exitCode.internal);
	});
	process.stderr.on('error', () => {
		// Nobody is left to tell.
	});
}
