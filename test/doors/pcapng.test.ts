/** What a capture file holds, to the byte, and what its comments say. */
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {Capture} from '../../source/doors/capture.js';
import {PcapngWriter} from '../../source/doors/pcapng.js';
import {FrameTap, type SeenFrame} from '../../source/net/frame-tap.js';
import {writeIpv4} from '../../source/net/ipv4.js';
import {PacketBuffer} from '../../source/net/packet-buffer.js';
import {readCapture} from '../../source/net/pcap.js';
import {Transport} from '../../source/net/transport.js';
import {writeUdp} from '../../source/net/udp.js';

/** A frame as a tap shows it, its bytes scattered over memory as `cuts` says. */
function seen(bytes: Uint8Array, words: Partial<SeenFrame> = {}, cuts: readonly number[] = []): SeenFrame {
	const packet = new PacketBuffer(cuts.length + 1);
	const edges = [0, ...cuts, bytes.length];
	for (let i = 0; i + 1 < edges.length; i++) {
		const part = bytes.subarray(edges[i], edges[i + 1]);
		packet.add(Buffer.concat([Buffer.alloc(3, 0xee), part, Buffer.alloc(2, 0xee)]), 3, part.length);
	}

	return {at: 0, direction: 'inbound', bytes: packet, checksumBlank: false, segmentSize: 0, note: '', ...words};
}

/** Everything a writer hands out. */
function written(write: (writer: PcapngWriter) => void): Buffer {
	const chunks: Uint8Array[] = [];
	const writer = new PcapngWriter((chunk) => chunks.push(chunk), 'ringtop 0.1.0');
	write(writer);
	writer.flush();
	return Buffer.concat(chunks);
}

/** The comments of a file's frames, found by walking its blocks. */
function comments(file: Buffer): string[] {
	const found: string[] = [];
	for (let at = 0; at < file.length; at += file.readUInt32LE(at + 4)) {
		if (file.readUInt32LE(at) !== 6) continue;
		let option = at + 28 + ((file.readUInt32LE(at + 20) + 3) & ~3);
		let comment = '';
		while (file.readUInt16LE(option) !== 0) {
			const length = file.readUInt16LE(option + 2);
			if (file.readUInt16LE(option) === 1) comment = file.toString('utf8', option + 4, option + 4 + length);
			option += 4 + ((length + 3) & ~3);
		}

		found.push(comment);
	}

	return found;
}

/** UDP over IPv4 whose checksum is the pseudo header's sum. */
function blankUdp(payload: number): Buffer {
	const bytes = Buffer.alloc(42 + payload, 0x5a);
	bytes.writeUInt16BE(0x0800, 12);
	writeIpv4(bytes, 14, 17, 0x0a000001, 0x0a000002, 8 + payload, 1);
	writeUdp(bytes, 34, 1000, 2000, payload, 0);
	const packet = seen(bytes).bytes;
	const transport = new Transport();
	expect(transport.find(packet)).toBe(true);
	transport.blank(packet);
	packet.memory[0].copy(bytes, 0, 3, 3 + bytes.length);
	return bytes;
}

describe('a file', () => {
	it('is a section, a description for each interface and a packet for each frame, to the byte', () => {
		const file = written((writer) => {
			expect(writer.addInterface('eth0')).toBe(0);
			expect(writer.addInterface('web:0')).toBe(1);
			const frame = seen(Buffer.from('0102030405060708090a', 'hex'), {
				at: 0x1_2345_6789,
				direction: 'outbound',
				note: 'wire: lost',
			});
			writer.frame(1, frame);
		});
		const lines = [
			// Section header: little-endian, 1.0, unknown length, user application.
			'0a0d0d0a 34000000 4d3c2b1a 0100 0000 ffffffff ffffffff 0400 0d00 72696e67746f7020302e312e30 000000 00000000 34000000',
			// Ethernet, no limit, if_name, if_tsresol 9.
			'01000000 28000000 0100 0000 00000000 0200 0400 65746830 0900 0100 09000000 00000000 28000000',
			'01000000 2c000000 0100 0000 00000000 0200 0500 7765623a30 000000 0900 0100 09000000 00000000 2c000000',
			// Interface 1, time, ten bytes of ten, epb_flags outbound, comment.
			'06000000 48000000 01000000 01000000 89674523 0a000000 0a000000 0102030405060708090a 0000',
			'0200 0400 02000000 0100 0a00 776972653a206c6f7374 0000 00000000 48000000',
		];
		expect(file.toString('hex')).toBe(lines.join('').replaceAll(' ', ''));
	});

	it('read back holds every frame, whatever its length and wherever its bytes lay', () => {
		const frames = fc.array(
			fc.record({
				bytes: fc.uint8Array({minLength: 1, maxLength: 3000}),
				at: fc.integer({min: 0, max: 8_000_000_000_000}),
				cut: fc.double({min: 0, max: 1, noNaN: true}),
			}),
			{maxLength: 20},
		);
		fc.assert(
			fc.property(frames, (list) => {
				const file = written((writer) => {
					writer.addInterface('eth0');
					for (const {bytes, at, cut} of list) {
						writer.frame(0, seen(bytes, {at}, [Math.floor(bytes.length * cut)]));
					}
				});
				const read = readCapture(file);
				expect(read.map((frame) => Buffer.from(frame.bytes))).toEqual(list.map(({bytes}) => Buffer.from(bytes)));
				expect(read.map(({time}) => time)).toEqual(list.map(({at}) => at - list[0].at));
			}),
			{numRuns: 60},
		);
	});

	it('of any size comes in chunks, each owned by whoever takes it, none of which cuts a block', () => {
		const chunks: Uint8Array[] = [];
		let end = 0;
		const take = (chunk: Uint8Array, at: number) => {
			expect(at).toBe(end);
			end += chunk.length;
			chunks.push(chunk);
		};
		const writer = new PcapngWriter(take, 'ringtop');
		writer.addInterface('eth0');
		for (let i = 0; i < 2000; i++) writer.frame(0, seen(Buffer.alloc(1514, i), {at: i}));
		writer.flush();
		writer.flush();
		expect(chunks.length).toBeGreaterThan(10);
		const [first, ...rest] = chunks;
		for (const chunk of rest) expect(Buffer.from(chunk).readUInt32LE(0)).toBe(6);
		expect(readCapture(Buffer.concat([first, ...rest])).map((frame) => frame.bytes[9])).toEqual(
			Array.from({length: 2000}, (_, i) => i & 255),
		);
	});

	it('takes the largest packet there is', () => {
		const bytes = Buffer.alloc(65_549, 7);
		expect(
			readCapture(written((writer) => writer.frame(writer.addInterface('web:0'), seen(bytes))))[0].bytes,
		).toHaveLength(65_549);
	});
});

describe('blank checksums', () => {
	it.each([0, 1, 2, 7, 1400])('of %i bytes of payload are filled in, and the comment says so', (payload) => {
		const bytes = blankUdp(payload);
		const before = Buffer.from(bytes);
		const file = written((writer) =>
			writer.frame(writer.addInterface('web:0'), seen(bytes, {checksumBlank: true}, [Math.min(42, bytes.length)])),
		);
		expect(comments(file)).toEqual(['checksum left blank by the sender, filled in here']);
		const packet = seen(readCapture(file)[0].bytes).bytes;
		const transport = new Transport();
		expect(transport.find(packet)).toBe(true);
		expect(transport.isRight(packet)).toBe(true);
		// What was seen stays as it was.
		expect(bytes).toEqual(before);
	});

	it('that are not there are not claimed to be filled in', () => {
		const arp = Buffer.alloc(60);
		arp.writeUInt16BE(0x0806, 12);
		const file = written((writer) => writer.frame(writer.addInterface('web:0'), seen(arp, {checksumBlank: true})));
		expect(comments(file)).toEqual(['']);
		expect(Buffer.from(readCapture(file)[0].bytes)).toEqual(arp);
	});

	it('of a packet that is to be segmented stand beside what it will become', () => {
		const file = written((writer) =>
			writer.frame(
				writer.addInterface('web:0'),
				seen(blankUdp(5000), {checksumBlank: true, segmentSize: 1448, note: 'seen'}),
			),
		);
		expect(comments(file)).toEqual([
			'seen; one packet of 5042 bytes, to be cut into segments of 1448; checksum left blank by the sender, filled in here',
		]);
	});
});

describe('captures', () => {
	it('put interfaces into their files, two into one where asked', () => {
		const taps = [new FrameTap('eth0'), new FrameTap('web:0'), new FrameTap('db:0')];
		const files = new Map<string, Uint8Array[]>();
		const words = [
			{interface: 'eth0', file: 'a'},
			{interface: 'db:0', file: 'b'},
			{interface: 'web:0', file: 'a'},
		];
		const capture = new Capture(taps, words, '0.1.0', (file, chunk) => {
			files.set(file, [...(files.get(file) ?? []), chunk]);
		});
		for (const [i, tap] of taps.entries()) tap.onFrame?.(seen(Buffer.alloc(60, i), {at: i}));
		capture.end();
		expect(taps.map(({onFrame}) => onFrame)).toEqual([null, null, null]);
		const fills = (file: string) => readCapture(Buffer.concat(files.get(file) ?? [])).map((frame) => frame.bytes[0]);
		expect(fills('a')).toEqual([0, 1]);
		expect(fills('b')).toEqual([2]);
	});
});
