/** The shapes of what a host's network counts, by part: cumulative since the host was switched on. Directions are the part's own. */

import {Histogram} from '../../engine/histogram.js';

/** What passed an interface, from its own point of view. Bytes from the Ethernet header on. */
export interface TrafficSample {
	readonly sentPackets: number;
	readonly sentBytes: number;
	readonly receivedPackets: number;
	readonly receivedBytes: number;
}

/** A guest's interface. */
export interface VifSample extends TrafficSample {
	/** Packets of the guest that were refused, or dropped; for the guest, a copy that failed, or no room. */
	readonly sentErrors: number;
	readonly sentDrops: number;
	readonly receivedErrors: number;
	readonly receivedDrops: number;
	/** Times that the rate limit held packets back. */
	readonly limited: number;
	/** Publications on both rings by each end, and those of them that sent a notification. */
	readonly frontPushes: number;
	readonly frontNotifications: number;
	readonly backPushes: number;
	readonly backNotifications: number;
	/** ns in which it slept with work on a ring. */
	readonly asleepTime: number;
}

export interface NicSample extends TrafficSample {
	/** Frames with a bad FCS or length, and those for which there was no room. */
	readonly errors: number;
	readonly missed: number;
	readonly interrupts: number;
}

export interface BridgeSample {
	readonly forwarded: number;
	readonly flooded: number;
	/** Packets that went nowhere, or found a port's queue full. */
	readonly dropped: number;
}

/** What impairments did, over all links of the LAN. */
export interface LanSample {
	readonly lost: number;
	readonly corrupted: number;
	readonly duplicated: number;
	readonly reordered: number;
}

/** A job that uses a network; what its kind does not count is 0. */
export interface NetJobSample {
	/** Responses received whole and their times, or echo replies and their round trips. */
	readonly latency: Histogram;
	/** Echo requests or frames sent, and those without an answer; datagrams that did not arrive. */
	readonly sent: number;
	readonly lost: number;
	/** Bytes of data that arrived at the job's peer, and at its own end. */
	readonly bytesOut: number;
	readonly bytesIn: number;
	readonly retransmits: number;
	/** Requests that failed with their connection. */
	readonly failed: number;
	/** Pieces of data that arrived and were not as sent. */
	readonly wrong: number;
	/** Requests that failed or whose response was not as sent, each counted once; for the other kinds all of the above. */
	readonly errors: number;
}

/** What a job that uses a network counts. */
export interface NetJobMeter {
	/** `web/http`, `lan.client/load` */
	readonly id: string;
	counts(): NetJobSample;
}

/** The network's part of Counters. */
export interface NetworkCounters {
	/** @param id `web.vif0` */
	vif(id: string): VifSample;
	nic(name: string): NicSample;
	bridge(name: string): BridgeSample;
	/** A host of the LAN. */
	lanHost(name: string): TrafficSample;
	readonly lan: LanSample;
	/** @param id `web/http`, `lan.client/load` */
	netJob(id: string): NetJobSample;
}

export const noTraffic: TrafficSample = {sentPackets: 0, sentBytes: 0, receivedPackets: 0, receivedBytes: 0};
export const noVif: VifSample = {
	...noTraffic,
	sentErrors: 0,
	sentDrops: 0,
	receivedErrors: 0,
	receivedDrops: 0,
	limited: 0,
	frontPushes: 0,
	frontNotifications: 0,
	backPushes: 0,
	backNotifications: 0,
	asleepTime: 0,
};
export const noNic: NicSample = {...noTraffic, errors: 0, missed: 0, interrupts: 0};
export const noBridge: BridgeSample = {forwarded: 0, flooded: 0, dropped: 0};
export const noLan: LanSample = {lost: 0, corrupted: 0, duplicated: 0, reordered: 0};
export const noNetJob: NetJobSample = {
	latency: new Histogram(),
	sent: 0,
	lost: 0,
	bytesOut: 0,
	bytesIn: 0,
	retransmits: 0,
	failed: 0,
	wrong: 0,
	errors: 0,
};
