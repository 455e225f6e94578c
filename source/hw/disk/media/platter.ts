/**
Where the sectors of a disk are and how long the arm takes to reach them, after DiskSim's model: a seek curve a + b·√d for short
distances, linear for long ones, fitted to what a data sheet gives (track to track, average = a third of the stroke, full stroke);
rotation that goes on with virtual time; tracks skewed so that reading on over a track boundary loses no revolution.
One zone: every track holds the same number of sectors.
*/
import {assert} from '../../../engine/assert.js';

export interface PlatterOptions {
	/** Revolutions per minute. */
	readonly rpm: number;
	/** Bytes per second off the platter. */
	readonly transferRate: number;
	/** Recording surfaces, one head each. */
	readonly heads: number;
	/** Nanoseconds from one track to the next; also to switch heads. */
	readonly seekTrack: number;
	/** Nanoseconds over a third of the stroke. */
	readonly seekAverage: number;
	/** Nanoseconds over the whole stroke. */
	readonly seekFull: number;
	/** Nanoseconds that a write's seek takes longer than a read's: the head must settle better. */
	readonly writeSettleTrack: number;
	readonly writeSettleAverage: number;
	readonly writeSettleFull: number;
}

export const platterDefaults: PlatterOptions = {
	// WD Ultrastar DC HC310 OEM specification 4.5: 7200 rpm; read 0.23, 7.4, 10.0 ms; write 0.32, 8.2, 11.0 ms
	rpm: 7200,
	seekTrack: 230_000,
	seekAverage: 7_400_000,
	seekFull: 10_000_000,
	writeSettleTrack: 90_000,
	writeSettleAverage: 800_000,
	writeSettleFull: 1_000_000,
	// knob: drives gave 60 MB/s in 2003 and give 250 MB/s at the rim now
	transferRate: 180_000_000,
	// knob
	heads: 4,
};

const sectorBytes = 512;
const nanosecondsPerMinute = 60_000_000_000;

export class Platter {
	readonly sectorsPerTrack: number;
	/** Nanoseconds in which one sector passes under the head. */
	readonly sectorTime: number;
	/** Nanoseconds of a revolution: exactly the sectors of a track, so that sums of sector times never drift. */
	readonly revolution: number;
	readonly cylinders: number;
	/** Sectors by which each track starts later than the one before. */
	readonly skew: number;
	private readonly options: PlatterOptions;

	constructor(sectors: number, options: PlatterOptions) {
		const {rpm, transferRate, heads} = options;
		assert(rpm > 0 && transferRate > 0 && heads > 0, 'a disk turns, reads and has heads');
		this.options = options;
		const revolution = nanosecondsPerMinute / rpm;
		this.sectorsPerTrack = Math.max(1, Math.round((transferRate / sectorBytes) * (revolution / 1_000_000_000)));
		this.sectorTime = Math.max(1, Math.round(revolution / this.sectorsPerTrack));
		this.revolution = this.sectorTime * this.sectorsPerTrack;
		this.cylinders = Math.ceil(sectors / this.sectorsPerTrack / heads);
		this.skew = Math.ceil((options.seekTrack + options.writeSettleTrack) / this.sectorTime) + 1;
	}

	trackOf(sector: number): number {
		return Math.floor(sector / this.sectorsPerTrack);
	}

	/** Nanoseconds to move the arm between two tracks and switch to the right head. */
	seek(fromTrack: number, toTrack: number, write: boolean): number {
		if (fromTrack === toTrack) {
			return 0;
		}

		const {heads, seekTrack, seekAverage, seekFull} = this.options;
		const distance = Math.abs(Math.floor(fromTrack / heads) - Math.floor(toTrack / heads));
		const track = seekTrack + (write ? this.options.writeSettleTrack : 0);
		if (distance <= 1) {
			return track;
		}

		const average = seekAverage + (write ? this.options.writeSettleAverage : 0);
		const third = this.cylinders / 3;
		if (distance <= third) {
			return Math.round(track + ((average - track) * (Math.sqrt(distance) - 1)) / (Math.sqrt(third) - 1));
		}

		const full = seekFull + (write ? this.options.writeSettleFull : 0);
		return Math.round(average + ((full - average) * (distance - third)) / (this.cylinders - 1 - third));
	}

	/** Nanoseconds from `time`, with the head on the sector's track, until the sector comes by. */
	rotation(sector: number, time: number): number {
		const track = this.trackOf(sector);
		const place = (sector - track * this.sectorsPerTrack + track * this.skew) % this.sectorsPerTrack;
		const wait = place * this.sectorTime - (time % this.revolution);
		return wait < 0 ? wait + this.revolution : wait;
	}

	/** Nanoseconds from `time`, with the head on `fromTrack`, until `sector` can be read or written. */
	positioning(fromTrack: number, sector: number, time: number, write: boolean): number {
		const seek = this.seek(fromTrack, this.trackOf(sector), write);
		return seek + this.rotation(sector, time + seek);
	}

	/** Nanoseconds to read or write `sectors` sectors from `sector` on once the first is under the head. */
	transfer(sector: number, sectors: number): number {
		const crossings = this.trackOf(sector + sectors - 1) - this.trackOf(sector);
		return (sectors + crossings * this.skew) * this.sectorTime;
	}
}
