/** Reading captures: every variant that tools write, and files that were cut, changed or made up. */
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {FileError, readCapture} from '../../source/net/pcap.js';
import {block, description, enhanced, pcapFile, section, simple} from './pcap-files.js';

const bytes = (length: number, fill = length) => Buffer.alloc(length, fill);
const read = (...parts: Uint8Array[]) => readCapture(Buffer.concat(parts));
const times = (file: Uint8Array) => readCapture(file).map(({time}) => time);
const lengths = (file: Uint8Array) => readCapture(file).map((frame) => frame.bytes.length);

describe('pcap', () => {
	const frames = [
		{seconds: 1_700_000_000, fraction: 999_999, bytes: bytes(60)},
		{seconds: 1_700_000_001, fraction: 1, bytes: bytes(61)},
		{seconds: 1_700_000_001, fraction: 3, bytes: bytes(64), wireLength: 1514},
	];

	it.each([true, false])('microseconds, little-endian %s', (littleEndian) => {
		const captured = readCapture(pcapFile(frames, {littleEndian}));
		expect(captured.map(({time}) => time)).toEqual([0, 2000, 4000]);
		expect(captured.map((frame) => Buffer.from(frame.bytes))).toEqual(frames.map((frame) => frame.bytes));
		expect(captured.map(({wireLength}) => wireLength)).toEqual([60, 61, 1514]);
	});

	it.each([true, false])('nanoseconds, little-endian %s', (littleEndian) => {
		expect(times(pcapFile(frames, {littleEndian, nanoseconds: true}))).toEqual([0, 999_000_002, 999_000_004]);
	});

	it('no frames', () => {
		expect(readCapture(pcapFile([]))).toEqual([]);
	});

	it('frames whose times go back', () => {
		expect(times(pcapFile([frames[1], frames[0]]))).toEqual([0, -2000]);
	});
});

describe('pcapng', () => {
	it.each([true, false])('interfaces with resolutions of their own, little-endian %s', (little) => {
		const start = 17_000_000n;
		const file = Buffer.concat([
			section(little),
			description(undefined, little),
			description(9, little),
			description(0x80 | 20, little),
			description(12, little),
			enhanced(0, start * 1_000_000n + 1n, bytes(60), little),
			enhanced(1, start * 1_000_000_000n + 1001n, bytes(61), little),
			enhanced(2, start * 1_048_576n + 1_048_575n, bytes(62), little),
			enhanced(3, start * 1_000_000_000_000n + 1_999_999n, bytes(63), little),
		]);
		// 1,048,575 of 1,048,576 of a second is 999,999,046.3 ns.
		expect(times(file)).toEqual([0, 1, 999_999_046 - 1000, 999]);
		expect(lengths(file)).toEqual([60, 61, 62, 63]);
	});

	it('an offset of an interface counts in seconds', () => {
		const parts = [section(), description(9), description(9, true, -3), enhanced(0, 10n, bytes(60))];
		expect(times(Buffer.concat([...parts, enhanced(1, 3_000_000_011n, bytes(60))]))).toEqual([0, 1]);
	});

	it('a simple packet is as late as the one before', () => {
		const file = Buffer.concat([
			section(),
			description(9),
			enhanced(0, 5n, bytes(60)),
			enhanced(0, 9n, bytes(61)),
			simple(bytes(63)),
		]);
		expect(times(file)).toEqual([0, 4, 4]);
		expect(lengths(file)).toEqual([60, 61, 63]);
	});

	it('a new section begins with no interfaces, in its own byte order; unknown blocks are passed over', () => {
		const file = [section(true), description(9, true), enhanced(0, 5n, bytes(60), true), block(0xbad, bytes(8))];
		const second = [section(false), description(9, false), enhanced(0, 7n, bytes(61), false)];
		expect(read(...file, ...second).map(({time}) => time)).toEqual([0, 2]);
		expect(() => read(...file, section(false), enhanced(0, 7n, bytes(61), false))).toThrow(
			'of interface 0, which nothing describes',
		);
	});
});

describe('files that are wrong are refused in words that say where', () => {
	const good = pcapFile([{seconds: 1, fraction: 0, bytes: bytes(60)}]);
	const changed = (file: Uint8Array, at: number, ...values: number[]) => {
		const copy = Buffer.from(file);
		copy.set(values, at);
		return copy;
	};
	const ng = Buffer.concat([section(), description(9), enhanced(0, 5n, bytes(60))]);
	const interfaceAt = section().length;
	const frameAt = interfaceAt + description(9).length;

	it.each<[string, Uint8Array, string]>([
		['empty', Buffer.alloc(0), "the header goes on after the file's last byte, 0"],
		['text', Buffer.from('hello, world'), 'is neither pcap nor pcapng: its first four bytes are those of neither'],
		['a header cut short', good.subarray(0, 20), "the header goes on after the file's last byte, 20"],
		['a frame cut short', good.subarray(0, 90), 'the frame at byte 24 goes on after byte 90, where what holds it ends'],
		['a record cut short', good.subarray(0, 30), "the frame at byte 24 goes on after the file's last byte, 30"],
		[
			'a frame of 4 GiB',
			changed(good, 32, 255, 255, 255, 255),
			'the frame at byte 24 claims 4294967295 bytes, more than 262144',
		],
		['another version', changed(good, 4, 3), 'is pcap of version 3, of which 2 can be read'],
		['radio', pcapFile([], {linkType: 127}), 'the capture is of link type 127, not Ethernet (1)'],
		['no byte order', changed(ng, 8, 0), 'the section header at byte 0 has no byte-order magic'],
		['another pcapng', changed(ng, 12, 2), 'the section at byte 0 is pcapng of version 2, of which 1 can be read'],
		['a block of no length', changed(ng, interfaceAt + 4, 0), `the block at byte ${interfaceAt} claims a length of 0`],
		['an odd length', changed(ng, frameAt + 4, 113), `the block at byte ${frameAt} claims a length of 113`],
		[
			'lengths that differ',
			changed(ng, ng.length - 4, 16),
			`the block at byte ${frameAt} is 108 bytes long where it begins and 16 where it ends`,
		],
		[
			'loopback',
			Buffer.concat([section(), description(9, true, 0, 0)]),
			'interface 0 is of link type 0, not Ethernet (1)',
		],
		[
			'a frame longer than its block',
			changed(ng, frameAt + 20, 200),
			`the frame at byte ${frameAt} goes on after byte ${ng.length - 4}, where what holds it ends`,
		],
		[
			'an option longer than its block',
			changed(ng, interfaceAt + 18, 200),
			`an option of the interface at byte ${interfaceAt} is shorter than what it must hold`,
		],
		['femtoseconds', Buffer.concat([section(), description(15)]), 'a time resolution of 10^-15 s is not read'],
		[
			'the obsolete block',
			Buffer.concat([section(), description(9), block(2, bytes(20))]),
			`the block at byte ${frameAt} is an obsolete packet block, which is not read`,
		],
	])('%s', (_, file, message) => {
		expect(() => readCapture(file)).toThrow(new FileError(message));
	});

	it('a year between two frames', () => {
		const far = pcapFile([
			{seconds: 0, fraction: 0, bytes: bytes(60)},
			{seconds: 31_536_000, fraction: 0, bytes: bytes(60)},
		]);
		expect(() => readCapture(far)).toThrow('the frame at byte 100 lies more than a hundred days from the first');
	});
});

describe('whatever the file', () => {
	const files = fc.constantFrom(
		pcapFile([
			{seconds: 1, fraction: 2, bytes: bytes(60)},
			{seconds: 1, fraction: 9, bytes: bytes(300)},
		]),
		pcapFile([{seconds: 1, fraction: 2, bytes: bytes(60)}], {littleEndian: false, nanoseconds: true}),
		Buffer.concat([
			section(),
			description(9),
			description(0x8a, true, 7),
			enhanced(0, 5n, bytes(61)),
			enhanced(1, 1n << 40n, bytes(70)),
			simple(bytes(99)),
		]),
		Buffer.concat([section(false), description(6, false), enhanced(0, 5n, bytes(61), false), section(), description()]),
	);
	/** Frames within the file, or an error in one line that says what is wrong. */
	const survives = (file: Uint8Array) => {
		try {
			for (const {
				time,
				bytes: {buffer, byteOffset, length},
				wireLength,
			} of readCapture(file)) {
				expect(Number.isSafeInteger(time)).toBe(true);
				expect(wireLength).toBeGreaterThanOrEqual(length);
				expect(buffer).toBe(file.buffer);
				expect(byteOffset + length).toBeLessThanOrEqual(file.byteOffset + file.length);
			}
		} catch (error) {
			if (!(error instanceof FileError)) throw error;
			expect(error.message).toMatch(/^[\x20-\x7e]{10,120}$/);
		}
	};

	it('cut anywhere', () => {
		fc.assert(
			fc.property(files, fc.nat(700), (file, length) => survives(file.subarray(0, length))),
			{numRuns: 1000},
		);
	});

	it('with any bytes changed', () => {
		const changes = fc.array(fc.tuple(fc.nat(700), fc.integer({min: 0, max: 255})), {minLength: 1, maxLength: 8});
		fc.assert(
			fc.property(files, changes, (file, list) => {
				const copy = Buffer.from(file);
				for (const [at, value] of list) copy[at % copy.length] = value;
				survives(copy);
			}),
			{numRuns: 4000},
		);
	});

	it('made up', () => {
		fc.assert(fc.property(fc.uint8Array({maxLength: 300}), survives), {numRuns: 500});
		fc.assert(
			fc.property(fc.uint8Array({maxLength: 300}), (tail) =>
				survives(Buffer.concat([section(), description(9), tail])),
			),
			{numRuns: 500},
		);
	});
});
