/** Lines about requests that failed for good: at most ten in five seconds, as Linux's printk_ratelimit allows. */
import {type BlockOperation, readOperation, writeOperation} from '../kernel/block-device.js';
import type {Kernel} from '../kernel/kernel.js';

const burst = 10;
const interval = 5_000_000_000;

export class NvmeErrorLog {
	#lines = 0;
	#since = 0;
	readonly #kernel: Kernel;
	readonly #disk: string;

	constructor(kernel: Kernel, disk: string) {
		this.#kernel = kernel;
		this.#disk = disk;
	}

	/** @param sector first, in 512-byte units. @param status of the completion: type << 8 | code. */
	add(operation: BlockOperation, bytes: number, sector: number, status: number): void {
		const now = this.#kernel.now();
		if (now - this.#since > interval) {
			this.#since = now;
			this.#lines = 0;
		}

		if (this.#lines++ >= burst) return;
		const what = operation === readOperation ? 'read' : operation === writeOperation ? 'write' : 'flush';
		const where = `${bytes >>> 9} sectors at ${sector}`;
		this.#kernel.log('error', `${this.#disk}: ${what} of ${where} failed, status 0x${status.toString(16)}`);
	}
}
