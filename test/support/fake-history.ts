/** Figures that go up and down by themselves, and what they were lately. For fake-snapshot.ts. */

/** Between 0 and 1, by time (ns) and period (s). */
export const wave = (time: number, period: number, phase = 0) =>
	(Math.sin((time / 1e9) * (6.2831853 / period) + phase) + 1) / 2;

/** The last 60 values of a figure, one for each 100 ms. */
export function history(time: number, at: (time: number) => number): number[] {
	return Array.from({length: 60}, (_, index) => Math.max(0, at(time - (59 - index) * 1e8)));
}
