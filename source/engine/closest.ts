/**
 * "Did you mean": the candidate nearest to a mistyped word, by Damerau-Levenshtein distance (optimal string
 * alignment: insert, delete, replace, swap of neighbours, each costs 1). Used by the scenario parser and the commands.
 */

/** The nearest of `candidates`, or undefined when none is near enough to be what was meant. Ties go to the first. */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
	let best: string | undefined;
	let bestDistance = Number.POSITIVE_INFINITY;
	const typed = word.toLowerCase();
	for (const candidate of candidates) {
		const wanted = candidate.toLowerCase();
		let distance = editDistance(typed, wanted);
		// A beginning such as 'web' for 'web-and-db' is far by edits and near by meaning.
		if (distance > tolerance(word.length) && typed.length >= 3 && wanted.startsWith(typed))
			distance = tolerance(word.length);
		if (distance <= tolerance(Math.max(word.length, candidate.length)) && distance < bestDistance) {
			best = candidate;
			bestDistance = distance;
		}
	}
	return best;
}

/** How many edits are still a slip for a word of this length: one in three letters, at most 3. */
function tolerance(length: number): number {
	return Math.min(3, Math.max(1, Math.floor(length / 3)));
}

/** Number of single-letter edits between two words; words over 64 letters are compared by their first 64. */
export function editDistance(a: string, b: string): number {
	const from = a.slice(0, 64);
	const to = b.slice(0, 64);
	let beforeLast: number[] = [];
	let last: number[] = [];
	for (let j = 0; j <= to.length; j++) last.push(j);
	for (let i = 1; i <= from.length; i++) {
		const row = [i];
		for (let j = 1; j <= to.length; j++) {
			const same = from[i - 1] === to[j - 1];
			let distance = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1));
			if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
				distance = Math.min(distance, beforeLast[j - 2] + 1);
			}
			row.push(distance);
		}
		beforeLast = last;
		last = row;
	}
	return last[to.length];
}
