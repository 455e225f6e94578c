/**
One fio job: which disk it is on, which blocks it touches, and whether its words go together. Defaults are fio's, except that
a job goes round until the end (fio's time_based): the console watches hosts that do not stop.
*/
import type {Extent} from './build-device.js';
import {netWordOf} from './build-net-job.js';
import {quoted} from './problems.js';
import {didYouMean, type ReportAt} from './report.js';
import type {RawJob} from './schema.js';
import type {DiskWords, Job} from './types.js';
import {microsecond, millisecond, sizeText} from './units.js';

const sectorBytes = 512;
const diskWords = [
	'on',
	'rw',
	'rwmixread',
	'bs',
	'iodepth',
	'size',
	'offset',
	'rate_iops',
	'rate_process',
	'fsync',
	'thinktime',
	'thinktime_blocks',
	'number_ios',
	'verify',
] as const;
const cpuWords = ['cpuload', 'cpuchunks'] as const;

export function buildJob(
	name: string,
	raw: RawJob,
	path: readonly PropertyKey[],
	domain: string,
	disks: readonly DiskWords[],
	disksWritten: number,
	extents: ReadonlyMap<string, Extent>,
	report: ReportAt,
): Job | undefined {
	const common = {name, startdelay: raw.startdelay ?? 0, runtime: raw.runtime ?? 0};
	const isCpu = raw.ioengine === 'cpuio';
	const strange = (isCpu ? diskWords : cpuWords).find((key) => raw[key] !== undefined);
	if (strange !== undefined) {
		return report(
			[...path, strange],
			isCpu
				? `${quoted(strange)} is about disks; ioengine: cpuio burns CPU only`
				: `${quoted(strange)} needs ioengine: cpuio`,
			'key',
		);
	}

	const network = netWordOf(raw);
	if (network !== undefined) {
		return report(
			[...path, network.key],
			isCpu
				? `${quoted(network.key)} is about networks; ioengine: cpuio burns CPU only`
				: `${quoted(network.key)} needs ${network.kind}, which says what the job does`,
			'key',
		);
	}

	if (isCpu) {
		if (raw.cpuload === undefined) {
			return report([...path, 'ioengine'], 'cpuio needs a cpuload in percent, such as cpuload: 100');
		}

		const cpuchunks = raw.cpuchunks ?? 50 * millisecond;
		return cpuchunks < 10 * microsecond || cpuchunks > 1000 * millisecond
			? report([...path, 'cpuchunks'], 'cpuchunks goes from 10us to 1s')
			: {...common, kind: 'cpu', cpuload: raw.cpuload, cpuchunks};
	}

	const on = raw.on?.replace(/^\/dev\//, '') ?? disks[0]?.vdev;
	if (on === undefined) {
		// A disk that was written but refused has been reported where it stands.
		return disksWritten > 0
			? undefined
			: report(
					path,
					domain === 'Domain-0'
						? `say which partition: on: ${[...extents.keys()][0] ?? 'nvme0p1'}`
						: `${domain} has no disk for this job; add a disk: list`,
				);
	}

	const disk = disks.find(({vdev}) => vdev === on);
	const extent = domain === 'Domain-0' ? extents.get(on) : disk;
	if (extent === undefined) {
		const known = domain === 'Domain-0' ? [...extents.keys()] : disks.map(({vdev}) => vdev);
		return disksWritten > disks.length
			? undefined
			: report([...path, 'on'], `${domain} has no disk ${didYouMean(on, known)}`);
	}

	const rw = raw.rw ?? 'read';
	const writes = rw !== 'read' && rw !== 'randread';
	if (writes && disk?.access === 'ro') {
		return report([...path, 'rw'], `${on} is read-only (access: ro); this job writes`);
	}

	const bs = raw.bs ?? 4096;
	const offset = raw.offset ?? 0;
	const room = extent.sectors * sectorBytes;
	if (bs % sectorBytes !== 0 || offset % sectorBytes !== 0) {
		return report(
			[...path, bs % sectorBytes === 0 ? 'offset' : 'bs'],
			'a disk moves whole sectors: write a multiple of 512',
		);
	}

	const wanted = raw.size ?? room - offset;
	if (offset + wanted > room || offset >= room) {
		const key = raw.size === undefined ? 'offset' : 'size';
		return report(
			[...path, key],
			`the job ends at ${sizeText(offset + Math.max(wanted, bs))}, ${on} at ${sizeText(room)}`,
		);
	}

	const size = wanted - (wanted % bs);
	if (size === 0) {
		return report(
			[...path, raw.size === undefined ? 'offset' : 'size'],
			`there is no room for one block of ${sizeText(bs)}`,
		);
	}

	for (const [key, needs] of [
		['thinktime_blocks', 'thinktime'],
		['rate_process', 'rate_iops'],
	] as const) {
		if (raw[key] !== undefined && (raw[needs] ?? 0) === 0) {
			return report([...path, key], `${quoted(key)} has no effect without ${needs}`);
		}
	}

	for (const key of ['fsync', 'verify'] as const) {
		if (raw[key] !== undefined && raw[key] !== 0 && !writes) {
			return report([...path, key], `${quoted(key)} is about writes; this job only reads`);
		}
	}

	if (raw.rwmixread !== undefined && rw !== 'rw' && rw !== 'randrw') {
		return report([...path, 'rwmixread'], `'rwmixread' mixes reads and writes; it goes with rw: randrw or rw`);
	}

	return {
		...common,
		kind: 'disk',
		on,
		rw,
		rwmixread: raw.rwmixread ?? 50,
		bs,
		iodepth: raw.iodepth ?? 1,
		offset,
		size,
		rateIops: raw.rate_iops ?? 0,
		rateProcess: raw.rate_process ?? 'linear',
		fsync: raw.fsync ?? 0,
		thinktime: raw.thinktime ?? 0,
		thinktimeBlocks: raw.thinktime_blocks ?? 1,
		numberIos: raw.number_ios ?? 0,
		verify: raw.verify,
	};
}
