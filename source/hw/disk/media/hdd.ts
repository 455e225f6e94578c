/** A hard disk's medium: one arm over turning platters, behind a volatile write cache. */
import type {Engine} from '../../../engine/engine.js';
import {Arm, type ArmOptions} from './arm.js';
import {CachedMedium, type CacheOptions} from './cached-medium.js';
import {defined} from './ssd.js';

export interface HddOptions extends ArmOptions, CacheOptions {}

export const hddCacheDefaults: CacheOptions = {
	// knob: the drive has 256 MB (WD Ultrastar DC HC310), of which writes get a part
	writeCache: 32 * 1024 * 1024,
	// knob: a sector from the bus into the buffer
	cacheLatency: 20_000,
};

/**
@param name the device's, `nvme0`.
@param sectors capacity in 512-byte sectors, a multiple of eight.
*/
export function makeHdd(
	engine: Engine,
	name: string,
	sectors: number,
	options: Partial<HddOptions> = {},
): CachedMedium {
	return new CachedMedium(engine, name, sectors, new Arm(engine, name, sectors, defined(options)), {
		...hddCacheDefaults,
		...defined(options),
	});
}
