/** `ringtop compare`: every architecture that is built, one table in three forms, exit codes as of `run`. */
import {afterEach, describe, expect, test} from 'vitest';
import {knobFactors, withKnobs} from '../../source/commands/knobs.js';
import type {Comparison} from '../../source/observe/comparison-types.js';
import {parseScenario} from '../../source/sim/scenario/parse.js';
import {architectures} from '../../source/sim/scenario/vocabulary.js';
import {scenarioText, smallHost} from '../sim/host/metrics-scenario.js';
import {folderWith, ringtop} from '../support/cli.js';
import {cli, keys, start, type TerminalSession} from '../support/terminal.js';

let folder: ReturnType<typeof folderWith> | undefined;

let session: TerminalSession | undefined;

afterEach(async () => {
	folder?.remove();
	folder = undefined;
	await session?.close();
	session = undefined;
});

const short = {pages: '{rw: randread, iodepth: 4, rate_iops: 2000}', runtime: '100ms'};

/** Compares a scenario file in a folder of its own. */
function compare(text: string, ...options: readonly string[]) {
	folder?.remove();
	folder = folderWith({'small.yaml': text});
	return ringtop(['compare', 'small.yaml', ...options], {cwd: folder.path});
}

function compareJson(text: string, ...options: readonly string[]): Comparison {
	return JSON.parse(compare(text, '--json', ...options).stdout);
}

describe('ringtop compare', () => {
	test('runs the scenario under every architecture that is built, each as `run --arch` does', () => {
		const {columns, rows} = compareJson(scenarioText(short), '--seed', '7');
		expect(columns.map(({architecture}) => architecture)).toEqual(architectures);
		for (const column of columns) {
			if (!column.applicable) throw new Error(column.reason);
			const alone = ringtop([...column.reproduce.split(' ').slice(1), '--json'], {cwd: folder?.path});
			expect(JSON.parse(alone.stdout)).toMatchObject({stateHash: column.stateHash, seed: 7});
		}
		expect(rows.every(({cells}) => cells.length === columns.length)).toBe(true);
		expect(rows.find(({name}) => name === 'channels')?.cells.every((cell) => cell !== null)).toBe(true);
	});

	test('without a terminal is a plain table, the same every time, and says nothing on stderr', () => {
		const once = compare(scenarioText(short));
		expect(once).toMatchObject({code: 0, stderr: ''});
		expect(once.stdout).toMatch(/^ {2}web\.xvda pages read p99 +[\d.]+ .s +.*knob$/m);
		expect(once.stdout).toMatch(/^ {2}lines of code +[\d ]+$/m);
		expect(once.stdout).toContain('docs/fidelity.md');
		expect(compare(scenarioText(short))).toEqual(once);
	});

	test('--markdown has a table whose rows all have its columns', () => {
		const {stdout} = compare(scenarioText(short), '--markdown');
		const table = stdout.split('\n').filter((line) => line.startsWith('|'));
		expect(table.length).toBeGreaterThan(20);
		for (const line of table) expect(line.match(/(?<!\\)\|/g)).toHaveLength(architectures.length + 3);
	});

	test('shows what a crash of a driver costs where', () => {
		const crash = '{at: 20ms, fault: drv.crash, target: nvme0, id: bang}';
		const {rows, columns} = compareJson(scenarioText({...short, timeline: [crash]}));
		const lost = rows.find(({name}) => name === 'domains lost');
		const at = (name: string) => columns.findIndex(({architecture}) => architecture === name);
		expect(lost?.section).toBe('Crash bang: drv.crash nvme0');
		expect(lost?.cells[at('xen2')]?.value).toBe(2);
		expect(lost?.cells[at('driver-domains')]?.value).toBe(1);
	});

	test('says under which architecture a scenario is not applicable, and why, and runs the others', () => {
		const zero = '{memory: 256MiB, jobs: {own: {on: nvme0p3, rw: randread, rate_iops: 100}}}';
		const {columns, rows} = compareJson(scenarioText({...short, zero}));
		const not = columns.find(({architecture}) => architecture === 'driver-domains');
		const reason = expect.stringMatching(/^small\.yaml:\d+:\d+: diskdd has nvme0, and Domain-0 none of it/);
		expect(not).toMatchObject({applicable: false, reason});
		expect(columns.find(({architecture}) => architecture === 'xen2')).toMatchObject({applicable: true, met: true});
		expect(rows.find(({name}) => name === 'scenario')?.cells).toContainEqual({
			value: expect.stringContaining('not applicable: small.yaml:'),
		});
	});

	test('--sensitivity shows what comes of the knobs at half and at double', () => {
		const {rows, factors} = compareJson(scenarioText(short), '--sensitivity');
		expect(factors).toEqual(knobFactors);
		const cell = rows.find(({name}) => name === 'web.xvda pages read p50')?.cells[0];
		expect(cell?.least).toBeLessThan(Number(cell?.value));
		expect(cell?.most).toBeGreaterThan(Number(cell?.value));
		expect(rows.find(({name}) => name === 'lines of code')?.cells[0]).not.toHaveProperty('least');
	});

	test('exits with 1 when the scenario is not met under one of them', () => {
		const {code, stdout} = compare(
			scenarioText({...short, expect: ['{that: web.xvda.read.rate == 1/s, under: xen2}']}),
		);
		expect(code).toBe(1);
		expect(stdout).toMatch(/^expectations .*NOT MET, 0 of 1/m);
	});

	test.each([
		[['--until', '1s'], /^ringtop: --until: a time from 1ns to 100ms, where the scenario ends\n$/],
		[['--seed', 'x'], /^ringtop: --seed x: /],
		[['--json', '--markdown'], /^ringtop: --json and --markdown: one table has one form\n$/],
		[['--arch', 'xen2'], /^ringtop: --arch is not an option of 'ringtop compare'/],
	])('refuses %j with exit code 2', (options, message) => {
		const {code, stdout, stderr} = compare(scenarioText(short), ...options);
		expect([code, stdout]).toEqual([2, '']);
		expect(stderr).toMatch(message);
	});

	test('refuses a recording, and tells what is wrong with a file as `run` does', () => {
		const host = smallHost(short);
		host.advance(10_000_000, 1e9);
		expect(compare(host.recording())).toMatchObject({
			code: 2,
			stderr: expect.stringContaining('a recording runs as it was made'),
		});
		expect(compare('nonsense: 1\n').stderr).toMatch(/^small\.yaml:1:1: /);
	});

	test('--help says what the names of architectures mean', () => {
		expect(ringtop(['compare', '--help']).stdout).toContain("with the channels of today's Xen");
	});
});

describe('a comparison in a terminal', () => {
	/** Compares in a terminal, and tells how it was left. */
	function inTerminal(text: string, columns: number, env: Record<string, string> = {}): TerminalSession {
		folder = folderWith({'small.yaml': text});
		session = start(`cd ${folder.path} && node ${cli} compare small.yaml; echo "left with $?"`, {
			columns,
			rows: 90,
			env: {LANG: 'C.UTF-8', ...env},
		});
		return session;
	}

	test('is a table with borders, under what each run took', async () => {
		const text = await inTerminal(scenarioText(short), 140).waitFor(/left with \d+/);
		expect(text).toContain('left with 0');
		expect(text).toMatch(/^xen2: 0\.100 s simulated in [\d.]+ s/m);
		expect(text).toMatch(/^│ {3}web\.xvda pages read p99 +│.*│ knob │$/m);
	});

	test.each([
		['too narrow', 60, {}],
		['that knows no UTF-8', 140, {LC_ALL: 'C'}],
	])('%s is the plain table', async (_, columns, env) => {
		const text = await inTerminal(scenarioText(short), columns, env).waitFor(/left with \d+/);
		expect(text).toContain('web.xvda pages read p99');
		expect(text).not.toContain('│');
	});

	test('ends at Ctrl-C with what there is', async () => {
		const long = scenarioText({pages: '{rw: randread, iodepth: 16}', runtime: '1h'});
		const shown = inTerminal(long, 140);
		await shown.waitFor(/xen1: +\d+ % {2}\d+\.\d s simulated/);
		await shown.press(keys.ctrlC);
		const text = await shown.waitFor(/left with \d+/);
		expect(text).toContain('left with 130');
		expect(text).toMatch(/^│ expectations +│ undecided/m);
	});
});

describe('turned knobs', () => {
	const scenario = parseScenario(scenarioText(short), 'small.yaml');

	test('are every cost that is a knob and the times of booting, and nothing else', () => {
		const {costs, toolstack, ...rest} = withKnobs({...scenario, costs: {'register.read': 100}}, 2);
		expect(costs['register.read']).toBe(200);
		expect(costs['config.read']).toBe(2000);
		expect(toolstack.guestBoot).toBe(2 * scenario.toolstack.guestBoot);
		expect(toolstack.hostReboot).toBe(scenario.toolstack.hostReboot);
		expect({...rest, costs: scenario.costs, toolstack: scenario.toolstack}).toEqual(scenario);
	});
});
