/**
 * Numbers as the console prints them: three significant digits, the unit a person would say, and always the same width
 * for the same magnitude so that a column of them can be compared by eye.
 */

/** Simulated nanoseconds: `870 ns`, `8.7 µs`, `133 µs`, `1.2 ms`, `133 ms`, `1.3 s`, `2:05`. */
export function duration(nanoseconds: number): string {
	if (nanoseconds < 999.5) return `${Math.round(nanoseconds)} ns`;
	if (nanoseconds < 999_500) return `${three(nanoseconds / 1e3)} µs`;
	if (nanoseconds < 999_500_000) return `${three(nanoseconds / 1e6)} ms`;
	if (nanoseconds < 60_000_000_000) return `${three(nanoseconds / 1e9)} s`;
	const seconds = Math.floor(nanoseconds / 1e9);
	return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** One decimal below ten, none above. */
function three(value: number): string {
	return value < 9.95 ? value.toFixed(1) : value.toFixed(0);
}

/** A count or a rate: `0`, `0.4`, `37`, `812`, `1.2k`, `30.0k`, `412k`, `1.2M`. */
export function quantity(value: number): string {
	if (value < 9.95) return value === Math.round(value) ? String(value) : value.toFixed(1);
	if (value < 999.5) return value.toFixed(0);
	if (value < 99_950) return `${(value / 1e3).toFixed(1)}k`;
	if (value < 999_500) return `${(value / 1e3).toFixed(0)}k`;
	if (value < 99_950_000) return `${(value / 1e6).toFixed(1)}M`;
	if (value < 999_500_000) return `${(value / 1e6).toFixed(0)}M`;
	return `${(value / 1e9).toFixed(1)}G`;
}

/** Bytes per second in decimal units, as disks are sold: `0 MB/s`, `412 kB/s`, `0.8 MB/s`, `123 MB/s`. */
export function throughput(bytesPerSecond: number): string {
	const megabytes = bytesPerSecond / 1e6;
	if (bytesPerSecond === 0) return '0 MB/s';
	if (megabytes < 0.0995) return `${(bytesPerSecond / 1e3).toFixed(bytesPerSecond < 9950 ? 1 : 0)} kB/s`;
	if (megabytes < 999.5) return `${megabytes.toFixed(megabytes < 99.95 ? 1 : 0)} MB/s`;
	return `${(megabytes / 1e3).toFixed(2)} GB/s`;
}

/** Bits per second in decimal units, as wires are sold: `0 Mb/s`, `412 kb/s`, `9.4 Mb/s`, `412 Mb/s`, `1.9 Gb/s`. */
export function bitRate(bitsPerSecond: number): string {
	if (bitsPerSecond === 0) return '0 Mb/s';
	if (bitsPerSecond < 999_500) return `${three(bitsPerSecond / 1e3)} kb/s`;
	if (bitsPerSecond < 999_500_000) return `${three(bitsPerSecond / 1e6)} Mb/s`;
	return `${three(bitsPerSecond / 1e9)} Gb/s`;
}

/** A rate in its unit, shortened by it: `30.0k req/s`, `412 Mb/s`, `123 MB/s`. */
export function rateText(perSecond: number, unit: string): string {
	if (unit === 'b/s') return bitRate(perSecond);
	return unit === 'B/s' ? throughput(perSecond) : `${quantity(perSecond)} ${unit}`;
}

/** Memory in binary units: `512 MiB`, `1.5 GiB`. */
export function memory(bytes: number): string {
	const mebibytes = bytes / 1_048_576;
	if (mebibytes < 1024) return `${Math.round(mebibytes)} MiB`;
	const gibibytes = mebibytes / 1024;
	return `${Number.isInteger(gibibytes) ? gibibytes : gibibytes.toFixed(1)} GiB`;
}

/** One decimal, no sign of percent: `40.8`. */
export function percent(value: number): string {
	return value.toFixed(1);
}

/** Digits of the clock after the seconds: as many as move at this speed. */
export function clockDigits(speed: number, stepping: boolean): 3 | 6 | 9 {
	if (stepping || speed <= 1e4) return 9;
	return speed <= 1e6 ? 6 : 3;
}

/** Virtual time: `0:12.345`, with more digits `0:12.345 678` and `0:12.345 678 901`. */
export function clock(nanoseconds: number, digits: 3 | 6 | 9 = 3): string {
	const seconds = Math.floor(nanoseconds / 1e9);
	const fraction = String(nanoseconds - seconds * 1e9).padStart(9, '0');
	const shown = [fraction.slice(0, 3), fraction.slice(3, 6), fraction.slice(6)].slice(0, digits / 3).join(' ');
	const minutes = Math.floor(seconds / 60);
	const head = minutes < 60 ? `${minutes}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`;
	return `${head}:${String(seconds % 60).padStart(2, '0')}.${shown}`;
}

/** Simulated nanoseconds per real second: `1×`, `100×`, `max`, `100 ms/s`, `1 µs/s`. */
export function speed(value: number): string {
	if (value === Number.POSITIVE_INFINITY) return 'max';
	if (value >= 1e9) return `${trimmed(value / 1e9)}×`;
	if (value >= 1e6) return `${trimmed(value / 1e6)} ms/s`;
	return `${trimmed(value / 1e3)} µs/s`;
}

function trimmed(value: number): string {
	return Number.isInteger(value) ? String(value) : value.toFixed(1);
}

const levels = '▁▂▃▄▅▆▇';

/** A history of rates is drawn to the scale of its highest, but of no less than this, so that a trickle looks like one. */
const leastScale = 10;

/**
 * The newest `cells` values as bars from 0 to `full`; without it, to the highest of them. What prints as 0.0 is a blank.
 */
export function sparkline(values: readonly number[], cells: number, full = 0): string {
	const shown = values.slice(-cells);
	const highest = full > 0 ? full : Math.max(...shown, leastScale);
	let bars = '';
	for (const value of shown) {
		bars += value < 0.05 ? ' ' : levels[Math.min(6, Math.floor((value / highest) * 6.999))];
	}
	return bars.padStart(cells);
}

/** A bar of `cells` cells of which used/size are filled; anything above nothing shows at least one. */
export function gauge(used: number, size: number, cells: number): number {
	if (used <= 0 || size <= 0) return 0;
	return Math.min(cells, Math.max(1, Math.round((used / size) * cells)));
}
