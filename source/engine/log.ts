/** The host's log: what a person would find in xl dmesg, a guest's kernel log or a tool's stderr, with virtual time. Bounded. */
export type Severity = 'debug' | 'info' | 'notice' | 'warning' | 'error';

export interface LogEntry {
	/** Counts from 0 without gaps, so that a reader can ask for what came after. */
	readonly number: number;
	readonly time: number;
	/** Who says it: a domain's name, `Xen`, `ringtop`, `timeline`. */
	readonly source: string;
	readonly severity: Severity;
	/** `fault` marks lines about injected faults. */
	readonly topic: 'kernel' | 'say' | 'fault' | 'operator' | 'check';
	readonly text: string;
}

const kept = 4096;

export class Log {
	private entries: LogEntry[] = [];
	private added = 0;

	add(time: number, source: string, severity: Severity, topic: LogEntry['topic'], text: string): void {
		this.entries.push({number: this.added++, time, source, severity, topic, text});
		if (this.entries.length > 2 * kept) {
			this.entries = this.entries.slice(-kept);
		}
	}

	/** Entries numbered `from` and later, oldest first, as far as they are kept. */
	since(from: number): LogEntry[] {
		const first = this.added - this.entries.length;
		return this.entries.slice(Math.max(0, from - first));
	}

	get count(): number {
		return this.added;
	}
}
