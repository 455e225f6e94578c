/** What a metric is: its unit, and what it means. */

/** time: nanoseconds. percent: 0 … 100. rate: per second. bits: bits per second. count: a number of things. */
export type MetricUnit = 'count' | 'time' | 'percent' | 'rate' | 'bits';

export interface Leaf {
	readonly unit: MetricUnit;
	/** The state at one instant; all others are over a window. */
	readonly gauge?: boolean;
	readonly means: string;
}
