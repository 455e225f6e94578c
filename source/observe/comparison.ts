/** Runs of one scenario under several architectures, put side by side: a row for each figure, a column for each architecture. */
import type {Cell, ComparedColumn, ComparedRow, Comparison, Figure} from './comparison-types.js';
import {comparisonSchema} from './comparison-types.js';

/** An architecture's column with its figures, and those of the same run with the knobs turned. */
export interface ColumnFigures {
	readonly column: ComparedColumn;
	/** None when it is not applicable. */
	readonly figures: readonly Figure[];
	/** One list for each factor. */
	readonly turned: readonly (readonly Figure[])[];
}

export function compared(
	facts: Omit<Comparison, 'schema' | 'columns' | 'rows'>,
	columns: readonly ColumnFigures[],
): Comparison {
	const reasons = columns.map(({column}) => (column.applicable ? null : {value: `not applicable: ${column.reason}`}));
	const inapplicable: ComparedRow[] = reasons.every((reason) => reason === null)
		? []
		: [{section: '', name: 'scenario', unit: 'text', knob: false, cells: reasons}];
	return {
		schema: comparisonSchema,
		...facts,
		columns: columns.map(({column}) => column),
		rows: [...inapplicable, ...figuresInOrder(columns).map((figure) => row(figure, columns))],
	};
}

/** Each figure of any column once, sections and the figures in them in the order of the columns: what only one has comes behind what it has before it. */
function figuresInOrder(columns: readonly ColumnFigures[]): Figure[] {
	const sections = new Map<string, Figure[]>();
	for (const {figures} of columns) {
		/** Of this column, the figure before by section. */
		const last = new Map<string, string>();
		for (const figure of figures) {
			const section = sections.get(figure.section) ?? [];
			sections.set(figure.section, section);
			if (!section.some(({name}) => name === figure.name)) {
				const at = section.findIndex(({name}) => name === last.get(figure.section));
				section.splice(at + 1, 0, figure);
			}

			last.set(figure.section, figure.name);
		}
	}

	return [...sections.values()].flat();
}

function row({section, name, unit, knob}: Figure, columns: readonly ColumnFigures[]): ComparedRow {
	const same = (figure: Figure) => figure.section === section && figure.name === name;
	const cells = columns.map(({figures, turned}): Cell | null => {
		const found = figures.find(same);
		if (found === undefined) {
			return null;
		}

		const {value, open} = found;
		const values = turned.map((list) => list.find(same)?.value);
		const numbers = [value, ...values].filter((each) => typeof each === 'number');
		return {
			value,
			...(open === undefined ? {} : {open}),
			// Where the run's end cut it short, so it did with the knobs turned.
			...(knob && turned.length > 0 && open === undefined
				? {least: Math.min(...numbers), most: Math.max(...numbers)}
				: {}),
		};
	});
	return {section, name, unit, knob, cells};
}
