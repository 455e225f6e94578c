/** The two ends of a virtual disk in the words of the protocol they speak: blkif and xenbus, or Xen 1.0's ring with its virtual devices. */
import {xenbusStateNames} from '../sim/channel/xenbus.js';
import {rowFree, type Shadow} from '../sim/frontend/blkfront-shadow.js';
import type {DiskChannel} from '../sim/host/channels.js';
import type {VbdChannel} from '../sim/host/vbd-channel.js';
import type {Xen1VbdChannel} from '../sim/host/xen1-vbd-channel.js';
import type {PartView} from './snapshot.js';

type Part = Pick<PartView, 'title' | 'used' | 'size' | 'state' | 'counters'> & {readonly failed: boolean};

export interface DiskEnds {
	readonly frontState: string;
	readonly backState: string;
	/** Both ends are there and can work. */
	readonly connected: boolean;
	readonly size: number;
	readonly inFlight: number;
	readonly unread: number;
	/** When the oldest request without an answer was taken, virtual ns; undefined when there is none. */
	readonly oldest: number | undefined;
	readonly front: Part;
	readonly back: Part;
	/** As xentop counts the disk. */
	readonly totals: {
		readonly outOfRequests: number;
		readonly reads: number;
		readonly writes: number;
		readonly readSectors: number;
		readonly writeSectors: number;
	};
}

/** Before an end has come to life the store holds what the toolstack wrote for it. */
const [, initialising, , , connected] = xenbusStateNames;
/** In place of the state of an end whose domain has died, whatever the store still says of it. */
export const gone = 'gone';
/** A guest's ring of one page has so many slots. */
const slotsOfOnePage = 32;
const vbd1Slots = 64;
const sectorBytes = 512;

export function diskEnds(channel: DiskChannel): DiskEnds {
	return channel.protocol === 'blkif' ? blkifEnds(channel) : vbd1Ends(channel);
}

function blkifEnds({blkfront, blkback, vdev, frontKernel, backKernel}: VbdChannel): DiskEnds {
	const frontState = frontKernel.alive ? stateName(blkfront?.xenbus.state) : gone;
	const backState = backKernel.alive ? stateName(blkback?.xenbus.state) : gone;
	const size = blkfront?.ring?.size ?? slotsOfOnePage;
	const inFlight = blkfront?.inFlight ?? 0;
	const disabled = blkfront?.state === 'error';
	const halted = blkback?.halted === true;
	return {
		frontState,
		backState,
		connected: frontState === connected && backState === connected,
		size,
		inFlight,
		unread: blkfront?.waiting ?? 0,
		oldest: blkfront && oldestSince(blkfront.shadow),
		front: {
			title: vdev,
			used: inFlight,
			size,
			state: disabled ? 'disabled' : frontState,
			counters:
				blkfront === undefined
					? []
					: [
							['completed', blkfront.completed],
							['errors', blkfront.errors],
							['deferred grants', blkfront.deferredGrants],
						],
			failed: disabled,
		},
		back: {
			title: 'blkback',
			used: blkback?.pending.inUse,
			size: blkback?.pending.size,
			state: halted ? 'halted' : backState,
			counters:
				blkback === undefined
					? []
					: [
							['oo_req', blkback.outOfRequests],
							['rd_req', blkback.readRequests],
							['wr_req', blkback.writeRequests],
							['f_req', blkback.flushRequests],
							['errors', blkback.errors],
							['mapped grants', blkback.grantsMapped],
						],
			failed: halted,
		},
		totals: {
			outOfRequests: blkback?.outOfRequests ?? 0,
			reads: blkback?.readRequests ?? 0,
			writes: blkback?.writeRequests ?? 0,
			readSectors: blkback?.readSectors ?? 0,
			writeSectors: blkback?.writeSectors ?? 0,
		},
	};
}

/** One ring for all disks of the domain: what of it is this disk's is counted at its frontend. */
function vbd1Ends({vbd, block, domain, meter, vdev, ended, frontKernel, backKernel}: Xen1VbdChannel): DiskEnds {
	const frontState = !frontKernel.alive ? gone : vbd === undefined ? 'not probed' : 'probed';
	const {read, write} = meter;
	return {
		frontState,
		backState: backKernel.alive ? 'created' : gone,
		connected: vbd !== undefined && !ended,
		size: vbd1Slots,
		inFlight: vbd?.inFlight ?? 0,
		unread: block?.waiting ?? 0,
		oldest: vbd?.oldest,
		front: {
			title: vdev,
			used: vbd?.inFlight ?? 0,
			size: vbd1Slots,
			state: frontState,
			counters: [
				['completed', vbd?.completed ?? 0],
				['errors', vbd?.errors ?? 0],
			],
			failed: false,
		},
		back: {
			title: 'disk',
			used: domain.block.waiting,
			size: vbd1Slots,
			state: '',
			counters: [
				['reads', domain.block.readRequests],
				['writes', domain.block.writeRequests],
				['refused or failed', domain.block.errors],
				['events', domain.block.events],
			],
			failed: false,
		},
		totals: {
			outOfRequests: 0,
			reads: read.latency.count,
			writes: write.latency.count,
			readSectors: read.bytes / sectorBytes,
			writeSectors: write.bytes / sectorBytes,
		},
	};
}

function stateName(state: number | undefined): string {
	const name = xenbusStateNames[state ?? 0];
	return name === 'Unknown' ? initialising : name;
}

/** When the oldest request without an answer became the frontend's, ns. */
function oldestSince(shadow: Shadow): number | undefined {
	let oldest: number | undefined;
	for (let row = 0; shadow.free < shadow.size && row < shadow.size; row++) {
		if (shadow.states[row] !== rowFree) {
			oldest = Math.min(oldest ?? shadow.since[row], shadow.since[row]);
		}
	}

	return oldest;
}
