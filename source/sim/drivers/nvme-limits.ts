/** What an NVMe disk can be asked for: the drive's own limits (Identify: MDTS, VWC, NSZE; CAP.MQES) within the driver's options. */
import type {BlockLimits} from '../kernel/block-device.js';
import {tagLimit} from './nvme-commands.js';
import type {NvmeIdentity} from './nvme-controller.js';

export interface NvmeDiskOptions {
	/** How long a command may take, ns. */
	readonly ioTimeout: number;
	/** Entries of the I/O queue. */
	readonly queueEntries: number;
	/** How often a command that failed without Do Not Retry is sent again. */
	readonly maximumRetries: number;
}

/** Largest transfer the driver asks for when the controller would take more: 128 KiB, 33 pages. */
const largestTransfer = 131_072;

/** Of a disk that has not been identified yet. */
export const unknownLimits: BlockLimits = {
	sectors: 0,
	bytes: 0,
	segments: 0,
	depth: 0,
	logicalBlock: 512,
	volatileCache: false,
	forceUnitAccess: false,
	readonly: false,
};

/** @param queueEntries the driver wants; one fewer commands can be outstanding. */
export function limitsOf(identity: NvmeIdentity, queueEntries: number): BlockLimits {
	const depth = Math.min(queueEntries, identity.entries, tagLimit) - 1;
	const bytes = Math.min(identity.maximumTransfer || largestTransfer, largestTransfer);
	return {
		sectors: identity.sectors,
		bytes,
		// A request may need a command for each segment.
		segments: Math.min(bytes / 4096 + 1, depth),
		depth,
		logicalBlock: identity.logicalBlock,
		volatileCache: identity.volatileCache,
		forceUnitAccess: true,
		readonly: false,
	};
}
