/** A comparison as a person reads it: a grid of words for whoever draws tables, plain text, Markdown; and as JSON. */
import stringWidth from 'string-width';
import {printableLine} from '../engine/printable.js';
import {measuredText} from '../sim/scenario/condition.js';
import type {Cell, ComparedRow, Comparison} from './comparison-types.js';
import {grouped, wrapped} from './report-table.js';

/** Cells of a column that holds sentences. */
const sentenceWidth = 26;

/** A heading, and rows of as many words; numbers are set right within their column. */
export interface Grid {
	readonly heading: readonly string[];
	readonly rows: readonly (readonly string[])[];
}

/** The comparison as JSON, ended by a newline. */
export function comparisonJson(comparison: Comparison): string {
	return `${JSON.stringify(comparison, (_key, value: unknown) => value ?? null, '\t')}\n`;
}

/** Sentences are broken over several rows; every cell of a column has the same width. */
export function comparisonGrid(comparison: Comparison): Grid {
	const heading = ['', ...comparison.columns.map(({architecture}) => architecture), ''];
	const rows: {readonly left: boolean; readonly cells: readonly string[]}[] = [];
	let section = '';
	for (const row of comparison.rows) {
		if (row.section !== section) {
			({section} = row);
			rows.push({left: true, cells: [printableLine(section), ...comparison.columns.map(() => ''), '']});
		}

		const left = row.unit === 'text';
		for (const cells of lines(row)) {
			rows.push({left, cells});
		}
	}

	const all = [heading, ...rows.map(({cells}) => cells)];
	const widths = heading.map((_, column) => Math.max(...all.map((cells) => stringWidth(cells[column]))));
	const set = (cells: readonly string[], left: boolean) =>
		cells.map((cell, column) => {
			const blanks = ' '.repeat(widths[column] - stringWidth(cell));
			return left || column === 0 || column === cells.length - 1 ? cell + blanks : blanks + cell;
		});
	return {heading: set(heading, false), rows: rows.map(({cells, left}) => set(cells, left))};
}

/** The grid in plain columns under its headlines, ended by a newline. */
export function comparisonText(comparison: Comparison): string {
	const {heading, rows} = comparisonGrid(comparison);
	const lines = [heading, ...rows].map((cells) => cells.join('  ').trimEnd());
	return `${[...headlines(comparison), '', ...lines, '', ...below(comparison)].join('\n')}\n`;
}

/** The footnotes in lines. A command line is not broken. */
export function below(comparison: Comparison): string[] {
	return footnotes(comparison).flatMap((note) => (note.includes(': ringtop ') ? [note] : wrapped(note, 100)));
}

/** A Markdown table, ended by a newline. */
export function comparisonMarkdown(comparison: Comparison): string {
	const {columns, rows} = comparison;
	const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
	const body: string[] = [];
	let section = '';
	for (const row of rows) {
		if (row.section !== section) {
			({section} = row);
			body.push(line([`**${escaped(printableLine(section))}**`, ...columns.map(() => ''), '']));
		}

		body.push(
			line([escaped(printableLine(row.name)), ...row.cells.map((cell) => escaped(cellText(cell, row))), knobWord(row)]),
		);
	}

	const head = [
		line(['', ...columns.map(({architecture}) => architecture), '']),
		`|---|${columns.map(() => '---:|').join('')}---|`,
	];
	const above = headlines(comparison).flatMap((each) => [escaped(each), '']);
	return `${[...above, ...head, ...body, '', footnotes(comparison).map(escaped).join('\n\n')].join('\n')}\n`;
}

/** What stands above the table. */
export function headlines({scenario, about, seed, runtime}: Comparison): string[] {
	const run = `seed ${seed}, ${measuredText(runtime, 'time')} simulated under each architecture`;
	return [printableLine(scenario), ...(about === '' ? [] : wrapped(about, 100)), run];
}

/** What stands below it, a paragraph each. */
function footnotes({factors, rows, columns, notes}: Comparison): string[] {
	const crashed = rows.some(({section}) => section.startsWith('Crash '));
	const ranges = factors.length === 0 ? '' : `; the range is what came of knobs × ${factors.join(' and × ')}`;
	return [
		`knob: depends on what work costs or how long booting takes, which is plausible and not measured${ranges}`,
		...(crashed
			? [
					'a disk is out while requests wait without an answer, a network from its last packet to its next; > was still out at the end, or at the next crash',
				]
			: []),
		...notes,
		...columns.flatMap((column) =>
			column.applicable ? [`${column.architecture} alone: ${printableLine(column.reproduce)}`] : [],
		),
	];
}

function lines(row: ComparedRow): string[][] {
	const texts = row.cells.map((cell) => cellText(cell, row));
	if (row.unit !== 'text') {
		return [[`  ${printableLine(row.name)}`, ...texts, knobWord(row)]];
	}

	const broken = texts.map((each) => (each === '' ? [] : wrapped(each, sentenceWidth)));
	const height = Math.max(1, ...broken.map((each) => each.length));
	return Array.from({length: height}, (_, index) => [
		index === 0 ? printableLine(row.name) : '',
		...broken.map((each) => each[index] ?? ''),
		'',
	]);
}

function knobWord({knob}: ComparedRow): string {
	return knob ? 'knob' : '';
}

function cellText(cell: Cell | null, {unit}: ComparedRow): string {
	if (cell === null) {
		return unit === 'text' ? '' : '–';
	}

	const {value, open, least, most} = cell;
	const text = (each: number | string): string =>
		typeof each === 'string' || unit === 'text'
			? printableLine(String(each))
			: unit === 'count'
				? grouped(Math.round(each))
				: measuredText(each, unit);
	const [low, high] = [least ?? value, most ?? value].map(text);
	const range = low === text(value) && high === low ? '' : ` (${low} – ${high})`;
	return `${open === true ? '> ' : ''}${text(value)}${range}`;
}

/** What Markdown would read as its own, as itself. */
function escaped(text: string): string {
	return text.replace(/[\\|<>*_`[\]]/g, '\\$&');
}
