/**
 * An error in what the person typed or in a file they gave: it is told in their words on stderr, without a stack,
 * and ends the command with exit code 2. Everything else that is thrown is a fault of ringtop itself.
 */
import {printable} from '../engine/printable.js';

/** Exit codes of every command. */
export const exitCode = {met: 0, notMet: 1, badInput: 2, internal: 70, interrupted: 130} as const;

export class UserError extends Error {
	override readonly name = 'UserError';
	readonly exit: number;
	/** Whether the message says itself what it is about, such as `file:line:column:`, and needs no `ringtop:`. */
	readonly complete: boolean;

	constructor(message: string, {exit = exitCode.badInput, complete = false}: {exit?: number; complete?: boolean} = {}) {
		super(printable(message));
		this.exit = exit;
		this.complete = complete;
	}
}
