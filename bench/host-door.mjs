/** What the benchmarks know of a host beyond `advance`: the one place to change when its counters do. */

/** I/Os that the guests' jobs have seen answered since the host was switched on; flushes not counted. */
export function completedIos(host) {
	let ios = 0;
	for (const {running} of host.workloads.jobs) {
		ios += running.reads + running.writes;
	}

	return ios;
}

/** Frames that have passed the first NIC since the host was switched on, and what the network jobs have moved, bytes, and found wrong. */
export function netCounts(host) {
	const {sentPackets, receivedPackets} = host.boot.network.nics[0].counts;
	const counts = {frames: sentPackets + receivedPackets, bytesOut: 0, bytesIn: 0, wrong: 0};
	for (const job of host.workloads.network.jobs) {
		const {bytesOut, bytesIn, wrong} = job.counts();
		counts.bytesOut += bytesOut;
		counts.bytesIn += bytesIn;
		counts.wrong += wrong;
	}

	return counts;
}
