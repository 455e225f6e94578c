/** Reads several XenStore keys of one directory, one after the other, as Linux's xenbus_gather does. */

/** The part of a XenStore connection that reading takes. */
export interface KeyReader {
	read(path: string, done: (error: string, value: string) => void): void;
}

/** Calls `done` with a value for each name, in order; '' for a key that is not there or may not be read. */
export function readKeys(
	store: KeyReader,
	directory: string,
	names: readonly string[],
	done: (values: string[]) => void,
): void {
	const values: string[] = [];
	const next = () => {
		if (values.length === names.length) {
			done(values);
			return;
		}

		store.read(`${directory}/${names[values.length]}`, (error, value) => {
			values.push(error === '' ? value : '');
			next();
		});
	};
	next();
}
