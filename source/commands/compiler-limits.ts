/**
 * Limits of V8's optimising compiler, set before anything is compiled. An I/O here passes a thousand small functions; with the
 * default budgets V8 stops inlining half way. Measured on the whole path: a sixth more I/Os per second of CPU.
 */
import {setFlagsFromString} from 'node:v8';

/** Applies to all code optimised from now on, in worker threads too. */
export function raiseCompilerLimits(): void {
	setFlagsFromString('--max-inlined-bytecode-size=1000');
	setFlagsFromString('--max-inlined-bytecode-size-cumulative=10000');
	setFlagsFromString('--max-inlined-bytecode-size-absolute=20000');
}
