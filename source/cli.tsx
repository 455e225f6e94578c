#!/usr/bin/env node
/**
 * The launcher. React's development build leaks and costs up to 2.5 times the CPU, and it is chosen when React is
 * first loaded: so the environment is set here, before anything else is imported.
 */
process.env.NODE_ENV ??= 'production';

const {main} = await import('./commands/main.js');
process.exitCode = await main(process.argv.slice(2));

export {};
