/** Segmentation and checksums in software: what comes out is what a naive receiver puts together again, with checksums a naive sum finds right. */
import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {Offload} from '../../../source/sim/backend/offload.js';
import {checksumBlank, checksumPresent, dropped, type NetLimits, sent} from '../../../source/sim/kernel/net-device.js';
import {FakeKernel} from '../../support/fake-kernel.js';
import {bytesOf, FakeNetDevice, packetOf, wireLimits} from '../../support/fake-net-device.js';

const plain: NetLimits = {frame: 1514, segments: 32, checksumOffload: false, segmentation: 0};
const tcp = 6;
const udp = 17;

/** The ones' complement sum of 16-bit words, as RFC 1071 writes it down. */
function naiveSum(...parts: readonly Buffer[]): number {
	let sum = 0;
	const bytes = Buffer.concat(parts);
	for (let i = 0; i < bytes.length; i += 2) {
		sum += (bytes[i] << 8) | (bytes[i + 1] ?? 0);
		if (sum > 0xffff) sum -= 0xffff;
	}

	return sum;
}

function pseudo(ip: Buffer, protocol: number, length: number): Buffer {
	const header = Buffer.alloc(12);
	ip.copy(header, 0, 12, 20);
	header[9] = protocol;
	header.writeUInt16BE(length, 10);
	return header;
}

/** Ethernet, IPv4 (with `options` bytes of them) and TCP or UDP headers before `payload`; the transport checksum blank. */
function packetBytes(protocol: number, payload: Buffer, options = 0, tcpOptions = 12, flags = 0x18): Buffer {
	const header = protocol === tcp ? 20 + tcpOptions : 8;
	const bytes = Buffer.alloc(14 + 20 + options + header);
	bytes.write('0216000000020216000000010800', 0, 'hex');
	const ip = bytes.subarray(14);
	ip[0] = 0x40 | ((20 + options) >> 2);
	ip.writeUInt16BE((20 + options + header + payload.length) & 0xffff, 2);
	ip.writeUInt16BE(0xfffe, 4);
	ip[8] = 64;
	ip[9] = protocol;
	ip.write('c0a80001c0a80102', 12, 'hex');
	ip.writeUInt16BE(~naiveSum(ip.subarray(0, 20 + options)) & 0xffff, 10);
	const transport = ip.subarray(20 + options);
	transport.writeUInt16BE(5001, 0);
	transport.writeUInt16BE(80, 2);
	const blank = naiveSum(pseudo(ip, protocol, header + payload.length));
	if (protocol === tcp) {
		transport.writeUInt32BE(0xffff_f000, 4);
		transport[12] = (header >> 2) << 4;
		transport[13] = flags;
		transport.writeUInt16BE(blank, 16);
	} else {
		transport.writeUInt16BE(8 + payload.length, 4);
		transport.writeUInt16BE(blank, 6);
	}

	return Buffer.concat([bytes, payload]);
}

function pattern(bytes: number): Buffer {
	return Buffer.from(Array.from({length: bytes}, (_, i) => (i * 7 + (i >> 8)) & 0xff));
}

/** A frame taken apart and its checksums summed. `blank` expects the pseudo header's sum in place of the checksum. */
function dissect(frame: Buffer, blank = false) {
	const ip = frame.subarray(14);
	const header = (ip[0] & 15) * 4;
	expect(naiveSum(ip.subarray(0, header))).toBe(0xffff);
	const total = ip.readUInt16BE(2);
	expect(frame.length).toBe(14 + total);
	const protocol = ip[9];
	const transport = ip.subarray(header, total);
	const before = pseudo(ip, protocol, transport.length);
	if (blank) expect(transport.readUInt16BE(protocol === tcp ? 16 : 6)).toBe(naiveSum(before));
	else expect(naiveSum(before, transport)).toBe(0xffff);
	const length = protocol === tcp ? (transport[12] >> 4) * 4 : 8;
	return {
		id: ip.readUInt16BE(4),
		sequence: protocol === tcp ? transport.readUInt32BE(4) : 0,
		flags: protocol === tcp ? transport[13] : 0,
		options: protocol === tcp ? transport.subarray(20, length) : transport.subarray(8, 8),
		payload: transport.subarray(length),
	};
}

describe('software offload', () => {
	let kernel: FakeKernel;
	let device: FakeNetDevice;
	let offload: Offload;
	let statuses: number[];
	const build = (limits: NetLimits, room = Number.POSITIVE_INFINITY, keeps = false) => {
		kernel = new FakeKernel();
		device = new FakeNetDevice(kernel, 'eth0', limits, room, keeps);
		offload = new Offload(kernel, 'eth0', device);
		statuses = [];
	};
	/** Cuts the bytes into pieces of these lengths (the last takes the rest) and hands them over. */
	const send = (
		bytes: Buffer,
		segmentSize: number,
		cuts: readonly number[] = [],
		checksum = checksumBlank as 0 | 1,
	) => {
		const pieces: Buffer[] = [];
		let at = 0;
		for (const cut of cuts) {
			pieces.push(bytes.subarray(at, at + cut));
			at += cut;
		}

		for (; at < bytes.length; at += 3000) pieces.push(bytes.subarray(at, at + 3000));
		const packet = packetOf(
			kernel,
			pieces.filter(({length}) => length > 0),
			(status) => statuses.push(status),
			checksum,
			segmentSize,
		);
		let taken = false;
		kernel.inTask(() => {
			taken = offload.transmit(packet);
		});
		kernel.run(10_000_000);
		return taken;
	};

	it('passes on what the device takes as it is, in no step of its own', () => {
		build(wireLimits);
		const bytes = packetBytes(tcp, pattern(1000));
		send(bytes, 0);
		expect([device.taken, device.checksums, offload.segments]).toEqual([[bytes], [checksumBlank], 0]);
		expect(kernel.ran).toEqual(['test']);
	});

	it('passes on whole what the device cuts itself', () => {
		build({...wireLimits, segmentation: 65_535});
		const bytes = packetBytes(tcp, pattern(9000));
		send(bytes, 1448);
		expect([device.taken, offload.segmented]).toEqual([[bytes], 0]);
	});

	it('cuts TCP: lengths, identifications, sequence numbers, flags and options as the wire wants them', () => {
		build(wireLimits);
		const payload = pattern(3000);
		send(packetBytes(tcp, payload, 0, 12, 0x80 | 0x18 | 0x01), 1448);
		const frames = device.taken.map((bytes) => dissect(bytes, true));
		expect(device.taken.map(({length}) => length)).toEqual([1514, 1514, 170]);
		expect(frames.map(({id}) => id)).toEqual([0xfffe, 0xffff, 0]);
		expect(frames.map(({sequence}) => sequence)).toEqual([0xffff_f000, 0xffff_f5a8, 0xffff_fb50]);
		expect(frames.map(({flags}) => flags)).toEqual([0x90, 0x10, 0x19]);
		expect(Buffer.concat(frames.map((each) => each.payload))).toEqual(payload);
		expect(device.checksums).toEqual([checksumBlank, checksumBlank, checksumBlank]);
		expect([statuses, offload.segmented, offload.segments, offload.checksums]).toEqual([[sent], 1, 3, 0]);
		expect(kernel.ran.filter((name) => name === 'eth0 segment').length).toBe(3);
	});

	it('does not copy payload: the segments point into the pages of the whole', () => {
		build(wireLimits, 9, true);
		const packet = packetOf(kernel, [packetBytes(tcp, pattern(2900))], () => {}, checksumBlank, 1448);
		kernel.inTask(() => offload.transmit(packet));
		kernel.run(1_000_000);
		expect(device.held.map(({pages}) => pages[1])).toEqual([packet.pages[0], packet.pages[0], packet.pages[0]]);
		expect(device.held[0].pages[0]).not.toBe(packet.pages[0]);
	});

	it.each([
		['TCP', tcp],
		['UDP', udp],
	])(
		'fills in the checksum of %s for a device that cannot, and leaves the packet’s own bytes alone',
		(_what, protocol) => {
			build(plain);
			const bytes = packetBytes(protocol, pattern(777));
			const packet = packetOf(kernel, [bytes], (status) => statuses.push(status), checksumBlank);
			kernel.inTask(() => offload.transmit(packet));
			kernel.run(1_000_000);
			expect(dissect(device.taken[0]).payload).toEqual(pattern(777));
			expect(bytesOf(kernel, packet)).toEqual(bytes);
			expect([device.checksums, statuses, offload.checksums]).toEqual([[checksumPresent], [sent], 1]);
		},
	);

	it('takes the time of summing where it sums, and only there', () => {
		const time = (limits: NetLimits) => {
			build(limits);
			send(packetBytes(tcp, pattern(2896)), 1448);
			return kernel.busy;
		};
		expect(time(plain) - time(wireLimits)).toBe(2 * 2 * 250);
	});

	it.each([
		['is too large and says no segment size', packetBytes(tcp, pattern(2000)), 0],
		['is UDP with a segment size', packetBytes(udp, pattern(3000)), 1448],
		['is no IPv4', Buffer.alloc(3000, 7), 1448],
		['has headers cut short', packetBytes(tcp, pattern(3000)).subarray(0, 40), 1448],
	])('drops and counts a packet that %s', (_what, bytes, size) => {
		build(wireLimits);
		expect(send(bytes, size)).toBe(true);
		expect([device.taken, statuses, offload.errors]).toEqual([[], [dropped], 1]);
	});

	it('waits for room between segments, and has nobody overtake', () => {
		build(wireLimits, 2, true);
		send(packetBytes(tcp, pattern(1448 * 4)), 1448);
		expect(device.taken.length).toBe(2);
		expect(send(packetBytes(tcp, pattern(100)), 0)).toBe(false);
		let woken = 0;
		offload.whenRoom(() => woken++);
		kernel.inTask(() => device.letGo());
		kernel.run(1_000_000);
		expect([device.taken.length, woken, statuses]).toEqual([3, 0, []]);
		kernel.inTask(() => device.letGo(2));
		kernel.run(1_000_000);
		expect([device.taken.length, woken, statuses]).toEqual([4, 1, []]);
		kernel.inTask(() => device.letGo(2));
		kernel.run(1_000_000);
		expect(statuses).toEqual([sent]);
	});

	it('says dropped when one segment was', () => {
		build(wireLimits, 9, true);
		send(packetBytes(tcp, pattern(3000)), 1448);
		kernel.inTask(() => {
			device.letGo(1, dropped);
			device.letGo(2);
		});
		kernel.run(1_000_000);
		expect(statuses).toEqual([dropped]);
	});

	it('drops the segment that is in more pieces than the device takes, and no other', () => {
		build({...wireLimits, segments: 3});
		const bytes = packetBytes(tcp, pattern(3000));
		send(bytes, 1000, [66, 1000, 300, 300, 400]);
		expect(device.taken.map((frame) => dissect(frame, true).sequence - 0xffff_f000)).toEqual([0, 2000]);
		expect([statuses, offload.errors]).toEqual([[dropped], 1]);
	});

	it('goes on when segments come back, should they have run out', () => {
		build(wireLimits, 1000, true);
		send(packetBytes(tcp, pattern(60_000)), 200);
		expect(device.taken.length).toBe(256);
		kernel.inTask(() => device.letGo(100));
		kernel.run(1_000_000);
		expect(device.taken.length).toBe(300);
		kernel.inTask(() => device.letGo(300));
		kernel.run(1_000_000);
		expect(statuses).toEqual([sent]);
	});

	it('gives up what it is cutting when it is closed, and answers it once', () => {
		build(wireLimits, 2, true);
		send(packetBytes(tcp, pattern(1448 * 4)), 1448);
		kernel.inTask(() => offload.close());
		kernel.run(1_000_000);
		expect(statuses).toEqual([]);
		kernel.inTask(() => device.letGo(2));
		kernel.run(1_000_000);
		expect(statuses).toEqual([dropped]);
	});

	it('makes of any TCP packet what a naive receiver puts together again', () => {
		const shape = fc.record({
			payload: fc.integer({min: 1, max: 20_000}),
			size: fc.integer({min: 100, max: 1460}),
			options: fc.constantFrom(0, 4, 40),
			tcpOptions: fc.constantFrom(0, 12, 40),
			cuts: fc.array(fc.integer({min: 1, max: 2000}), {maxLength: 8}),
			offloads: fc.boolean(),
		});
		fc.assert(
			fc.property(shape, ({payload, size, options, tcpOptions, cuts, offloads}) => {
				build({...(offloads ? wireLimits : plain), frame: 14 + 60 + 60 + 1460});
				const bytes = packetBytes(tcp, pattern(payload), options, tcpOptions);
				const first = 14 + 20 + options + 20 + tcpOptions;
				send(bytes, size, [first, ...cuts]);
				const frames = device.taken.map((frame) => dissect(frame, offloads));
				expect(frames.length).toBe(Math.ceil(payload / size));
				expect(Buffer.concat(frames.map((each) => each.payload))).toEqual(pattern(payload));
				for (const [i, each] of frames.entries()) {
					expect(each.sequence).toBe((0xffff_f000 + i * size) >>> 0);
					expect(each.id).toBe((0xfffe + i) & 0xffff);
					expect(each.options.equals(bytes.subarray(first - tcpOptions, first))).toBe(true);
				}

				expect(statuses).toEqual([sent]);
			}),
			{numRuns: 40},
		);
	});
});
