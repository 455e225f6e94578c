/** The house keeps its order: the real sources pass every check, and each check catches what it is there for. */
import {existsSync, readFileSync, statSync} from 'node:fs';
import {describe, expect, test} from 'vitest';
import {checkImports} from './imports.js';
import {checkPurity} from './purity.js';
import {checkShape} from './shape.js';
import {root, sourceFile, sourcesUnder} from './sources.js';

const source = sourcesUnder('source');
const everything = [...source, ...sourcesUnder('test'), ...sourcesUnder('bench')];

describe('the sources', () => {
	test('are found', () => {
		expect(source.map(({path}) => path)).toContain('source/cli.tsx');
	});

	test('import down the house only, and never in a circle', () => {
		expect(checkImports(source)).toEqual([]);
	});

	test('keep clock, chance, environment, files and promises out of the simulated world', () => {
		expect(checkPurity(source)).toEqual([]);
	});

	test('have header comments, one idea a file, and one room that knows the architecture', () => {
		expect(checkShape(everything)).toEqual([]);
	});
});

describe('the project', () => {
	const text = (path: string) => readFileSync(root + path, 'utf8');

	test('locks versions without naming the host they came from', () => {
		expect(text('package-lock.json')).not.toContain('"resolved"');
	});

	test('starts and tests with the two lines of the README, which the automatic run uses too', () => {
		expect(text('README.md')).toMatch(/^ {4}npm install && npm start$/m);
		expect(text('README.md')).toMatch(/^ {4}npm install && npm test$/m);
		expect(text('.ci/run').trimEnd().split('\n').at(-1)).toBe('npm install && npm test');
		expect(statSync(`${root}.ci/run`).mode & 0o111).not.toBe(0);
	});

	test('ships what the program reads at run time', () => {
		const {files, bin} = JSON.parse(text('package.json'));
		expect(files).toEqual(expect.arrayContaining(['dist', 'scenarios']));
		expect(existsSync(root + bin.ringtop)).toBe(true);
	});
});

describe('the import check', () => {
	const check = (...files: Array<[string, string]>) =>
		checkImports(files.map(([path, text]) => sourceFile(path, text)));
	const xen: [string, string] = ['source/sim/xen/domain.ts', ''];
	const kernel: [string, string] = ['source/sim/kernel/kernel.ts', ''];

	test('lets a room import the rooms below it', () => {
		expect(check(['source/sim/kernel/a.ts', "import {b} from '../xen/domain.js';"], xen)).toEqual([]);
	});

	test('catches an import up, a type or a re-export or a dynamic one too', () => {
		for (const line of [
			"import {k} from '../kernel/kernel.js'",
			"import '../kernel/kernel.js'",
			"import type {K} from '../kernel/kernel.js'",
			"import * as k from '../kernel/kernel.js'",
			"export {k} from '../kernel/kernel.js'",
			"export * from '../kernel/kernel.js'",
			"const k = await import('../kernel/kernel.js')",
			"import {\n\ta,\n\tb as c,\n} from '../kernel/kernel.js'",
		]) {
			expect(check(['source/sim/xen/a.ts', line], kernel), line).toEqual([
				'source/sim/xen/a.ts:1: imports up, source/sim/kernel/',
			]);
		}
	});

	test('does not take text for an import', () => {
		expect(
			check(
				['source/sim/xen/a.ts', "// import '../kernel/kernel.js'\nconst a = \"import '../kernel/kernel.js'\";"],
				kernel,
			),
		).toEqual([]);
	});

	test('catches a circle of any length, within a room too', () => {
		expect(
			check(
				['source/hw/a.ts', "import './b.js'"],
				['source/hw/b.ts', "import './c.js'"],
				['source/hw/c.ts', "import type {A} from './a.js'"],
			),
		).toEqual(['circle: source/hw/a.ts → source/hw/b.ts → source/hw/c.ts → source/hw/a.ts']);
	});

	test('lets a native driver know the kernel and nothing of Xen', () => {
		const driver = 'source/sim/drivers/nvme.ts';
		expect(check([driver, "import type {Kernel} from '../kernel/kernel.js'"], kernel)).toEqual([]);
		expect(check([driver, "import type {Domain} from '../xen/domain.js'"], xen)).toEqual([
			expect.stringContaining('must not import source/sim/xen/domain.ts: a native driver'),
		]);
	});

	test('lets the console know only the shapes of snapshots and commands', () => {
		const snapshot: [string, string] = ['source/observe/snapshot.ts', ''];
		const path = 'source/ui/app.tsx';
		expect(check([path, "import type {Snapshot} from '../observe/snapshot.js'"], snapshot)).toEqual([]);
		expect(check([path, "import {type A, type B} from '../observe/snapshot.js'"], snapshot)).toEqual([]);
		expect(check([path, "import {take, type B} from '../observe/snapshot.js'"], snapshot)).toHaveLength(1);
		expect(check([path, "import type {Domain} from '../sim/xen/domain.js'"], xen)).toHaveLength(1);
	});

	test('catches packages in the simulated world, files in no room, and imports of nothing', () => {
		expect(check(['source/hw/a.ts', "import {z} from 'zod'"])).toEqual(["source/hw/a.ts:1: must not import 'zod'"]);
		expect(check(['source/sim/scenario/a.ts', "import {z} from 'zod'"])).toEqual([]);
		expect(check(['source/sim/other/a.ts', ''])).toEqual(['source/sim/other/a.ts: is in no room of the house']);
		expect(check(['source/hw/a.ts', "import './gone.js'"])).toEqual([
			'source/hw/a.ts:1: imports source/hw/gone.js, which is not there',
		]);
	});
});

describe('the purity check', () => {
	const check = (text: string, path = 'source/sim/xen/a.ts') => checkPurity([sourceFile(path, text)]);

	test.each([
		'const t = Date.now();',
		'const t = new Date();',
		'performance.now()',
		'process.env.X',
		'process.hrtime.bigint()',
		'globalThis.Date',
		'setTimeout(f, 1)',
		'queueMicrotask(f)',
		'async function f() {}',
		'const f = async () => 1;',
		'for await (const a of b) {}',
		'new Promise(f)',
		'return Promise.all(list)',
		'Math.random()',
		'Math.sin(1)',
		'Math.pow(2, 3)',
		'Math?.random()',
		"Math['random']()",
		'const {random} = Math;',
		'const m = Math;',
		'a ** 2',
		'a **= 2',
		'a.localeCompare(b)',
		'a?.localeCompare(b)',
		'(1).toLocaleString()',
		'new Intl.NumberFormat()',
		'x ? process : y',
		"import {readFileSync} from 'node:fs'",
		"import process from 'node:process'",
		"const fs = await import('node:fs')",
		"require('fs')",
		'console.log(1)',
		'new SharedArrayBuffer(1)',
		'crypto.randomUUID()',
		// biome-ignore lint/suspicious/noTemplateCurlyInString: this is source text.
		'`now ${Date.now()}`',
	])('catches %s', (text) => {
		expect(check(text)).not.toEqual([]);
	});

	test.each([
		'// Date.now() would be wrong here',
		"const text = 'Math.random';",
		'const a = /process/;',
		'Math.floor(a) + Math.imul(b, c) + Math.clz32(d) + Math.sqrt(e)',
		'const a = {rate_process: 1, process: 2}; a.process',
		'interface A {process?: string; readonly process: number}',
		'task.performance = other.fetch',
		'Buffer.alloc(16)',
	])('lets pass %s', (text) => {
		expect(check(text)).toEqual([]);
	});

	test('does not look above the simulated world', () => {
		expect(check('Date.now()', 'source/session/worker.ts')).toEqual([]);
		expect(check('Date.now()', 'source/engine/engine.ts')).toHaveLength(1);
		expect(check('Date.now()', 'source/hw/disk/nvme.ts')).toHaveLength(1);
		expect(check('Date.now()', 'source/net/tcp.ts')).toHaveLength(1);
	});

	test('says where', () => {
		expect(check('\n\nlet a = Math.random()')).toEqual([
			'source/sim/xen/a.ts:3: must not use Math.random, which is not fixed to the bit',
		]);
	});
});

describe('the shape check', () => {
	const check = (path: string, text: string, long = {}) => checkShape([sourceFile(path, text)], long);

	test('asks for a header comment', () => {
		expect(check('source/hw/a.ts', 'let a;\n')).toEqual([
			'source/hw/a.ts:1: has no header comment that says what it is about',
		]);
		expect(check('source/hw/a.ts', '#!/usr/bin/env node\n/** A. */\nlet a;\n')).toEqual([]);
	});

	test('asks for a reason when a file is long, and for none when it is not', () => {
		const long = `// A.\n${'let a;\n'.repeat(500)}`;
		expect(check('source/hw/a.ts', long)).toHaveLength(1);
		expect(check('source/hw/a.ts', long, {'source/hw/a.ts': 'a table'})).toEqual([]);
		expect(check('source/hw/a.ts', '// A.\n', {'source/hw/a.ts': 'a table'})).toHaveLength(1);
	});

	test('catches an architecture named where only placement should decide', () => {
		expect(check('source/sim/backend/a.ts', "// A.\nif (arch === 'xen1') f();\n")).toHaveLength(1);
		expect(check('source/sim/architecture/a.ts', "// A.\nif (arch === 'xen1') f();\n")).toEqual([]);
	});
});
