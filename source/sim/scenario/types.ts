/**
A scenario as plain data: every default filled in, every unit resolved to integers (bytes, 512-byte sectors, nanoseconds),
every name looked up. Words are those of xl.cfg(5), fio(1) and xl-disk-configuration(5), in camel case.
*/

import type {ShutdownAction} from '../toolstack/control.js';
import type {Expectation} from './expectation.js';
import type {Recording} from './recording.js';
import type {TimelineLine} from './timeline.js';
import type {BridgeWords, LanWords, NetJob, NicDevice, VifWords} from './types-network.js';
import type {Architecture, ReadWrite, VerifyWord} from './vocabulary.js';

export type * from './types-network.js';
export type {Architecture, ReadWrite, VerifyWord} from './vocabulary.js';

export interface Scenario {
	readonly name: string;
	readonly about: string;
	readonly question: string;
	readonly arch: Architecture;
	readonly seed: number;
	/** `run` ends here, the console halts here. Nanoseconds, more than 0. */
	readonly runtime: number;
	readonly host: HostWords;
	/** What the NICs are plugged into; undefined when there is none. */
	readonly lan: LanWords | undefined;
	readonly toolstack: ToolstackWords;
	/** Overrides of named costs (sim/kernel/cost.ts), nanoseconds. */
	readonly costs: Readonly<Record<string, number>>;
	/** Those the scenario names, or one for each kind of device; whether they are made is the architecture's. */
	readonly driverDomains: readonly DriverDomainWords[];
	/** Domain-0 first, then the guests in the order in which they are created. */
	readonly domains: readonly DomainWords[];
	readonly timeline: readonly TimelineLine[];
	readonly expect: readonly Expectation[];
	/** Only when the file is a recording. */
	readonly recording: Recording | undefined;
	/** The merged file as plain values, without `include`: what a recording is made of. */
	readonly source: Readonly<Record<string, unknown>>;
}

/** How long things take to come up again, nanoseconds. What is there when the simulation begins has booted before. */
export interface ToolstackWords {
	/** From the end of domain zero, or of Xen, to the reset of the machine. */
	readonly hostReboot: number;
	/** From the reset to the start of Xen. */
	readonly firmware: number;
	/** From the start of Xen to domain zero's. */
	readonly xenBoot: number;
	/** From its first step to its drivers and xl. */
	readonly domainZeroBoot: number;
	/** From its first step to its frontends. */
	readonly guestBoot: number;
	/** The same for a driver domain that is built anew: to its drivers and its device daemon. */
	readonly driverDomainRestart: number;
	/** Whether the toolstack then gives it the devices that the old one served, as stock xl does not. */
	readonly driverDomainReconnect: boolean;
	/** From the request to shut down to the guest's end. */
	readonly guestShutdown: number;
}

export interface HostWords {
	/** Physical CPUs. */
	readonly cpus: number;
	/** Bytes. */
	readonly memory: number;
	readonly scheduler: {
		/** xl sched-credit -t: the timeslice, nanoseconds. */
		readonly tslice: number;
		/** xl sched-credit -r: how long a vCPU runs before another may preempt it, nanoseconds; 0 is off. */
		readonly ratelimit: number;
	};
	/** Its disks. */
	readonly devices: readonly DiskDevice[];
	readonly nics: readonly NicDevice[];
	readonly bridges: readonly BridgeWords[];
}

export interface DiskDevice {
	/** `nvme0`. */
	readonly name: string;
	readonly model: 'nvme';
	/** `00:04.0`. */
	readonly pci: string;
	readonly medium: 'ssd' | 'hdd';
	/** Whether its DMA passes the IOMMU; undefined is as the architecture has it. */
	readonly iommu: boolean | undefined;
	/** 512-byte sectors. */
	readonly sectors: number;
	/** Bytes of volatile write cache; 0 is off, undefined the model's own. */
	readonly writeCache: number | undefined;
	/** What the file says of the medium's timing; undefined leaves the model's own. */
	readonly timing: SsdTiming & HddTiming;
	readonly partitions: readonly Partition[];
}

export interface SsdTiming {
	readonly channels?: number;
	/** Per channel. */
	readonly chips?: number;
	/** Per chip. */
	readonly dies?: number;
	/** Nanoseconds a read occupies its die. */
	readonly readLatency?: number;
	/** Nanoseconds a program occupies its die. */
	readonly programLatency?: number;
	/** Bytes per second of one channel. */
	readonly channelRate?: number;
}

export interface HddTiming {
	/** Revolutions per minute. */
	readonly rpm?: number;
	/** Nanoseconds from one track to the next. */
	readonly seekTrack?: number;
	/** Nanoseconds over a third of the stroke. */
	readonly seekAverage?: number;
	/** Nanoseconds over the whole stroke. */
	readonly seekFull?: number;
	/** Bytes per second off the platter. */
	readonly transferRate?: number;
}

export interface Partition {
	/** `nvme0p1`. */
	readonly name: string;
	/** First sector on the device. */
	readonly start: number;
	readonly sectors: number;
}

/** A domain that is given devices: it runs their native drivers and serves the disks and bridges on them. */
export interface DriverDomainWords {
	/** `diskdd`. */
	readonly name: string;
	/** Bytes. */
	readonly memory: number;
	readonly vcpus: number;
	/** 1 … 65535. */
	readonly cpuWeight: number;
	/** Percent of one physical CPU; 0 is no cap. */
	readonly cap: number;
	/** Names of its devices. */
	readonly devices: readonly string[];
}

export interface DomainWords {
	readonly name: string;
	/** Bytes. */
	readonly memory: number;
	/** Bytes; at least `memory`. */
	readonly maxmem: number;
	readonly vcpus: number;
	/** 1 … 65535. */
	readonly cpuWeight: number;
	/** Percent of one physical CPU; 0 is no cap. */
	readonly cap: number;
	readonly onPoweroff: ShutdownAction;
	readonly onReboot: ShutdownAction;
	readonly onCrash: ShutdownAction;
	/** Empty for Domain-0, whose jobs use partitions directly. */
	readonly disks: readonly DiskWords[];
	/** Empty for Domain-0, whose jobs use a bridge's own port. */
	readonly vifs: readonly VifWords[];
	readonly jobs: readonly Job[];
	/** Those of its jobs that use a network. */
	readonly netJobs: readonly NetJob[];
}

export interface DiskWords {
	/** `xvda`. */
	readonly vdev: string;
	/** The partition or whole device as the file says it: `nvme0p1`. */
	readonly target: string;
	readonly device: string;
	/** First sector on the device. */
	readonly start: number;
	readonly sectors: number;
	readonly access: 'ro' | 'rw';
}

export type Job = DiskJob | CpuJob;

/** One fio job against a disk. It is time based: after `size` it goes round again, until number_ios or runtime ends it. */
export interface DiskJob {
	readonly kind: 'disk';
	readonly name: string;
	/** A vdev of the domain (`xvda`); in Domain-0 a partition or device (`nvme0p3`). */
	readonly on: string;
	readonly rw: ReadWrite;
	/** Percent of reads in a mix. */
	readonly rwmixread: number;
	/** Bytes, a multiple of 512. */
	readonly bs: number;
	readonly iodepth: number;
	/** Bytes from the start of the disk. */
	readonly offset: number;
	/** Bytes, a multiple of bs. */
	readonly size: number;
	/** I/Os per second; 0 is as fast as answers come. */
	readonly rateIops: number;
	readonly rateProcess: 'linear' | 'poisson';
	/** A flush after every so many writes; 0 is never. */
	readonly fsync: number;
	/** Nanoseconds of pause after every `thinktimeBlocks` I/Os. */
	readonly thinktime: number;
	readonly thinktimeBlocks: number;
	/** Nanoseconds. */
	readonly startdelay: number;
	/** Nanoseconds after its start; 0 is until the end. */
	readonly runtime: number;
	/** 0 is no limit. */
	readonly numberIos: number;
	readonly verify: VerifyWord | undefined;
}

/** fio's cpuio engine: burn CPU. */
export interface CpuJob {
	readonly kind: 'cpu';
	readonly name: string;
	/** Percent of one vCPU, 1 … 100. */
	readonly cpuload: number;
	/** Nanoseconds of one cycle of burning and sleeping. */
	readonly cpuchunks: number;
	/** Nanoseconds. */
	readonly startdelay: number;
	/** Nanoseconds after its start; 0 is until the end. */
	readonly runtime: number;
}
