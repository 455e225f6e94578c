/** What the benchmarks know of a host beyond `advance`: the one place to change when its counters do. */

/** I/Os that the guests' jobs have seen answered since the host was switched on; flushes not counted. */
export function completedIos(host) {
	let ios = 0;
	for (const {running} of host.workloads.jobs) {
		ios += running.reads + running.writes;
	}

	return ios;
}
