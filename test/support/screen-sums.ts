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
	return [...problems, ...networkProblems(lines)];
}

/** A figure as printed, in bits per second, and how far the true one may lie from it. */
interface Printed {
	readonly bits: number;
	readonly half: number;
}

/** Share by which packets that were cut into segments gain headers: 66 bytes on 1448. */
const headers = 0.05;

/**
What guests send each other never reaches the NIC, so: sent by all vifs − out at the NIC = received by all vifs − in at the NIC, and
nothing less than 0. What leaves the NIC arrives at the hosts of the LAN. For a screen on which nothing is dropped.
*/
function networkProblems(lines: readonly string[]): string[] {
	const problems: string[] = [];
	const rate = String.raw`~?([\d.]+) ([kMG])b\/s`;
	const pairs = (pattern: RegExp, of: (line: string) => boolean): Array<readonly [Printed, Printed]> =>
		lines.flatMap((line) => {
			const [, one, oneUnit, two, twoUnit] = (of(line) ? pattern.exec(line) : null) ?? [];
			return one === undefined ? [] : [[printed(one, oneUnit), printed(two, twoUnit)] as const];
		});
	const isDevice = (line: string) => /\d\d:\d\d\.\d /.test(line);
	const isHost = (line: string) => /\d+\.\d+\.\d+\.\d+ /.test(line);
	const nics = pairs(new RegExp(`out ${rate} +in ${rate}`), isDevice);
	const vifs = pairs(new RegExp(`out ${rate} +in ${rate}`), (line) => !isDevice(line) && !isHost(line));
	const hosts = pairs(new RegExp(`in ${rate} +out ${rate}`), isHost);
	const [atNics, atVifs, atHosts] = [added(nics), added(vifs), added(hosts)];
	const moved = atNics[0].bits + atNics[1].bits;
	const slack = (...figures: readonly Printed[]) =>
		figures.reduce((sum, {half}) => sum + half, (0.02 + headers) * moved);
	if (nics.length > 0 && vifs.length > 0) {
		const kept = [atVifs[0].bits - atNics[0].bits, atVifs[1].bits - atNics[1].bits];
		const allowed = slack(...atNics, ...atVifs);
		if (Math.abs(kept[0] - kept[1]) > allowed || Math.min(...kept) < -allowed) {
			problems.push(`${megabits(atVifs)} at the vifs, ${megabits(atNics)} at the NICs`);
		}
	}
	if (nics.length > 0 && hosts.length > 0) {
		const allowed = slack(...atNics, ...atHosts);
		if (atNics.some(({bits}, way) => Math.abs(bits - atHosts[way].bits) > allowed)) {
			problems.push(`${megabits(atNics)} at the NICs, ${megabits(atHosts)} at the hosts of the LAN`);
		}
	}
	// Both ends of a vif print what passes over it both ways.
	for (const line of lines) {
		const ends = new RegExp(`netback .* ${rate} .*[■·]+ +\\d+\\/\\d+ +${rate}`).exec(line);
		if (ends !== null && ends.slice(1, 3).join() !== ends.slice(3, 5).join())
			problems.push(`ends differ: ${line.trim()}`);
	}
	return problems;
}

function printed(value: string, unit: string): Printed {
	return {bits: bytes(value, unit), half: half(value, unit)};
}

function added(pairs: ReadonlyArray<readonly [Printed, Printed]>): readonly [Printed, Printed] {
	const sum = (way: 0 | 1): Printed => ({
		bits: pairs.reduce((total, pair) => total + pair[way].bits, 0),
		half: pairs.reduce((total, pair) => total + pair[way].half, 0),
	});
	return [sum(0), sum(1)];
}

function megabits(ways: readonly [Printed, Printed]): string {
	return ways.map(({bits}, way) => `${(bits / 1e6).toFixed(1)} Mb/s ${['out', 'in'][way]}`).join(', ');
}

function bytes(value: string, unit: string): number {
	return Number(value) * {k: 1e3, M: 1e6, G: 1e9}[unit[0] as 'k' | 'M' | 'G']; // the patterns allow no other
}

/** Half of the last printed digit. */
function half(value: string, unit: string): number {
	const decimals = value.includes('.') ? value.length - value.indexOf('.') - 1 : 0;
	return bytes('0.5', unit) / Number(`1e${decimals}`);
}
