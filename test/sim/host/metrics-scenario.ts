/** A small host for tests of what is measured: one SSD, a reader in `web`, whatever else a test adds. */
import {Host} from '../../../source/sim/host.js';
import {parseScenario} from '../../../source/sim/scenario/parse.js';

export type SmallScenario = {
	readonly pages?: string;
	readonly cpus?: number;
	readonly runtime?: string;
	readonly seed?: number;
	/** More jobs of web, more domains, more lines. */
	readonly jobs?: readonly string[];
	readonly domains?: readonly string[];
	readonly zero?: string;
	readonly timeline?: readonly string[];
	readonly expect?: readonly string[];
};

export function scenarioText({
	pages = '{rw: randread, bs: 4k, iodepth: 4}',
	cpus = 2,
	runtime = '200ms',
	seed = 1,
	jobs = [],
	domains = [],
	zero = '{memory: 256MiB}',
	timeline = [],
	expect = [],
}: SmallScenario = {}): string {
	return [
		'name: small',
		'about: A reader on an SSD.',
		`seed: ${seed}`,
		`runtime: ${runtime}`,
		'host:',
		`  cpus: ${cpus}`,
		'  memory: 1GiB',
		'  devices:',
		'    nvme0: {model: nvme, pci: "00:04.0", partitions: {p1: 64MiB, p2: 64MiB, p3: 64MiB}}',
		'domains:',
		`  Domain-0: ${zero}`,
		'  web:',
		'    memory: 64MiB',
		'    disk: [{vdev: xvda, target: nvme0p1}]',
		'    jobs:',
		`      pages: ${pages}`,
		...jobs.map((job) => `      ${job}`),
		...domains.map((domain) => `  ${domain}`),
		`timeline: [${timeline.join(', ')}]`,
		`expect: [${expect.join(', ')}]`,
		'',
	].join('\n');
}

export function smallHost(options: SmallScenario = {}): Host {
	return new Host(parseScenario(scenarioText(options), 'small.yaml'));
}

/** Runs to the end in slices of `budget` events. */
export function run(host: Host, budget = 100_000, between: () => void = () => {}): Host {
	while (!host.advance(host.runtime, budget)) {
		between();
	}

	return host;
}
