/**
The report as a person reads it: aligned tables of at most 100 columns, and as JSON. Colour only marks headings and verdicts; every mark is
also a word or a sign, so that the text without colour says the same.
*/
import {printableLine} from '../engine/printable.js';
import {measuredText} from '../sim/scenario/condition.js';
import {networkSections} from './report-network-text.js';
import {columns, grouped, hanging, shortened, table, wrapped} from './report-table.js';
import type {OperationReport, Report} from './report-types.js';

const second = 1_000_000_000;
/** Findings and problems shown; the JSON report has all. */
const shown = 8;

export interface TextOptions {
	/** Whether escape sequences may be written. */
	readonly colour: boolean;
}

type Style = 'heading' | 'good' | 'bad' | 'quiet';
const codes: Readonly<Record<Style, readonly [number, number]>> = {
	heading: [1, 22],
	good: [32, 39],
	bad: [31, 39],
	quiet: [2, 22],
};

/** The report as JSON, keys in a fixed order, ended by a newline. Times are integer nanoseconds. */
export function reportJson(report: Report): string {
	// What is not known is null, so that every report has the same keys.
	return `${JSON.stringify(report, (_key, value: unknown) => value ?? null, '\t')}\n`;
}

/** The report as text, ended by a newline. */
export function reportText(report: Report, {colour}: TextOptions): string {
	const paint = (style: Style, text: string): string =>
		colour && text !== '' ? `\u001B[${codes[style][0]}m${text}\u001B[${codes[style][1]}m` : text;
	const lines: string[] = [];
	const section = (title: string, rows: readonly string[]) => {
		if (rows.length > 0) {
			lines.push('', paint('heading', title), ...rows.map((row) => `  ${row}`));
		}
	};
	lines.push(
		paint('heading', shortened(report.scenario, columns)),
		...(report.about === '' ? [] : wrapped(report.about, columns)),
	);
	lines.push(...headlines(report).map((line) => paint('quiet', line)));
	section('Jobs (from arrival to completion)', operationTable(jobRows(report), report.time));
	section('Disks (from request to answer)', operationTable(diskRows(report), report.time));
	section(`CPU (percent of one of ${report.cpu.cpus}; by owner and executor)`, cpuTable(report));
	section('Channels', channelTable(report));
	section('Devices', deviceTable(report));
	for (const [title, rows] of networkSections(report.network, report.time)) {
		section(title, rows);
	}

	section('Oracle', [oracleLine(report)]);
	section(
		'Faults',
		report.faults.flatMap(({id, fault, target, text, fired, firedAt, state}) => {
			const acted = fired === 0 ? 'never acted' : `acted ${times(fired)}, first at ${moment(firedAt)}`;
			return wrapped(`${id}: ${fault} on ${target}, ${text}: ${acted}; ${state}`, columns - 2);
		}),
	);
	section('Findings', findingLines(report, paint));
	section(
		'Expectations',
		report.expectations.flatMap(({text, met, measured}) => {
			const mark = met === undefined ? paint('quiet', '– ') : met ? paint('good', '✓ ') : paint('bad', '✗ ');
			return hanging(mark, `${text}: ${measured}`);
		}),
	);
	if (report.recording !== undefined) {
		const {version, checked, total, differs} = report.recording;
		const outcome = differs === undefined ? 'all equal' : 'not equal';
		section('Recording', [`made by ringtop ${version}; ${checked} of ${total} state hashes compared, ${outcome}`]);
	}

	lines.push('', ...verdictLines(report, paint));
	return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

function headlines({architecture, seed, time, events, stateHash, fullHash}: Report): string[] {
	return [
		`${architecture} · seed ${seed} · ${seconds(time)} simulated`,
		`${grouped(events)} events · ${fullHash ? 'full state hash' : 'state hash'} ${stateHash}`,
	];
}

interface OperationRow extends OperationReport {
	readonly of: string;
	readonly what: string;
}

function jobRows({jobs}: Report): OperationRow[] {
	return jobs.flatMap(({domain, job, on, summary, operations}) =>
		operations.map((operation) => ({...operation, of: `${domain}.${on} ${job}`, what: summary})),
	);
}

function diskRows({disks}: Report): OperationRow[] {
	return disks.flatMap(({disk, operations}) => operations.map((operation) => ({...operation, of: disk, what: ''})));
}

function operationTable(rows: readonly OperationRow[], time: number): string[] {
	if (rows.length === 0) {
		return [];
	}

	const cells = rows.map((row, index) => [
		index > 0 && rows[index - 1].of === row.of ? '' : row.of,
		row.operation,
		rate(row.count, time),
		row.bytes === 0 ? '' : megabytes(row.bytes, time),
		...[row.mean, row.p50, row.p99, row.p999, row.max].map((latency) => measuredText(latency, 'time')),
		row.errors === 0 ? '' : String(row.errors),
	]);
	return table(['', '', 'per s', 'MB/s', 'mean', 'p50', 'p99', 'p99.9', 'max', 'errors'], cells, 2);
}

function cpuTable({cpu, time}: Report): string[] {
	const share = (nanoseconds: number): string => (time === 0 ? '' : ((100 * nanoseconds) / time).toFixed(2));
	const rows = cpu.domains.map(({name, self, xen, waited}) => [
		name,
		share(self),
		share(xen),
		share(self + xen),
		share(waited),
	]);
	rows.push(['Xen', '', share(cpu.xen), share(cpu.xen), '']);
	rows.push(['idle', '', '', share(cpu.idle), '']);
	rows.push(['sum', '', '', share(cpu.total), '']);
	const events = `${grouped(cpu.events)} events${cpu.eventsLost === 0 ? '' : ` (${cpu.eventsLost} lost)`}`;
	return [
		...table(['', 'own code', 'Xen for it', 'total', 'waited'], rows, 1),
		`${grouped(cpu.hypercalls)} hypercalls, ${events},`,
		`${grouped(cpu.interrupts)} interrupts, ${grouped(cpu.contextSwitches)} context switches`,
		'what a step of CPU work costs is a knob: docs/fidelity.md',
	];
}

function channelTable({channels, time}: Report): string[] {
	const rows = channels.map(
		({channel, requests, front, back, meanOutstanding, mostOutstanding, full, asleep, outage}) => [
			channel,
			grouped(requests),
			`${grouped(front.sent)} / ${grouped(front.heldOff)}`,
			`${grouped(back.sent)} / ${grouped(back.heldOff)}`,
			meanOutstanding.toFixed(2),
			String(mostOutstanding),
			time === 0 ? '' : `${((100 * full) / time).toFixed(1)} %`,
			asleep === 0 ? '' : measuredText(asleep, 'time'),
			measuredText(outage, 'time'),
		],
	);
	return rows.length === 0
		? []
		: [
				...table(
					['', 'requests', 'to backend', 'to frontend', 'on ring', 'most', 'full', 'asleep', 'silence'],
					rows,
					1,
				),
				'notifications are sent / held off; silence is the longest time without an answer',
			];
}

function deviceTable({devices, time}: Report): string[] {
	const rows = devices.map(({device, model, bytesRead, bytesWritten, commands, interrupts, busy}) => [
		`${device} ${model}`,
		megabytes(bytesRead, time),
		megabytes(bytesWritten, time),
		grouped(commands),
		grouped(interrupts),
		time === 0 ? '' : `${((100 * busy) / time).toFixed(1)} %`,
	]);
	const trouble = devices.flatMap(({device, mediumErrors, driver}) => {
		const counted = Object.entries({mediumErrors, ...driver})
			.filter(([name, count]) => count > 0 && troubles.has(name))
			.map(([name, count]) => `${count} ${troubles.get(name)}`);
		return counted.length === 0 ? [] : wrapped(`${device}: ${counted.join(', ')}`, columns - 2);
	});
	return rows.length === 0
		? []
		: [...table(['', 'read MB/s', 'write MB/s', 'commands', 'interrupts', 'busy'], rows, 1), ...trouble];
}

/** What a driver or medium counts when something is wrong, or needs explaining, in words. */
const troubles: ReadonlyMap<string, string> = new Map([
	['mediumErrors', 'medium errors'],
	['errors', 'failed requests'],
	['timeouts', 'timeouts'],
	['aborts', 'aborts'],
	['resets', 'resets'],
	['retries', 'retries'],
	['bounces', 'bounce copies'],
	['splits', 'requests split'],
	['spuriousInterrupts', 'spurious interrupts'],
	['unexpected', 'unexpected completions'],
]);

function oracleLine({oracle: {checked, violations, lost}}: Report): string {
	const found = violations === 0 ? 'every byte as it may be' : `${grouped(violations)} not as they may be`;
	return `${grouped(checked)} sectors read back and compared, ${found}${lost === 0 ? '' : `; ${lost} acknowledged writes gone`}`;
}

function findingLines({findings}: Report, paint: (style: Style, text: string) => string): string[] {
	const unexplained = findings.filter(({explainedBy}) => explainedBy === '');
	const explained = findings.filter(({explainedBy}) => explainedBy !== '');
	const lines: string[] = [];
	for (const [list, mark] of [
		[unexplained, paint('bad', '✗ ')],
		[explained, paint('quiet', '· ')],
	] as const) {
		for (const {time, ended, text, explainedBy} of list.slice(0, shown)) {
			const lasted = ended > 0 ? `, lasted ${measuredText(ended - time, 'time')}` : '';
			const why = explainedBy === '' ? 'unexplained' : `explained by ${explainedBy}`;
			lines.push(...hanging(mark, `at ${moment(time)}${lasted}: ${text} (${why})`));
		}

		if (list.length > shown) {
			lines.push(`  and ${list.length - shown} more`);
		}
	}

	return lines;
}

function verdictLines(report: Report, paint: (style: Style, text: string) => string): string[] {
	const {expectations, verdict, ending, time, runtime, complete} = report;
	const met = expectations.filter((each) => each.met === true).length;
	const open = expectations.filter((each) => each.met === undefined).length;
	const judged = expectations.length - open;
	const lines: string[] = [];
	if (!complete) {
		const why = {end: '', until: 'as asked', interrupted: 'interrupted', failed: 'by an error'}[ending];
		lines.push(`INCOMPLETE: stopped at ${seconds(time)} of ${seconds(runtime)} (${why})`);
	}

	if (open > 0) {
		lines.push(...wrapped(`${open} of ${expectations.length} expectations were not reached and do not count`, columns));
	}

	const count = judged === 0 ? 'no expectations' : `${met} of ${judged} expectations met`;
	if (verdict.met === undefined) {
		lines.push(`UNDECIDED: ${count} so far, nothing unexplained`);
		return lines;
	}

	if (verdict.met) {
		lines.push(paint('good', `MET: ${count}, nothing unexplained`));
		return lines;
	}

	const reasons = otherReasons(report);
	const words =
		met < judged || reasons.length === 0
			? [count, ...reasons].join('; ')
			: `${reasons.join('; ')} (${judged === 0 ? count : `expectations ${met} of ${judged}`})`;
	lines.push(...wrapped(`NOT MET: ${words}`, columns).map((line) => paint('bad', line)));
	for (const problem of verdict.problems.slice(0, shown)) {
		lines.push(...hanging(paint('bad', '✗ '), problem));
	}

	if (verdict.problems.length > shown) {
		lines.push(`and ${verdict.problems.length - shown} more`);
	}

	lines.push(`see it again: ${printableLine(report.reproduce)}`);
	return lines;
}

/** What beside the expectations fails the run, in a few words each. */
function otherReasons({failure, recording, findings, faults, time, runtime}: Report): string[] {
	const unexplained = findings.filter(({explainedBy}) => explainedBy === '').length;
	const idle = faults.filter(
		({fired, declared}) => fired > 0 && declared.some(({must, findings: count}) => must && count === 0),
	).length;
	return [
		...(failure === undefined ? [] : ['the run failed']),
		...(unexplained === 0 ? [] : [`${unexplained} finding${unexplained === 1 ? '' : 's'} unexplained`]),
		...(idle === 0 || time < runtime ? [] : ['a fault acted and nobody found it']),
		...(recording?.differs === undefined ? [] : ['a state hash differs']),
	];
}

function rate(count: number, time: number): string {
	const perSecond = time === 0 ? 0 : (count * second) / time;
	return perSecond >= 100 ? grouped(Math.round(perSecond)) : perSecond.toFixed(1);
}

function megabytes(bytes: number, time: number): string {
	return time === 0 ? '' : ((bytes * 1000) / time).toFixed(2);
}

function seconds(nanoseconds: number): string {
	return nanoseconds % second === 0 ? `${nanoseconds / second} s` : `${(nanoseconds / second).toFixed(3)} s`;
}

function moment(nanoseconds: number): string {
	return `${(nanoseconds / second).toFixed(6)} s`;
}

function times(count: number): string {
	return count === 1 ? 'once' : `${grouped(count)} times`;
}
