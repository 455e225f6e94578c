/**
The shapes of what a host counts, by part: cumulative since the host was switched on, except what is marked a gauge. A part that does
not exist (yet) has counted nothing. A window is the difference of two.
*/
import type {NetworkCounters} from './counters-network.js';
import {nothingDone, type OperationCounts} from './meters.js';

/** A disk's or a job's operations. */
export interface DiskSample {
	readonly read: OperationCounts;
	readonly write: OperationCounts;
	readonly flush: OperationCounts;
}

export interface DomainSample {
	/** CPU time executed by its own code, and by Xen on its behalf, the step under way included: ns. */
	readonly self: number;
	readonly xen: number;
	readonly hypercalls: number;
	/** Run states summed over its vCPUs, ns. */
	readonly running: number;
	readonly runnable: number;
	readonly blocked: number;
}

/** What the two ends of a disk channel count. */
export interface EndCounts {
	/** Publications by the frontend and by the backend, and those of them that sent a notification. */
	readonly requestPushes: number;
	readonly requestNotifications: number;
	readonly responsePushes: number;
	readonly responseNotifications: number;
	/** ns in which it slept with work on its ring. */
	readonly asleepTime: number;
}

export interface ChannelSample extends EndCounts {
	/** Requests put on the ring, and requests answered. */
	readonly requests: number;
	readonly responses: number;
	/** Gauge: requests on the ring without an answer. */
	readonly outstanding: number;
	/** Requests on the ring × ns. */
	readonly outstandingIntegral: number;
	/** ns in which every slot was taken. */
	readonly fullTime: number;
}

export interface DeviceSample {
	readonly bytesRead: number;
	readonly bytesWritten: number;
	readonly commands: number;
	readonly interrupts: number;
	/** ns in which at least one operation was under way at the medium. */
	readonly busy: number;
	readonly mediumErrors: number;
	/** Everything its driver counts, by name. */
	readonly driver: Readonly<Record<string, number>>;
}

/** What the hypervisor and xenstored count. */
export interface XenCounts {
	readonly interrupts: number;
	readonly contextSwitches: number;
	/** EVTCHNOP_send calls, events sent by them, and those of these that a fault lost. */
	readonly sends: number;
	readonly events: number;
	readonly eventsLost: number;
	readonly storeRequests: number;
	/** GNTTABOP_copy operations that copied. */
	readonly grantCopies: number;
}

export interface XenSample extends XenCounts {
	/** CPU time booked to Xen itself, and idle, over all physical CPUs: ns. */
	readonly own: number;
	readonly idle: number;
}

export interface HostSample {
	readonly xen: XenSample;
	readonly oracleChecked: number;
	readonly oracleViolations: number;
	/** Sectors whose acknowledged write was found gone. */
	readonly sectorsLost: number;
	readonly domainsLost: number;
	/** ns in which no domain ran. */
	readonly outage: number;
}

/** The parts of a host by name; a part that does not exist (yet) has counted nothing. */
export interface Counters {
	/** ns. */
	readonly time: number;
	readonly host: HostSample;
	domain(name: string): DomainSample;
	/** How often it was built again. */
	restarts(name: string): number;
	/** @param id `web.xvda`, `Domain-0.nvme0p3` */
	disk(id: string): DiskSample;
	channel(id: string): ChannelSample;
	device(name: string): DeviceSample;
	readonly network: NetworkCounters;
	/** @param id `web/pages` */
	job(id: string): DiskSample;
	/** How often the rules with this id have acted. */
	fired(id: string): number;
}

export const noDomain: DomainSample = {self: 0, xen: 0, hypercalls: 0, running: 0, runnable: 0, blocked: 0};
export const idleDisk: DiskSample = {read: nothingDone, write: nothingDone, flush: nothingDone};
export const noEndCounts: EndCounts = {
	requestPushes: 0,
	requestNotifications: 0,
	responsePushes: 0,
	responseNotifications: 0,
	asleepTime: 0,
};
export const noChannel: ChannelSample = {
	...noEndCounts,
	requests: 0,
	responses: 0,
	outstanding: 0,
	outstandingIntegral: 0,
	fullTime: 0,
};
export const noXenCounts: XenCounts = {
	interrupts: 0,
	contextSwitches: 0,
	sends: 0,
	events: 0,
	eventsLost: 0,
	storeRequests: 0,
	grantCopies: 0,
};
export const noDevice: DeviceSample = {
	bytesRead: 0,
	bytesWritten: 0,
	commands: 0,
	interrupts: 0,
	busy: 0,
	mediumErrors: 0,
	driver: {},
};

/** Two parts counted as one: the sum of each of their counters. */
export function summed<T extends {readonly [K in keyof T]: number}>(one: T, other: T): T {
	const sum: Record<string, number> = {...other};
	for (const [name, count] of Object.entries<number>(one)) {
		sum[name] = (sum[name] ?? 0) + count;
	}

	// The same names with the same kind of values.
	return sum as T;
}

/** Two disks counted as one. */
export function addDisks(one: DiskSample, other: DiskSample): DiskSample {
	return {
		read: addCounts(one.read, other.read),
		write: addCounts(one.write, other.write),
		flush: addCounts(one.flush, other.flush),
	};
}

/** Two kinds of operations counted as one. */
export function addCounts(one: OperationCounts, other: OperationCounts): OperationCounts {
	if (one.latency.count === 0) {
		return other;
	}

	if (other.latency.count === 0) {
		return one;
	}

	const latency = one.latency.snapshot();
	latency.add(other.latency);
	return {latency, bytes: one.bytes + other.bytes, errors: one.errors + other.errors};
}

/** What was done between two samples of the same counts. */
export function countsSince(later: OperationCounts, earlier: OperationCounts): OperationCounts {
	return earlier.latency.count === 0
		? later
		: {
				latency: later.latency.since(earlier.latency),
				bytes: later.bytes - earlier.bytes,
				errors: later.errors - earlier.errors,
			};
}
