/** A latency metric's value in a histogram of a window. */
import {assert} from '../../engine/assert.js';

const quantiles: Readonly<Record<string, number>> = {p50: 500_000, p90: 900_000, p99: 990_000, 'p99.9': 999_000};

/** What of a histogram the metrics ask for. */
export interface Latency {
	readonly count: number;
	readonly mean: number;
	readonly maximum: number;
	quantile(parts: number): number;
}

/** @param leaf `mean`, `max`, `p50` … @returns ns; undefined when nothing was measured. */
export function latencyValue(leaf: string, latency: Latency): number | undefined {
	if (latency.count === 0) {
		return undefined;
	}

	switch (leaf) {
		case 'mean':
			return latency.mean;
		case 'max':
			return latency.maximum;
		default: {
			const parts = quantiles[leaf];
			assert(parts !== undefined, `there is a metric ${leaf}`);
			return latency.quantile(parts);
		}
	}
}
