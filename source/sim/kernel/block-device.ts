/**
The only door between what uses a disk and what drives it. Native drivers, blkfront and volumes implement it; workloads
and backends use it. Requests are pooled objects of whoever submits them: nothing is allocated for an I/O.
*/

export const readOperation = 0;
export const writeOperation = 1;
/** Everything completed before it is on stable storage when it completes. Carries no segments. */
export const flushOperation = 3;
export type BlockOperation = typeof readOperation | typeof writeOperation | typeof flushOperation;

export const sectorBytes = 512;

/** Completion status. */
export const okay = 0;
/** EIO: the operation failed; a write may have happened, wholly or in part. */
export const ioError = -5;
/** EOPNOTSUPP: the device cannot do it. */
export const notSupported = -95;

export class BlockRequest {
	operation: BlockOperation = readOperation;
	/** Write only: on stable storage when it completes. */
	forceUnitAccess = false;
	/** In 512-byte units, whatever the device's logical block. */
	sector = 0;
	/** Segments in use, of those the arrays hold. */
	segments = 0;
	readonly pages: Int32Array;
	readonly offsets: Int32Array;
	/** Bytes of each segment, multiples of 512. */
	readonly lengths: Int32Array;
	/** Identity for the trace; see engine/trace.ts. */
	identity = 0;
	/** vCPU of the submitter's kernel on which the completion should run. */
	vcpu = 0;
	/** The device is done with the request and its pages. Runs in a step of the kernel that owns the device's driver. */
	readonly done: (request: BlockRequest, status: number) => void;
	/** The submitter's own number for it. */
	readonly tag: number;

	constructor(maximumSegments: number, tag: number, done: (request: BlockRequest, status: number) => void) {
		this.pages = new Int32Array(maximumSegments);
		this.offsets = new Int32Array(maximumSegments);
		this.lengths = new Int32Array(maximumSegments);
		this.tag = tag;
		this.done = done;
	}

	get bytes(): number {
		let bytes = 0;
		for (let i = 0; i < this.segments; i++) {
			bytes += this.lengths[i];
		}

		return bytes;
	}
}

export interface BlockLimits {
	/** Capacity in 512-byte sectors. */
	readonly sectors: number;
	/** Largest request in bytes. */
	readonly bytes: number;
	readonly segments: number;
	/** Requests the device takes before it says full. */
	readonly depth: number;
	/** Smallest unit and alignment of a transfer, bytes: 512 or 4096. */
	readonly logicalBlock: number;
	/** Acknowledged writes may be lost with power until a flush completes. */
	readonly volatileCache: boolean;
	readonly forceUnitAccess: boolean;
	readonly readonly: boolean;
}

export interface BlockDevice {
	readonly name: string;
	readonly limits: BlockLimits;
	/**
	Asks for the steps that carry the request. The caller is inside a step of its own kernel.
	@returns false when the device is full; then nothing has happened, and `whenRoom` tells when to try again.
	*/
	submit(request: BlockRequest): boolean;
	/** `wake` is called once, from a step of the driver's kernel, when there is room again. */
	whenRoom(wake: () => void): void;
}
