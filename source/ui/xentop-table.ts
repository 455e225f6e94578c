/**
 * The domain table of xentop 1.0 (xen-utils 4.17): its 19 columns with their widths, cells, orders and extra lines, as
 * plain text. Pure and without a terminal, so that the console and a batch mode print the very same characters.
 */

export interface XentopDomain {
	readonly id: number;
	readonly name: string;
	/** `dsbcpr`, `-` where not set. */
	readonly state: string;
	/** Nanoseconds since creation. */
	readonly cpuTime: number;
	/** Of one CPU. */
	readonly cpuPercent: number;
	/** Bytes. */
	readonly memory: number;
	/** Bytes; undefined is no limit. */
	readonly maximumMemory: number | undefined;
	readonly vcpus: readonly {readonly id: number; readonly online: boolean; readonly cpuTime: number}[];
	readonly networks: readonly {readonly received: XentopTraffic; readonly sent: XentopTraffic}[];
	readonly vbds: readonly XentopVbd[];
	readonly ssid: number;
}

export interface XentopTraffic {
	readonly bytes: number;
	readonly packets: number;
	readonly errors: number;
	readonly drops: number;
}

export interface XentopVbd {
	readonly type: 'Unidentified' | 'BlkBack' | 'BlkTap';
	readonly device: number;
	/** Its statistics cannot be read. */
	readonly failing: boolean;
	readonly outOfRequests: number;
	readonly reads: number;
	readonly writes: number;
	readonly readSectors: number;
	readonly writeSectors: number;
}

export interface XentopColumn {
	readonly heading: string;
	readonly width: number;
	/** The value that widens the column when it does not fit; absent where an overlong cell pushes the line. */
	readonly grows?: (domain: XentopDomain) => number;
	readonly cell: (domain: XentopDomain, width: number, memoryTotal: number) => string;
	/** Order of the rows when sorted by this column. */
	readonly compare: (a: XentopDomain, b: XentopDomain) => number;
}

/** C's `%.1f` of a double: JavaScript's, but exact ties go to the even digit; `-nan` and `inf` as glibc prints them. */
export function oneDecimal(value: number): string {
	if (Number.isNaN(value)) return '-nan';
	if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
	const magnitude = Math.abs(value);
	const whole = Math.floor(magnitude);
	// Of all doubles only k + 1/4 and k + 3/4 lie exactly between two tenths; only the first has an even digit below.
	const text = magnitude - whole === 0.25 ? `${whole}.2` : magnitude.toFixed(1);
	return value < 0 ? `-${text}` : text;
}

/** The first ten bytes of a name, as `%10.10s` takes them; a character cut in two is left out. */
function tenBytes(name: string): string {
	const bytes = Buffer.from(name);
	return bytes.length <= 10
		? name
		: bytes
				.subarray(0, 10)
				.toString()
				.replace(/\uFFFD+$/, '');
}

const kibibytes = (bytes: number) => String(Math.floor(bytes / 1024));
const sum = <T>(list: readonly T[], value: (item: T) => number) => list.reduce((total, item) => total + value(item), 0);
const descending = (value: (domain: XentopDomain) => number) => (a: XentopDomain, b: XentopDomain) =>
	Math.sign(value(b) - value(a)) || 0;

function plainColumn(heading: string, width: number, value: (domain: XentopDomain) => number): XentopColumn {
	return {
		heading,
		width,
		cell: (domain, now) => String(value(domain)).padStart(now),
		compare: descending(value),
	};
}

function trafficColumn(heading: string, direction: 'sent' | 'received'): XentopColumn {
	const bytes = ({networks}: XentopDomain) => sum(networks, (network) => network[direction].bytes);
	return {
		heading,
		width: 8,
		grows: (domain) => Math.floor(bytes(domain) / 1024),
		cell: (domain, now) => kibibytes(bytes(domain)).padStart(now),
		compare: descending(bytes),
	};
}

type VbdCounter = 'outOfRequests' | 'reads' | 'writes' | 'readSectors' | 'writeSectors';

function vbdColumn(heading: string, width: number, counter: VbdCounter, widens: boolean): XentopColumn {
	const total = ({vbds}: XentopDomain) => sum(vbds, (vbd) => (vbd.failing ? 0 : vbd[counter]));
	return {
		heading,
		width,
		...(widens ? {grows: total} : {}),
		cell: (domain, now) => {
			const dead = domain.vbds.length > 0 && domain.vbds.every(({failing}) => failing);
			return (dead ? '-' : String(total(domain))).padStart(now);
		},
		compare: descending(total),
	};
}

const memoryLimit = ({maximumMemory}: XentopDomain) => maximumMemory ?? Number.POSITIVE_INFINITY;
const share = (part: number, memoryTotal: number, width: number) =>
	oneDecimal((part / memoryTotal) * 100).padStart(width);

export const xentopColumns: readonly XentopColumn[] = [
	{heading: 'NAME', width: 10, cell: ({name}, width) => padBytes(tenBytes(name), width), compare: byName},
	{heading: 'STATE', width: 6, cell: ({state}, width) => state.padStart(width), compare: byState},
	{
		heading: 'CPU(sec)',
		width: 10,
		cell: ({cpuTime}, width) => String(Math.floor(cpuTime / 1e9)).padStart(width),
		compare: descending(({cpuTime}) => cpuTime),
	},
	{
		heading: 'CPU(%)',
		width: 6,
		cell: ({cpuPercent}, width) => oneDecimal(cpuPercent).padStart(width),
		compare: descending(({cpuPercent}) => cpuPercent),
	},
	{
		heading: 'MEM(k)',
		width: 10,
		cell: ({memory}, width) => kibibytes(memory).padStart(width),
		compare: descending(({memory}) => memory),
	},
	{
		heading: 'MEM(%)',
		width: 6,
		cell: ({memory}, width, memoryTotal) => share(memory, memoryTotal, width),
		compare: descending(({memory}) => memory),
	},
	{
		heading: 'MAXMEM(k)',
		width: 10,
		cell: ({maximumMemory}, width) =>
			(maximumMemory === undefined ? 'no limit' : kibibytes(maximumMemory)).padStart(width),
		compare: descending(memoryLimit),
	},
	{
		heading: 'MAXMEM(%)',
		width: 9,
		cell: ({maximumMemory}, width, memoryTotal) =>
			maximumMemory === undefined ? 'n/a'.padStart(width) : share(maximumMemory, memoryTotal, width),
		compare: descending(memoryLimit),
	},
	plainColumn('VCPUS', 5, ({vcpus}) => vcpus.length),
	plainColumn('NETS', 4, ({networks}) => networks.length),
	trafficColumn('NETTX(k)', 'sent'),
	trafficColumn('NETRX(k)', 'received'),
	plainColumn('VBDS', 4, ({vbds}) => vbds.length),
	vbdColumn('VBD_OO', 8, 'outOfRequests', false),
	vbdColumn('VBD_RD', 8, 'reads', true),
	vbdColumn('VBD_WR', 8, 'writes', true),
	vbdColumn('VBD_RSECT', 10, 'readSectors', true),
	vbdColumn('VBD_WSECT', 10, 'writeSectors', true),
	{
		heading: 'SSID',
		width: 4,
		cell: ({ssid}, width) => String(ssid).padStart(width),
		compare: (a, b) => Math.sign(a.ssid - b.ssid),
	},
];

/** `%*s` counts bytes. */
function padBytes(text: string, width: number): string {
	return ' '.repeat(Math.max(0, width - Buffer.byteLength(text))) + text;
}

/** strcasecmp: bytes, ASCII letters as one case. */
function byName(a: XentopDomain, b: XentopDomain): number {
	const lower = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
	return Buffer.compare(Buffer.from(lower(a.name)), Buffer.from(lower(b.name)));
}

/** The first letter of d s b c p r that only one of them has puts that one first. */
function byState(a: XentopDomain, b: XentopDomain): number {
	for (const letter of 'dsbcpr') {
		const [here, there] = [a.state.includes(letter), b.state.includes(letter)];
		if (here !== there) return here ? -1 : 1;
	}
	return 0;
}

/** Rows in the order of column `sort`; equal ones keep the order they came in (by id). */
export function sortDomains<T extends XentopDomain>(domains: readonly T[], sort: number, reversed = false): T[] {
	const {compare} = xentopColumns[sort];
	return domains.toSorted((a, b) => (reversed ? compare(b, a) : compare(a, b)));
}

/** Width of each column for these rows: those that widen fit the largest value + 1, as xentop reckons it. */
export function columnWidths(domains: readonly XentopDomain[]): number[] {
	return xentopColumns.map(({width, grows}) => {
		if (grows === undefined) return width;
		const largest = domains.reduce((most, domain) => Math.max(most, grows(domain) + 1), 0);
		return Math.max(width, String(largest).length);
	});
}

export function headerLine(widths: readonly number[]): string {
	return xentopColumns.map(({heading}, column) => heading.padStart(widths[column])).join(' ');
}

export function domainLine(domain: XentopDomain, widths: readonly number[], memoryTotal: number): string {
	return xentopColumns.map(({cell}, column) => cell(domain, widths[column], memoryTotal)).join(' ');
}

/** The lines of `v`: online virtual CPUs, five a line. */
export function vcpuLines({vcpus}: XentopDomain): string[] {
	let text = 'VCPUs(sec): ';
	for (const {id, online, cpuTime} of vcpus) {
		if (!online) continue;
		if (id > 0 && id % 5 === 0) text += `\n${' '.repeat(8)}`;
		text += ` ${String(id).padStart(2)}: ${String(Math.floor(cpuTime / 1e9)).padStart(10)}s`;
	}
	return text.split('\n');
}

/** The lines of `n`. */
export function networkLines({networks}: XentopDomain): string[] {
	const traffic = ({bytes, packets, errors, drops}: XentopTraffic) =>
		`${pad(bytes)}bytes ${pad(packets)}pkts ${pad(errors)}err ${pad(drops)}drop`;
	return networks.map(({received, sent}, index) => `Net${index} RX: ${traffic(received)}  TX: ${traffic(sent)}`);
}

/** The lines of `b` (`-x`). */
export function vbdLines({vbds}: XentopDomain): string[] {
	return vbds.map(({type, device, failing, outOfRequests, reads, writes, readSectors, writeSectors}) => {
		const show = (value: number, width = 8) => (failing ? '-' : String(value)).padStart(width);
		const hex = (value: number) => value.toString(16).padStart(2);
		const numbers = `${String(device).padStart(4)} [${hex(Math.floor(device / 256))}:${hex(device % 256)}]`;
		const requests = `OO: ${show(outOfRequests)}   RD: ${show(reads)}   WR: ${show(writes)}`;
		return `VBD ${type} ${numbers}  ${requests}   RSECT: ${show(readSectors, 10)}   WSECT: ${show(writeSectors, 10)}`;
	});
}

const pad = (value: number) => String(value).padStart(8);

export interface XentopHost {
	readonly memoryTotal: number;
	readonly memoryFree: number;
	readonly cpus: number;
	readonly cpuHz: number;
}

/** The two summary lines below the first: states, each domain once in the first it has, then memory and CPUs. */
export function summaryLines(domains: readonly XentopDomain[], host: XentopHost): string[] {
	const order = ['r', 'b', 'p', 's', 'c', 'd'] as const;
	const counts = {r: 0, b: 0, p: 0, s: 0, c: 0, d: 0};
	for (const {state} of domains) {
		const first = order.find((letter) => state.includes(letter));
		if (first !== undefined) counts[first]++;
	}
	const {memoryTotal, memoryFree, cpus, cpuHz} = host;
	const states =
		`${domains.length} domains: ${counts.r} running, ${counts.b} blocked, ${counts.p} paused, ` +
		`${counts.c} crashed, ${counts.d} dying, ${counts.s} shutdown`;
	const used = kibibytes(memoryTotal - memoryFree);
	const memory = `Mem: ${kibibytes(memoryTotal)}k total, ${used}k used, ${kibibytes(memoryFree)}k free`;
	return [states, `${memory}    CPUs: ${cpus} @ ${Math.floor(cpuHz / 1e6)}MHz`];
}
