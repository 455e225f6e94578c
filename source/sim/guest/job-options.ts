/** What a workload does, in fio(1)'s words with every unit resolved. */
export interface JobOptions {
	readonly name: string;
	readonly rw: 'read' | 'write' | 'randread' | 'randwrite' | 'rw' | 'randrw';
	/** Percent of reads in a mix. */
	readonly rwmixread: number;
	/** Bytes of one I/O, a multiple of 512. */
	readonly bs: number;
	/** I/Os in flight at most. */
	readonly iodepth: number;
	/** First byte of the region the job uses. */
	readonly offset: number;
	/** Bytes of the region, a multiple of `bs`; 0: to the end of the disk. */
	readonly size: number;
	/**
	0: as fast as answers come. Else I/Os per second that arrive whether answers come or not: what finds no free depth waits, and
	latency counts from arrival.
	*/
	readonly rateIops: number;
	readonly rateProcess: 'linear' | 'poisson';
	/** A flush after every so many writes, when they are answered; 0 is never. */
	readonly fsync: number;
	/** Nanoseconds of pause after every `thinktimeBlocks` I/Os, when they are answered. */
	readonly thinktime: number;
	readonly thinktimeBlocks: number;
	/** Nanoseconds before the first I/O. */
	readonly startdelay: number;
	/** Nanoseconds after its start; 0 is for ever. */
	readonly runtime: number;
	/** I/Os after which the job ends; 0 is no limit. */
	readonly numberIos: number;
	/**
	Any of fio's methods: I/Os then cost CPU for the checksum, and a job that only writes reads back what it wrote after each pass over its
	region (or 65536 writes). Every byte that is read is compared in any case.
	*/
	readonly verify: string | undefined;
}

/** fio's cpuio engine: burns CPU. */
export interface CpuHogOptions {
	readonly name: string;
	/** Percent of one vCPU, 1 … 100. */
	readonly cpuload: number;
	/** Nanoseconds of one cycle of burning and sleeping. */
	readonly cpuchunks: number;
	readonly startdelay: number;
	/** Nanoseconds after its start; 0 is for ever. */
	readonly runtime: number;
}

/** `randread 4k`, `write 4k fsync=1`: what a person would type. */
export function summaryOf(options: JobOptions): string {
	const {rw, bs, fsync, rwmixread} = options;
	const mix = rw === 'rw' || rw === 'randrw' ? ` ${rwmixread}% reads` : '';
	const size = bs % (1024 * 1024) === 0 ? `${bs / 1024 / 1024}m` : bs % 1024 === 0 ? `${bs / 1024}k` : `${bs}`;
	return `${rw} ${size}${mix}${fsync > 0 ? ` fsync=${fsync}` : ''}`;
}
