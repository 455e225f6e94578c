/** One domain as the block backend in Xen 1.0 knows it: its ring, its virtual disks, and what it has asked for. */
import type {ChannelEnd} from '../channel/channel-end.js';
import type {RingOptions} from '../channel/ring.js';
import type {RingIdentities} from '../channel/ring-identities.js';
import {VbdBackRing} from '../channel/vbd1.js';
import type {BlockDevice} from '../kernel/block-device.js';
import type {SharedPage} from '../kernel/xen-kernel.js';

/** A virtual disk: extents of a real one, behind the device door. */
export interface VirtualDisk {
	readonly device: BlockDevice;
	readonly readonly: boolean;
}

export interface BlockClientOptions extends RingOptions {
	readonly domid: number;
	/** The domain's name, for traces and messages. */
	readonly name: string;
	readonly identities: RingIdentities;
}

export class BlockClient implements ChannelEnd {
	readonly domid: number;
	readonly name: string;
	/** Null once the domain is gone: what is under way for it is answered to nobody. */
	ring: VbdBackRing | null;
	/** By device number. */
	readonly disks = new Map<number, VirtualDisk>();
	/** On the list of those whose ring is to be looked at, or being looked at. */
	queued = false;
	/** Responses are out whose event is still to come. */
	notifying = false;
	/** Requests taken, by operation; sectors of 512 bytes; events sent; requests answered with bad or error. */
	readRequests = 0;
	writeRequests = 0;
	readSectors = 0;
	writeSectors = 0;
	events = 0;
	errors = 0;
	readonly port = -1;

	constructor(
		/** The ring's page. */
		readonly page: SharedPage,
		readonly options: BlockClientOptions,
		/** Trace points of this domain's requests: taken, pinned, with the device, answered. */
		readonly points: {
			readonly taken: number;
			readonly pinned: number;
			readonly device: number;
			readonly answered: number;
		},
	) {
		this.domid = options.domid;
		this.name = options.name;
		this.ring = new VbdBackRing(page.words, options);
	}

	get waiting(): number {
		return this.ring?.unconsumedRequests ?? 0;
	}

	get looking(): boolean {
		return this.queued;
	}
}
