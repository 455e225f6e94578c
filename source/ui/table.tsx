/** A table drawn once, for reports on a terminal: ink-table on a stream of our own, whose last frame is the picture. */
import {Writable} from 'node:stream';
import {Box, render, Text} from 'ink';
import type {PropsWithChildren, ReactElement} from 'react';
import Table from './ink-table.js';

/** A heading and rows of as many words, all of a column equally wide. */
export interface TableWords {
	readonly heading: readonly string[];
	readonly rows: readonly (readonly string[])[];
}

type Row = Record<string, string>;
type Line = Parameters<InstanceType<typeof Table<Row>>['separator']>[0];
// Ink draws no line for a box without anything in it.
const nothing = <Box />;

/** Lines under the heading and above each section alone: ink-table draws one above every row, which makes twice as many. */
class SectionedTable extends Table<Row> {
	readonly #line = this.separator;

	override separator = (line: Line): ReactElement => {
		// ink-table ends the key of a row's line with the row's number.
		const row = this.props.data[Number(line.key.slice(line.key.lastIndexOf('-') + 1))];
		const [first, ...others] = Object.values(row);
		const begins = first.trim() !== '' && others.every((cell) => cell.trim() === '');
		return begins || row === this.props.data[0] ? this.#line(line) : nothing;
	};
}

/** Terminal cells that the table takes: a blank at each side of a column, a line beside each. */
export function tableWidth({heading}: TableWords): number {
	return heading.reduce((sum, {length}) => sum + length + 3, 1);
}

/** The table in lines, not ended by a newline. */
export function drawTable(table: TableWords): string {
	const {heading, rows} = table;
	// ink-table calls a column by its heading: two of equal blanks would be one.
	const names = heading.map((name, column) => (heading.indexOf(name) < column ? `${name} ` : name));
	const data = rows.map((cells) => Object.fromEntries(cells.map((cell, column) => [names[column], cell])));
	let frame = '';
	const output = new Writable({
		decodeStrings: false,
		write(chunk: string, _encoding, done) {
			frame = chunk.trimEnd() === '' ? frame : chunk;
			done();
		},
	});
	const stream = Object.assign(output, {columns: tableWidth(table) + names.length, rows: rows.length + 8});
	const app = render(<SectionedTable data={data} columns={names} header={Plain} cell={Plain} skeleton={Plain} />, {
		// Ink writes whole frames to it and asks its size; that is all of a terminal that Ink uses.
		stdout: stream as unknown as NodeJS.WriteStream,
		debug: true,
		patchConsole: false,
		exitOnCtrlC: false,
	});
	app.unmount();
	return frame.trimEnd();
}

function Plain({children}: PropsWithChildren) {
	return <Text>{children}</Text>;
}
