/** A solid state drive's medium: flash dies and channels behind a volatile write cache. */
import type {Engine} from '../../../engine/engine.js';
import {CachedMedium, type CacheOptions} from './cached-medium.js';
import {Nand, type NandOptions} from './nand.js';

export interface SsdOptions extends NandOptions, CacheOptions {}

export const ssdCacheDefaults: CacheOptions = {
	// knob: MQSim's drive has 256 MiB of memory, of which nearly all holds the address mapping
	writeCache: 32 * 1024 * 1024,
	// knob: into the drive's memory, and the mapping updated
	cacheLatency: 5000,
};

/**
@param name the device's, `nvme0`.
@param sectors capacity in 512-byte sectors, a multiple of eight.
*/
export function makeSsd(
	engine: Engine,
	name: string,
	sectors: number,
	options: Partial<SsdOptions> = {},
): CachedMedium {
	return new CachedMedium(engine, name, sectors, new Nand(engine, name, defined(options)), {
		...ssdCacheDefaults,
		...defined(options),
	});
}

/** Without keys whose value is undefined: an unset option leaves the default. */
export function defined<T extends object>(options: T): T {
	// The keys that stay are keys of T with values of T's types.
	return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
