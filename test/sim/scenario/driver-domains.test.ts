/** Driver domains in a scenario file: who is given what, who serves what, and what is refused. */
import {describe, expect, it} from 'vitest';
import {architectureOf} from '../../../source/sim/architecture/architecture.js';
import {parseScenario} from '../../../source/sim/scenario/parse.js';
import {ScenarioErrors} from '../../../source/sim/scenario/problems.js';

const base = `name: t
host:
  memory: 1GiB
  devices:
    nvme0: { model: nvme, pci: "00:04.0", partitions: { p1: 64MiB, p2: 64MiB } }
    eth0: { model: 82540EM, pci: "00:05.0" }
    eth1: { model: 82540EM, pci: "00:06.0" }
  bridges: { xenbr0: [eth0], xenbr1: [eth1] }
lan: { hosts: { client: { ip: 10.0.0.9 } } }
domains:
  Domain-0: { memory: 256MiB }
  web:
    disk: [{ vdev: xvda, target: nvme0p1 }]
    vif: [{ ip: 10.0.0.1 }]
`;

function problemsOf(text: string): string[] {
	try {
		parseScenario(text, 't.yaml', {arch: 'driver-domains'});
	} catch (error) {
		if (error instanceof ScenarioErrors) return error.message.split('\n').map((line) => line.replace('t.yaml:', ''));
		throw error;
	}

	return [];
}

const given = (domains: string) => `${base}driver_domains:\n${domains.replace(/^/gm, '  ')}\n`;

describe('driver domains', () => {
	it('are one for each kind of device when the file names none', () => {
		const scenario = parseScenario(base, 't.yaml', {arch: 'driver-domains'});
		const placement = architectureOf(scenario);
		expect(placement.driverDomains.map(({name, devices}) => [name, devices])).toEqual([
			['diskdd', ['nvme0']],
			['netdd', ['eth0', 'eth1']],
		]);
		expect([placement.backendDomain('nvme0'), placement.bridgeDomain('xenbr1')]).toEqual(['diskdd', 'netdd']);
	});

	it('are those the file names, devices by name or by address; what none is given stays with domain zero', () => {
		const text = given('green: { pci: [eth0], memory: 32MiB }\nblue: { pci: ["0000:00:06.0"] }');
		const placement = architectureOf(parseScenario(text, 't.yaml', {arch: 'driver-domains'}));
		expect(placement.driverDomains).toMatchObject([
			{name: 'green', devices: ['eth0'], memory: 32 * 1024 * 1024},
			{name: 'blue', devices: ['eth1'], vcpus: 1},
		]);
		expect(['xenbr0', 'xenbr1'].map((bridge) => placement.bridgeDomain(bridge))).toEqual(['green', 'blue']);
		expect(placement.driverDomain('nvme0')).toBe('Domain-0');
	});

	it('are not made under another architecture, whose domain zero has every device', () => {
		const scenario = parseScenario(given('green: { pci: [eth0] }'), 't.yaml');
		const placement = architectureOf(scenario);
		expect(placement.driverDomains).toEqual([]);
		expect(placement.driverDomain('eth0')).toBe('Domain-0');
		// Expectations may speak of them all the same.
		expect(() => parseScenario(`${given('green: { pci: [eth0] }')}expect: [green.cpu > 1%]\n`, 't.yaml')).not.toThrow();
	});

	it.each([
		[given('green: { pci: [eth2] }'), "16:18: there is no device 'eth2', did you mean 'eth0'?"],
		[given('green: { pci: [eth0] }\nblue: { pci: [eth0] }'), '17:17: eth0 is given to green already'],
		[given('web: { pci: [eth0] }'), "16:3: a domain is called 'web' already; give the driver domain a name of its own"],
		[given('green: { pcis: [eth0] }'), "16:12: unknown key 'pcis', did you mean 'pci'?"],
		[
			given('green: { pci: [eth0] }\nblue: { pci: [eth1] }')
				.replace('xenbr0: [eth0], xenbr1: [eth1]', 'xenbr0: [eth0, eth1]')
				.replace(/(eth1: {[^}]*) }/, '$1, wire: none }'),
			'8:14: xenbr0 has NICs of green and blue; a bridge is in one domain',
		],
		[base.replace('nvme0p1 }', 'nvme0p1, backend: netdd }'), '13:52: netdd does not have nvme0; diskdd has'],
		[
			base.replace('nvme0p1 }', 'nvme0p1, backend: diskd }'),
			"13:52: there is no driver domain 'diskd', did you mean 'diskdd'?",
		],
		[
			base.replace('ip: 10.0.0.1 }', 'ip: 10.0.0.1, backend: Domain-0 }'),
			'14:36: Domain-0 does not have eth0; netdd has',
		],
		[
			base.replace('{ memory: 256MiB }', '{ memory: 256MiB, jobs: { scrub: { on: nvme0p2, rw: read } } }'),
			'11:52: diskdd has nvme0, and Domain-0 none of it; give the work to a guest',
		],
		[base.replace('memory: 1GiB', 'memory: 288MiB'), '3:11: the domains need'],
		[
			base.replace('    disk:', '    pci: [nvme0]\n    disk:'),
			"13:5: 'pci' is not built yet: it is the driver domain's",
		],
	])('are refused where they cannot be: %#', (text, message) => {
		const problems = problemsOf(text);
		expect(problems.length).toBe(1);
		expect(problems[0].startsWith(message) ? message : problems[0]).toBe(message);
	});
});
