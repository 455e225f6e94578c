/** How blkfront protects itself from its backend, and finds another: after Linux's xen-blkfront. */
import {describe, expect, it} from 'vitest';
import * as blkif from '../../../source/sim/channel/blkif.js';
import {
	flushOperation,
	ioError,
	notSupported,
	okay,
	readOperation,
	writeOperation,
} from '../../../source/sim/kernel/block-device.js';
import {diskChannel, inKernel} from '../../support/disk-channel.js';

/** A connected channel with one read under way on a disk that holds it, and a backend that answers as the test says. */
function betrayed() {
	const channel = diskChannel();
	channel.connect();
	const {guest, disk, request, submit, run, back, domainZero, front} = channel;
	disk.held = true;
	const io = request(readOperation, 0, [{page: guest.page(), offset: 0, bytes: 4096}]);
	submit(io);
	run(1_000_000);
	const {ring} = back;
	if (ring === null) throw new Error('the channel is connected');
	const answer = (id: number, operation: number, status = 0) => {
		blkif.writeResponse(ring.words, ring.entry(ring.responseProducer), id, 0, operation, status);
		ring.words[2]++;
		inKernel(domainZero, () => domainZero.notify(back.port));
		run(1_000_000);
	};

	return {...channel, io, ring, answer, row: front.shadow.inOrder()[0]};
}

describe('blkfront disables the device when', () => {
	it.each<[string, string, (channel: ReturnType<typeof betrayed>) => void]>([
		['a response has an id never issued', 'response has incorrect id (500)', ({answer}) => answer(500, 0)],
		['a response answers nothing', 'response references no pending request', ({answer, row}) => answer(row ^ 1, 0)],
		[
			'a response is of another operation',
			'response has wrong operation (1 instead of 0)',
			({answer, row}) => answer(row, 1),
		],
		[
			'there are more responses than slots',
			'illegal number of responses 33',
			({ring, answer, row}) => {
				ring.words[2] += 32;
				answer(row, 0);
			},
		],
		[
			'the page of an answered request is still mapped',
			'backend has not unmapped grant: ',
			({answer, row}) => answer(row, 0),
		],
	])('%s', (_, message, betray) => {
		const channel = betrayed();
		betray(channel);
		expect(channel.front.state).toBe('error');
		const messages = channel.messages();
		expect(messages.some((text) => text.startsWith(`xvda: ${message}`))).toBe(true);
		expect(messages).toContain('xvda: disabled for further use');
		expect(channel.io.answer).toBe(undefined);
		// From now on requests fail at once.
		const next = channel.request(readOperation, 0, [{page: channel.guest.page(), offset: 0, bytes: 4096}]);
		channel.submit(next);
		channel.run(1_000_000);
		expect(next.answer).toBe(ioError);
	});
});

describe('flush', () => {
	it('is turned off when the backend cannot do it, and I/O continues', () => {
		const {connect, disk, request, submit, settle, front, guest, readPages} = diskChannel();
		connect();
		disk.status = ({operation}) => (operation === flushOperation ? notSupported : okay);
		const flush = () => {
			const io = request(flushOperation, 0, []);
			submit(io);
			settle();
			return io.answer;
		};
		expect(flush()).toBe(okay);
		expect(front.limits.volatileCache).toBe(false);
		expect(flush()).toBe(okay);
		expect(disk.seen.length).toBe(1);
		expect(readPages(0, [guest.page()]).answer).toBe(okay);
	});
});

describe('a guest without free grant references', () => {
	it('waits until there are some', () => {
		const {connect, guest, request, submit, run, messages} = diskChannel();
		connect();
		const page = guest.page();
		const taken: number[] = [];
		for (let reference = guest.grant(0, page, true); reference >= 0; reference = guest.grant(0, page, true)) {
			taken.push(reference);
		}

		const io = request(readOperation, 0, [{page, offset: 0, bytes: 4096}]);
		submit(io);
		run(10_000_000);
		expect(io.answer).toBe(undefined);
		expect(messages().filter((text) => text.includes('no free grant references')).length).toBe(1);
		for (const reference of taken) guest.endGrant(reference);
		run(10_000_000);
		expect(io.answer).toBe(okay);
	});
});

describe('a new incarnation of the backend', () => {
	it('is given every unanswered request again, in order, and the guest notices only the time', () => {
		const {connect, guest, disk, request, submit, run, settle, front, messages} = diskChannel();
		connect();
		disk.held = true;
		const pages = Array.from({length: 12}, () => guest.page());
		const ios = pages.map((page, i) => {
			guest.bytes(page).fill(65 + i);
			return request(writeOperation, (11 - i) * 8, [{page, offset: 0, bytes: 4096}]);
		});
		submit(...ios);
		run(1_000_000);
		const first = disk.seen.length;
		expect(first).toBe(12);
		inKernel(guest, () => front.reconnect());
		// The old incarnation still holds requests: it lets go of the ring when they are done.
		run(1_000_000);
		expect(front.state).toBe('connecting');
		disk.held = false;
		settle();
		expect(front.state).toBe('connected');
		expect(ios.map(({answer}) => answer)).toEqual(ios.map(() => okay));
		expect(disk.seen.slice(first).map(({sector}) => sector)).toEqual(ios.map((_, i) => (11 - i) * 8));
		expect(messages()).toContain('xvda: re-issued 12 requests');
		for (const [i, page] of pages.entries()) {
			const at = (11 - i) * 4096;
			expect(disk.data.subarray(at, at + 4096).equals(guest.bytes(page))).toBe(true);
		}
	});

	it('leaves no grant behind once the old one has let go', () => {
		const {connect, guest, disk, request, submit, run, settle, front} = diskChannel();
		connect();
		const before = guest.grants.used;
		disk.held = true;
		submit(request(readOperation, 0, [{page: guest.page(), offset: 0, bytes: 4096}]));
		run(1_000_000);
		inKernel(guest, () => front.reconnect());
		run(1_000_000);
		expect(front.deferredGrants).toBeGreaterThan(0);
		disk.held = false;
		settle();
		run(2_500_000_000);
		expect(guest.grants.used).toBe(before);
		expect(front.shadow.free).toBe(32);
	});
});
