/**
What an NVMe controller remembers about itself: the error log (LID 01h), health counters (02h), the firmware slot (03h). After
NVMe base specification 1.4 §5.14.1.
*/
import {errorLogEntries} from './nvme-identify.js';

const entries = errorLogEntries + 1;
const entryBytes = 64;
const noQueue = 0xffff;

export class NvmeLog {
	/** Errors since the drive was made; each error log entry carries its number. */
	errors = 0;
	mediaErrors = 0;
	/** Host commands and 512-byte units moved. */
	reads = 0;
	writes = 0;
	sectorsRead = 0;
	sectorsWritten = 0;
	powerCycles = 1;
	unsafeShutdowns = 0;
	private readonly errorRing = Buffer.alloc(entries * entryBytes);

	/** A command failed, or (queue noQueue) something that belongs to no command. The newest entry comes first. */
	addError(queue: number, cid: number, status: number, sector: number, namespace: number): void {
		this.errors++;
		this.errorRing.copyWithin(entryBytes, 0, (entries - 1) * entryBytes);
		this.errorRing.fill(0, 0, entryBytes);
		writeCount(this.errorRing, 0, this.errors);
		this.errorRing.writeUInt16LE(queue, 8);
		this.errorRing.writeUInt16LE(cid, 10);
		this.errorRing.writeUInt16LE((status << 1) & 0xffff, 12);
		this.errorRing.writeUInt16LE(0xffff, 14);
		writeCount(this.errorRing, 16, sector);
		this.errorRing.writeUInt32LE(namespace, 24);
	}

	/** A doorbell was misused. */
	addDoorbellError(): void {
		this.addError(noQueue, noQueue, 0, 0, 0xffff_ffff);
	}

	/** Fills `target` (zeroed) with a log page. Returns its length in bytes, 0 for a page there is not. */
	page(identifier: number, target: Buffer, now: number): number {
		switch (identifier) {
			case 1: {
				this.errorRing.copy(target, 0);
				return this.errorRing.length;
			}

			case 2: {
				target.writeUInt16LE(313, 1);
				target[3] = 100;
				target[4] = 10;
				writeCount(target, 32, Math.ceil(this.sectorsRead / 1000));
				writeCount(target, 48, Math.ceil(this.sectorsWritten / 1000));
				writeCount(target, 64, this.reads);
				writeCount(target, 80, this.writes);
				writeCount(target, 112, this.powerCycles);
				writeCount(target, 128, Math.floor(now / 3_600_000_000_000));
				writeCount(target, 144, this.unsafeShutdowns);
				writeCount(target, 160, this.mediaErrors);
				writeCount(target, 176, this.errors);
				return 512;
			}

			case 3: {
				target[0] = 1;
				target.write('1.0     ', 8, 8, 'latin1');
				return 512;
			}

			default: {
				return 0;
			}
		}
	}
}

function writeCount(target: Buffer, at: number, value: number): void {
	target.writeUInt32LE(value % 4_294_967_296, at);
	target.writeUInt32LE(Math.floor(value / 4_294_967_296), at + 4);
}
