/**
 * Adds up a Host screen from its text alone, with the rounding that printed digits allow. Used on frames of the
 * console's own tests and on the screens of real runs.
 */

/** What does not agree on this screen, one sentence each. */
export function checkScreenAddsUp(lines: readonly string[]): string[] {
	const text = lines.join('\n');
	const problems: string[] = [];
	const numbers = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, value]) => Number(value));

	const runs = numbers(/ run +~?([\d.]+)/g);
	const busy = numbers(/cpu\d+ [█░]+ +~?([\d.]+)%/g);
	if (runs.length < 2 || busy.length === 0) return ['there is no Host figure with domains, Xen and CPUs'];
	const total = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0);
	// Each printed figure is off by at most half of its last digit.
	const tolerance = 0.05 * (runs.length + busy.length) + 0.001;
	if (Math.abs(total(runs) - total(busy)) > tolerance) {
		problems.push(`domains + Xen use ${total(runs).toFixed(1)} %, the physical CPUs ${total(busy).toFixed(1)} %`);
	}

	let atRings = 0;
	let ringTolerance = 0;
	for (const [, used, size] of text.matchAll(/[■·]+ +(\d+)\/(\d+)/g)) {
		if (Number(used) > Number(size)) problems.push(`${used} requests outstanding on ${size} slots`);
	}
	for (const [, rate, unit] of text.matchAll(/req\/s {2}~?([\d.]+) ([kMG]B)\/s/g)) {
		atRings += bytes(rate, unit);
		ringTolerance += half(rate, unit);
	}
	const medium = /read ~?([\d.]+) ([kMG]B)\/s +write ~?([\d.]+) ([kMG]B)\/s/.exec(text);
	if (ringTolerance > 0 && medium !== null) {
		const [, read, readUnit, write, writeUnit] = medium;
		const moved = bytes(read, readUnit) + bytes(write, writeUnit);
		const allowed = ringTolerance + half(read, readUnit) + half(write, writeUnit);
		// What is between ring and medium at either end of the window may be on one side only.
		const between = 0.02 * moved;
		if (Math.abs(moved - atRings) > allowed + between) {
			problems.push(`${(atRings / 1e6).toFixed(2)} MB/s at the rings, ${(moved / 1e6).toFixed(2)} MB/s at the medium`);
		}
	}
	return problems;
}

function bytes(value: string, unit: string): number {
	return Number(value) * {k: 1e3, M: 1e6, G: 1e9}[unit[0] as 'k' | 'M' | 'G']; // the patterns allow no other
}

/** Half of the last printed digit. */
function half(value: string, unit: string): number {
	const decimals = value.includes('.') ? value.length - value.indexOf('.') - 1 : 0;
	return bytes('0.5', unit) / Number(`1e${decimals}`);
}
