/**
 * The console as Ink sees it: one component a row, each a preformatted string. `Transform` over constant blanks keeps
 * Ink from measuring (and remembering for ever) every text that was ever shown.
 */
import {Box, Text, Transform} from 'ink';
import {memo, type ReactElement, useSyncExternalStore} from 'react';
import type {Store} from './store.js';

const Line = memo(function Line({text, blanks}: {readonly text: string; readonly blanks: string}): ReactElement {
	return (
		<Transform transform={() => text}>
			<Text wrap="truncate">{blanks}</Text>
		</Transform>
	);
});

/** The whole screen, as the store has drawn it. */
export function Console({store}: {readonly store: Store}): ReactElement {
	const {columns, lines} = useSyncExternalStore(store.subscribe, store.frame);
	const blanks = ' '.repeat(columns);
	return (
		<Box flexDirection="column" width={columns} height={lines.length}>
			{lines.map((text, y) => (
				// biome-ignore lint/suspicious/noArrayIndexKey: a row of the screen is its position.
				<Line key={y} text={text} blanks={blanks} />
			))}
		</Box>
	);
}
