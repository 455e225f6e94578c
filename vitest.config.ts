/**
 * Two tiers: `npm test` runs every test/**\/*.test.ts(x) but *.slow.test.*; `npm run test:all` (mode `all`) runs
 * those too. Each file runs in its own process: the simulation keeps typed-array slabs, and terminal tests signals.
 */
import {configDefaults, defineConfig} from 'vitest/config';

export default defineConfig(({mode}) => ({
	test: {
		include: ['test/**/*.test.{ts,tsx}'],
		exclude: [...configDefaults.exclude, ...(mode === 'all' ? [] : ['test/**/*.slow.test.{ts,tsx}'])],
		pool: 'forks',
		maxWorkers: 2,
		testTimeout: mode === 'all' ? 300_000 : 60_000,
		hookTimeout: 60_000,
		reporters: ['default', './test/support/reporter.ts'],
	},
}));
