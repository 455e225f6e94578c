#!/usr/bin/env node
/**
 * The launcher. React's development build leaks and costs up to 2.5 times the CPU, and it is chosen when React is
 * first loaded: so the environment is set here, before anything else is imported, and the compiler's limits likewise.
 */
import {raiseCompilerLimits} from './commands/compiler-limits.js';

process.env.NODE_ENV ??= 'production';
raiseCompilerLimits();

const {main} = await import('./commands/main.js');
process.exitCode = await main(process.argv.slice(2));
