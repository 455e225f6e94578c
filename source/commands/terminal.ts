/**
 * The terminal a console needs: stdout to draw on, keys from stdin or, when stdin is a pipe, from /dev/tty. Where
 * there is none, three lines say what to do instead.
 */
import {openSync} from 'node:fs';
import {ReadStream} from 'node:tty';
import {UserError} from './user-error.js';

export type Terminal = {readonly input: ReadStream; readonly output: NodeJS.WriteStream};

/** The terminal to draw on, or a UserError that says what works without one. */
export function openTerminal(scenario: string): Terminal {
	if (!process.stdout.isTTY) throw refusal('stdout is not a terminal', scenario);
	if (process.env.TERM === 'dumb') throw refusal('TERM=dumb: this terminal cannot place a cursor', scenario);
	if (process.stdin.isTTY) return {input: process.stdin, output: process.stdout};
	try {
		return {input: new ReadStream(openSync('/dev/tty', 'r')), output: process.stdout};
	} catch {
		throw refusal('stdin is not a terminal and there is no /dev/tty to read keys from', scenario);
	}
}

function refusal(why: string, scenario: string): UserError {
	return new UserError(
		[
			`${why}, so the console cannot be shown.`,
			`A report without a console: ringtop run ${scenario}`,
			'The shipped scenarios: ringtop list',
		].join('\n'),
	);
}
