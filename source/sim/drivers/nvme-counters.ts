/** What the NVMe driver counts, each because it happened. */
export class NvmeCounters {
	[name: string]: number;
	commands = 0;
	completions = 0;
	interrupts = 0;
	spuriousInterrupts = 0;
	/** Requests that needed more than one command. */
	splits = 0;
	/** Requests copied through memory of the driver's own. */
	bounces = 0;
	retries = 0;
	timeouts = 0;
	aborts = 0;
	resets = 0;
	errors = 0;
	/** Completions nobody waited for. */
	unexpected = 0;
}
