/** What blkback does with requests no honest frontend sends, and what it counts: after Linux's xen-blkback. */
import {describe, expect, it} from 'vitest';
import * as blkif from '../../../source/sim/channel/blkif.js';
import {ioError, okay, readOperation, writeOperation} from '../../../source/sim/kernel/block-device.js';
import {type ChannelOptions, diskChannel, inKernel} from '../../support/disk-channel.js';
import {MemoryDisk} from '../../support/memory-disk.js';

/** A connected channel whose ring the test fills by hand, as a frontend with ideas of its own would. */
function handmade(options: ChannelOptions = {}) {
	const channel = diskChannel(options);
	channel.connect();
	const {front, guest, back, settle} = channel;
	const {ring} = front;
	if (ring === null) throw new Error('the channel is connected');
	/** The frontend itself looks away; the test reads the responses. */
	front.looking = true;
	const words = ring.words;

	/** Puts one request with the given fields and returns the status of its response, undefined when none came. */
	const send = (
		operation: number,
		sector: number,
		segments: readonly (readonly [reference: number, first: number, last: number])[],
		count = segments.length,
	) => {
		const entry = ring.nextRequest();
		blkif.writeRequest(words, entry, operation, Math.min(count, 11), 0, 77, sector);
		words[entry] = (words[entry] & 0xffff00ff) | (count << 8);
		for (const [i, [reference, first, last]] of segments.entries()) {
			blkif.writeSegment(words, entry, i, reference, first, last);
		}

		ring.publishRequests();
		inKernel(guest, () => guest.notify(front.port));
		settle();
		if (ring.unconsumedResponses === 0) return undefined;
		const response = new Int32Array(4);
		blkif.copyResponse(words, ring.nextResponse(), response);
		expect(response[0]).toBe(77);
		expect(blkif.responseOperation(response)).toBe(operation & 0xff);
		return blkif.responseStatusOf(response);
	};

	const grant = (readonly = false) => guest.grant(0, guest.page(), readonly);
	return {...channel, ring, words, send, grant, back};
}

describe('blkback answers BLKIF_RSP_ERROR to', () => {
	const {OKAY, ERROR, EOPNOTSUPP} = blkif.responseStatus;

	it.each<[string, (channel: ReturnType<typeof handmade>) => number | undefined]>([
		['a read without segments', ({send}) => send(blkif.operationRead, 0, [])],
		['more segments than a request holds', ({send, grant}) => send(blkif.operationRead, 0, [[grant(), 0, 7]], 12)],
		['255 segments', ({send, grant}) => send(blkif.operationRead, 0, [[grant(), 0, 7]], 255)],
		['a last sector beyond the page', ({send, grant}) => send(blkif.operationRead, 0, [[grant(), 0, 8]])],
		['a last sector before the first', ({send, grant}) => send(blkif.operationRead, 0, [[grant(), 4, 3]])],
		['a range that ends past the disk', ({send, grant}) => send(blkif.operationRead, 2041, [[grant(), 0, 7]])],
		['a sector number of 2^52', ({send, grant}) => send(blkif.operationRead, 2 ** 52, [[grant(), 0, 7]])],
		['a reference that was never granted', ({send}) => send(blkif.operationRead, 0, [[400, 0, 7]])],
		['a read into a page granted read-only', ({send, grant}) => send(blkif.operationRead, 0, [[grant(true), 0, 7]])],
		['an operation it does not know', ({send, grant}) => send(9, 0, [[grant(), 0, 7]])],
		[
			'a request of which one page of three cannot be mapped',
			({send, grant}) =>
				send(blkif.operationWrite, 0, [
					[grant(true), 0, 7],
					[999, 0, 7],
					[grant(true), 0, 7],
				]),
		],
	])('%s, touches nothing, and serves the next request', (_, attempt) => {
		const channel = handmade();
		expect(attempt(channel)).toBe(ERROR);
		expect(channel.disk.seen).toEqual([]);
		expect(channel.back.grantsMapped).toBe(0);
		expect(channel.send(blkif.operationRead, 0, [[channel.grant(), 0, 7]])).toBe(OKAY);
	});

	it('a write to a read-only disk', () => {
		const {send, grant, messages} = handmade({mode: 'r'});
		expect(send(blkif.operationWrite, 0, [[grant(true), 0, 7]])).toBe(ERROR);
		expect(messages()).toContain('blkback web.xvda: access denied: [0,8] on dev=ca00');
		expect(send(blkif.operationRead, 0, [[grant(), 0, 7]])).toBe(OKAY);
	});

	it('a request that is not whole blocks of the disk', () => {
		const {send, grant} = handmade({makeDevice: (kernel) => new MemoryDisk(kernel, {logicalBlock: 4096})});
		expect(send(blkif.operationRead, 4, [[grant(), 0, 7]])).toBe(ERROR);
		expect(send(blkif.operationRead, 8, [[grant(), 0, 3]])).toBe(ERROR);
		expect(send(blkif.operationRead, 8, [[grant(), 0, 7]])).toBe(OKAY);
	});

	it('nothing it merely does not offer: those are EOPNOTSUPP', () => {
		const {send} = handmade();
		expect(send(blkif.operationWriteBarrier, 0, [])).toBe(EOPNOTSUPP);
		expect(send(blkif.operationDiscard, 0, [])).toBe(EOPNOTSUPP);
	});
});

describe('a frontend that lies about its producer index', () => {
	it('has its ring halted for good, and nobody else suffers', () => {
		const {words, guest, front, back, settle, send, grant, messages, ring} = handmade();
		words[0] = ring.requestProducer + 40;
		inKernel(guest, () => guest.notify(front.port));
		settle();
		expect(back.halted).toBe(true);
		expect(messages().some((text) => text.includes('(40 - 0 = 40): halting ring processing on dev=ca00'))).toBe(true);
		words[0] = ring.requestProducer;
		expect(send(blkif.operationRead, 0, [[grant(), 0, 7]])).toBe(undefined);
		expect([back.waiting, back.looking]).toEqual([0, false]);
	});
});

describe('a frontend that rewrites a request after it was taken', () => {
	it('changes nothing: every check and every use is of the private copy', () => {
		const {words, ring, guest, front, disk, run, grant, engine, back} = handmade();
		const entry = ring.nextRequest();
		blkif.writeRequest(words, entry, blkif.operationRead, 1, 0, 5, 16);
		blkif.writeSegment(words, entry, 0, grant(), 0, 7);
		ring.publishRequests();
		// A second CPU of the guest keeps scribbling over the slot from the instant it is taken.
		const taken = back.pending;
		engine.trace.onHop = (_, point) => {
			if (engine.trace.nameOf(point) === 'web.xvda blkback') {
				blkif.writeRequest(words, entry, blkif.operationWrite, 11, 0, 5, 2 ** 40);
				blkif.writeSegment(words, entry, 0, 4000, 0, 255);
			}
		};
		inKernel(guest, () => guest.notify(front.port));
		run(2_000_000);
		expect(disk.seen).toEqual([{operation: readOperation, sector: 16, sectors: 8}]);
		expect(taken.free).toBe(32);
	});
});

describe('blkback counts as xentop shows', () => {
	it('requests when they are validated, sectors when they reach the disk', () => {
		const {connect, guest, write, readPages, back} = diskChannel();
		connect();
		const page = guest.page();
		write(0, [page, page]);
		readPages(0, [page]);
		readPages(8, [page]);
		expect(back).toMatchObject({
			readRequests: 2,
			writeRequests: 1,
			flushRequests: 0,
			readSectors: 16,
			writeSectors: 16,
			outOfRequests: 0,
		});
	});

	it('a request that is refused, but not its sectors', () => {
		const {send, grant, back} = handmade();
		send(blkif.operationWrite, 2047, [[grant(true), 0, 7]]);
		expect(back).toMatchObject({writeRequests: 1, writeSectors: 0, errors: 1});
	});

	it('the times it found no free pending request, and goes on when one comes free', () => {
		const {connect, guest, request, submit, settle, back, disk} = diskChannel({pendingRequests: 4});
		connect();
		const page = guest.page();
		const ios = Array.from({length: 12}, (_, i) => request(readOperation, i * 8, [{page, offset: 0, bytes: 4096}]));
		submit(...ios);
		settle();
		expect(ios.every(({answer}) => answer === okay)).toBe(true);
		expect(back.outOfRequests).toBeGreaterThan(0);
		expect(disk.mostInFlight).toBe(4);
	});
});

describe('a device without room', () => {
	it('holds the ring back until it has some, and loses nothing', () => {
		const disks: MemoryDisk[] = [];
		const makeDevice: ChannelOptions['makeDevice'] = (kernel) => {
			disks.push(new MemoryDisk(kernel, {depth: 3}));
			return disks[0];
		};
		const {connect, guest, request, submit, settle, back} = diskChannel({makeDevice});
		connect();
		const page = guest.page();
		const ios = Array.from({length: 32}, (_, i) => request(readOperation, i * 8, [{page, offset: 0, bytes: 4096}]));
		submit(...ios);
		settle();
		expect(ios.every(({answer}) => answer === okay)).toBe(true);
		expect(disks[0].mostInFlight).toBe(3);
		expect([back.looking, back.pending.free]).toEqual([false, 32]);
	});
});

describe('a disk that fails', () => {
	it('fails the request and no other', () => {
		const {connect, guest, disk, write, readPages} = diskChannel();
		connect();
		disk.status = ({operation}) => (operation === writeOperation ? ioError : okay);
		const page = guest.page();
		expect(write(0, [page]).answer).toBe(ioError);
		expect(readPages(0, [page]).answer).toBe(okay);
	});
});
