/** Devices and those who should not reach them, or be reached by them: stray transfers with and without an IOMMU, grabs, crashes. */
import {describe, expect, it} from 'vitest';
import {Host} from '../../../source/sim/host.js';
import {parseScenario} from '../../../source/sim/scenario/parse.js';

const second = 1_000_000_000;

function hostWith(line: string, device = ''): Host {
	const text = `
name: device-faults
runtime: 5s
host:
  cpus: 2
  memory: 512MiB
  devices:
    nvme0: { model: nvme, pci: "00:04.0", partitions: { p1: 64MiB, p2: 64MiB }${device} }
domains:
  Domain-0: { memory: 128MiB }
  web: { memory: 64MiB, disk: [{ vdev: xvda, target: nvme0p1 }], jobs: { pages: { on: xvda, rw: randrw, bs: 4k, iodepth: 4, rate_iops: 2000, verify: crc32c } } }
  db: { memory: 64MiB, disk: [{ vdev: xvda, target: nvme0p2 }] }
timeline:
  - ${line}
`;
	const host = new Host(parseScenario(text, 'device-faults.yaml'));
	host.advance(0.4 * second, Number.POSITIVE_INFINITY);
	return host;
}

function logOf(host: Host): string[] {
	return host.engine.log.since(0).map(({source, text}) => `${source}: ${text}`);
}

describe('a transfer that goes astray', () => {
	it('is refused and logged where there is an IOMMU; the driver hears of an error, tries again, and nothing is lost', () => {
		const host = hostWith('{ at: 300ms, fault: hw.dma.stray, target: nvme0, into: db, id: stray }');
		const [finding, ...others] = host.engine.findings.all;
		expect(others).toEqual([]);
		expect(finding).toMatchObject({kind: 'dma', parties: ['nvme0'], explainedBy: 'stray'});
		expect(logOf(host).some((line) => line.startsWith('Xen: IOMMU: nvme0: write of 0x'))).toBe(true);
		expect(host.rules.find('stray')).toMatchObject({fired: 1, state: 'spent'});
	});

	it('lands where there is none, and it is known whose frame it hit', () => {
		const host = hostWith('{ at: 300ms, fault: hw.dma.stray, target: nvme0, into: db, id: stray }', ', iommu: off');
		const {all, unexplained} = host.engine.findings;
		expect(all.filter(({kind}) => kind === 'stray').length).toBe(1);
		expect(all[0]).toMatchObject({kind: 'stray', parties: ['nvme0', 'db'], explainedBy: 'stray'});
		expect(unexplained).toEqual([]);
		expect(
			logOf(host).some((line) => /^nvme0: stray DMA: nvme0 wrote into frame 0x[0-9a-f]+, which is db's$/.test(line)),
		).toBe(true);
	});
});

describe('a domain that reaches for a device it was not given', () => {
	it('is refused configuration space, registers and interrupt with EPERM, which Xen logs, and goes on', () => {
		const host = hostWith('{ at: 300ms, fault: guest.grab, target: web, device: nvme0, id: grab }');
		const refused = ['configuration space', 'registers', 'interrupt'].map((what) => `${what} of nvme0 refused: EPERM`);
		expect(logOf(host).filter((line) => line.startsWith('Xen: web: '))).toEqual(
			refused.map((text) => `Xen: web: ${text}`),
		);
		expect(host.engine.findings.all.map(({kind, explainedBy}) => [kind, explainedBy])).toEqual([
			['access', 'grab'],
			['access', 'grab'],
			['access', 'grab'],
		]);
		expect(host.rules.find('grab')).toMatchObject({fired: 1, state: 'spent'});
		const before = host.workloads.jobs[0].counts().read.latency.count;
		host.advance(0.5 * second, Number.POSITIVE_INFINITY);
		expect(host.workloads.jobs[0].counts().read.latency.count).toBeGreaterThan(before);
	});

	it('is not refused what it was given', () => {
		const host = hostWith('{ at: 300ms, fault: guest.grab, target: Domain-0, device: nvme0, id: grab }');
		expect(host.engine.findings.all).toEqual([]);
		expect(host.rules.find('grab')?.fired).toBe(0);
	});
});

describe('a native driver that crashes', () => {
	it('takes the kernel it runs in with it', () => {
		const host = hostWith('{ at: 300ms, fault: drv.crash, target: nvme0, id: crash }');
		const zero = logOf(host).filter((line) => line.startsWith('Domain-0: ') && !line.includes('xl '));
		expect(zero).toContain('Domain-0: nvme: driver crashed');
		expect(zero.some((line) => line.includes('Kernel panic'))).toBe(true);
		expect(host.rules.find('crash')?.fired).toBe(1);
		expect(host.engine.findings.unexplained).toEqual([]);
	});
});
