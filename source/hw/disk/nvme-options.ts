/**
What one NVMe drive is made with: sizes and times. The times are knobs, of the order of what PCIe 3.0 ×4 drives of the 2010s
show between doorbell and fetch, over the link, and between the last byte and the interrupt.
*/
export interface NvmeTiming {
	/** From a doorbell's write to the arrival of the first entry it announces: the write crosses the bus, a read goes there and back. */
	readonly doorbell: number;
	/** Between commands of one fetch burst: decode, and the next entry. */
	readonly command: number;
	/** Reading one PRP list page from memory. */
	readonly listFetch: number;
	/** 4 KiB over the link, one direction: 3.2 GB/s. Transfers of one direction follow each other. */
	readonly linkFourKib: number;
	/** Delay of a transfer's first byte. */
	readonly linkLatency: number;
	/** Posting a completion entry and its interrupt message. */
	readonly completion: number;
	/** An admin command, on the controller's own processor. */
	readonly adminCommand: number;
	/** CC.EN = 1 to CSTS.RDY = 1, and CC.EN = 0 to CSTS.RDY = 0. */
	readonly enable: number;
	readonly disable: number;
}

export interface NvmeOptions {
	/** `00:04.0` */
	readonly address: string;
	/** `nvme0` */
	readonly name: string;
	readonly serial: string;
	/** I/O queue pairs offered. */
	readonly queues: number;
	/** Largest number of entries of an I/O queue. */
	readonly entries: number;
	/** Bytes of the largest transfer: 4096 × a power of two. */
	readonly maximumTransfer: number;
	/** Bytes of a logical block: 512 or 4096. */
	readonly logicalBlock: number;
	/** I/O commands the controller works on at once; others wait in their queues. */
	readonly commands: number;
	readonly timing: NvmeTiming;
}

export const defaultTiming: NvmeTiming = {
	doorbell: 600,
	command: 100,
	listFetch: 500,
	linkFourKib: 1280,
	linkLatency: 300,
	completion: 400,
	adminCommand: 10_000,
	enable: 2_000_000,
	disable: 1_000_000,
};

export const defaultOptions: Omit<NvmeOptions, 'address' | 'name' | 'serial'> = {
	queues: 16,
	entries: 1024,
	maximumTransfer: 131_072,
	logicalBlock: 512,
	commands: 1024,
	timing: defaultTiming,
};
