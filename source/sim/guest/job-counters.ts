/** What a disk job counts, by operation: I/Os and their bytes, errors, latencies, and sectors that were not as they may be. */
import {Histogram} from '../../engine/histogram.js';

export type JobOperation = 'read' | 'write' | 'flush';

export class JobCounters {
	/** Completed I/Os and their bytes, well or not. */
	reads = 0;
	writes = 0;
	flushes = 0;
	bytesRead = 0;
	bytesWritten = 0;
	/** Sectors that were not as they may be. */
	violations = 0;
	/** I/Os begun and not answered; flushes not counted. */
	outstanding = 0;
	readonly readLatency = new Histogram();
	readonly writeLatency = new Histogram();
	readonly flushLatency = new Histogram();
	/** From a write's arrival to the end of the flush that covers it; of writes that failed, or whose flush did, nothing. */
	readonly commitLatency = new Histogram();
	/** When something was answered last, ns; -1 when nothing has been. */
	answeredAt = -1;
	readonly #errors = {read: 0, write: 0, flush: 0};

	/** I/Os that failed. */
	get errors(): number {
		return this.#errors.read + this.#errors.write + this.#errors.flush;
	}

	errorsOf(operation: JobOperation): number {
		return this.#errors[operation];
	}

	/** Latency histogram of one kind of operation. */
	latency(operation: JobOperation): Histogram {
		return operation === 'read' ? this.readLatency : operation === 'write' ? this.writeLatency : this.flushLatency;
	}

	/** An I/O was answered after `latency` nanoseconds. */
	protected countIo(write: boolean, bytes: number, latency: number, failed: boolean): void {
		this.outstanding--;
		if (failed) {
			this.#errors[write ? 'write' : 'read']++;
		}

		if (write) {
			this.writes++;
			this.bytesWritten += bytes;
			this.writeLatency.record(latency);
		} else {
			this.reads++;
			this.bytesRead += bytes;
			this.readLatency.record(latency);
		}
	}

	/** A flush was answered after `latency` nanoseconds. */
	protected countFlush(latency: number, failed: boolean): void {
		this.flushes++;
		this.flushLatency.record(latency);
		if (failed) {
			this.#errors.flush++;
		}
	}
}
