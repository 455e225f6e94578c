/** What a good file becomes: defaults, units, partitions, the timeline; and files that include others. */
import {describe, expect, it} from 'vitest';
import {catalogue} from '../../../source/sim/faults/catalogue.js';
import {parseScenario} from '../../../source/sim/scenario/parse.js';
import {directions, faultNames} from '../../../source/sim/scenario/timeline.js';
import {base, problemsOf} from './base.js';

const parse = (text: string, files: Record<string, string> = {}) =>
	parseScenario(text, 't.yaml', {
		readInclude: (file) => (files[file] === undefined ? undefined : {file, text: files[file]}),
	});

describe('a scenario', () => {
	it('has every default filled in', () => {
		const scenario = parse(base);
		expect(scenario).toMatchObject({
			name: 't',
			arch: 'xen2',
			seed: 1,
			runtime: 60e9,
			host: {cpus: 1, memory: 4 * 1024 ** 3, scheduler: {tslice: 30e6, ratelimit: 1e6}},
			costs: {},
			recording: undefined,
		});
		expect(scenario.domains.map(({name}) => name)).toEqual(['Domain-0', 'web']);
		expect(scenario.domains[0]).toMatchObject({vcpus: 1, cpuWeight: 256, cap: 0, disks: [], jobs: []});
		expect(scenario.domains[1].jobs).toEqual([
			{
				kind: 'disk',
				name: 'pages',
				on: 'xvda',
				rw: 'randread',
				rwmixread: 50,
				bs: 4096,
				iodepth: 4,
				offset: 0,
				size: 1024 ** 3,
				rateIops: 0,
				rateProcess: 'linear',
				fsync: 0,
				thinktime: 0,
				thinktimeBlocks: 1,
				startdelay: 0,
				runtime: 0,
				numberIos: 0,
				verify: undefined,
			},
		]);
	});

	it('lays partitions one after another, from the first MiB', () => {
		const [device] = parse(base).host.devices;
		expect(device).toMatchObject({name: 'nvme0', medium: 'ssd', iommu: undefined, pci: '00:04.0'});
		expect(device.partitions).toEqual([
			{name: 'nvme0p1', start: 2048, sectors: 2_097_152},
			{name: 'nvme0p2', start: 2048 + 2_097_152, sectors: 2_097_152},
		]);
		expect(parse(base).domains[1].disks).toEqual([
			{vdev: 'xvda', target: 'nvme0p1', device: 'nvme0', start: 2048, sectors: 2_097_152, access: 'rw'},
		]);
	});

	it("takes fio's other words, and its units where a number has none", () => {
		const text = base.replace(
			'rw: randread, iodepth: 4',
			'rw: readwrite, bs: 16k, offset: 1M, size: 100M, rate_iops: 10, rate_process: poisson, fsync: 1, thinktime: 500, thinktime_blocks: 8, startdelay: 2, runtime: 1m, number_ios: 9, verify: md5',
		);
		expect(parse(text).domains[1].jobs[0]).toMatchObject({
			rw: 'rw',
			bs: 16_384,
			offset: 1024 ** 2,
			size: 100 * 1024 ** 2,
			rateIops: 10,
			rateProcess: 'poisson',
			fsync: 1,
			thinktime: 500_000,
			thinktimeBlocks: 8,
			startdelay: 2e9,
			runtime: 60e9,
			numberIos: 9,
			verify: 'md5',
		});
	});

	it('takes a CPU hog, and jobs of domain zero on partitions', () => {
		const scenario = parse(
			base.replace(
				'domains:',
				'domains:\n  Domain-0: { memory: 512, jobs: { backup: { on: nvme0p2, rw: read }, burn: { ioengine: cpuio, cpuload: 40, cpuchunks: 200 } } }',
			),
		);
		expect(scenario.domains[0].memory).toBe(512 * 1024 ** 2);
		expect(scenario.domains[0].jobs).toMatchObject([
			{kind: 'disk', on: 'nvme0p2', size: 1024 ** 3},
			{kind: 'cpu', name: 'burn', cpuload: 40, cpuchunks: 200_000, startdelay: 0, runtime: 0},
		]);
	});

	it('takes the timing of a medium and overrides of costs', () => {
		const scenario = parse(
			`${base.replace('model: nvme', 'model: nvme, medium: ssd, channels: 4, read_latency: 60us, channel_rate: 333MB/s, write_cache: off')}costs: { blkback.validate: 900ns }\n`,
		);
		expect(scenario.host.devices[0]).toMatchObject({
			writeCache: 0,
			timing: {channels: 4, readLatency: 60_000, channelRate: 333_000_000},
		});
		expect(scenario.costs).toEqual({'blkback.validate': 900});
	});

	it('knows the faults and directions of the catalogue, and its defaults', () => {
		expect(catalogue.map(({id}) => id)).toEqual(faultNames);
		expect(catalogue[0].parameters.map(({name, words, default: value}) => [name, words, value])).toEqual([
			['direction', directions, 'to-backend'],
			['times', undefined, '1'],
		]);
	});

	it('reads the timeline', () => {
		const scenario = parse(`${base}timeline:
  - { at: 2s, fault: evt.lost, target: web.xvda, direction: to-backend, times: 3, id: nudge }
  - { every: 400ms, from: 7s, until: 9s, fault: evt.lost, target: web.xvda }
  - { when: web.xvda.outstanding == 4, from: 10s, xl: "sched-credit -d web -w 512 --cap=50" }
  - { at: 11s, clear: nudge }
  - { at: 12s, speed: 0.1x }
`);
		const target = {domain: 'web', vdev: 'xvda'};
		expect(scenario.timeline).toMatchObject([
			{
				trigger: {kind: 'at', at: 2e9},
				verb: {
					verb: 'fault',
					fault: {fault: 'evt.lost', id: 'nudge', target, direction: 'to-backend', times: 3, for: 0},
				},
			},
			{
				trigger: {kind: 'every', every: 4e8, from: 7e9, until: 9e9},
				verb: {verb: 'fault', fault: {id: 'fault-1', direction: 'to-backend', times: 1}},
			},
			{
				trigger: {
					kind: 'when',
					from: 10e9,
					condition: {
						metric: {path: ['web', 'xvda', 'outstanding'], gauge: true},
						operator: '==',
						wanted: {kind: 'number', value: 4},
					},
				},
				verb: {verb: 'xl', xl: {command: 'sched-credit', domain: 'web', weight: 512, cap: 50}},
			},
			{verb: {verb: 'clear', id: 'nudge'}},
			{verb: {verb: 'speed', speed: 1e8}},
		]);
	});
});

describe('include', () => {
	it('merges maps by key, replaces lists, and null removes', () => {
		const files = {'base.yaml': `${base}timeline:\n  - { at: 0s, say: one }\n  - { at: 1s, say: two }\n`};
		const scenario = parse(
			`include: base.yaml
name: u
domains:
  web: { memory: 128, jobs: { pages: null, log: { rw: write, fsync: 1 } } }
timeline:
  - { at: 2s, say: three }
`,
			files,
		);
		expect(scenario.name).toBe('u');
		expect(scenario.domains[1]).toMatchObject({
			memory: 128 * 1024 ** 2,
			disks: [{vdev: 'xvda'}],
			jobs: [{name: 'log'}],
		});
		expect(scenario.timeline).toHaveLength(1);
		expect(scenario.source).not.toHaveProperty('include');
	});

	it('points at the file in which a mistake stands', () => {
		const files = {'base.yaml': base.replace('cpus: 1', 'cpus: 77')};
		expect(problemsOf('include: base.yaml\ndomains: { web: { vcpus: 78 } }\n', files)).toEqual([
			't.yaml:2:26: 78 is out of range; it goes from 1 to 16',
			'base.yaml:3:9: 77 is out of range; it goes from 1 to 16',
		]);
	});

	it.each([
		['include: ../t.yaml', "1:10: include '../t.yaml' leads out of the scenario's folder; name a file beside it"],
		['include: /etc/passwd', "1:10: include '/etc/passwd' leads out of the scenario's folder; name a file beside it"],
		['include: none.yaml', "1:10: there is no file 'none.yaml' to include"],
		['include: [a, b]', '1:10: include names one scenario file, such as web-and-db.yaml'],
		[
			'include: base.yaml\ndomains: { wbe: null }',
			"2:12: null removes what was included, but there is no 'wbe' to remove, did you mean 'web'?",
		],
	])('%s', (text, message) => {
		expect(problemsOf(`${text}\n`, {'base.yaml': base})[0]).toBe(`t.yaml:${message}`);
	});

	it('refuses files that include each other', () => {
		expect(problemsOf('include: a.yaml\n', {'a.yaml': 'include: b.yaml\n', 'b.yaml': 'include: a.yaml\n'})).toContain(
			"b.yaml:1:10: 'a.yaml' includes itself: t.yaml → a.yaml → b.yaml → a.yaml",
		);
	});
});

describe('what a scenario may have much of', () => {
	it('is lines with when, up to 64', () => {
		const lines = (count: number) =>
			`${base}timeline:\n${'  - { when: web.xvda.outstanding == 3, say: x }\n'.repeat(count)}`;
		expect(problemsOf(lines(64))).toEqual([]);
		expect(problemsOf(lines(66))).toEqual([
			"t.yaml:76:13: more than 64 lines with 'when'; each costs time all through the run",
		]);
	});

	it('is written data: what a rate or a count bounds needs no size', () => {
		const job = (words: string) =>
			base.replace('p1: 1GiB', 'p1: 8GiB').replace('rw: randread', `rw: randwrite${words}`);
		expect(problemsOf(job(', rate_iops: 500'))).toEqual([]);
		expect(problemsOf(job(', number_ios: 500'))).toEqual([]);
		expect(problemsOf(job(', size: 4G'))).toEqual([]);
		expect(problemsOf(job(''))).toHaveLength(1);
	});
});
