/**
What the jobs of a scenario can write stays in memory, every byte of it, until the run ends. So it is bounded here, where a line
can be named, before the run: per job by the blocks it covers, and by its number_ios or its rate when they are less.
*/
import type {Extent} from './build-device.js';
import type {ReportAt} from './report.js';
import type {RawScenario} from './schema.js';
import type {DiskJob, DomainWords} from './types.js';
import {gibibyte, second, sizeText} from './units.js';

/** Bytes that all jobs of a host may write. */
export const mostWritten = 4 * gibibyte;

/** What a medium keeps for a write, however small. */
const blockBytes = 4096;

interface Range {
	readonly from: number;
	readonly to: number;
}

export function checkWrites(
	raw: RawScenario,
	domains: readonly DomainWords[],
	extents: ReadonlyMap<string, Extent>,
	report: ReportAt,
): void {
	// Ranges of each device that jobs cover wholly; jobs over the same blocks keep them once.
	const covered = new Map<string, Range[]>();
	let partly = 0;
	for (const {name, disks, jobs} of domains) {
		for (const job of jobs) {
			if (job.kind !== 'disk' || job.rw === 'read' || job.rw === 'randread') {
				continue;
			}

			const disk = disks.find(({vdev}) => vdev === job.on);
			const extent = extents.get(disk?.target ?? job.on);
			if (extent === undefined) {
				continue;
			}

			const touched = touchedBytes(job, raw.runtime);
			if (touched < job.size) {
				partly += touched;
			} else {
				const from = extent.start * 512 + job.offset;
				const ranges = covered.get(extent.device.name) ?? [];
				ranges.push({from, to: from + job.size});
				covered.set(extent.device.name, ranges);
			}

			const sum = [...covered.values()].reduce((bytes, ranges) => bytes + lengthOf(ranges), partly);
			if (sum > mostWritten) {
				const path = ['domains', name, 'jobs', job.name];
				const sized = raw.domains[name]?.jobs[job.name]?.size !== undefined;
				report(
					sized ? [...path, 'size'] : path,
					`with ${job.name} the jobs may write ${sizeText(sum)}, and at most ${sizeText(mostWritten)} are kept in memory; ${
						sized ? 'make its size smaller' : 'give it a size, such as size: 256M'
					}`,
				);
				return;
			}
		}
	}
}

/** At most so many bytes of blocks does a job write in a run. */
function touchedBytes(job: DiskJob, runtime: number): number {
	const time = Math.min(job.runtime === 0 ? runtime : job.runtime, runtime);
	// Arrivals by chance may be more than their rate says; twice as many they are not.
	const arrivals = job.rateIops === 0 ? Number.POSITIVE_INFINITY : 2 * Math.ceil((time / second) * job.rateIops);
	const ios = Math.min(job.numberIos === 0 ? Number.POSITIVE_INFINITY : job.numberIos, arrivals);
	return ios * (Math.ceil(job.bs / blockBytes) + (job.bs % blockBytes === 0 ? 0 : 1)) * blockBytes;
}

/** Bytes that the ranges cover together. */
function lengthOf(ranges: readonly Range[]): number {
	let end = 0;
	let sum = 0;
	for (const {from, to} of [...ranges].sort((a, b) => a.from - b.from)) {
		sum += Math.max(0, to - Math.max(from, end));
		end = Math.max(end, to);
	}

	return sum;
}
