/** ink-table under this Ink: it is CommonJS that requires ink, and ink is a module with a top-level await, which cannot be required. */
import {createRequire} from 'node:module';
import * as ink from 'ink';
import type InkTable from 'ink-table';

const require = createRequire(import.meta.url);
const id = require.resolve('ink');
// As much of a module as require() looks at when it finds one already loaded.
const loaded = {id, filename: id, loaded: true, children: [], paths: [], exports: ink};
require.cache[id] ??= loaded as unknown as NodeJS.Module;
// What the package's own types say of it.
const {default: Table} = require('ink-table') as typeof InkTable;

export default Table;
