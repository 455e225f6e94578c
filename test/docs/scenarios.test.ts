/** docs/scenarios.md against the parser: every key, its default, every metric, every example; and the schema for editors. */
import {describe, expect, it} from 'vitest';
import {z} from 'zod';
import {Host} from '../../source/sim/host.js';
import {evaluateExpectations} from '../../source/sim/scenario/expectation.js';
import {diskMetrics, domainMetrics, hostMetrics, parseMetric} from '../../source/sim/scenario/metric.js';
import {
	bridgeMetrics,
	lanHostMetrics,
	lanMetrics,
	netJobMetrics,
	nicMetrics,
	vifMetrics,
} from '../../source/sim/scenario/metric-network.js';
import {parseScenario} from '../../source/sim/scenario/parse.js';
import {ScenarioErrors} from '../../source/sim/scenario/problems.js';
import {scenarioSchema} from '../../source/sim/scenario/schema.js';
import {expectBlocks, expectFile, table, textOf} from './page.js';

const pageName = 'docs/scenarios.md';
const page = textOf(pageName);

interface Node {
	$schema?: string;
	title?: string;
	description?: string;
	type?: string | string[];
	properties?: Record<string, Node>;
	additionalProperties?: Node | boolean;
	items?: Node;
	required?: string[];
	anyOf?: Node[];
}

interface Row {
	readonly key: string;
	readonly value: string;
	readonly default: string;
	readonly meaning: string;
}

/** Rows of the tables of keys by the path in their `<!-- keys PATH -->`; a map of many keys has several tables. */
const tables = new Map<string, readonly Row[]>();
for (const [, path, lines] of page.matchAll(/<!-- keys ?(\S*) -->\n\n((?:\|.*\n)+)/g)) {
	const rows = lines
		.trim()
		.split('\n')
		.slice(2)
		.map((line) => {
			const [key, value, fallback, meaning] = line
				.slice(1, -1)
				.split('|')
				.map((cell) => cell.trim());
			return {key: key.replaceAll('`', ''), value, default: fallback, meaning};
		});
	tables.set(path, [...(tables.get(path) ?? []), ...rows]);
}

/** Maps that are like others, and whose table is theirs. */
const likes: Readonly<Record<string, string>> = {
	'recording.end': 'recording.hashes[]',
	'lan.hosts.*.jobs.*': 'domains.*.jobs.*',
};

/** Maps with known keys, by path: `domains.*.disk[]`. */
function shapes(node: Node, path: string, found = new Map<string, Node>()): Map<string, Node> {
	if (node.properties !== undefined) {
		found.set(path, node);
		for (const [key, value] of Object.entries(node.properties)) {
			shapes(value, path === '' ? key : `${path}.${key}`, found);
		}
	} else if (typeof node.additionalProperties === 'object') {
		shapes(node.additionalProperties, `${path}.*`, found);
	} else if (node.items !== undefined) {
		shapes(node.items, `${path}[]`, found);
	}

	return found;
}

const schemaNow = () => {
	const schema = z.toJSONSchema(scenarioSchema, {io: 'input', unrepresentable: 'any'}) as Node;
	// Read before the schema sees the file.
	schema.properties = {include: {}, ...schema.properties};
	return schema;
};

const fences = (info: string) =>
	[...page.matchAll(new RegExp(`\`\`\`${info}\n(.*?)\`\`\``, 'gs'))].map(([, text]) => text);

describe('the keys', () => {
	const known = shapes(schemaNow(), '');
	for (const [path, like] of Object.entries(likes)) {
		const keys = Object.keys(known.get(like)?.properties ?? {});
		expect(keys).toEqual(expect.arrayContaining(Object.keys(known.get(path)?.properties ?? {})));
		known.delete(path);
	}

	it('have a table for each map', () => {
		expect([...tables.keys()].sort()).toEqual([...known.keys()].sort());
	});

	for (const [path, node] of known) {
		it(`of ${path === '' ? 'the file' : path} are all there, and no other; required ones say so`, () => {
			const rows = tables.get(path) ?? [];
			expect(rows.map(({key}) => key).sort()).toEqual(Object.keys(node.properties ?? {}).sort());
			const required = rows.filter((row) => row.default === 'required').map(({key}) => key);
			expect(required.sort()).toEqual((node.required ?? []).sort());
			for (const row of rows) {
				expect(row.meaning, row.key).not.toBe('');
			}
		});
	}
});

describe('the defaults', () => {
	/** Holds every map of the language once; each default is put in and left out in turn. */
	const base = () => ({
		name: 't',
		host: {
			scheduler: {},
			devices: {
				nvme0: {model: 'nvme', pci: '00:04.0', partitions: {p1: {size: '1GiB'}}},
				eth0: {model: '82540EM', pci: '00:05.0'},
			},
			bridges: {xenbr0: {nics: ['eth0']}},
		},
		driver_domains: {diskdd: {}},
		lan: {hosts: {client: {ip: '10.0.0.9', jobs: {echo: {ping: 'web'}}}}},
		domains: {
			web: {
				disk: [{vdev: 'xvda', target: 'nvme0p1'}],
				vif: [{ip: '10.0.0.1'}],
				jobs: {pages: {rw: 'randrw', rate_iops: 100, rate_process: 'linear', thinktime: '1ms', thinktime_blocks: 1}},
			},
		},
		toolstack: {},
		timeline: [{probability: '1%', fault: 'evt.lost', target: 'web.xvda', id: 'a'}],
		expect: [{that: 'oracle.violations == 0'}],
		recording: {version: '1', hashes: [{at: '1s', event: 1, hash: '0123456789abcdef'}]},
	});
	type Bag = Record<string, unknown>;

	/** The map at a path of `base`, first of each list and map. */
	const mapAt = (root: Bag, path: string): Bag => {
		let node: unknown = root;
		for (const step of path === '' ? [] : path.replaceAll('[]', '.0').split('.')) {
			const bag = node as Bag; // base() has all of them
			node = step === '*' ? Object.values(bag)[0] : bag[step];
		}

		return node as Bag;
	};
	/** Without these a key's companions make no sense. */
	const companions: Readonly<Record<string, readonly string[]>> = {
		rate_iops: ['rate_process'],
		thinktime: ['thinktime_blocks'],
		rw: ['rwmixread'],
	};
	const parsed = (root: Bag) => {
		const {source: _, ...scenario} = parseScenario(JSON.stringify(root), 't.yaml');
		// An expectation's text is what was written, so that it differs.
		const expectations = scenario.expect.map(({check, under}) => ({check, under}));
		return JSON.parse(JSON.stringify({...scenario, expect: expectations})) as unknown;
	};

	for (const [path, rows] of tables) {
		for (const row of rows) {
			const literal = /^`(.*)`$/.exec(row.default)?.[1];
			if (literal === undefined || tables.get(path)?.some(({key}) => key === literal)) {
				continue;
			}

			it(`${path}.${row.key} is ${literal}`, () => {
				const value: unknown = /^[[{\d]/.test(literal) && !/[a-z]/i.test(literal) ? JSON.parse(literal) : literal;
				const [left, right] = [base() as Bag, base() as Bag];
				for (const root of [left, right]) {
					for (const key of companions[row.key] ?? []) {
						delete mapAt(root, path)[key];
					}

					// A map as default says that all its keys may be left out; what needs them is left out, too.
					if (typeof value === 'object' && path === '') {
						for (const key of ['timeline', 'expect']) {
							delete root[key];
						}
					}
				}

				if (row.key === 'vif') {
					for (const root of [left, right]) {
						delete mapAt(root, 'lan.hosts.*').jobs;
					}
				} else if (row.key === 'partitions') {
					for (const root of [left, right]) {
						delete mapAt(root, 'domains.*').disk;
						delete mapAt(root, 'domains.*').jobs;
						delete root.timeline;
					}
				} else if (row.key === 'disk') {
					for (const root of [left, right]) {
						delete mapAt(root, 'domains.*').jobs;
						delete root.timeline;
					}
				}

				mapAt(left, path)[row.key] = value;
				delete mapAt(right, path)[row.key];
				expect(parsed(left)).toEqual(parsed(right));
			});
		}
	}
});

describe('the metrics', () => {
	it('are the same for reads, writes and flushes', () => {
		const of = (operation: string) =>
			Object.keys(diskMetrics).flatMap((name) =>
				name.startsWith(`${operation}.`) ? [name.slice(operation.length)] : [],
			);
		expect(of('write')).toEqual(of('read'));
		expect(of('flush')).toEqual(of('read'));
	});

	it('are the table in the page', async () => {
		const rows = [
			...Object.entries(hostMetrics).map(([name, leaf]) => [name, leaf] as const),
			...Object.entries(domainMetrics).map(([name, leaf]) => [`DOMAIN.${name}`, leaf] as const),
			...Object.entries(diskMetrics)
				.filter(([name]) => !/^(write|flush)\./.test(name))
				.map(([name, leaf]) => [`DOMAIN.DISK.${name.replace(/^read\./, 'OPERATION.')}`, leaf] as const),
		].map(([name, {unit, gauge, means}]) => [
			`\`${name}\``,
			gauge === true ? `${unit}, gauge` : unit,
			name.includes('OPERATION') ? means.replace('reads', 'operations') : means,
		]);
		const fired = parseMetric('fault.a.fired', {domains: new Map(), faults: ['a']});
		rows.push(['`fault.ID.fired`', fired.unit, 'times the fault has acted']);
		await expectBlocks(pageName, {metrics: table(['metric', 'kind', 'meaning'], rows)});
	});

	it('of the network are, too', async () => {
		const kinds = {bits: 'bit rate'} as Readonly<Record<string, string>>;
		const rows = [
			['DOMAIN.VIF', vifMetrics] as const,
			['NIC', nicMetrics] as const,
			['BRIDGE', bridgeMetrics] as const,
			['lan', lanMetrics] as const,
			['lan.HOST', lanHostMetrics] as const,
			...Object.entries(netJobMetrics).map(([kind, leaves]) => [`DOMAIN.JOB (${kind})`, leaves] as const),
		].flatMap(([of, leaves]) =>
			Object.entries(leaves).map(([name, {unit, means}]) => {
				const [path, job = ''] = of.split(' ');
				return [`\`${path}.${name}\``, kinds[unit] ?? unit, job === '' ? means : `${job.slice(1, -1)}: ${means}`];
			}),
		);
		await expectBlocks(pageName, {'network metrics': table(['metric', 'kind', 'meaning'], rows)});
	});
});

describe('the examples', () => {
	const [complete] = fences('yaml');
	const lines = (text: string) => text.replace(/^/gm, '  ').trimEnd();

	it('the complete one parses', () => {
		expect(fences('yaml')).toHaveLength(1);
		expect(parseScenario(complete, 'small.yaml').timeline).toHaveLength(3);
	});

	it('can be run with driver domains', () => {
		const [text] = fences('yaml driver domains');
		const scenario = parseScenario(`${complete}\n${text}`, 't.yaml', {arch: 'driver-domains'});
		expect(scenario.driverDomains).toMatchObject([{name: 'diskdd', devices: ['nvme0'], cpuWeight: 512}]);
	});

	it('the lines of a timeline parse in it', () => {
		const [text] = fences('yaml timeline');
		const scenario = parseScenario(`${complete.split('timeline:')[0]}timeline:\n${lines(text)}\n`, 't.yaml');
		expect(scenario.timeline.length).toBe(text.trim().split('\n').length);
	});

	it('so do the expectations', () => {
		const [text] = fences('yaml expect');
		const scenario = parseScenario(`${complete.split('expect:')[0]}expect:\n${lines(text)}\n`, 't.yaml');
		expect(scenario.expect.length).toBe(text.trim().split('\n').length);
	});

	it('the complete one meets its expectations, and those of the page', () => {
		const [text] = fences('yaml expect');
		const scenario = parseScenario(`${complete.trimEnd()}\n${lines(text)}\n`, 't.yaml');
		const host = new Host(scenario);
		while (!host.finished) {
			host.advance(scenario.runtime, 1_000_000);
		}

		const results = evaluateExpectations(scenario, host.metrics, host.now);
		expect(results.filter(({met}) => !met)).toEqual([]);
		expect(results.length).toBe(scenario.expect.length);
	});

	it('the one that includes another parses', () => {
		const [text] = fences('yaml include');
		const readInclude = (file: string) => (file === 'small.yaml' ? {file, text: complete} : undefined);
		const scenario = parseScenario(text, 't.yaml', {readInclude});
		expect(scenario.host.devices[0].timing.readLatency).toBe(300_000);
		expect(scenario.expect).toEqual([]);
	});

	it('the bad one gets exactly the errors that are printed', () => {
		const [text] = fences('yaml bad');
		const [printed] = fences('text');
		let message = '';
		try {
			parseScenario(text, 'slips.yaml');
		} catch (error) {
			message = error instanceof ScenarioErrors ? error.message : String(error);
		}

		expect(`${message}\n`).toBe(printed);
	});
});

describe('ringtop.schema.json, for editors', () => {
	it('has every key with its meaning', async () => {
		const schema = schemaNow();
		schema.title = 'ringtop scenario';
		for (const [path, node] of shapes(schema, '')) {
			const rows = tables.get(likes[path] ?? path) ?? [];
			for (const row of rows) {
				const property = node.properties?.[row.key];
				if (property !== undefined) {
					const fallback = row.default === '' || row.default === 'required' ? '' : ` Default: ${row.default}.`;
					property.description = `${row.meaning}. Value: ${row.value}.${fallback}`.replace(
						/[`*]|\[(.*?)\]\(.*?\)/g,
						'$1',
					);
				}
			}

			// With `include` a file may leave out what the included one has, and remove with null.
			delete node.required;
		}

		admitNull(schema);
		// What may be written shorter: a partition by its size, a bridge by its NICs, an expectation by its condition.
		const properties = schema.properties ?? {};
		const device = properties.host.properties?.devices.additionalProperties as Node; // a map of maps
		const partitions = device.properties?.partitions as Node;
		partitions.additionalProperties = {anyOf: [{type: 'string'}, partitions.additionalProperties as Node]};
		const bridges = properties.host.properties?.bridges as Node;
		bridges.additionalProperties = {anyOf: [{type: 'array'}, bridges.additionalProperties as Node]};
		properties.expect.items = {anyOf: [{type: 'string'}, properties.expect.items as Node]};
		const text = JSON.stringify(schema, withoutNoise, '\t');
		// Short lists of words on one line, as the formatter has them.
		const formatted = text.replace(/\[\s+"(\w+)",\s+"(\w+)"\s+\]/g, '["$1", "$2"]');
		await expectFile('ringtop.schema.json', `${formatted}\n`);
	});
});

/** Under `include` null removes what was included. */
function admitNull({properties, additionalProperties}: Node): void {
	const values = Object.values(properties ?? {});
	for (const node of typeof additionalProperties === 'object' ? [...values, additionalProperties] : values) {
		admitNull(node);
		if (typeof node.type === 'string') {
			node.type = [node.type, 'null'];
		}
	}
}

/** `propertyNames: {}` and `default: {}` say nothing to an editor. */
function withoutNoise(key: string, value: unknown): unknown {
	return key === 'propertyNames' || key === 'default' ? undefined : value;
}
