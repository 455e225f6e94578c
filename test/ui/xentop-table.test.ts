/** The domain table is xentop's to the character (xentop 1.0 of xen-utils 4.17). */
import {describe, expect, test} from 'vitest';
import {
	columnWidths,
	domainLine,
	headerLine,
	networkLines,
	oneDecimal,
	sortDomains,
	summaryLines,
	vbdLines,
	vcpuLines,
	type XentopDomain,
	type XentopVbd,
	xentopColumns,
} from '../../source/ui/xentop-table.js';

const vbd = (value: Partial<XentopVbd> = {}): XentopVbd => ({
	type: 'BlkBack',
	device: 51712,
	failing: false,
	outOfRequests: 0,
	reads: 0,
	writes: 0,
	readSectors: 0,
	writeSectors: 0,
	...value,
});

const domain = (value: Partial<XentopDomain> = {}): XentopDomain => ({
	id: 1,
	name: 'web1',
	state: '--b---',
	cpuTime: 0,
	cpuPercent: 0,
	memory: 0,
	maximumMemory: 0,
	vcpus: [{id: 0, online: true, cpuTime: 0}],
	networks: [],
	vbds: [],
	ssid: 0,
	...value,
});

const traffic = {bytes: 0, packets: 0, errors: 0, drops: 0};
const host = 33_554_432 * 1024;
const gibibyte = 1_073_741_824;

describe('the table', () => {
	const rows = [
		domain({
			name: 'db1',
			state: '-----r',
			cpuTime: 556.9e9,
			cpuPercent: 199.9,
			memory: 8 * gibibyte,
			maximumMemory: 8 * gibibyte + 1024 * 1024,
			vcpus: [0, 1, 2, 3].map((id) => ({id, online: true, cpuTime: 0})),
			networks: [
				{sent: {...traffic, bytes: 96_575 * 1024}, received: {...traffic, bytes: 107_423 * 1024}},
				{sent: traffic, received: traffic},
			],
			vbds: [
				vbd({outOfRequests: 7, reads: 123_456, writes: 654_321, readSectors: 9_876_543, writeSectors: 12_345_678}),
				vbd({reads: 111, writes: 122, readSectors: 888, writeSectors: 976}),
			],
		}),
		domain({
			name: 'Domain-0',
			state: '-----r',
			cpuTime: 1234e9,
			cpuPercent: 12.3,
			memory: 4 * gibibyte,
			maximumMemory: undefined,
		}),
	];

	test('has the 19 columns in their order and widths', () => {
		const header =
			'      NAME  STATE   CPU(sec) CPU(%)     MEM(k) MEM(%)  MAXMEM(k) MAXMEM(%) VCPUS NETS NETTX(k) NETRX(k) VBDS' +
			'   VBD_OO   VBD_RD   VBD_WR  VBD_RSECT  VBD_WSECT SSID';
		expect(xentopColumns).toHaveLength(19);
		expect(headerLine(columnWidths(rows))).toBe(header);
		expect(header).toHaveLength(162);
	});

	test('prints totals, percentages and limits as xentop does', () => {
		const widths = columnWidths(rows);
		expect(domainLine(rows[0], widths, host)).toBe(
			'       db1 -----r        556  199.9    8388608   25.0    8389632      25.0     4    2    96575   107423    2' +
				'        7   123567   654443    9877431   12346654    0',
		);
		expect(domainLine(rows[1], widths, host)).toBe(
			'  Domain-0 -----r       1234   12.3    4194304   12.5   no limit       n/a     1    0        0        0    0' +
				'        0        0        0          0          0    0',
		);
	});

	test('cuts names at ten bytes, and never in the middle of a character', () => {
		const cell = xentopColumns[0].cell(domain({name: 'gäste-übung'}), 10, host);
		expect(cell).toBe('gäste-üb');
		expect(xentopColumns[0].cell(domain({name: 'a-very-long-name'}), 10, host)).toBe('a-very-lon');
	});

	test('widens the columns of counters to fit the largest value + 1', () => {
		const reads = xentopColumns.findIndex(({heading}) => heading === 'VBD_RD');
		const widths = (value: number) => columnWidths([domain({vbds: [vbd({reads: value})]})])[reads];
		expect([99_999_998, 99_999_999, 100_000_000].map(widths)).toEqual([8, 9, 9]);
	});

	test('shows a dash where all of the vbds cannot be read', () => {
		const fresh = domain({vbds: [vbd({failing: true, reads: 5})]});
		expect(domainLine(fresh, columnWidths([fresh]), host)).toContain(
			'    1        -        -        -          -          -    0',
		);
		const partly = domain({vbds: [vbd({failing: true, reads: 5}), vbd({reads: 7})]});
		expect(domainLine(partly, columnWidths([partly]), host)).toContain('        0        7        0');
	});
});

test.each([
	[6.25, '6.2'],
	[18.75, '18.8'],
	[3.125, '3.1'],
	[0.25, '0.2'],
	[0.75, '0.8'],
	[0.05, '0.1'],
	[99.95, '100.0'],
	[-6.25, '-6.2'],
	[Number.NaN, '-nan'],
	[Number.POSITIVE_INFINITY, 'inf'],
])('%d is %s as C prints it: exact ties go to the even digit', (value, text) => {
	expect(oneDecimal(value)).toBe(text);
});

describe('the order', () => {
	const names = (list: readonly XentopDomain[]) => list.map(({name}) => name);
	const column = (heading: string) => xentopColumns.findIndex((each) => each.heading === heading);

	test('of names leaves ASCII case out and keeps equal ones as they came', () => {
		const mixed = ['Domain-0', 'Beta', 'BETA', 'beta', 'alpha', '_under', '0zero'].map((name) => domain({name}));
		expect(names(sortDomains(mixed, 0))).toEqual(['0zero', '_under', 'alpha', 'Beta', 'BETA', 'beta', 'Domain-0']);
	});

	test('of states looks at the letters d s b c p r', () => {
		const states = ['-----r', '----p-', '--b---', 'd-----', '------'].map((state) => domain({name: state, state}));
		expect(names(sortDomains(states, 1))).toEqual(['d-----', '--b---', '----p-', '-----r', '------']);
	});

	test('of numbers is descending, of SSID ascending, and can be reversed', () => {
		const list = [domain({name: 'a', cpuPercent: 1, ssid: 2}), domain({name: 'b', cpuPercent: 9, ssid: 3})];
		expect(names(sortDomains(list, column('CPU(%)')))).toEqual(['b', 'a']);
		expect(names(sortDomains(list, column('CPU(%)'), true))).toEqual(['a', 'b']);
		expect(names(sortDomains(list, column('SSID')))).toEqual(['a', 'b']);
		const limits = [domain({name: 'c', maximumMemory: 5}), domain({name: 'd', maximumMemory: undefined})];
		expect(names(sortDomains(limits, column('MAXMEM(k)')))).toEqual(['d', 'c']);
	});
});

describe('the lines below a domain', () => {
	test('for virtual CPUs are five a line and leave out those offline', () => {
		const vcpus = Array.from({length: 12}, (_, id) => ({id, online: id !== 5, cpuTime: id * 1e9}));
		expect(vcpuLines(domain({vcpus}))).toEqual([
			'VCPUs(sec):   0:          0s  1:          1s  2:          2s  3:          3s  4:          4s' +
				'  6:          6s  7:          7s  8:          8s  9:          9s',
			'         10:         10s 11:         11s',
		]);
	});

	test('for disks and networks are as xentop prints them', () => {
		const disks = [
			vbd({outOfRequests: 7, reads: 123_456, writes: 654_321, readSectors: 9_876_543, writeSectors: 12_345_678}),
			vbd({type: 'BlkTap', failing: true}),
			vbd({device: 268_439_552}),
			vbd({type: 'Unidentified', device: 1}),
		];
		expect(vbdLines(domain({vbds: disks})).map((line) => line.slice(0, 42))).toEqual([
			'VBD BlkBack 51712 [ca: 0]  OO:        7   ',
			'VBD BlkTap 51712 [ca: 0]  OO:        -   R',
			'VBD BlkBack 268439552 [100010: 0]  OO:    ',
			'VBD Unidentified    1 [ 0: 1]  OO:        ',
		]);
		expect(vbdLines(domain({vbds: disks}))[0]).toBe(
			'VBD BlkBack 51712 [ca: 0]  OO:        7   RD:   123456   WR:   654321   RSECT:    9876543   WSECT:   12345678',
		);
		const networks = [{received: {bytes: 1024, packets: 10, errors: 0, drops: 0}, sent: {...traffic, bytes: 2048}}];
		expect(networkLines(domain({networks}))).toEqual([
			'Net0 RX:     1024bytes       10pkts        0err        0drop  TX:     2048bytes        0pkts        0err        0drop',
		]);
	});
});

test('the summary counts each domain once, in the first state it has', () => {
	const list = ['-----r', '--b---', '----p-', '---c--', 'd-b---', '------'].map((state) => domain({state}));
	const lines = summaryLines(list, {
		memoryTotal: 33_538_052 * 1024,
		memoryFree: 20_971_520 * 1024,
		cpus: 8,
		cpuHz: 2_394_500_000,
	});
	expect(lines).toEqual([
		'6 domains: 1 running, 2 blocked, 1 paused, 1 crashed, 0 dying, 0 shutdown',
		'Mem: 33538052k total, 12566532k used, 20971520k free    CPUs: 8 @ 2394MHz',
	]);
});
