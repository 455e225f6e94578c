/**
Features of an NVMe controller (Set and Get Features): current values of those it has, as Dword 11. After NVMe base
specification 1.4 §5.21. Nothing is saveable; a controller reset restores the defaults. Interrupt coalescing, power management, thresholds and
error recovery are kept and have no effect, which the specification allows.
*/
import {invalidField, success} from './nvme-status.js';

export const featureArbitration = 0x01;
export const featurePowerManagement = 0x02;
export const featureTemperature = 0x04;
export const featureErrorRecovery = 0x05;
export const featureWriteCache = 0x06;
export const featureQueues = 0x07;
export const featureCoalescing = 0x08;
export const featureVector = 0x09;
export const featureAtomicity = 0x0a;
export const featureAsyncEvents = 0x0b;

const count = 16;

export class NvmeFeatures {
	private readonly values = new Int32Array(count);
	private readonly writeCache: boolean;
	private readonly queues: number;

	/** @param writeCache the medium has a volatile write cache. @param queues I/O queue pairs there are. */
	constructor(writeCache: boolean, queues: number) {
		this.writeCache = writeCache;
		this.queues = queues;
		this.reset();
	}

	reset(): void {
		this.values.fill(0);
		this.values[featureArbitration] = 3;
		this.values[featureTemperature] = 343;
		this.values[featureWriteCache] = 1;
		this.values[featureQueues] = (this.queues - 1) | ((this.queues - 1) << 16);
	}

	exists(feature: number): boolean {
		return (
			feature >= 1 &&
			feature <= featureAsyncEvents &&
			feature !== 3 &&
			(feature !== featureWriteCache || this.writeCache)
		);
	}

	get(feature: number): number {
		return this.values[feature];
	}

	/** A status. */
	set(feature: number, value: number): number {
		if (feature === featurePowerManagement && (value & 31) !== 0) {
			return invalidField;
		}

		this.values[feature] = value;
		return success;
	}

	/** Feature 01h as commands a turn: 2^AB, 7 = no limit. */
	get burst(): number {
		const shift = this.values[featureArbitration] & 7;
		return shift === 7 ? 1024 : 1 << shift;
	}
}
